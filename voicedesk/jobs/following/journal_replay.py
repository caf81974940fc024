"""Makes the state of a PBX anew from its journal: at the start, and where the state may be wrong after a fault.

An event at which the tracker raises is left out, set aside once, and everything begins again without it: what such an
event left half done is not guessed.
"""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b

from voicedesk.ami.message import AmiEvent, make_event, make_mark
from voicedesk.calls.model import CallFacts, GapReason, Hall
from voicedesk.calls.tracker import CHECKPOINT, Tracker
from voicedesk.jobs.guard import Guard, Part

STEP = 200
MOST_TRIES = 10
"""So many bad events are each left out from the beginning; behind more of them a gap is marked."""
MOST_BAD = 2000

_CHANNELS = ("Uniqueid", "DestUniqueid")
_DOUBT = "VoicedeskDoubt"


def event_about(event: AmiEvent) -> str:
    """Which event one is, for a list."""
    whose = event.get("Uniqueid") or event.get("DestUniqueid") or ""
    return f"{event.name} {whose}".strip()


class BadEvents:
    """The events of a PBX that a tracker cannot take; each is set aside once."""

    def __init__(self, pbx: str, guard: Guard) -> None:
        self._pbx, self._guard = pbx, guard
        self._known: dict[bytes, None] = {}

    def __contains__(self, event: AmiEvent) -> bool:
        return bool(self._known) and _digest(event) in self._known

    def add(self, event: AmiEvent, error: Exception) -> None:
        """It raised: it is left out from now on, wherever the journal has it."""
        if event in self:
            return
        self._known[_digest(event)] = None
        if len(self._known) > MOST_BAD:
            del self._known[next(iter(self._known))]
        self._guard.set_aside(Part.EVENT, error, about=event_about(event), content=event.raw, pbx=self._pbx)


class OpenCalls:
    """In which entry of the journal each open call began, and how far back one must read to know it."""

    def __init__(self) -> None:
        self.began: dict[str, int] = {}
        self._needed: dict[str, int] = {}

    def note(self, entry: int, ids: Collection[str]) -> None:
        """These are open at an entry: what is new among them began there, beside the oldest of the others."""
        oldest = min(self.began.values(), default=entry)
        self.began = {call_id: self.began.get(call_id, entry) for call_id in ids}
        self._needed = {call_id: self._needed.get(call_id, oldest) for call_id in ids}

    def needed_from(self, entry: int) -> int:
        """The entry of the oldest call that was up beside an open one; the next entry where nothing is open."""
        return min(self._needed.values(), default=entry + 1)


class JournalReplay:
    """One replay. `changed` and `merged` are what changed from the entry `since` on, as it stood last."""

    def __init__(self, pbx: str, hall: Hall, bad: BadEvents, *, since: int | None = None) -> None:
        self._pbx, self._hall, self._bad, self._since = pbx, hall, bad, since
        self._begin()

    def _begin(self) -> None:
        self.tracker = Tracker(self._pbx, self._hall)
        self.open = OpenCalls()
        self.changed: dict[str, CallFacts] = {}
        self.merged: list[tuple[str, str]] = []
        self.began_since: set[str] = set()
        self._seen: set[str] = set()

    def steps(self, journal: Sequence[tuple[int, AmiEvent]], resume_from: int) -> Iterator[None]:
        """Goes through the journal, and gives the turn away now and then; at the end the replay is whole."""
        pairs = _from_checkpoint(journal, resume_from)
        for tried in range(MOST_TRIES + 1):
            is_whole = True
            for number, (entry, event) in enumerate(pairs):
                if number % STEP == 0:
                    yield
                try:
                    if event in self._bad:
                        receive_stand_ins(self.tracker, event)
                    else:
                        self.tracker.receive(event)
                except Exception as error:  # noqa: BLE001  # it costs this event
                    self._bad.add(event, error)
                    is_whole = False
                    if tried < MOST_TRIES:
                        break
                    mark_all(self.tracker)
                if self.tracker.has_changes:
                    self._note(entry)
            if is_whole or tried == MOST_TRIES:
                return
            self._begin()

    def _note(self, entry: int) -> None:
        changes = self.tracker.take_changes()
        self.open.note(entry, self.tracker.open_ids())
        ids = {facts.id for facts in changes.calls}
        if self._since is not None and entry >= self._since:
            self.changed |= {facts.id: facts for facts in changes.calls}
            self.began_since |= ids - self._seen
            for gone, _ in changes.merged:
                self.changed.pop(gone, None)
            self.merged += changes.merged
        self._seen |= ids


def mark_all(tracker: Tracker) -> None:
    """Nobody is accused of what is open: something may be wrong with what is known of it."""
    with contextlib.suppress(Exception):  # the state is made anew soon
        tracker.end_of_events(GapReason.EVENTS_DROPPED)


def receive_stand_ins(tracker: Tracker, bad: AmiEvent) -> list[AmiEvent]:
    """Tells a tracker, in place of an event it cannot take, that its calls are doubtful, or that something is missing.

    The same is what the journal holds in its place.
    """
    ids = [uniqueid for key in _CHANNELS if (uniqueid := bad.get(key))]
    at, origin = bad.arrived_us, bad.origin
    if ids and all(tracker.knows(one) for one in ids):
        headers = {"Timestamp": bad.get("Timestamp"), "Reason": "unforeseen"}
        marks = [make_event(_DOUBT, {**headers, "Uniqueid": one}, arrived_us=at, origin=origin) for one in ids]
    else:
        marks = [make_mark("VoicedeskLink", "dropped", at, origin=origin, Dropped=1)]
    for mark in marks:
        with contextlib.suppress(Exception):  # a gap is marked beside it, and the state is made anew
            tracker.receive(mark)
    return marks


def _from_checkpoint(journal: Sequence[tuple[int, AmiEvent]], resume_from: int) -> Sequence[tuple[int, AmiEvent]]:
    """What follows the checkpoint that stands in the entry `resume_from`; all of it, where there is none."""
    places = (n for n, (entry, event) in enumerate(journal) if entry == resume_from and event.name == CHECKPOINT)
    return journal[next(places, 0) :]


def _digest(event: AmiEvent) -> bytes:
    return blake2b(event.raw, digest_size=12).digest()
