"""`python -m heygen_async.cli`."""

from heygen_async.cli import main

main()
