"""The storage service: uploads, downloads, and their presigned addresses."""
