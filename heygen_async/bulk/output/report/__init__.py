"""A campaign as one HTML page: what it came to, what it cost, what is left, and every video beside its row."""
