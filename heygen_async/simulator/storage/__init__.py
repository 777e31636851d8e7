"""Files and their storage: uploads, presigned addresses, downloads."""
