"""Hearing greetings: from a recording to a verdict with its evidence."""
