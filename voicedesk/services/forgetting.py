"""Forgets a number in the running service: in calls that go on, in what waits to be written, and at their hang-up.

What the database and the files hold is the command's work (`voicedesk db forget`). The service hears of it first, so
that nothing of the number is written again behind the command's back.
"""

import copy
import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Hall
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.phone_traces import PhoneTraces
from voicedesk.services.call_log import CallLog
from voicedesk.store.forgetting import forget_in_event

KIND = "forget"
LINGER_US = 60 * MICROSECONDS
"""So long after a call's end late events of it are still looked through."""
_CHANNEL_HEADERS = ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid")
_PLAIN = (int, float, complex, type(None), Enum, type, Hall)
_OURS = (
    "voicedesk.calls",
    "voicedesk.services",
    "voicedesk.phones",
    "voicedesk.ivr",
    "voicedesk.greeting",
    "voicedesk.store.consultations",
    "voicedesk.store.phones",
    "voicedesk.store.tickets",
    "voicedesk.tickets",
    "voicedesk.webhooks.message",
)
"""Whose objects are looked into; what is behind the others (sockets, the store, settings) holds no caller."""
_log = structlog.get_logger()
T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class _Concerned:
    """The channels of calls that were up when a number was forgotten, until they have been over for a while."""

    traces: PhoneTraces
    channels: dict[str, set[str]]
    over_since: int | None = None


class Forgetting:
    """Takes numbers out of memory, and out of what the calls that then go on still bring."""

    def __init__(self, logs: Mapping[str, CallLog], now: NowUs) -> None:
        self._logs = logs
        self._now = now
        self._concerned: list[_Concerned] = []

    def forget(self, traces: PhoneTraces, parts: Iterable[object]) -> int:
        """Removes a number from the calls known and from `parts`, as deep as they go; how many channels are up."""
        channels: dict[str, set[str]] = {}
        for pbx, log in self._logs.items():
            theirs = log.channels_with(traces.is_in)
            if theirs:
                channels[pbx] = {traces.name(one) for one in theirs}
        for part in (*self._logs.values(), *parts):
            forget_in(part, traces)
        if channels:
            self._concerned.append(_Concerned(traces, channels))
        return sum(map(len, channels.values()))

    def events(self, pbx: str, events: list[AmiEvent]) -> list[AmiEvent]:
        """The events as they may be kept: those of a call whose caller was forgotten come without the number."""
        for concerned in self._concerned:
            channels = concerned.channels.get(pbx)
            if channels is not None:
                events = [_cleaned(event, concerned.traces, channels) for event in events]
        return events

    def value(self, pbx: str, uniqueid: str, value: T) -> T:
        """Something told of a channel, as it may be kept."""
        for concerned in self._concerned:
            if uniqueid in concerned.channels.get(pbx, ()):
                value = forget_in(value, concerned.traces)
        return value

    def let_go(self) -> None:
        """Stops looking for numbers whose calls are over; called some times a minute."""
        now = self._now()
        for concerned in list(self._concerned):
            if any(self._logs[pbx].is_up(channels) for pbx, channels in concerned.channels.items()):
                concerned.over_since = None
            elif concerned.over_since is None:
                concerned.over_since = now
            elif now - concerned.over_since > LINGER_US:
                self._concerned.remove(concerned)


def forget_in(value: T, traces: PhoneTraces) -> T:
    """A value of ours without the number; what can be changed is changed in place, with all that it holds.

    Settings, and what is not of this program, are left alone.
    """
    waiting: list[object] = []
    seen: set[int] = set()
    result = _replaced(value, traces, waiting, "")
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            _change(one, traces, waiting)
    return result  # type: ignore[no-any-return]


def _replaced(value: Any, traces: PhoneTraces, waiting: list[object], name: str) -> Any:
    """What stands in the place of a value that cannot be changed; what can be is noted in `waiting`."""
    match value:
        case str():
            return _text(value, traces, name)
        case bytes():
            return traces.bytes(value)
        case AmiEvent():
            return _event(value, traces)
        case tuple() | frozenset():
            parts = [_replaced(one, traces, waiting, name) for one in value]
            if any(a is not b for a, b in zip(parts, value, strict=True)):
                return type(value)._make(parts) if hasattr(value, "_make") else type(value)(parts)
        case _ if _is_frozen(value):
            return _frozen_replaced(value, traces, waiting)
        case _ if not isinstance(value, _PLAIN):
            waiting.append(value)
    return value


def _frozen_replaced(value: Any, traces: PhoneTraces, waiting: list[object]) -> Any:
    changes = {}
    for field in dataclasses.fields(value):
        before = getattr(value, field.name)
        after = _replaced(before, traces, waiting, field.name)
        if after is not before:
            changes[field.name] = after
    if not changes:
        return value
    changed = copy.copy(value)
    for name, after in changes.items():
        object.__setattr__(changed, name, after)
    return changed


def _change(one: Any, traces: PhoneTraces, waiting: list[object]) -> None:
    if isinstance(one, dict):
        pairs = [(_replaced(k, traces, waiting, ""), _replaced(v, traces, waiting, str(k))) for k, v in one.items()]
        if any(a is not k or b is not v for (a, b), (k, v) in zip(pairs, list(one.items()), strict=True)):
            one.clear()
            one.update(pairs)
    elif isinstance(one, list | deque | set):
        parts = [_replaced(part, traces, waiting, "") for part in one]
        if any(a is not b for a, b in zip(parts, list(one), strict=True)):
            one.clear()
            (one.update if isinstance(one, set) else one.extend)(parts)
    elif type(one).__module__.startswith(_OURS) and not _is_settings(one):
        for name in _attributes(one):
            before = getattr(one, name, None)
            after = _replaced(before, traces, waiting, name)
            if after is not before:
                object.__setattr__(one, name, after)


def _is_settings(one: object) -> bool:
    return isinstance(one, Forgetting) or hasattr(one, "model_dump")


def _attributes(one: object) -> list[str]:
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*(getattr(one, "__dict__", ())), *slots]


def _is_frozen(value: object) -> bool:
    params = getattr(value, "__dataclass_params__", None)
    return params is not None and params.frozen and not isinstance(value, type | Hall)


def _text(text: str, traces: PhoneTraces, name: str) -> str | None:
    if name in ("caller_number", "number") and traces.is_it(text):
        return None
    return traces.name(text) if name.endswith(("uniqueid", "linkedid", "linkedids")) else traces.text(text)


def _event(event: AmiEvent, traces: PhoneTraces) -> AmiEvent:
    raw = forget_in_event(event.raw, traces)
    if raw == event.raw:
        return event
    cleaned = AmiEvent(raw, event.name, event.arrived_us, event.origin)
    cleaned.doubtful = event.doubtful
    return cleaned


def _cleaned(event: AmiEvent, traces: PhoneTraces, channels: set[str]) -> AmiEvent:
    cleaned = _event(event, traces)
    told = {value for header in _CHANNEL_HEADERS if (value := cleaned.get(header))}
    if not told:
        return cleaned
    if not told & channels:
        return event
    channels |= told
    return cleaned


async def answered(
    forgetting: Forgetting, asked: Mapping[str, Any], parts: Iterable[object], flush: Callable[[], Any]
) -> tuple[str, bool]:
    """Carries out what `db forget` asks: what came of it, and whether it failed. Raises StoreError.

    Without a number the command is done, and only what was read before is to be read anew.
    """
    number, token = asked.get("number"), asked.get("token")
    if number is None:
        return "read anew", False
    if not isinstance(number, str) or not isinstance(token, str):
        return "forget what? a number and a token are wanted", True
    traces = PhoneTraces(number, str(asked.get("area_code") or ""), token)
    channels = forgetting.forget(traces, parts)
    await flush()
    _log.info("number_forgotten", channels_up=channels)
    return f"forgotten; {channels} channels are up", False
