"""The base of every error whose text is meant for the person at the keyboard."""


class Refusal(ValueError):
    """Something asked for cannot be done; the text says what, where, and what would be right."""
