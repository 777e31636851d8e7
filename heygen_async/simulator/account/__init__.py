"""The simulated account: its money, its prices, its looks, voices and files."""
