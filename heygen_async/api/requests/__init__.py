"""Requests for renders: the modes, templates, batches, and the table of kinds."""
