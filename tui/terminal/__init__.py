"""What goes over the line: a writer that sends only cells that changed."""
