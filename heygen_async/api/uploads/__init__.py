"""Uploads of files, which become assets at HeyGen."""
