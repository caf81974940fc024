"""The staff's phones: breaks, and phones that cannot be reached."""
