"""Prices of requests: seconds of speech and video, and HeyGen's rates."""
