"""Ready designs, each a real question with its answer."""
