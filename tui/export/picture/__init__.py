"""Pictures to show to others: the drawing and the answer page as SVG and PNG, with the design inside."""
