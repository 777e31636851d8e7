"""Plans, which check and price every row before anything is sent."""
