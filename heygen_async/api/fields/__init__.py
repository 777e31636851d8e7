"""Values and validators of request fields."""
