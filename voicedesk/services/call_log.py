"""Follows the calls of one PBX: events into the journal and the tracker, changed calls judged and into the store.

The journal and the calls that follow from it are handed to the writer together, so that a restart finds both or
neither; what a restart must replay to know the calls still open is handed over with them.
"""

from collections.abc import Iterable
from typing import Protocol

import structlog

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.calls.model import CallFacts, Gap, Hall, JudgedCall, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS, format_epoch, to_ms

STUCK_AFTER_US = 4 * 3600 * MICROSECONDS
"""A call of which nothing was heard for so long is ended as swept."""

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


class CallLog:
    """The calls of one PBX, live."""

    def __init__(self, pbx: str, hall: Hall, sink: CallSink) -> None:
        self._pbx = pbx
        self._sink = sink
        self._tracker = Tracker(pbx, hall)
        self._taken: list[AmiEvent] = []
        self._first_entry: dict[str, int] = {}
        self._gaps_saved: set[Gap] = set()
        self._told: dict[str, Verdict] = {}

    def resume(self, journal: Iterable[tuple[int, AmiEvent]], stopped_at: int) -> None:
        """Takes up the calls that were open when the service stopped, from (entry, event) pairs of the journal.

        What came after `stopped_at` is a gap, and the journal says so from now on.
        """
        for entry, event in journal:
            self._tracker.receive(event)
            if self._tracker.has_changes:
                self._tracker.take_changes()
                self._note_open(entry)
        self._gaps_saved = set(self._tracker.gaps())
        lost = make_event(
            "VoicedeskLink",
            {"State": "lost", "Timestamp": format_epoch(stopped_at), "Reason": "the service was stopped"},
            arrived_us=stopped_at,
        )
        self.take([lost])

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
        self._note_open(self._sink.sequence(self._pbx))
        gaps = [gap for gap in self._tracker.gaps() if gap not in self._gaps_saved]
        self._gaps_saved.update(gaps)
        self._sink.add(
            self._pbx,
            resume_from=min(self._first_entry.values(), default=self._sink.sequence(self._pbx) + 1),
            events=taken,
            calls=calls,
            merged=changes.merged,
            gaps=gaps,
        )
        for call in calls:
            self._tell(call)

    def _note_open(self, entry: int) -> None:
        """Remembers for every open call the journal entry in which it began."""
        known = self._first_entry
        self._first_entry = {call_id: known.get(call_id, entry) for call_id in self._tracker.open_ids()}

    def sweep(self, now: int) -> None:
        """Ends calls that are stuck."""
        swept = self._tracker.sweep(now - STUCK_AFTER_US)
        if swept:
            _log.warning("calls_swept", pbx=self._pbx, count=swept)

    def change_hall(self, hall: Hall) -> None:
        """Lines, phones or people are others from now on."""
        self._tracker.change_hall(hall)

    def open_calls(self) -> list[CallFacts]:
        """The calls that are not over."""
        return self._tracker.open_calls()

    def _tell(self, call: JudgedCall) -> None:
        """One log line when a verdict falls, and another if it changes."""
        facts, judged = call.facts, call.judgement
        if facts.person_answered_at is None and facts.ended_at is None:
            return
        before = self._told.pop(facts.id, None)
        if facts.ended_at is None:
            self._told[facts.id] = judged.verdict
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
