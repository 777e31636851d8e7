"""A run with a memory: started, interrupted, resumed, audited."""
