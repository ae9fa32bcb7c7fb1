"""Attacks on a base classifier f, or on its smoothed classifier g."""
