"""Plays every situation of the houses twice on one switch: each must be told the same both times.

    python -m tests.testbed.play_twice [HOUSE …]       # a minute or two for each house

A situation that leaves something behind (a break, a forwarding) would be another one when it is played again.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from tests.testbed.house_check import check_house
from tests.testbed.houses import HOUSES

console = Console(highlight=False)


async def play_twice(names: list[str]) -> list[str]:
    """The situations of houses, or of all, that were not told as they must be; each with what was wrong."""
    wrong = []
    for name in names or HOUSES:
        with tempfile.TemporaryDirectory() as folder:
            found = await check_house(HOUSES[name], Path(folder), takes=2)
        console.print(f"{name}: {len(HOUSES[name].situations)} situations, {len(found)} wrong")
        wrong += [f"{name}.{situation}: {what}" for situation, what in found.items()]
    return wrong


def main() -> int:
    wrong = asyncio.run(play_twice(sys.argv[1:]))
    for what in wrong:
        console.print(what, style="red", markup=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
