"""Resources that are generated from HeyGen's contract."""
