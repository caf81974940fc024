"""The staff's phones over time: breaks, and phones that nobody can reach or that are held (S11, S15)."""
