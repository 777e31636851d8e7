"""Trouble that can be ordered."""
