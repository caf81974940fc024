"""FastAGI without a socket: bytes in, values out, commands as bytes.

A conversation begins with the environment (lines `agi_key: value` up to an empty one); then each command of ours is
answered by one reply. `HANGUP` may come at any time. Lines are framed before they are decoded, so that no name in
another encoding can end the conversation; what a caller's name smuggles in is noticed and not trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from voicedesk.errors import AgiProtocolError, UnsafeValueError

MAX_ENVIRONMENT_BYTES = 64 * 1024
MAX_ENVIRONMENT_LINES = 200
MAX_REPLY_BYTES = 64 * 1024
MAX_ADDRESS = 4096
MAX_ID = 255
"""An Asterisk's own ids and channel names are shorter."""
_FIRST_KEYS = frozenset({"agi_request", "agi_channel", "agi_uniqueid"})
_LAST_KEYS = frozenset({"agi_priority", "agi_threadid"})
"""Every Asterisk sends these after what a caller can touch: without them the environment was cut short."""
_ASTERISKS = frozenset(
    f"agi_{key}"
    for key in (
        *("network", "network_script", "request", "channel", "language", "type", "uniqueid", "version", "callerid"),
        *("calleridname", "callingpres", "callingani2", "callington", "callingtns", "dnid", "rdnis", "context"),
        *("extension", "priority", "enhanced", "accountcode", "threadid", "arg_1", "arg_2", "arg_3"),
    )
)
"""What Asterisk sends: where nothing else came, and nothing twice, there is nothing to look into."""
_KEY = re.compile(r"agi_[a-z0-9_]{1,40}")
_NUMBER = re.compile(r"[0-9+*#]{1,32}")
_REPLY = re.compile(r"([0-9]{3})([ -]|$)(.*)", re.DOTALL)
_RESULT = re.compile(r"result=(-?[0-9*#]{0,255})(?:\s+\((.*)\))?(?:\s+endpos=([0-9]{1,12}))?\s*", re.DOTALL)
_END = re.compile(rb"(?:^|\r?\n)\r?\n")
_BREAK = re.compile(r"[\r\n\0]")
_AWKWARD = re.compile(r'[\\"\r\n\0]')
_PLAIN = re.compile(rb"200 result=([0-9]{1,12})(?: endpos=([0-9]{1,12}))?\n")
_NONE = frozenset({"", "unknown", "anonymous"})
_DEAD, _DEAD_WORDS = 511, "dead channel"


class AgiEnvironment(NamedTuple):
    """What the switch says of the call. `path` is that of the agi:// address, `query` what follows its "?".

    `caller_number` is None if withheld or not to be trusted. `is_doubtful`: the environment was tampered with or cut;
    then nothing in `values` that a caller can touch is to be believed.
    """

    path: str
    query: Mapping[str, str]
    arguments: tuple[str, ...]
    channel: str
    uniqueid: str
    caller_number: str | None
    language: str
    is_doubtful: bool
    values: Mapping[str, str]


class Reply(NamedTuple):
    """The answer to a command. `result` is the text after "result=", `value` what stood in brackets after it.

    `endpos` is in samples. A refusal (510, 511, 520) has its text in `value`. A tuple, for one is made
    for each command, and a frozen dataclass takes twice as long.
    """

    code: int
    result: str = ""
    value: str | None = None
    endpos: int | None = None

    @property
    def is_dead_channel(self) -> bool:
        """Whether the command is refused because the caller hung up: the switch says so in its own words."""
        return self.code == _DEAD and _DEAD_WORDS in (self.value or "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp:
    """The caller is gone."""


AgiEvent = AgiEnvironment | Reply | HungUp


class AgiProtocol:
    """One conversation, the switch's side of it: `receive_data` gives what came."""

    def __init__(self) -> None:
        self._buffer = b""
        self._is_begun = False
        self._usage: list[str] | None = None
        self._usage_length = 0
        self.strays = 0
        """Lines that answer nothing: more than none, and the environment ended before the switch had ended it."""

    def receive_data(self, data: bytes) -> list[AgiEvent]:
        """What `data` completes. Raises AgiProtocolError where the other side cannot be Asterisk."""
        if self._buffer:
            data = self._buffer + data
        elif self._is_begun and self._usage is None and (plain := _PLAIN.fullmatch(data)) is not None:
            return [_plain_reply(*plain.groups())]  # what nearly every command is answered by, and nothing beside it
        events: list[AgiEvent] = []
        if not self._is_begun:
            end, begin = _end_of_environment(data)
            if (len(data) if end < 0 else end) > MAX_ENVIRONMENT_BYTES:
                raise AgiProtocolError("the environment is too long: this is no Asterisk")
            if end < 0:
                self._buffer = data
                return events
            self._is_begun = True
            events.append(_read_environment(data[:end]))
            data = data[begin:]
        *lines, self._buffer = data.split(b"\n")
        if len(self._buffer) > MAX_REPLY_BYTES:
            raise AgiProtocolError("a line is too long: this is no Asterisk")
        for line in lines:
            event = self._reply_line(line)
            if event is not None:
                events.append(event)
        return events

    def _reply_line(self, line: bytes) -> AgiEvent | None:
        text = decoded(line.rstrip(b"\r"))
        if text == "HANGUP":
            return HungUp()
        match = _REPLY.fullmatch(text)
        if self._usage is not None and not (match and match[1] == "520" and match[2] != "-"):
            self._usage.append(text)
            self._usage_length += len(text)
            if len(self._usage) > MAX_ENVIRONMENT_LINES or self._usage_length > MAX_REPLY_BYTES:
                raise AgiProtocolError("a refusal does not end: this is no Asterisk")
            return None
        if match is None:
            self.strays += bool(text)
            return None
        return self._reply(int(match[1]), match[2] == "-", match[3])

    def _reply(self, code: int, goes_on: bool, rest: str) -> Reply | None:
        if code == 520:
            if goes_on:
                self._usage, self._usage_length = [rest], len(rest)
                return None
            told, self._usage = self._usage or [rest], None
            return Reply(code=code, value=" ".join(" ".join(told).split()))
        if code == 100:
            return None
        if code != 200:
            return Reply(code=code, value=rest)
        match = _RESULT.fullmatch(rest)
        if match is None:
            raise AgiProtocolError(f"a reply cannot be read: {rest[:80]!r}")
        return Reply(code=200, result=match[1], value=match[2], endpos=int(match[3]) if match[3] else None)


@lru_cache(maxsize=1024)
def _plain_reply(result: bytes, endpos: bytes | None) -> Reply:
    """A prompt that is played to its end is always answered alike."""
    return Reply(200, result.decode(), None, int(endpos) if endpos else None)


def _end_of_environment(data: bytes) -> tuple[int, int]:
    """Where an environment ends, and where what follows it begins; (-1, -1) if it goes on."""
    if b"\r" in data or data.startswith(b"\n"):
        found = _END.search(data)
        return found.span() if found else (-1, -1)
    end = data.find(b"\n\n")  # what every Asterisk sends: found fifty times as fast
    return (end, end + 2) if end >= 0 else (-1, -1)


def _read_environment(block: bytes) -> AgiEnvironment:
    """The environment of its lines, which are `agi_key: value`."""
    try:
        lines = block.decode().split("\n")
        values = dict([line.split(": ", 1) for line in lines])
    except ValueError:  # not UTF-8, or a line that is no pair
        return _screened(block)
    if len(values) < len(lines) or not values.keys() <= _ASTERISKS or b"\r" in block:
        return _screened(block)
    return environment_of(values, set())


def _screened(block: bytes) -> AgiEnvironment:
    """The environment of lines that are not all as Asterisk writes them: what is wrong with them is noticed."""
    lines = [decoded(line) for line in block.split(b"\n")]
    if len(lines) > MAX_ENVIRONMENT_LINES:
        raise AgiProtocolError("the environment is too long: this is no Asterisk")
    values: dict[str, str] = {}
    doubtful = set()
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon or not _KEY.fullmatch(key):
            doubtful.add("")
        elif key in values:
            doubtful.add(key)
        else:
            values[key] = value.strip("\r").removeprefix(" ")
    return environment_of(values, doubtful)


@lru_cache(maxsize=256)
def _read_address(address: str) -> tuple[str, Mapping[str, str]]:
    """Path and query of an agi:// address. Raises AgiProtocolError if it is no such address."""
    try:
        parts = urlsplit(address)
        path, query = unquote(parts.path).strip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError as error:
        raise AgiProtocolError("its address cannot be read: correct agi://… in the dialplan") from error
    _refuse_nul(path, *query, *query.values())
    return path, MappingProxyType(query)


def _refuse_nul(*texts: str) -> None:
    """No Asterisk can send a NUL, and no database keeps one."""
    if any("\0" in text for text in texts):
        raise AgiProtocolError("a NUL stands in the environment: this is no Asterisk")


def environment_of(values: dict[str, str], doubtful: set[str]) -> AgiEnvironment:
    """The environment of its keys; those in `doubtful` were there twice ("" for a line that was none at all).

    Raises AgiProtocolError where nothing says what the call is, or no Asterisk can have said it.
    """
    if not values.keys() >= _FIRST_KEYS:
        raise AgiProtocolError("it does not say what the call is: this is no Asterisk")
    _refuse_nul(*values.values())
    if len(values["agi_request"]) > MAX_ADDRESS:
        raise AgiProtocolError("its address is too long: this is no Asterisk")
    if max(len(values["agi_uniqueid"]), len(values["agi_channel"])) > MAX_ID:
        raise AgiProtocolError("its channel's name is too long: this is no Asterisk")
    is_doubtful = bool(doubtful) or not values.keys() >= _LAST_KEYS
    path, query = _read_address(values["agi_request"])
    number = values.get("agi_callerid", "")
    is_number = _NUMBER.fullmatch(number) is not None
    arguments: list[str] = []
    while (argument := values.get(f"agi_arg_{len(arguments) + 1}")) is not None:
        arguments.append(argument)
    return AgiEnvironment(
        path=path,
        query=query,
        arguments=tuple(arguments),
        channel=values.get("agi_channel", ""),
        uniqueid=values.get("agi_uniqueid", ""),
        caller_number=number if is_number and not is_doubtful else None,
        language=values.get("agi_language", ""),
        is_doubtful=is_doubtful or not (is_number or number.lower() in _NONE),
        values=MappingProxyType(values),
    )


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, or GB 18030 as Chinese switches send it; what is neither keeps its readable part."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", errors="replace")


@lru_cache(maxsize=1024, typed=True)
def to_command(name: str, *values: str | int) -> bytes:
    """A command as it goes over the wire: its name as it is, the values quoted.

    Raises UnsafeValueError for a value that could begin another line. The same prompts are asked for again and again:
    the latest commands are kept.
    """
    begin = _safe(name)
    if not values:
        return (begin + "\n").encode()
    texts = [str(value) for value in values]
    if _AWKWARD.search("".join(texts)):
        texts = [_safe(text).replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return (begin + ' "' + '" "'.join(texts) + '"\n').encode()


def _safe(text: str) -> str:
    if _BREAK.search(text):
        raise UnsafeValueError("a value for the switch may hold no line break: correct it")
    return text
