"""Requests that render: the modes, templates, batches, and the table of kinds."""
