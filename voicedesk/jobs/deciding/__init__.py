"""What a person decides of a verdict, and how far people and the automatic verdict agree."""
