"""Asterisk's manager interface: bytes in, messages out (`protocol`), and one asyncio client over it (`client`)."""
