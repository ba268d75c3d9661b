"""Reports and designs in other forms: JSON, text for a terminal, Markdown."""
