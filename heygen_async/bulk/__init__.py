"""Many videos: rows become requests, requests become renders, renders become files and results."""
