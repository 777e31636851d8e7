"""The simulated account's renders, sessions, batches, assets and slots, as they change with time."""
