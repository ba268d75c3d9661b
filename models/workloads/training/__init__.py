"""Training of a transformer: compute, exchange, step."""
