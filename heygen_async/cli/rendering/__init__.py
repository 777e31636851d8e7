"""Code that several commands share: planning, following a run, waiting, downloading, chatting."""
