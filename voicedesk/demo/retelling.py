"""One recorded call told again: at another time, of other people, with more time to ring and to talk.

Everything else is as the switch told it: which events came, in which order, with which headers.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.clock import MICROSECONDS, format_epoch

_SOON_US = MICROSECONDS // 2
"""What comes with a beginning of ringing, or with an answer, comes within this; what comes later follows from it."""
_IDS_A_CALL = 64
_WORDS = re.compile(
    rb"(?:agent|600)(?P<which>[12])\b|(?P<line>\b400[1-5]\b)|(?P<queue>\b(?:hotline|solo)\b)"
    rb"|(?P<caller>\b13800138000\b)|\b\d{10}\.(?P<channel>\d{1,3})\b(?!\d)"
    rb"|(?P<before>PJSIP/[a-z0-9]+-)(?P<suffix>[0-9a-f]{8})\b|\b[0-9a-f]{8}(?P<bridge>-[0-9a-f]{4}-[0-9a-f]{4}-)"
)
_STAMP = re.compile(rb"(?<=\r\nTimestamp: )[0-9.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part in one call: the number dialled, the queue behind it, the phones in the order they are rung, and
    who calls. A phone is named by its number: 6001 is PJSIP/6001. `number` counts the calls of the demonstration."""

    number: int
    extension: str
    queue: str
    phones: tuple[str, str]
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told of one call; `answered_by` is the Uniqueid of the phone that took it, None if none did."""

    events: list[AmiEvent]
    answered_by: str | None
    answered_at: int | None

    @property
    def ended_at(self) -> int:
        """The instant of the last event."""
        return self.events[-1].arrived_us


def retold(recorded: Sequence[AmiEvent], cast: Cast, at: int, *, more_ring_us: int = 0, more_talk_us: int = 0) -> Told:
    """The call as if it had begun at `at`, in microseconds; it rings, and people talk, by so much longer.

    A negative `more_ring_us` makes the ringing shorter, and never shorter than half a second.
    """
    events: list[AmiEvent] = []
    answered_by, answered_at = None, None
    word = _translator(cast, at // MICROSECONDS)
    for event, when in _times(recorded, at, more_ring_us, more_talk_us):
        raw = _STAMP.sub(format_epoch(when).encode(), _WORDS.sub(word, event.raw))
        told = AmiEvent.from_bytes(raw, arrived_us=when)
        if told.name == "AgentConnect":
            answered_by, answered_at = told.get("DestUniqueid"), when
        events.append(told)
    return Told(events=events, answered_by=answered_by, answered_at=answered_at)


def _times(
    recorded: Sequence[AmiEvent], at: int, more_ring_us: int, more_talk_us: int
) -> Iterator[tuple[AmiEvent, int]]:
    """Each event with its new instant; they stay in order."""
    first = recorded[0].timestamp_us or 0
    rings = next((one.timestamp_us for one in recorded if _begins_to_ring(one)), None)
    answered = next((one.timestamp_us for one in recorded if one.name == "AgentConnect"), None)
    latest = at
    for event in recorded:
        stamp = event.timestamp_us or first
        when = at + stamp - first
        if rings is not None and stamp > rings + _SOON_US:
            when = max(when + more_ring_us, at + rings - first + _SOON_US)
        if answered is not None and stamp > answered + _SOON_US:
            when += more_talk_us
        latest = max(latest, when)
        yield event, latest


def _begins_to_ring(event: AmiEvent) -> bool:
    return event.name == "Newstate" and event.get("ChannelStateDesc") == "Ringing"


def _translator(cast: Cast, second: int) -> Callable[[re.Match[bytes]], bytes]:
    """Gives what stands in place of each name, number and id."""
    plain = {"line": cast.extension, "queue": cast.queue, "caller": cast.caller}

    def word(found: re.Match[bytes]) -> bytes:
        kind = found.lastgroup
        if kind in plain:
            return plain[kind].encode()
        if kind == "which":
            return cast.phones[int(found["which"]) - 1].encode()
        if kind == "channel":
            return f"{second}.{_own(cast, found['channel'], 10)}".encode()
        if kind == "suffix":
            return _WORDS.sub(word, found["before"]) + f"{_own(cast, found['suffix'], 16):08x}".encode()
        return f"{cast.number:08x}".encode() + found["bridge"]

    return word


def _own(cast: Cast, digits: bytes, base: int) -> int:
    """A number that no other call of the demonstration has."""
    counted = int(digits, 16) if base == 16 else whole_number(digits.decode()) or 0
    return cast.number * _IDS_A_CALL + counted % _IDS_A_CALL
