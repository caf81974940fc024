"""Whether a house was followed as the standard demands: live by the service, by replay of its events, by the wire.

What comes first among many calls at a time is a matter of a machine's pace: a situation that is told otherwise is
played again, alone, a few times. What the product does wrong it does wrong then too.
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
from voicedesk.clock import MICROSECONDS
from voicedesk.hall.lines import hall_of
from voicedesk.settings import load_settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

ALONE = 2
TOLERANCE_MS = 20
"""These tests share the machine; that times are exact to 5 ms is shown by the captures of single calls."""
TOLD_WITHIN_SECONDS = 60
"""A busy machine may need so long to write down what its calls were."""


class Checked:
    """What was wrong with each situation of a house that was played."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._settings = load_settings(service.config, {})
        self._hall = hall_of(self._settings)
        self.wrong: dict[str, str] = {}

    async def check(self, situations: list[Situation], played: Played, since: float) -> None:
        """Compares what came of situations with what they must tell; calls before `since` were of an earlier take."""
        again = [as_json(call) for call in replay(played.raw, hall=self._hall).calls]
        live = await self._live(since, again)
        for one in situations:
            self.wrong.pop(one.name, None)
            if difference := _difference(one, live, again, played):
                self.wrong[one.name] = difference

    async def _live(self, since: float, again: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the service wrote down, once it is what the replay tells; or what it is after a while."""
        over = time.monotonic() + TOLD_WITHIN_SECONDS
        while await self._stored(since) != sorted(map(_outline, again)) and time.monotonic() < over:
            await asyncio.sleep(0.2)
        return [call for call in await self._service.calls() if call["started_at"] >= since]

    async def _stored(self, since: float) -> list[tuple[str, str, bool]]:
        """The calls in its database; without the command, which each time would cost too much."""
        async with Store.open(self._settings.store.url, may_write=False) as store:
            which = CallFilter(from_at=round(since * MICROSECONDS))
            return sorted([_outline(as_json(one.call)) async for one in store.calls.each(which)])


def _outline(call: dict[str, Any]) -> tuple[str, str, bool]:
    return str(call["line"]), told(call), call["ended_at"] is not None


def _difference(one: Situation, live: list[dict[str, Any]], again: list[dict[str, Any]], played: Played) -> str | None:
    mine = [call for call in again if call["line"] == one.name]
    lines = [[told(call) for call in calls if call["line"] == one.name] for calls in (live, again)]
    found = [f"it failed: {played.failed[one.name]!r}"] if one.name in played.failed else []
    for how, said in zip(("live", "replayed"), lines, strict=True):
        if not is_told(said, one.tells):
            found.append(f"{how}: {said}\n    must be {list(one.tells)}")
    for call in mine:
        tolerance_ms = TOLERANCE_MS + played.late_ms
        found += wire_differences(call, played.truth, tolerance_ms=tolerance_ms, confirms=one.confirms)
    return "\n".join(found) or None


async def check_house(house: House, folder: Path, *only: str, takes: int = 1) -> dict[str, str]:
    """Plays every situation of a house, or those named, on one switch; what was wrong, by the situation's name.

    With several `takes` all are played so often, and none may be wrong in any take.
    """
    async with AsyncExitStack() as stack:
        situations = [one for one in house.situations if one.name in only or not only]
        plan = house.plan(*situations)
        stage = await stack.enter_async_context(Stage(plan))
        more = f"\n{house.settings(*situations)}"
        service = await stack.enter_async_context(RunningService(plan, folder, more=more))
        wrong: dict[str, str] = {}
        for take in range(1, takes + 1):
            found = await _taken(stage, Checked(service), situations)
            wrong |= {name: f"take {take}: {what}" for name, what in found.items()}
        return wrong


async def _taken(stage: Stage, checked: Checked, situations: list[Situation]) -> dict[str, str]:
    """What is wrong with situations that were played together, and again, alone, where they were wrong."""
    left, at_once = situations, 6
    for _ in range(1 + ALONE):
        since = time.time()
        played = await play(stage, left, at_once=at_once)
        await checked.check(left, played, since)
        for name, what in checked.wrong.items():  # pytest shows it where the test fails in the end
            print(f"{name}, {at_once} at once, the machine {played.late_ms:.0f} ms late: {what}")  # noqa: T201
        left, at_once = [one for one in situations if one.name in checked.wrong], 1
        if not left:
            break
    return checked.wrong
