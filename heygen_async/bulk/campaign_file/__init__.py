"""`campaign.toml`: reading it, its JSON Schema, and a first one to start from."""
