"""Results for people and programs: CSV, JSON lines, an HTML page."""
