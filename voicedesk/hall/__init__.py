"""The hall's settings as the values that each part works with."""
