"""What was said: recognisers, and the words they hear."""
