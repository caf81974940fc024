"""The recordings that are being heard now: how each begins and ends, and what is asked of whoever answered."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from voicedesk.calls.model import CallFacts, Direction, LegFacts, Role
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.rules import GreetingRules
from voicedesk.hall.greetings import greeting_task
from voicedesk.jobs.hearing.recorded_calls import leg_of
from voicedesk.settings import Settings

CallOf = Callable[[str], CallFacts | None]
"""The call that a channel of one PBX belongs to, while it is known."""
Key = tuple[str, str]
"""The PBX and the uniqueid of the channel that a recording is of."""


@dataclass(slots=True, kw_only=True)
class Recording:
    """One staff phone's recording while it is heard. Instants are microseconds on the switch's clock.

    `heard_seconds`, `told` and `phrases_told` are what was told of it: nothing is told again when its sound is heard
    from the beginning again.
    """

    pbx: str
    uniqueid: str
    path: Path
    call: CallFacts
    leg: LegFacts
    task: GreetingTask
    recorded_at: int
    ended_at: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    heard_seconds: float = 0.0
    told: tuple[object, ...] = ()
    phrases_told: set[tuple[str, float]] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """Which recording it is."""
        return self.pbx, self.uniqueid

    @property
    def answered_at(self) -> int:
        """When the phone answered; where that is not known, when the recording began."""
        return self.leg.answered_at or self.recorded_at

    def end(self, at: int | None) -> None:
        """Nothing more will be recorded; `at` is None where nobody knows when the phone hung up."""
        self.ended_at = at
        self.over.set()


class OpenRecordings:
    """The recordings that were begun and are not kept yet. `calls` finds the calls of each PBX."""

    def __init__(self, calls: Mapping[str, CallOf], settings: Settings, rules: GreetingRules) -> None:
        self._calls, self._settings, self._rules = calls, settings, rules
        self._open: dict[Key, Recording] = {}
        self._begun: asyncio.Queue[Recording] = asyncio.Queue()

    def change_settings(self, settings: Settings, rules: GreetingRules) -> None:
        """Uses new lines, departments and rules for the recordings that begin from now on."""
        self._settings, self._rules = settings, rules

    def __len__(self) -> int:
        return len(self._open)

    def get(self, key: Key) -> Recording | None:
        """A recording that is being heard."""
        return self._open.get(key)

    def call_of(self, key: Key) -> CallFacts | None:
        """The call that a channel belongs to now, while it is known."""
        return self._calls[key[0]](key[1])

    def begin(self, key: Key, path: Path, call: CallFacts | None, at: int | None) -> None:
        """Takes up the recording of a phone that answered; `at` is when the switch began it (None: not known).

        Nothing happens where no call is known, nobody answered, or the recording is being heard already.
        """
        if call is None or key in self._open:
            return
        leg = leg_of(call, key[1])
        answered_at = leg.answered_at if leg is not None else None
        if leg is None or answered_at is None:
            return
        if call.direction is Direction.CALLBACK and at is not None:
            leg, answered_at = replace(leg, answered_at=at), at  # the citizen heard the notice of recording first
        recording = Recording(
            pbx=key[0],
            uniqueid=key[1],
            path=path,
            call=call,
            leg=leg,
            task=task_of(call, leg, self._settings, self._rules),
            recorded_at=at or answered_at,
        )
        if leg.ended_at is not None or call.ended_at is not None:
            recording.end(leg.ended_at or call.ended_at)
        self._open[key] = recording
        self._begun.put_nowait(recording)

    async def next_begun(self) -> Recording:
        """Waits for the next recording that begins."""
        return await self._begun.get()

    def close(self, recording: Recording) -> None:
        """It is heard and kept, or left lying for the next look at the folder."""
        del self._open[recording.key]


def task_of(call: CallFacts, leg: LegFacts, settings: Settings, rules: GreetingRules) -> GreetingTask:
    """What is asked of whoever answered (S2).

    It is the inbound greeting at the first answer by staff, and the greeting of a callback when the citizen answers. At
    any other answer no greeting is asked, and phrases alone are judged.
    """
    if call.direction is Direction.CALLBACK:
        lines = settings.on(call.pbx).lines
        line = next((one.name for one in lines if leg.endpoint in one.phones), None)
        return greeting_task(line, settings, rules, agent=leg.agent, callback=True)
    is_first = leg.role is Role.STAFF and leg.answered_at == call.person_answered_at
    if not is_first or call.direction is not Direction.INBOUND:
        return GreetingTask(names=None, template="", limits=rules.limits)
    return greeting_task(call.line, settings, rules, agent=leg.agent)
