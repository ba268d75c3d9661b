"""Questions that ask the model more than once."""
