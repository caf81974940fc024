"""An accelerated day, reports beside it: `python -m tests.soak [CALLS [CALLS_PER_SECOND]]`; says what it measured."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.run import Soak, soak


def tell(day: Soak) -> str:
    """The figures of a day, one a line."""
    stalls = sorted(day.steady("stall_ms"))
    lines = {
        "calls told, and stored": f"{day.told}, {day.stored}",
        "events, a second": f"{day.events}, {day.events / day.seconds:.0f}",
        "calls a second": f"{day.told / day.seconds:.0f}",
        "calls still open at the end": day.ghosts,
        "reports and prunings beside": day.reports,
        "memory MiB": f"{min(day.steady('rss')) / 2**20:.1f} to {max(day.steady('rss')) / 2**20:.1f}",
        "memory, furthest from its middle": f"{day.spread('rss'):.1%}",
        "file descriptors": f"{min(day.steady('fds')):.0f} to {max(day.steady('fds')):.0f}",
        "event loop's longest stall, ms": f"{stalls[-1]:.1f}; the median second's {stalls[len(stalls) // 2]:.1f}",
        "an idle loop's longest stall, ms": f"{day.idle_stall_ms:.1f}",
        "events dropped, distrusted": f"{day.samples[-1]['dropped']:.0f}, {day.samples[-1]['distrusted']:.0f}",
    }
    return "\n".join(f"{name:36} {value}" for name, value in lines.items())


if __name__ == "__main__":
    calls, rate = (float(text) for text in (*sys.argv[1:], "50000", "100")[:2])
    with tempfile.TemporaryDirectory() as folder:
        day = asyncio.run(soak(Path(folder), calls=int(calls), calls_per_second=rate, beside=True))
    sys.stdout.write(tell(day) + "\n")
