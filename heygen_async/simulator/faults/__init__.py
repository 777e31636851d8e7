"""RenderFaults that can be ordered."""
