"""Downloads of finished videos."""
