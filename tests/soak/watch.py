"""How late an event loop comes back to what waits; run as a program it watches an idle loop, to know the machine.

`python -m tests.soak.watch` says the longest wait in milliseconds at SIGTERM.
"""

import asyncio
import signal
import time

TICK_SECONDS = 0.005


class Watch:
    """The longest stall of the loop it runs in."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.over_50_ms = 0

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            late_ms = (time.perf_counter() - before - TICK_SECONDS) * 1000
            self.longest_ms = max(self.longest_ms, late_ms)
            self.over_50_ms += late_ms > 50


async def main() -> None:
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    await asyncio.wait({watching})
    print(watch.longest_ms)  # noqa: T201  # what it is run for


if __name__ == "__main__":
    asyncio.run(main())
