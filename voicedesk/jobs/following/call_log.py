"""Follows the calls of one PBX: events into the journal and the tracker, changed calls judged and into the store.

The journal and the calls that follow from it are handed to the writer together, so that a restart finds both or
neither; what a restart must replay to know the calls still open is handed over with them.

An event, or a call, at which something unforeseen is raised costs that one. What is known of the others may be wrong
then: nobody is accused by it (`is_in_doubt`), until it was made anew from the journal (`begin_anew`, `go_on_with`).
"""

import operator
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Gap, Hall, JudgedCall, Verdict
from voicedesk.calls.stuck import Stuck
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Changes, Tracker
from voicedesk.clock import to_ms
from voicedesk.jobs.following.journal_replay import (
    BadEvents,
    JournalReplay,
    OpenCalls,
    event_about,
    mark_all,
    receive_stand_ins,
)
from voicedesk.jobs.guard import Guard, Part, written

CHECKPOINT_EVERY = 200
"""After so many entries the journal says again what is known beside the calls, so that a restart need not go further
back than to the last such place before the oldest open call."""

MAX_TOLD = 2000
"""So many of the last verdicts told are remembered: what comes late about a call is not told again."""
MAX_HOPELESS = 200

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


@dataclass(slots=True)
class _Doubt:
    """What stood when the first fault came: calls open then, and the entry that holds all that came since."""

    open_ids: frozenset[str]
    since: int
    unread: list[AmiEvent] | None = None
    """What came since the journal is being read again."""


class CallLog:
    """The calls of one PBX, live. `changed`, where it is set, hears of every change; `replaced` of new `ties`."""

    def __init__(self, pbx: str, hall: Hall, sink: CallSink, guard: Guard | None = None) -> None:
        self.pbx = pbx
        self._hall = hall
        self._sink = sink
        self._guard = guard or Guard()
        self._bad = BadEvents(pbx, self._guard)
        self._tracker = Tracker(pbx, hall)
        self._taken: list[AmiEvent] = []
        self._open = OpenCalls()
        self._checkpoints = deque([0])
        self._gaps_saved: set[Gap] = set()
        self._told: dict[str, Verdict] = {}
        self._stuck = Stuck()
        self._doubt: _Doubt | None = None
        self._anew = Changes()
        self._hopeless: dict[str, None] = {}
        self.changed: Changed | None = None
        self.replaced: Callable[[], None] | None = None

    def resume(
        self, journal: Sequence[tuple[int, AmiEvent]], *, resume_from: int, open_ids: Collection[str], stopped_at: int
    ) -> None:
        """Takes up the calls that were open when the service stopped, `open_ids`.

        `journal` gives (entry, event) pairs from the entry `resume_from` on. Calls that were over then stay as they are
        stored. What came after `stopped_at` is a gap, and the journal says so from now on.
        """
        deque(self.resuming(journal, resume_from=resume_from, open_ids=open_ids, stopped_at=stopped_at), maxlen=0)

    def resuming(
        self, journal: Sequence[tuple[int, AmiEvent]], *, resume_from: int, open_ids: Collection[str], stopped_at: int
    ) -> Iterator[None]:
        """`resume`, giving the turn away now and then: a long journal, or a bad one, holds up nobody else."""
        self._checkpoints = deque([resume_from])
        replay = JournalReplay(self.pbx, self._hall, self._bad)
        yield from replay.steps(journal, resume_from)
        self._tracker, self._open = replay.tracker, replay.open
        self._tracker.forget_others(open_ids)
        self._gaps_saved = set(self._tracker.gaps())
        self.take([make_mark("VoicedeskLink", "lost", stopped_at, Reason="the service was stopped")])

    def take(self, events: list[AmiEvent]) -> None:
        """Takes in events as they come; cheap, and never waits."""
        receive = self._tracker.receive
        left = iter(events)
        try:
            for event in left:
                receive(event)
        except Exception as error:  # noqa: BLE001  # it costs the event at which it was raised
            events = self._without_bad(events, left, error)
        self._taken += events
        if self._doubt is not None and self._doubt.unread is not None:
            self._doubt.unread += events

    def settle(self) -> None:
        """Judges what changed and hands it on with the events it follows from; called some times a second."""
        changes = self._changes()
        calls = self._judged(changes.calls)
        taken, self._taken = self._taken, []
        if not taken and not calls:
            return
        entry = self._sink.sequence(self.pbx)
        if self._doubt is None:
            self._open.note(entry, self._tracker.open_ids())
            if taken and entry >= self._checkpoints[-1] + CHECKPOINT_EVERY:
                taken.append(self._tracker.checkpoint(taken[-1].arrived_us))
                self._checkpoints.append(entry)
        gaps = [gap for gap in self._tracker.gaps() if gap not in self._gaps_saved]
        if gaps:
            self._gaps_saved = set(self._tracker.gaps())
        self._hand_on(self._resume_from(entry), taken, calls, changes.merged, gaps)
        for call in calls:
            with self._guard.one(Part.CALL, call.facts.id, pbx=self.pbx):
                self._tell(call)
        if self.changed is not None:
            with self._guard.one(Part.CALL, "what phones are told of calls", pbx=self.pbx):
                self.changed(changes.calls, changes.merged)

    def _resume_from(self, entry: int) -> int:
        """The last checkpoint before the oldest call that was up beside an open one: what a phone did then matters."""
        oldest = self._open.needed_from(entry) if self._doubt is None else 0
        while len(self._checkpoints) > 1 and self._checkpoints[1] < oldest:
            self._checkpoints.popleft()
        return self._checkpoints[0]

    def _hand_on(
        self,
        resume_from: int,
        taken: list[AmiEvent],
        calls: list[JudgedCall],
        merged: list[tuple[str, str]],
        gaps: list[Gap],
    ) -> None:
        add = self._sink.add
        try:
            add(self.pbx, resume_from=resume_from, events=taken, calls=calls, merged=merged, gaps=gaps)
        except Exception:  # noqa: BLE001  # one of them does not fit: the others do
            add(self.pbx, resume_from=resume_from, merged=merged, gaps=gaps)
            for event in taken:
                with self._guard.one(Part.EVENT, event_about(event), content=event.raw, pbx=self.pbx):
                    add(self.pbx, resume_from=resume_from, events=[event])
            for call in calls:
                with self._guard.one(Part.CALL, call.facts.id, content=written(call.facts), pbx=self.pbx):
                    add(self.pbx, resume_from=resume_from, calls=[call])

    # --- what was not foreseen

    @property
    def is_in_doubt(self) -> bool:
        """True from a fault on until the state was made anew."""
        return self._doubt is not None

    def begin_anew(self, seal: Callable[[], None]) -> tuple[int, int]:
        """The state will be made anew: from which entry of the journal on, and before which it ends.

        What was taken is handed on; `seal` ends the entry that the sink has open.
        """
        self.settle()
        seal()
        if self._doubt is not None:
            self._doubt.unread = []
        return self._checkpoints[0], self._sink.sequence(self.pbx)

    def replay(self) -> JournalReplay:
        """A replay that makes the state anew."""
        return JournalReplay(self.pbx, self._hall, self._bad, since=self._doubt.since if self._doubt else None)

    def go_on_with(self, replay: JournalReplay) -> None:
        """The state is that of a replay of the journal up to `begin_anew`, and what came since then."""
        doubt = self._doubt
        if doubt is None:
            return
        tracker, merged = replay.tracker, replay.merged
        kept = doubt.open_ids | replay.began_since
        kept |= {there for gone, there in merged if gone in kept}
        tracker.forget_others(kept)
        still_open = {facts.id: facts for facts in tracker.open_calls()}
        changed = {key: facts for key, facts in replay.changed.items() if key in kept} | still_open
        tracker.change_hall(self._hall)
        self._tracker, self._open, self._doubt = tracker, replay.open, None
        self._gaps_saved &= set(tracker.gaps())
        self._anew = Changes(calls=list(changed.values()), merged=merged)
        taken, self._taken = self._taken, []
        self.take(doubt.unread or [])
        self._taken = taken  # they are handed on, or will be, since they came
        self._open.note(self._sink.sequence(self.pbx), self._tracker.open_ids())
        if self.replaced is not None:
            self.replaced()

    def give_up_anew(self) -> None:
        """The journal could not be read now: it is tried again."""
        if self._doubt is not None:
            self._doubt.unread = None

    def _without_bad(self, events: list[AmiEvent], left: Iterator[AmiEvent], error: Exception) -> list[AmiEvent]:
        """Goes on behind an event at which the tracker raised; the events as the journal is to have them.

        The first fault is that event's: in its place stands what it was about. What raises later may do so because of
        the first: the journal keeps it, and the replay will tell.
        """
        kept = events[: len(events) - operator.length_hint(left) - 1]
        while True:
            bad = events[len(events) - operator.length_hint(left) - 1]
            if self._doubt is None:
                self._bad.add(bad, error)
                kept += receive_stand_ins(self._tracker, bad)
                self._begin_doubt()
            else:
                kept.append(bad)
            mark_all(self._tracker)
            try:
                for event in left:
                    self._tracker.receive(event)
                    kept.append(event)
            except Exception as again:  # noqa: BLE001  # as above
                error = again
            else:
                return kept

    def _begin_doubt(self) -> None:
        if self._doubt is None:
            self._doubt = _Doubt(frozenset(self._open.began), self._sink.sequence(self.pbx))

    def _changes(self) -> Changes:
        """What changed; with what a replay found to be otherwise."""
        changes, anew = self._tracker.take_changes(), self._anew
        for call_id, error in changes.failed:
            self._guard.set_aside(Part.CALL, error, about=call_id, pbx=self.pbx)
            if call_id not in self._hopeless:  # else its events were told anew already, and it is no better
                self._begin_doubt()
            self._hopeless[call_id] = None
            if len(self._hopeless) > MAX_HOPELESS:
                del self._hopeless[next(iter(self._hopeless))]
        if not anew.calls and not anew.merged:
            return changes
        self._anew = Changes()
        newer = {facts.id: facts for facts in changes.calls}
        gone = {pair[0] for pair in changes.merged}
        older = [facts for facts in anew.calls if facts.id not in newer and facts.id not in gone]
        return Changes(calls=[*older, *changes.calls], merged=[*anew.merged, *changes.merged])

    def _judged(self, changed: list[CallFacts]) -> list[JudgedCall]:
        """The calls with their judgement; one that cannot be judged is set aside, and stays as it is stored."""
        try:
            return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in changed]
        except Exception:  # noqa: BLE001  # it is one of them
            judged = []
        for facts in changed:
            with self._guard.one(Part.CALL, facts.id, content=written(facts), pbx=self.pbx):
                judged.append(JudgedCall(facts=facts, judgement=judge(facts)))
        return judged

    # --- what it is asked and told

    def sweep(self, now: int) -> None:
        """Ends calls that are stuck; called each minute. No clock that is wrong, or set, makes a call seem so."""
        stuck = self._stuck.look(now, self._tracker.heard(), self._tracker.hall_time(now))
        if stuck:
            self._tracker.end_stuck(stuck, now)
            _log.warning("calls_swept", pbx=self.pbx, count=len(stuck))

    def change_hall(self, hall: Hall) -> None:
        """Lines, phones or people are others from now on."""
        self._hall = hall
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
