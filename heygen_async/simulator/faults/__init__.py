"""Faults that a test can inject."""
