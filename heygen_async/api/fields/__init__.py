"""Fields of requests and the rules that they obey."""
