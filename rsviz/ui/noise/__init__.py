"""The Noise page: its controls, its address and presets, its sentences, its views, its export."""
