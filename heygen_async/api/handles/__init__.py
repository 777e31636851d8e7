"""Handles on renders and jobs at HeyGen: read their status, wait for their end."""
