"""An accelerated day, reports beside it: `python -m tests.soak [CALLS [CALLS_PER_SECOND]]`; says what it measured.

`python -m tests.soak --minutes 60 [--seed N]`: an hour in which now and then something is bad; ends with 1 where what
was good suffered by it.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.bad_hour import BadHour, bad_hour
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


def tell_bad(hour: BadHour) -> str:
    """The figures of an hour with bad things in it, and what was wrong."""
    lines = [f"{name:40} {value}" for name, value in hour.figures.items()]
    return "\n".join([*lines, *(f"WRONG: {one}" for one in hour.wrong), f"{len(hour.wrong)} things were wrong"])


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("calls", type=int, nargs="?", default=50_000)
    parser.add_argument("calls_per_second", type=float, nargs="?", default=100.0)
    parser.add_argument("--minutes", type=float, help="the hour with bad things in it, so long")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    asked = _asked()
    with tempfile.TemporaryDirectory() as folder:
        if asked.minutes is not None:
            hour = asyncio.run(bad_hour(Path(folder), seconds=asked.minutes * 60, seed=asked.seed, settle_seconds=120))
            sys.stdout.write(tell_bad(hour) + "\n")
            return 1 if hour.wrong else 0
        day = asyncio.run(soak(Path(folder), calls=asked.calls, calls_per_second=asked.calls_per_second, beside=True))
    sys.stdout.write(tell(day) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
