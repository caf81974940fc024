"""Voicedesk against named peers; see README.md."""
