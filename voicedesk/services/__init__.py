"""The desk at work: what happens between the switch's events and the store."""
