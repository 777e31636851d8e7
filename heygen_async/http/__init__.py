"""One request and its answer: describing it, sending it, reading the answer, retrying."""
