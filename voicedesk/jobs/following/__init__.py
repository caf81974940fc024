"""Following calls: from a switch's events to judged calls in the store, and judging them again."""
