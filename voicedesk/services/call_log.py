"""Follows the calls of one PBX: events into the journal and the tracker, changed calls judged and into the store.

The journal and the calls that follow from it are handed to the writer together, so that a restart finds both or
neither; what a restart must replay to know the calls still open is handed over with them.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import structlog

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Gap, Hall, JudgedCall, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import CHECKPOINT, Tracker
from voicedesk.clock import MICROSECONDS, to_ms

CHECKPOINT_EVERY = 200
"""After so many entries the journal says again what is known beside the calls, so that a restart need not go further
back than to the last such place before the oldest open call."""
STUCK_AFTER_US = 4 * 3600 * MICROSECONDS
"""A call of which nothing was heard for so long is ended as swept."""

MAX_TOLD = 2000
"""So many of the last verdicts told are remembered: what comes late about a call is not told again."""

_log = structlog.get_logger()


class CallSink(Protocol):
    """Where a call log writes; nothing here waits for a disk."""

    def sequence(self, pbx: str) -> int:
        """The journal entry that what is added now will belong to."""

    def add(
        self,
        pbx: str,
        *,
        resume_from: int,
        events: Iterable[AmiEvent] = (),
        calls: Iterable[JudgedCall] = (),
        merged: Iterable[tuple[str, str]] = (),
        gaps: Iterable[Gap] = (),
    ) -> None:
        """Takes what belongs together: it is on disk soon, whole or not at all."""


Changed = Callable[[list[CallFacts], list[tuple[str, str]]], None]
"""Is told calls that changed, as they stand now, and (gone, kept) where one became part of another; must not wait."""


class CallLog:
    """The calls of one PBX, live. `changed`, where it is set, hears of every change."""

    def __init__(self, pbx: str, hall: Hall, sink: CallSink) -> None:
        self._pbx = pbx
        self._sink = sink
        self._tracker = Tracker(pbx, hall)
        self._taken: list[AmiEvent] = []
        self._began: dict[str, int] = {}
        self._needed: dict[str, int] = {}
        self._checkpoints = deque([0])
        self._gaps_saved: set[Gap] = set()
        self._told: dict[str, Verdict] = {}
        self.changed: Changed | None = None

    def resume(
        self, journal: Iterable[tuple[int, AmiEvent]], *, resume_from: int, open_ids: Collection[str], stopped_at: int
    ) -> None:
        """Takes up the calls that were open when the service stopped, `open_ids`.

        `journal` gives (entry, event) pairs from the entry `resume_from` on. Calls that were over then stay as they are
        stored. What came after `stopped_at` is a gap, and the journal says so from now on.
        """
        self._checkpoints = deque([resume_from])
        for entry, event in _from_checkpoint(list(journal), resume_from):
            self._tracker.receive(event)
            if self._tracker.has_changes:
                self._tracker.take_changes()
                self._note_open(entry)
        self._tracker.forget_others(open_ids)
        self._gaps_saved = set(self._tracker.gaps())
        self.take([make_mark("VoicedeskLink", "lost", stopped_at, Reason="the service was stopped")])

    def take(self, events: list[AmiEvent]) -> None:
        """Takes in events as they come; cheap, and never waits."""
        receive = self._tracker.receive
        for event in events:
            receive(event)
        self._taken += events

    def settle(self) -> None:
        """Judges what changed and hands it on with the events it follows from; called some times a second."""
        changes = self._tracker.take_changes()
        calls = [JudgedCall(facts=facts, judgement=judge(facts)) for facts in changes.calls]
        taken, self._taken = self._taken, []
        if not taken and not calls:
            return
        entry = self._sink.sequence(self._pbx)
        self._note_open(entry)
        if taken and entry >= self._checkpoints[-1] + CHECKPOINT_EVERY:
            taken.append(self._tracker.checkpoint(taken[-1].arrived_us))
            self._checkpoints.append(entry)
        gaps = [gap for gap in self._tracker.gaps() if gap not in self._gaps_saved]
        if gaps:
            self._gaps_saved = set(self._tracker.gaps())
        self._sink.add(
            self._pbx,
            resume_from=self._resume_from(entry),
            events=taken,
            calls=calls,
            merged=changes.merged,
            gaps=gaps,
        )
        for call in calls:
            self._tell(call)
        if self.changed is not None:
            self.changed(changes.calls, changes.merged)

    def _note_open(self, entry: int) -> None:
        """Remembers for every open call in which journal entry it began, and in which the oldest call beside it."""
        oldest = min(self._began.values(), default=entry)
        ids = self._tracker.open_ids()
        self._began = {call_id: self._began.get(call_id, entry) for call_id in ids}
        self._needed = {call_id: self._needed.get(call_id, oldest) for call_id in ids}

    def _resume_from(self, entry: int) -> int:
        """The last checkpoint before the oldest call that was up beside an open one: what a phone did then matters."""
        oldest = min(self._needed.values(), default=entry + 1)
        while len(self._checkpoints) > 1 and self._checkpoints[1] < oldest:
            self._checkpoints.popleft()
        return self._checkpoints[0]

    def sweep(self, now: int) -> None:
        """Ends calls that are stuck."""
        swept = self._tracker.sweep(now - STUCK_AFTER_US)
        if swept:
            _log.warning("calls_swept", pbx=self._pbx, count=swept)

    def change_hall(self, hall: Hall) -> None:
        """Lines, phones or people are others from now on."""
        self._tracker.change_hall(hall)

    @property
    def ties(self) -> Ties:
        """What is known of the phones behind the members of queues."""
        return self._tracker.ties

    def open_calls(self) -> list[CallFacts]:
        """The calls that are not over."""
        return self._tracker.open_calls()

    def call_of(self, uniqueid: str) -> CallFacts | None:
        """The call that a channel belongs to, while it is known."""
        return self._tracker.call_of(uniqueid)

    def channels_with(self, is_meant: Callable[[str], bool]) -> set[str]:
        """The channels of each call that goes on and of which a channel's name or number is meant."""
        return self._tracker.channels_with(is_meant)

    def is_up(self, channels: Collection[str]) -> bool:
        """Whether a call with one of these channels is not over."""
        return self._tracker.is_up(channels)

    def _tell(self, call: JudgedCall) -> None:
        """One log line when a verdict falls, and another if it changes."""
        facts, judged = call.facts, call.judgement
        if facts.person_answered_at is None and facts.ended_at is None:
            return
        before = self._told.pop(facts.id, None)
        self._told[facts.id] = judged.verdict
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        if before is judged.verdict:
            return
        _log.info(
            "call_judged",
            pbx=facts.pbx,
            call=facts.id,
            line=facts.line,
            direction=facts.direction.value,
            caller_number=facts.caller_number,
            verdict=judged.verdict.value,
            cause=judged.cause.value if judged.cause else None,
            reason=judged.reason.value if judged.reason else None,
            answered_by=judged.answered_by,
            ring_ms=to_ms(judged.ring_us),
        )


def _from_checkpoint(journal: list[tuple[int, AmiEvent]], resume_from: int) -> list[tuple[int, AmiEvent]]:
    """What follows the checkpoint that stands in the entry `resume_from`; all of it, where there is none."""
    places = (n for n, (entry, event) in enumerate(journal) if entry == resume_from and event.name == CHECKPOINT)
    return journal[next(places, 0) :]
