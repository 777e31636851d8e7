"""Watching: notices that renders have ended."""
