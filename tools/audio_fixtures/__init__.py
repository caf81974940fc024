"""Greetings as recordings, what is said when and the verdict due beside each."""
