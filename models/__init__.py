"""The shared bottleneck model: no terminal, no Textual, no global state."""
