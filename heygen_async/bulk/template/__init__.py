"""Templates: a row becomes a request."""
