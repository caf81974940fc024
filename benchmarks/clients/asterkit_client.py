"""asterkit: asyncio streams."""

import asyncio

from asterkit.ami import Listener
from probe import PORT, Probe

probe = Probe()


async def main() -> None:
    listener = Listener(host="127.0.0.1", port=PORT, username="u", password="s")

    async def told(e) -> None:
        probe.event(e.name, e.get, lambda: [(key, value.split("\n")) for key, value in e.items()])

    listener.register_event("*", told)
    await listener.start()
    await asyncio.sleep(600)


asyncio.run(main())
