"""Downloads: from a finished video to a complete file."""
