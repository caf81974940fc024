"""Telling people of what happened, by webhooks."""
