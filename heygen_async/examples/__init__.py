"""Complete programs to copy; `python -m heygen_async.examples` lists them."""
