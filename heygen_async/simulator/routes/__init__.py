"""Routes: one file for each prefix of the API's paths."""
