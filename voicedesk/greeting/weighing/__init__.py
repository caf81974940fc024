"""Weighs competing sentences against each other: which greeting was said, and whether that is sure enough to say so."""
