"""JSON views of jobs, and the call that a route receives."""
