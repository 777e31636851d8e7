"""Rows of a contact list: cells, tables, and problems with their places."""
