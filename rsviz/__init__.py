"""rsviz: see, compare and compute the certificates of randomized smoothing."""

__version__ = "0.1.0"
