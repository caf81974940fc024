"""Forgets a number in the running service: in calls that go on, in what waits to be written, and at their hang-up.

What the database and the files hold is the command's work (`voicedesk db forget`). The service hears of it first, so
that nothing of the number is written again behind the command's back.
"""

import copy
import dataclasses
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar

import structlog
from pydantic import Field

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Hall
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.phone_traces import PhoneTraces
from voicedesk.step_rows import STRICT, Given, StepRows, Word
from voicedesk.store.forgetting import forget_in_event
from voicedesk.store.requests import Request


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForgetNumber:
    """Take a number out of memory, and out of what is still to be written; `token` stands in its place in ids."""

    __pydantic_config__ = STRICT
    number: Given
    token: Given
    area_code: Word = ""
    do: Literal["forget"] = "forget"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnew:
    """The number is out of the database: what was read of it before is read anew."""

    __pydantic_config__ = STRICT
    do: Literal["read anew"] = "read anew"


ForgetStep = ForgetNumber | ReadAnew

_ROWS: StepRows[ForgetStep] = StepRows(Annotated[ForgetStep, Field(discriminator="do")])
to_row = _ROWS.to_row
from_row = _ROWS.from_row

LINGER_US = 60 * MICROSECONDS
"""So long after a call's end late events of it are still looked through."""
_CHANNEL_HEADERS = ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid")
_PLAIN = (int, float, complex, type(None), Enum, type, Hall)
_OURS = (
    "voicedesk.calls",
    "voicedesk.doctor.watch",
    "voicedesk.jobs",
    "voicedesk.phones",
    "voicedesk.ivr",
    "voicedesk.greeting",
    "voicedesk.store.consultations",
    "voicedesk.store.phones",
    "voicedesk.store.quarantine",
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


class ForgetSteps:
    """The steps of kind `forget`. `parts` gives what may hold a number in memory, after what waits was handed on."""

    def __init__(
        self,
        forgetting: Forgetting,
        parts: Callable[[], Iterable[object]],
        flush: Callable[[], Awaitable[None]],
        read_anew: Callable[[], None],
    ) -> None:
        self._forgetting = forgetting
        self._parts = parts
        self._flush = flush
        self._read_anew = read_anew

    def read(self, request: Request) -> ForgetStep:
        """What a row asks for. Raises InputError where it does not fit."""
        return _ROWS.from_row(request.payload)

    def asks_switch(self, _step: ForgetStep) -> bool:
        """No switch is asked."""
        return False

    def in_order(self, _step: ForgetStep) -> frozenset[str]:
        """One after another."""
        return frozenset({"forget"})

    async def carry_out(self, step: ForgetStep, _request: Request) -> str:
        """What came of it. Raises StoreError where what waits to be written could not be: then it is asked again."""
        match step:
            case ForgetNumber():
                traces = PhoneTraces(step.number, step.area_code, step.token)
                channels = self._forgetting.forget(traces, self._parts())
                await self._flush()
                _log.info("number_forgotten", channels_up=channels)
                told = f"forgotten; {channels} channels are up"
            case ReadAnew():
                told = "read anew"
        self._read_anew()
        return told
