"""The switch's own logs as events: what they tell of calls that nobody watched."""
