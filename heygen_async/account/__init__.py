"""State of an account, shared by all of its clients: credentials, render slots, the pace of requests."""
