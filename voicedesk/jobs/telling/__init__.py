"""Telling callers: the IVR at work, outages, notices in writing."""
