"""The simulated account: charges, prices, kinds of jobs, looks, voices and sample data."""
