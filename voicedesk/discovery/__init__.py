"""What a switch's own lists and a day of calls tell of a house, and the settings that they propose."""
