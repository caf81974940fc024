"""aioagi-ik: asyncio."""

import asyncio

from aioagi.ami.manager import AMIManager
from probe import PORT, Probe

probe = Probe()


async def main() -> None:
    manager = AMIManager(None, "bench", host="127.0.0.1", port=PORT, username="u", secret="s", ping_delay=600)
    manager.register_event("*", lambda _, e: probe.event(e["Event"], e.get, lambda: list(e.items())))
    await manager.connect()
    await asyncio.sleep(600)


asyncio.run(main())
