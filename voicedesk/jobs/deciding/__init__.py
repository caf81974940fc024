"""What a person decides of a verdict, and how staff appeal."""
