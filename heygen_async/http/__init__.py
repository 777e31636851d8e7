"""One request and its answer: what is asked, how it is sent, read and repeated."""
