"""Follows the calls of one PBX: events into the journal and the tracker, changed calls judged and into the store.

The journal and the calls that follow from it are handed to the writer together, so that a restart finds both or
neither; what a restart must replay to know the calls still open is handed over with them.

An event, or a call, at which something unforeseen is raised costs that one. What is known of the others may be wrong
then: nobody is accused by it (`is_in_doubt`), until it was made anew from the journal (`begin_anew`, `go_on_with`).
"""

import operator
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import structlog

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Gap, Hall
from voicedesk.calls.stuck import Stuck
from voicedesk.calls.tracker import Changes, Tracker
from voicedesk.jobs.following.handing_on import CallSink, HandingOn
from voicedesk.jobs.following.journal_replay import (
    BadEvents,
    JournalReplay,
    mark_all,
    receive_stand_ins,
)
from voicedesk.jobs.following.resume_points import ResumePoints
from voicedesk.jobs.following.told_verdicts import ToldVerdicts
from voicedesk.jobs.guard import Guard, Part

MAX_HOPELESS = 200
"""So many calls that cannot be told are remembered: their events are told anew once, and not again and again."""

_log = structlog.get_logger()


Changed = Callable[[list[CallFacts], list[tuple[str, str]]], None]
"""Is told calls that changed, as they stand now, and (gone, kept) where one became part of another; must not wait."""


@dataclass(slots=True)
class _Doubt:
    """What stood when the first fault came: calls open then, and the entry that holds all that came since."""

    open_ids: frozenset[str]
    since: int
    unread: list[AmiEvent] | None = None
    """What came since the journal is being read again."""
    until: int = 0
    """The entry before which that reading ends: what is unread lies there and behind."""


class CallLog:
    """The calls of one PBX, live. `changed`, where it is set, hears of every change; `replaced` of new `ties`."""

    def __init__(self, pbx: str, hall: Hall, sink: CallSink, guard: Guard | None = None) -> None:
        self.pbx = pbx
        self._hall = hall
        self._guard = guard or Guard()
        self._hand_on = HandingOn(pbx, sink, self._guard)
        self._bad = BadEvents(pbx, self._guard)
        self._tracker = Tracker(pbx, hall)
        self._taken: list[AmiEvent] = []
        self._points = ResumePoints()
        self._gaps_saved: set[Gap] = set()
        self._verdicts = ToldVerdicts()
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
        replay = JournalReplay(self.pbx, self._hall, self._bad)
        yield from replay.steps(journal, resume_from)
        self._tracker, self._points = replay.tracker, ResumePoints(resume_from, replay.open)
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
        calls = self._hand_on.judged(changes.calls)
        taken, self._taken = self._taken, []
        if not taken and not calls:
            return
        self._hand_on.add(self._resume_from(taken), taken, calls, changes.merged, self._new_gaps())
        for call in calls:
            with self._guard.one(Part.CALL, call.facts.id, pbx=self.pbx):
                self._verdicts.tell(call)
        if self.changed is not None:
            with self._guard.one(Part.CALL, "what phones are told of calls", pbx=self.pbx):
                self.changed(changes.calls, changes.merged)

    def _resume_from(self, taken: list[AmiEvent]) -> int:
        """From which entry a restart would read the journal; now and then a checkpoint is added to `taken`."""
        if self._doubt is not None:
            return self._points.oldest
        entry = self._hand_on.sequence()
        self._points.note(entry, self._tracker.open_ids())
        if taken and self._points.is_checkpoint_due(entry):
            taken.append(self._tracker.checkpoint(taken[-1].arrived_us))
            self._points.add_checkpoint(entry)
        return self._points.resume_from(entry)

    def _new_gaps(self) -> list[Gap]:
        gaps = [gap for gap in self._tracker.gaps() if gap not in self._gaps_saved]
        if gaps:
            self._gaps_saved = set(self._tracker.gaps())
        return gaps

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
        until = self._hand_on.sequence()
        if self._doubt is not None:
            self._doubt.unread, self._doubt.until = [], until
        return self._points.oldest, until

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
        self._tracker, self._points.open, self._doubt = tracker, replay.open, None
        self._gaps_saved &= set(tracker.gaps())
        self._anew = Changes(calls=list(changed.values()), merged=merged)
        taken, self._taken = self._taken, []
        self.take(doubt.unread or [])
        self._taken = taken  # they are handed on, or will be, since they came
        if self._doubt is not None:  # again, at one of those: a call that began among them is none of an earlier entry
            self._doubt.since = min(self._doubt.since, doubt.until)
        self._points.note(self._hand_on.sequence(), self._tracker.open_ids())
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
            self._doubt = _Doubt(frozenset(self._points.open.began), self._hand_on.sequence())

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
        return _joined(anew, changes)

    # --- what it is asked and told

    def sweep(self, now: int) -> None:
        """Ends calls that are stuck; called each minute. No clock that is wrong, or set, makes a call seem so."""
        stuck = self._stuck.look(now, self._tracker.heard(), self._tracker.hall_time(now))
        if stuck:
            self._tracker.end_stuck(stuck, now)
            _log.warning("calls_swept", pbx=self.pbx, count=len(stuck))

    def change_hall(self, hall: Hall) -> None:
        """Uses new lines, phones and people from now on."""
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


def _joined(anew: Changes, changes: Changes) -> Changes:
    """What a replay found, and what changed since: of each call the newest."""
    newer = {facts.id for facts in changes.calls}
    gone = {pair[0] for pair in changes.merged}
    older = [facts for facts in anew.calls if facts.id not in newer and facts.id not in gone]
    return Changes(calls=[*older, *changes.calls], merged=[*anew.merged, *changes.merged])
