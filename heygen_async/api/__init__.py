"""HeyGen's API: the client, its resources, requests, handles and uploads."""
