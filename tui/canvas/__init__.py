"""The topology editor: layout, routing, painting, hit-testing, and the widget that holds them."""
