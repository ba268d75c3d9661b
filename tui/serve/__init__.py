"""The lab in a browser: who may come in, the page, and a process of its own for each visitor."""
