"""Jobs: requests with their rows and keys, the records kept of them, their next steps and their results."""
