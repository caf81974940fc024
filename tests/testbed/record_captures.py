"""Places the calls of `stories.py` through a real Asterisk and writes what its manager interface said.

    python -m tests.testbed.record_captures [--logged] [STORY …]       # into tests/captures

Each story has an Asterisk of its own and gives `NAME.raw` (the user with the fewest rights), `NAME.full.raw` (a user
with all rights, where marked) and `NAME.sip.json` (what the wire said, from the phones' own logs); with `--logged`
`logged/NAME.raw` and what the switch itself wrote of it.
"""

import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from tests.testbed.stage import Stage
from tests.testbed.stories import STORIES, Story, Take

console = Console(highlight=False)
CAPTURES = Path(__file__).parents[1] / "captures"
AT_ONCE = 2  # more would make times less exact than they are in a hall
STORY_SECONDS = 150
"""With the switch's start, which a busy machine makes long: no story takes more than 40 s."""


async def record(story: Story, target: Path, *, logged: bool = False) -> None:
    """One story, recorded into a directory; `logged`: with the switch's own logs in place of the wire's truth."""
    async with Stage() as stage:
        full = stage.switch.manager()
        watcher = await stage.switch.watcher().__aenter__()
        take = Take(stage, watcher)
        async with full:
            await story.play(take)
            if not take.watchers[-1].is_over:
                async with stage.switch.manager() as control:  # the stage's own was cut where the switch began anew
                    await stage.quiet(control)
                await asyncio.sleep(0.3)
        for conversation in take.watchers:
            await conversation.__aexit__()
        stage.check()
        truth = stage.truth()
        logs = stage.switch.logs() if logged else {}
    if logged:
        (target / f"{story.name}.raw").write_bytes(b"".join(bytes(one.data) for one in take.watchers))
        for kind, data in logs.items():
            (target / f"{story.name}.{kind}").write_bytes(data)
        return
    (target / f"{story.name}.raw").write_bytes(b"".join(bytes(one.data) for one in take.watchers))
    if story.full:
        (target / f"{story.name}.full.raw").write_bytes(bytes(full.data))
    (target / f"{story.name}.sip.json").write_text(json.dumps(truth, indent=1) + "\n")


async def record_all(names: list[str], target: Path, *, at_once: int = AT_ONCE, logged: bool = False) -> list[str]:
    """Records the stories named, or all, into a directory; returns what went wrong."""
    turn = asyncio.Semaphore(at_once)

    async def record_one(story: Story) -> str | None:
        async with turn:
            try:
                async with asyncio.timeout(STORY_SECONDS):
                    await record(story, target, logged=logged)
            except Exception as error:  # noqa: BLE001 - the others go on
                return f"{story.name}: {error!r}"
            console.print(f"{story.name}: {story.told}")
            return None

    chosen = [story for story in STORIES if not names or story.name in names]
    return [failed for failed in await asyncio.gather(*map(record_one, chosen)) if failed]


def main() -> int:
    names = [word for word in sys.argv[1:] if word != "--logged"]
    logged = "--logged" in sys.argv
    failed = asyncio.run(record_all(names, CAPTURES / "logged" if logged else CAPTURES, logged=logged))
    for message in failed:
        console.print(f"[red]{message}[/red]")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
