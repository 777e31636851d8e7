"""Templates, which make a request from a row."""
