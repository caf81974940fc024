"""pyami-asterisk: asyncio, a task an event."""

from loguru import logger
from probe import PORT, Probe
from pyami_asterisk import AMIClient

logger.remove()
probe = Probe()
client = AMIClient(host="127.0.0.1", port=PORT, username="u", secret="s", ping_delay=600)
client.register_event(["*"], lambda e: probe.event(e["Event"], e.get, lambda: list(e.items())))
client.connect()
