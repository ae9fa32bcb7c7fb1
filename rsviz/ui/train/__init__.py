"""The Train page: its controls, a run on the screen, what a person takes home, and the comparison of runs."""
