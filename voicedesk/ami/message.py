"""Messages of the manager interface as values: events and responses over their raw bytes, read when asked.

The types are asterisk-ami's, so that listeners written for that package work here. An event keeps the bytes it came
as and searches a header when somebody asks for it: most headers of most events are never looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from asterisk.ami.event import Event
from asterisk.ami.response import Response

from voicedesk.clock import format_epoch, parse_epoch

_CRLF = b"\r\n"
_ESCAPED_NAMES = ("calleridname", "connectedlinename", "chanvariable")
_RAW_NAMES_IN = frozenset({"QueueEntry", "OriginateResponse"})  # these two print the name as it is
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an event came from: the PBX's name in the settings and which run of it."""

    pbx: str = ""
    boot: str = ""


NOWHERE = Origin()


def _description_shape() -> re.Pattern[bytes]:
    """An event that describes a channel, or a channel and the one it dials, exactly as Asterisk 13 and later write it.

    A description is whole from its channel's name to Linkedid; the second one has the prefix "Dest".
    The order is that of manager_build_channel_state_string_prefix() in main/manager_channels.c. The head is written by
    manager.c (Event, Privilege, Timestamp), a bridge's headers before a channel's by manager_bridges.c.
    """
    keys = (
        *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
        *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
    )
    value = r"[^\r]*+"  # possessive: a value never gives a part of itself back, so nothing is tried twice

    def headers(prefix: str) -> str:
        names = (prefix + key for key in keys)
        return "".join(f"\r\n{name}: " + (f"({value})" if name in _FOUND else value) for name in names)

    head = rf"Event: \w+\r\nPrivilege: {value}\r\nTimestamp: ([0-9]{{10}}\.[0-9]{{6}})"
    bridge, variables = rf"(?:\r\nBridge[A-Za-z]+: {value})*+", rf"(?:\r\nChanVariable: {value})*+"
    return re.compile((head + bridge + headers("") + variables + f"(?:{headers('Dest')})?").encode())


_FOUND = {
    key: place
    for place, key in enumerate(
        ("Timestamp", "Channel", "ChannelStateDesc", "CallerIDNum", "Exten", "Uniqueid", "Linkedid", "DestUniqueid"),
        start=1,
    )
}
match_description = _description_shape().match
"""Finds in one pass that an event is of the usual shape, and the values most often asked for (`_FOUND`)."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A header's name as bytes in lower case, and whether Asterisk escapes its value."""

    lowered: bytes
    escaped: bool


_Field = tuple[int, bytes, int, _Spelling]  # its place in `match_description`, how it is searched, that one's length


class _Fields(dict[str, _Field]):
    """How the headers the code asks for are found; their names are spelled in code, so there are only a few."""

    def __missing__(self, key: str) -> _Field:
        lowered = key.lower()
        needle = b"Event: " if lowered == "event" else f"\r\n{key}: ".encode()
        escaped = lowered.endswith(_ESCAPED_NAMES)
        field = (_FOUND.get(key, 0), needle, len(needle), _Spelling(lowered.encode(), escaped))
        if len(self) < 1000:
            self[key] = field
        return field


_FIELDS = _Fields()


def unescape(text: str) -> str:
    r"""Undo Asterisk's C escapes (`\n`, `\"`, `\\` …); an escape it does not know stays as it is."""
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text)


LONGEST_NAME = 600
"""So many bytes, with the header's own: Asterisk's names of channels have 80, its ids 150, those of queues 80."""
_SHORT = 2000  # nearly all are
_NAMES = tuple(
    name.encode()
    for name in (
        *("Channel", "Device", "Exten", "Interface", "Line", "Linkedid", "Location", "Name", "Num", "Number", "Peer"),
        *("Queue", "Uniqueid"),
    )
)


class AmiEvent(Event):  # type: ignore[misc]  # asterisk-ami carries no types
    """One event. `raw` is its bytes without the closing empty line; `arrived_us` is our clock when they came.

    `timestamp_us` is the PBX's own instant of it, None if it tells none (`timestampevents` is off). `names_fit` is
    false where a name or an id is longer than any switch makes one: what it is about, it is not of a call.

    `doubtful` is true where a single-valued header stands twice. A value is decoded as UTF-8 with U+FFFD in place of
    what is not; C escapes are undone in the headers Asterisk escapes, and only there.
    """

    __slots__ = ("_found", "arrived_us", "doubtful", "name", "names_fit", "origin", "raw", "timestamp_us")

    def __init__(
        self,
        raw: bytes,
        name: str,
        arrived_us: int,
        origin: Origin = NOWHERE,
        found: re.Match[bytes] | None = None,
    ) -> None:
        self.raw = raw
        self.name = name
        self.arrived_us = arrived_us
        self.origin = origin
        self.doubtful = False
        self._found = found  # what `match_description` found in `raw`
        self.names_fit = len(raw) <= _SHORT or _names_fit(raw)
        self.timestamp_us = int(found[1].replace(b".", b"")) if found is not None else self._timestamp_us()

    @classmethod
    def from_bytes(cls, raw: bytes, *, arrived_us: int = 0, origin: Origin = NOWHERE) -> "AmiEvent":
        """The event of one message as it is kept in journals and captures; no screening is done.

        Raises ValueError where `raw` does not begin with an Event header.
        """
        raw = raw.strip(_CRLF)
        first = raw.split(_CRLF, 1)[0]
        if first[:6].lower() != b"event:":
            raise ValueError("not an event: it does not begin with an Event header")
        return cls(raw, first[6:].strip().decode("utf-8", "replace"), arrived_us, origin)

    @property
    def pbx(self) -> str:
        """The PBX's name in the settings."""
        return self.origin.pbx

    @property
    def boot(self) -> str:
        """Which run of that PBX (its start date and time), empty where unknown."""
        return self.origin.boot

    @property
    def uniqueid(self) -> str | None:
        """The channel's Uniqueid: `get`, but shorter, for what is asked of every event."""
        found = self._found
        return self.get("Uniqueid") if found is None else found[6].decode("utf-8", "replace")

    @property
    def linkedid(self) -> str | None:
        """The channel's Linkedid: `get`, but shorter."""
        found = self._found
        return self.get("Linkedid") if found is None else found[7].decode("utf-8", "replace")

    def get(self, key: str, default: str | None = None) -> str | None:
        """The first value of header `key`, or `default`. The usual spelling is fast, any other is found too."""
        place, needle, length, spelling = _FIELDS[key]
        if place and self._found is not None:
            value = self._found[place]
            if value is not None:
                return value.decode("utf-8", "replace")
        raw = self.raw
        start = raw.find(needle)
        if start < 0:  # absent, but for one that is spelled in another way
            return next(self._search(spelling), default) if spelling.lowered in raw.lower() else default
        end = raw.find(_CRLF, start + length)
        value = raw[start + length :] if end < 0 else raw[start + length : end]
        if b"\\" in value:
            return self._decode(value, spelling)
        return value.decode("utf-8", "replace")

    def get_all(self, key: str) -> list[str]:
        """Every value of header `key`, in the order they came."""
        return list(self._search(_FIELDS[key][3]))

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header in order, keys as spelled, repeated ones too; lines without a colon are left out."""
        pairs = (line.split(b":", 1) for line in self.raw.split(_CRLF) if b":" in line)
        return [(_text(key).strip(), self.get_value(key, value)) for key, value in pairs]

    def get_value(self, key: bytes, value: bytes) -> str:
        """The text of one header line's two halves."""
        return self._decode(_after_colon(value), _FIELDS[_text(key).strip()][3])

    @property
    def malformed_lines(self) -> int:
        """How many lines have no colon."""
        return sum(b":" not in line for line in self.raw.split(_CRLF))

    @cached_property
    def keys(self) -> dict[str, Any]:
        """The headers exactly as asterisk-ami's own reader gives them to a listener.

        That is: of repeated headers the last, variables of a channel as a dict, no escapes undone.
        """
        return _listener_keys(self.name, self.raw)

    def _timestamp_us(self) -> int | None:
        text = self.get("Timestamp")
        return None if text is None else parse_epoch(text)

    def _search(self, spelling: _Spelling) -> Iterator[str]:
        """Values of a header however it is spelled: any case, no space after the colon, spaces before it."""
        raw = _CRLF + self.raw
        lowered = raw.lower()
        needle = _CRLF + spelling.lowered
        at = lowered.find(needle)
        while at >= 0:
            start = at + len(needle)
            end = raw.find(_CRLF, start)
            line = raw[start:] if end < 0 else raw[start:end]
            if line.lstrip(b" ").startswith(b":"):
                yield self._decode(_after_colon(line.split(b":", 1)[1]), spelling)
            at = lowered.find(needle, start)

    def _decode(self, value: bytes, spelling: _Spelling) -> str:
        text = value.decode("utf-8", "replace")
        if b"\\" in value and self._is_escaped(spelling):
            return unescape(text)
        return text

    def _is_escaped(self, spelling: _Spelling) -> bool:
        if spelling.escaped:
            return self.name not in _RAW_NAMES_IN
        return spelling.lowered == b"value" and self.name == "VarSet"

    def __str__(self) -> str:
        return f"{self.name} {self.headers}"

    def __repr__(self) -> str:
        return f"<AmiEvent {self.name} {len(self.raw)} B>"


class AmiResponse(Response):  # type: ignore[misc]  # asterisk-ami carries no types
    """The answer to an action. `status` is "Success", "Error", "Goodbye" …; repeated headers are joined by newlines."""

    def __init__(self, raw: bytes) -> None:
        lines = raw.split(_CRLF)
        keys: dict[str, str] = {}
        follows = []
        for line in lines[1:]:
            key, colon, value = line.partition(b":")
            name, text = _text(key).strip(), _text(value).strip()
            if not colon:
                follows.append(_text(line))
            else:
                keys[name] = f"{keys[name]}\n{text}" if name in keys else text
        super().__init__(_text(lines[0].partition(b":")[2]).strip(), keys, follows)
        self.raw = raw

    @property
    def action_id(self) -> str:
        """The ActionID that it answers; empty if it has none."""
        return self.get("ActionID")

    @property
    def message(self) -> str:
        """What the switch says about it, without control characters: it is for people and logs."""
        return _CONTROL.sub("\ufffd", self.get("Message"))

    @property
    def output(self) -> list[str]:
        """The lines of a response that carries `Output` headers."""
        return self.get("Output").split("\n") if "Output" in self.keys else []

    def get(self, key: str, default: str = "") -> str:
        """The value of header `key`, its repetitions joined by newlines."""
        return str(self.keys.get(key, default))


def make_event(name: str, headers: dict[str, object], *, arrived_us: int, origin: Origin = NOWHERE) -> AmiEvent:
    """An event of our own in wire form, as journals keep it; a value of None is left out.

    Control characters are replaced by a space: a value never begins a header of its own.
    """
    lines = [f"Event: {name}"]
    lines += [f"{key}: {_CONTROL.sub(' ', str(value))}" for key, value in headers.items() if value is not None]
    return AmiEvent("\r\n".join(lines).encode(), name, arrived_us, origin)


def make_mark(name: str, state: str, at: int, *, origin: Origin = NOWHERE, **headers: object) -> AmiEvent:
    """A pseudo event that says how something of ours stands from an instant of our clock on, the link for one."""
    told: dict[str, object] = {"State": state, "Timestamp": format_epoch(at), **headers}
    return make_event(name, told, arrived_us=at, origin=origin)


def _names_fit(raw: bytes) -> bool:
    lines = (line for line in raw.split(_CRLF) if len(line) > LONGEST_NAME)
    return not any(line.partition(b":")[0].strip().endswith(_NAMES) for line in lines)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _after_colon(value: bytes) -> bytes:
    """A value loses the one space Asterisk writes after the colon and nothing else."""
    return value.removeprefix(b" ")


def _listener_keys(name: str, raw: bytes) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for line in raw.split(_CRLF)[1:]:
        key, colon, value = _text(line).partition(": ")
        if not colon:
            continue
        parser = Event.parsers.get(key)
        if parser is None:
            keys[key] = value
            continue
        try:
            parser(name, keys)(key, value)
        except Exception:  # noqa: BLE001, S112  # a registered parser is foreign code; asterisk-ami ignores it too
            continue
    return keys
