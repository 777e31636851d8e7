"""The simulated account's renders, sessions and slots as time passes."""
