"""Upkeep of what is kept: retention, forgetting a number, trying again what was set aside."""
