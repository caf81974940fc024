"""Plays the situations of houses that are kept, each alone on a switch of its own, and writes what was said of them.

    python -m tests.testbed.record_houses [HOUSE.SITUATION …]       # into tests/captures/houses

Each gives `HOUSE.SITUATION.raw` (the user with the fewest rights) and `.sip.json` (what the wire said).
"""

import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from tests.testbed.house import House, Played, Situation, play, wire_differences
from tests.testbed.houses import HOUSES
from tests.testbed.stage import Stage
from voicedesk.calls.export import as_json
from voicedesk.calls.replay import replay

console = Console(highlight=False)
TAKES = 5
"""On a busy machine a phone is late by more than a hall's would be: then a situation is played again."""
TOLERANCE_MS = 5
CAPTURES = Path(__file__).parents[1] / "captures" / "houses"


def kept() -> list[tuple[House, Situation]]:
    """The situations of which a capture is kept."""
    return [(house, one) for house in HOUSES.values() for one in house.situations if one.kept]


def is_exact(situation: Situation, played: Played) -> bool:
    """True if the machine had time enough for the switch and the wire to agree."""
    return not any(
        wire_differences(as_json(call), played.truth, tolerance_ms=TOLERANCE_MS, confirms=situation.confirms)
        for call in replay(played.raw).calls
    )


async def record(house: House, situation: Situation, target: Path) -> None:
    """One situation, recorded into a directory."""
    for _ in range(TAKES):
        async with Stage(house.plan(situation)) as stage:
            played = await play(stage, [situation], queues=situation.queues)
        if not played.failed and is_exact(situation, played):
            break
    for error in played.failed.values():
        raise error
    name = target / f"{house.name}.{situation.name}"
    name.with_name(f"{name.name}.raw").write_bytes(played.raw)
    name.with_name(f"{name.name}.sip.json").write_text(json.dumps(played.truth, indent=1) + "\n")


async def record_all(names: list[str], target: Path) -> list[str]:
    """Records those named, or all that are kept, two at a time; returns what went wrong."""
    turn = asyncio.Semaphore(2)

    async def record_one(house: House, situation: Situation) -> str | None:
        async with turn:
            try:
                await record(house, situation, target)
            except Exception as error:  # noqa: BLE001 - the others go on
                return f"{house.name}.{situation.name}: {error!r}"
            console.print(f"{house.name}.{situation.name}: {situation.about}")
            return None

    chosen = [(house, one) for house, one in kept() if not names or f"{house.name}.{one.name}" in names]
    return [failed for failed in await asyncio.gather(*(record_one(*one) for one in chosen)) if failed]


def main() -> int:
    CAPTURES.mkdir(exist_ok=True)
    failed = asyncio.run(record_all(sys.argv[1:], CAPTURES))
    for message in failed:
        console.print(f"[red]{message}[/red]")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
