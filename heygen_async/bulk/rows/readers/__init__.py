"""Where rows come from: one format a file."""
