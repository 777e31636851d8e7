"""The engine: takes slots, submits rows, and hands on their results."""
