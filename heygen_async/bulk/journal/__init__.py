"""The journal: the durable record of every row, in SQLite or PostgreSQL."""
