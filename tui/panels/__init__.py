"""What stands around the canvas: one widget a file, each drawn line by line."""
