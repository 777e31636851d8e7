"""The terminal: progress, tables, questions, interrupts."""
