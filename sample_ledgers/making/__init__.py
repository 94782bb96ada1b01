"""How the samples are made: what they are, how they are written, and what they must cost. See ``make_samples.py``."""
