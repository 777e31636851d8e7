"""HeyGen's contract, `openapi.json`, and the validation of requests against it."""
