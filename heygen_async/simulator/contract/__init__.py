"""HeyGen's contract, `openapi.json`, and the checks of requests against it."""
