"""From parts and demands to a rate."""
