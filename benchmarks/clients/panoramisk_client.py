"""panoramisk: asyncio."""

import asyncio

from panoramisk import Manager
from probe import PORT, Probe

probe = Probe()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
manager = Manager(loop=loop, host="127.0.0.1", port=PORT, username="u", secret="s", ping_delay=600)
manager.register_event("*", lambda _, e: probe.event(e["Event"], e.get, lambda: list(e.items())))
manager.connect()
loop.run_forever()
