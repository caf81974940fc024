"""Voicedesk: a public service hall's telephone standard, kept and shown."""

__version__ = "0.1.0"
