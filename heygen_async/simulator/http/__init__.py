"""HTTP of the simulator: requests that came in, replies that go out."""
