"""A raw AMI conversation, or an exported journal, read back into the calls it tells of; no PBX needed.

The same events give the same calls as they gave live. A capture that holds several logins is one PBX seen over a link
that was lost in between.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.bounds import whole_number
from voicedesk.calls.dial_strings import endpoint_of, outside_number
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Hall, JudgedCall, Judgement
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import WANTED_EVENTS, Tracker
from voicedesk.clock import MICROSECONDS, format_epoch, parse_epoch

_BANNER = re.compile(rb"^Asterisk Call Manager/[^\r\n]*\r\n", re.MULTILINE)
_DIALLED = frozenset({"AgentCalled", "DialBegin", "DialEnd", "DialState"})
_WANTED = WANTED_EVENTS | {"ExtensionStatus", "FullyBooted"}
_UPTIME_SLACK = 2
"""The switch tells its uptime in whole seconds, and two captures round differently."""
_SETUP_US = MICROSECONDS // 2
"""A capture's first event may lie so long after the channel was made that it tells of; a unique id knows only the
second, so that a call whose setup goes over the turn of a second would look as if it had been there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a capture told: calls in the order of their start, and what was wrong with the file."""

    calls: list[JudgedCall]
    problems: list[str]


def replay(
    capture: bytes, *, pbx: str = "capture", hall: Hall | None = None, rule: Callable[[CallFacts], Judgement] = judge
) -> Replay:
    """The calls of a capture. Without `hall` each number dialled is a line and each phone dialled is a staff phone."""
    problems: list[str] = []
    links = [_read_link(segment, problems) for segment in _links(capture)]
    if not any(links):
        problems.append("no AMI event was found: is this a raw AMI conversation?")
    tracker = Tracker(pbx, hall or _hall_of(links))
    if hall is None:
        _learn_all(tracker.ties, links)
    for event in _with_marks(links):
        tracker.receive(event)
    tracker.end_of_events()
    if tracker.ignored_untimed:
        problems.append("events carry no Timestamp: set timestampevents=yes in manager.conf and capture again")
    changes = tracker.take_changes()
    calls = [JudgedCall(facts=facts, judgement=rule(facts)) for facts in changes.calls]
    return Replay(calls=sorted(calls, key=lambda call: (call.facts.started_at, call.facts.id)), problems=problems)


def _links(capture: bytes) -> list[bytes]:
    """A capture cut into the conversations of one link each."""
    starts = [found.start() for found in _BANNER.finditer(capture)]
    bounds = sorted({0, *starts, len(capture)})
    return [capture[start:end] for start, end in pairwise(bounds)]


def _read_link(segment: bytes, problems: list[str]) -> list[AmiEvent]:
    conversation = RecordedConversation(_WANTED)
    events = conversation.receive_data(segment)
    if conversation.framer.has_partial:
        problems.append("it ends in the middle of a message")
    if conversation.framer.counters.dropped:
        problems.append(f"{conversation.framer.counters.dropped} messages were too large and were left out")
    if conversation.screen.counters.distrusted:
        problems.append(f"{conversation.screen.counters.distrusted} messages were damaged and were left out")
    if conversation.screen.counters.garbled:
        problems.append(
            f"{conversation.screen.counters.garbled} messages hold bytes that are no UTF-8, shown as \ufffd"
        )
    return [_with_arrival(event) for event in events]


def _with_arrival(event: AmiEvent) -> AmiEvent:
    """A journal keeps when an event arrived; a capture does not know."""
    event.arrived_us = parse_epoch(event.get("Arrived") or "") or 0
    return event


def _with_marks(links: Iterable[list[AmiEvent]]) -> Iterator[AmiEvent]:
    """The events with the marks of the link that a capture, unlike a journal, does not hold."""
    last: int | None = None
    least_uptime: int | None = None
    for events in filter(None, links):
        first = _first_instant(events)
        uptime = _uptime(events)
        if first is not None and not any(event.name == "VoicedeskLink" for event in events):
            if last is not None:
                yield _mark("lost", last)
            since = first - _SETUP_US if last is None else first
            restarted = least_uptime is not None and uptime is not None and uptime < least_uptime - _UPTIME_SLACK
            yield _mark("up", since, Restarted="1" if restarted else "0")
            _time_first_lists(events, since)
        yield from events
        last = max((event.timestamp_us or 0 for event in events), default=0) or last
        if uptime is not None and first is not None and last is not None:
            least_uptime = uptime + (last - first) // MICROSECONDS


def _time_first_lists(events: list[AmiEvent], since: int) -> None:
    """Dates list items before the first event by when the link came up: they carry no time of their own."""
    for event in takewhile(lambda one: one.timestamp_us is None or one.name == "FullyBooted", events):
        event.arrived_us = event.arrived_us or since


def _mark(state: str, at: int, **headers: object) -> AmiEvent:
    return make_event("VoicedeskLink", {"State": state, "Timestamp": format_epoch(at), **headers}, arrived_us=0)


def _first_instant(events: list[AmiEvent]) -> int | None:
    """When the first event happened; the next few are looked at too, since events of one instant may change places."""
    instants = (at for at in (event.timestamp_us for event in events) if at is not None)
    return min(islice(instants, 5), default=None)


def _uptime(events: list[AmiEvent]) -> int | None:
    """How many seconds the PBX had been up at login: FullyBooted tells."""
    return whole_number(next((event.get("Uptime") for event in events if event.name == "FullyBooted"), None))


def _hall_of(links: Iterable[list[AmiEvent]]) -> Hall:
    """A hall for a capture without settings: every phone that is dialled or rings belongs to it."""
    phones: set[str] = set()
    trunks: set[str] = set()
    for event in (event for events in links for event in events):
        endpoint = _dialled_endpoint(event)
        if "/" in endpoint and not endpoint.startswith("Local/"):
            outside = outside_number(event.get("DialString") or "", endpoint.partition("/")[0])
            (trunks if outside else phones).add(endpoint)
            dialler = endpoint_of(event.get("Channel") or "")
            if outside and "/" in dialler and not dialler.startswith("Local/"):
                phones.add(dialler)  # who calls out through a trunk sits in the house
    return Hall(phones=frozenset(phones - trunks), every_extension_is_a_line=True)


def _learn_all(ties: Ties, links: Iterable[list[AmiEvent]]) -> None:
    """Which phones are behind the members of queues, from the whole capture: no settings tell it."""
    for event in (event for events in links for event in events):
        if event.name == "ExtensionStatus":
            ties.saw_hint(event.get("Exten"), event.get("Context"), event.get("Hint"))
        elif event.name == "DialBegin":
            dialled = event.get("DestChannel") or "", event.get("DialString") or ""
            ties.saw_dial(event.get("Channel") or "", *dialled)


def _dialled_endpoint(event: AmiEvent) -> str:
    """The phone or trunk that an event shows to be dialled; empty if it shows none."""
    if event.name in _DIALLED:
        return endpoint_of(event.get("DestChannel") or "")
    if event.name == "Newstate" and event.get("ChannelStateDesc") == "Ringing" and event.uniqueid != event.linkedid:
        return endpoint_of(event.get("Channel") or "")
    return ""
