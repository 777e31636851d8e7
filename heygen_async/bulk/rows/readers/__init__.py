"""Readers of rows: one format in each file."""
