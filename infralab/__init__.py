"""InfraLab: a terminal lab for what-if exploration of AI infrastructure."""

__version__ = "0.1.0"
