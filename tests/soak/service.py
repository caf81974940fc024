"""The service with a watch on itself: `python -m tests.soak.service CONFIG SAMPLES [poison]`, until SIGTERM.

A line of JSON every second: memory, file descriptors, the longest time its event loop was not asked, and what its
client and its writer count. With `poison` its tracker raises at the events of `bad_things`, as if it had a fault.
"""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from tests.soak.bad_things import POISON
from tests.soak.watch import Watch
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.tracker import Tracker
from voicedesk.jobs.following.job import Following
from voicedesk.log import configure_logging
from voicedesk.run.service import Service
from voicedesk.settings import load_settings

PAGE = os.sysconf("SC_PAGE_SIZE")


async def sample(service: Service, watch: Watch, path: Path) -> None:
    """A line every second."""
    with path.open("a", encoding="ascii") as file:
        while True:
            await asyncio.sleep(1)
            file.write(json.dumps(_sample(service, watch)) + "\n")
            file.flush()


def _sample(service: Service, watch: Watch) -> dict[str, float]:
    longest, watch.longest_ms = watch.longest_ms, 0.0
    followed = [job for job in service.jobs.values() if isinstance(job, Following)]
    links = [one.status() for one in followed]
    return {
        "rss": int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE,
        "fds": len(os.listdir("/proc/self/fd")),
        "stall_ms": longest,
        "stalls_over_50_ms": watch.over_50_ms,
        "open": sum(len(one.log.open_calls()) for one in followed),
        "dropped": sum(link.dropped for link in links),
        "distrusted": sum(link.distrusted for link in links),
    }


def raise_at_poison() -> None:
    """From now on the tracker has a fault."""
    real = Tracker.receive

    def receive(self: Tracker, event: AmiEvent) -> None:
        if (event.uniqueid or "").startswith(POISON):
            raise RuntimeError("nobody foresaw this")
        real(self, event)

    Tracker.receive = receive  # type: ignore[method-assign]


async def main(config: Path, path: Path) -> None:
    settings = load_settings(config)
    service = Service(settings, lambda: settings)
    watch = Watch()
    watching = [asyncio.create_task(watch.run()), asyncio.create_task(sample(service, watch, path))]
    try:
        await service.run()
    finally:
        for task in watching:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


if __name__ == "__main__":
    configure_logging("warning")
    if "poison" in sys.argv[3:]:
        raise_at_poison()
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
