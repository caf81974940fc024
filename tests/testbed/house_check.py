"""Whether a house was followed as the standard demands: live by the service, by replay of its events, by the wire.

What comes first among many calls at a time is a matter of a machine's pace: a situation that is told otherwise is
played again, alone, a few times.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.testbed.house import House, Played, Situation, is_told, play, told, wire_differences
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from voicedesk.calls.export import as_json
from voicedesk.calls.replay import replay
from voicedesk.hall.lines import hall_of
from voicedesk.settings import load_settings

ALONE = 2
TOLERANCE_MS = 20
"""These tests share the machine; that times are exact to 5 ms is shown by the captures of single calls."""


class Checked:
    """What was wrong with each situation of a house that was played."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._hall = hall_of(load_settings(service.config, {}))
        self.wrong: dict[str, str] = {}

    async def check(self, situations: list[Situation], played: Played, since: float) -> None:
        """Compares what came of situations with what they must tell; calls before `since` were of an earlier take."""
        for _ in range(20):
            live = [call for call in await self._service.calls() if call["started_at"] >= since]
            if all(call["ended_at"] for call in live):
                break
            await asyncio.sleep(0.2)
        again = [as_json(call) for call in replay(played.raw, hall=self._hall).calls]
        for one in situations:
            self.wrong.pop(one.name, None)
            if difference := _difference(one, live, again, played):
                self.wrong[one.name] = difference


def _difference(one: Situation, live: list[dict[str, Any]], again: list[dict[str, Any]], played: Played) -> str | None:
    mine = [call for call in again if call["line"] == one.name]
    lines = [[told(call) for call in calls if call["line"] == one.name] for calls in (live, again)]
    found = [f"it failed: {played.failed[one.name]!r}"] if one.name in played.failed else []
    for how, said in zip(("live", "replayed"), lines, strict=True):
        if not is_told(said, one.tells):
            found.append(f"{how}: {said}\n    must be {list(one.tells)}")
    for call in mine:
        found += wire_differences(call, played.truth, tolerance_ms=TOLERANCE_MS, confirms=one.confirms)
    return "\n".join(found) or None


async def check_house(house: House, folder: Path) -> dict[str, str]:
    """Plays every situation of a house on one switch; what was wrong, by the situation's name."""
    async with AsyncExitStack() as stack:
        plan = house.plan()
        stage = await stack.enter_async_context(Stage(plan))
        service = await stack.enter_async_context(RunningService(plan, folder, more=f"\n{house.settings()}"))
        await asyncio.sleep(2)  # until it has asked the switch what is going on: calls before that have a gap
        checked = Checked(service)
        left, at_once = house.situations, 6
        for _ in range(1 + ALONE):
            since = time.time()
            await checked.check(left, await play(stage, left, at_once=at_once), since)
            left, at_once = [one for one in house.situations if one.name in checked.wrong], 1
            if not left:
                break
        return checked.wrong
