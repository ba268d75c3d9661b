"""Plots in characters: curves, scatter plots and maps as lines of pieces, for the terminal and for panels."""
