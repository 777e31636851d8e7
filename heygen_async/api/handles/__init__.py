"""Handles of what HeyGen is making: look at it, wait for it."""
