"""How late a busy machine wakes this process: what its phones note of the wire can be wrong by so much."""

import asyncio
import time

TICK_SECONDS = 0.005


class Pace:
    """Use as `async with`: `late_ms` is the longest that a wake-up was overdue within it."""

    def __init__(self) -> None:
        self.late_ms = 0.0

    async def __aenter__(self) -> "Pace":
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.late_ms = max(self.late_ms, (time.monotonic() - due) * 1000)
