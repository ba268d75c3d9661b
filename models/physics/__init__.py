"""What hardware can do, as functions of floats or arrays of variants."""
