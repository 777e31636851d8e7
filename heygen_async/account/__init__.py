"""State of an account, shared by all of its clients: the key, the render slots, the pace of requests."""
