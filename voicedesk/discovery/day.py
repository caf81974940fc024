"""Collects from events which numbers were dialled, which phones rang, and which kinds of events came.

Made of the same events whether they come from the journal, from the link or from the switch's logs. Only what somebody
who sets the house up must know is kept; no caller's number is.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.dial_strings import endpoint_of, outside_number
from voicedesk.clock import MICROSECONDS, parse_epoch
from voicedesk.store.store import Store

DAY_US = 24 * 3600 * MICROSECONDS
MOST_CALLS, MOST_BEHIND, MOST_EVENTS, AT_ONCE = 50_000, 5000, 300_000, 200
_URI = re.compile(r"/sips?:\+?([0-9*#]{5,})(?:[;@]|$)")
_NO_NUMBER = frozenset({"", "s", "h", "i", "t", "T", "e", "o", "a", "failed"})
_STATES, _DIALLED = ("Newstate", "CoreShowChannel"), ("Ringing", "Up")
Headers = Mapping[str, str]
_WAYS = ("", "Dest")


@dataclass(slots=True)
class LegSeen:
    """One phone that was dialled. Instants are the switch's microseconds."""

    channel: str
    dialled: str = ""
    queue: str | None = None
    member: str | None = None
    rang_at: int | None = None
    over_at: int | None = None
    is_up: bool = False
    was_called_by_queue: bool = False

    @property
    def endpoint(self) -> str:
        """The phone, without the number of its channel."""
        return endpoint_of(self.channel)

    @property
    def is_outside(self) -> bool:
        """A number was dialled through a trunk; what a phone registered as holds its own name in that place."""
        if outside_number(self.dialled, self.channel.partition("/")[0]) is not None:
            return True
        found = _URI.search(self.dialled)
        return found is not None and found[1] != self.endpoint.partition("/")[2]


@dataclass(slots=True)
class CallSeen:
    """One call as its events told of it. `said`: the line that the dialplan announced."""

    first: str = ""
    number: str | None = None
    said: str | None = None
    queues: list[str] = field(default_factory=list)
    legs: dict[str, LegSeen] = field(default_factory=dict)
    notice: str | None = None
    recorded: bool = False
    is_ringing: bool = False
    at: int = 0

    @property
    def endpoint(self) -> str:
        """Where the call came from."""
        return endpoint_of(self.first)

    @property
    def phones(self) -> list[LegSeen]:
        """The phones that were dialled, halves of Local channels left out."""
        return [leg for leg in self.legs.values() if leg.channel and not leg.channel.startswith("Local/")]

    @property
    def answered(self) -> list[LegSeen]:
        """The phones that were answered."""
        return [leg for leg in self.phones if leg.is_up]


def _headers(raw: bytes) -> Headers:
    """The first value of each header: all are looked up, most are not there, and there are very many events."""
    told: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            told.setdefault(key, value.removeprefix(" "))
    return told


class HouseDay:
    """The calls of one switch over a stretch of time, and how many events of each name came."""

    def __init__(self) -> None:
        self.calls: dict[str, CallSeen] = {}
        self.names: Counter[str] = Counter()
        self.user_events: Counter[str] = Counter()
        self.classes: set[str] = set()
        self.behind_local: dict[tuple[str, str, str], None] = {}

    def __bool__(self) -> bool:
        return bool(self.calls)

    def receive(self, event: AmiEvent, *, since: int = 0) -> None:
        """Takes one event in; what is older than `since`, an item of a list, or no call's, only counts as such."""
        told = _headers(event.raw)
        at = (parse_epoch(told["Timestamp"]) if "Timestamp" in told else None) or event.arrived_us
        if at < since:
            return
        name = event.name
        if privilege := told.get("Privilege"):
            self.classes.update(privilege.split(","))
            self.names[f"{name}:{told.get('ChannelStateDesc') or ''}" if name == "Newstate" else name] += 1
        if name == "UserEvent":
            self.user_events[told.get("UserEvent") or ""] += 1
        for way in _WAYS:
            self._channel(name, told, way, at)
        self._said(name, told)
        dialler = told.get("Channel") or ""
        if name == "DialBegin" and dialler.startswith("Local/") and len(self.behind_local) < MOST_BEHIND:
            self.behind_local[dialler, told.get("DestChannel") or "", told.get("DialString") or ""] = None

    def _channel(self, name: str, told: Headers, way: str, at: int) -> None:
        uniqueid, channel = told.get(f"{way}Uniqueid"), told.get(f"{way}Channel")
        linkedid = told.get(f"{way}Linkedid") or told.get("Linkedid") or told.get("Uniqueid")
        if not uniqueid or not linkedid or not channel:
            return
        call = self.calls.get(linkedid)
        if call is None:
            if len(self.calls) >= MOST_CALLS:
                return
            call = self.calls[linkedid] = CallSeen(at=at)
        if way or (uniqueid != linkedid and uniqueid in call.legs):
            self._leg(call.legs.setdefault(uniqueid, LegSeen(channel)), name, told, way, at)
        elif uniqueid == linkedid:
            call.first = call.first or channel
            number = told.get("Exten") or ""
            if call.number is None and number not in _NO_NUMBER:
                call.number = number
        elif name in _STATES and told.get("ChannelStateDesc") in _DIALLED:
            self._leg(call.legs.setdefault(uniqueid, LegSeen(channel)), name, told, way, at)

    def _leg(self, leg: LegSeen, name: str, told: Headers, way: str, at: int) -> None:
        state = told.get("ChannelStateDesc")
        if way:
            leg.dialled = leg.dialled or told.get("DialString") or ""
            leg.queue = leg.queue or told.get("Queue")
            leg.member = leg.member or told.get("MemberName")
            leg.was_called_by_queue = leg.was_called_by_queue or name == "AgentCalled"
        is_ringing = state == "Ringing" if name in _STATES else told.get("DialStatus") == "RINGING"
        if is_ringing and leg.rang_at is None:
            leg.rang_at = at
        if (name in _STATES and state == "Up" and not way) or name == "AgentConnect":
            leg.is_up = True
        if name == "DialEnd" and told.get("DialStatus") == "ANSWER":
            leg.is_up = True
        if name in ("DialEnd", "AgentRingNoAnswer", "Hangup") and leg.over_at is None:
            leg.over_at = at

    def _said(self, name: str, told: Headers) -> None:
        call = self.calls.get(told.get("Linkedid") or told.get("Uniqueid") or "")
        if call is None:
            return
        queue = told.get("Queue")
        if name == "QueueCallerJoin" and queue and queue not in call.queues:
            call.queues.append(queue)
        elif name == "UserEvent":
            said = told.get("UserEvent")
            if said == "VoicedeskCall":
                call.said = call.said or told.get("Line")
            elif said == "VoicedeskRecordingNotice":
                call.notice = told.get("Status") or ""
            elif said == "VoicedeskRecording":
                call.recorded = True

    def rung(self) -> dict[str, int]:
        """How often each phone rang; what was dialled with a number through it is left out."""
        found: Counter[str] = Counter()
        for call in self.calls.values():
            for leg in call.phones:
                if not leg.is_outside and (leg.rang_at is not None or leg.is_up):
                    found[leg.endpoint] += 1
        return dict(found)

    def trunks(self) -> set[str]:
        """The endpoints that numbers were dialled through."""
        return {leg.endpoint for call in self.calls.values() for leg in call.phones if leg.is_outside}

    def sources(self) -> Counter[str]:
        """How many calls each endpoint brought."""
        return Counter(call.endpoint for call in self.calls.values() if call.endpoint)


async def day_of(store: Store, pbx: str, since: int, *, most_events: int = MOST_EVENTS) -> HouseDay:
    """What the journal of a PBX tells since an instant; of a great many events the newest."""
    day, taken = HouseDay(), 0
    async for event in _events(store, pbx, since, most_events):
        day.receive(event, since=since)
        taken += 1
        if taken % AT_ONCE == 0:
            await asyncio.sleep(0)
    return day


async def _events(store: Store, pbx: str, since: int, most_events: int) -> AsyncIterator[AmiEvent]:
    first = await store.journal.first_since(pbx, since, most_events=most_events)
    if first is not None:
        async for _, event in store.journal.events(pbx, since=first):
            yield event


def day_of_events(events: Iterable[AmiEvent]) -> HouseDay:
    """The same of events that are at hand."""
    day = HouseDay()
    for event in events:
        day.receive(event)
    return day
