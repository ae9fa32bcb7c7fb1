"""The plane: exact smoothing in two dimensions."""
