"""Uploads: from a file to an asset id."""
