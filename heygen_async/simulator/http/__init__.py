"""HTTP of the simulator: received requests, replies, idempotency keys and the rate limit."""
