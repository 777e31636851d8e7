"""One file per resource of the API, its values and its methods together."""
