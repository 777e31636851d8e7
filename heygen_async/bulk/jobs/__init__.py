"""Jobs: what a row is, its key, its record, and what may be done with it next."""
