"""JSON views of what the simulated account has."""
