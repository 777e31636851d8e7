"""The questions that `init` asks in a terminal."""
