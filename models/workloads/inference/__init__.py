"""Transformer inference in small pieces: number formats, constants of a stack, passes, layout, serving."""
