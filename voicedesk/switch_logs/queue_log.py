"""Asterisk's queue_log told as manager events: who waited in which queue, who answered, who gave up.

Its times are whole seconds. Where no finer log tells of a call, its ringings are taken from here too; their start is
then known to the second only, and marked as such by its source (`agentcalled`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from voicedesk.clock import MICROSECONDS
from voicedesk.switch_logs.logged import WAITED, BadLines, LoggedEvent, logged, whole_lines
from voicedesk.switch_logs.queue_lines import (
    COMPLETED,
    HANDED_OVER,
    LEFT,
    OF_CALLS,
    OVER,
    RANG,
    Line,
    read_line,
    read_members,
)

_LONGEST_NAME = 200
_NOT_PHONES = ("Announcer/", "Bridge/", "CBAnn/", "CBRec/", "Message/", "Recorder/", "Snoop/", "Surrogate/")
_INSIDE_DIGITS = 4
"""No citizen calls from a number as short as this: a phone of the house asked a queue itself."""
_SHORTEST_OUTSIDE = 7
_RESTART_US = 60 * MICROSECONDS
"""How long a switch takes to be there again at most, for calls that ended before to be told as cut off by it."""
_ENDS_OF_CALLER = frozenset({"ABANDON", "COMPLETECALLER", "SYSCOMPAT"})


@dataclass(slots=True)
class _Waiter:
    """A caller of whom nothing finer tells, from ENTERQUEUE to the end: the phones that rang, by Uniqueid."""

    entered_at: int
    is_inside: bool = False
    was_connected: bool = False
    rings: int = 0
    cancelled_at: int | None = None
    talking: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)


class QueueLogReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing.

    `known` holds the ids of calls and channels of which a finer log tells: of these only the waiting is told.
    """

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.bad_lines = 0
        self.good_lines = 0
        self.unforeseen = BadLines()
        self._known = known
        self._open: dict[str, _Waiter] = {}
        self._busy: dict[str, str] = {}
        self._starts: list[int] = []

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, in the order of their time (a ringing begins before its line)."""
        read = []
        for text in whole_lines(lines):
            line = None
            with self.unforeseen.skipping(text):
                line = read_line(text)
            if line is None:
                self.bad_lines += 1
            else:
                read.append(line)
        self.good_lines += len(read)
        read.sort(key=lambda line: line.at)
        told = [line for line in read_members(read) if line.kind is not None]
        last = {line.call: n for n, line in enumerate(told) if line.kind in OF_CALLS}
        inquiries = _inquiries(told)
        self._starts = [line.at for line in told if line.kind == "QUEUESTART"]
        for n, line in enumerate(told):
            events: list[LoggedEvent] = []
            with self.unforeseen.skipping(line):
                is_inquiry = line.call in inquiries
                events = list(self._of(line, is_inquiry=is_inquiry, is_last=last.get(line.call) == n))
            yield from events

    def _of(self, line: Line, *, is_inquiry: bool, is_last: bool) -> Iterator[LoggedEvent]:
        if line.kind == "QUEUESTART":
            yield from self._switch_started(line)
        elif line.kind in OF_CALLS and line.call in self._known:
            yield from _waiting(line)
        elif line.kind in OF_CALLS and not is_inquiry:
            yield from self._of_waiter(line, is_last=is_last)
        elif line.kind == "ATTENDEDTRANSFER":  # told of the inquiry, by the phone that made it
            yield from self._hung_up(line, self._busy.get(line.agent, ""), line.agent)

    def _of_waiter(self, line: Line, *, is_last: bool) -> Iterator[LoggedEvent]:
        waiter = self._open.get(line.call)
        if waiter is None:
            if line.kind not in ("ENTERQUEUE", "CONNECT"):
                return  # an end without a beginning tells of no call
            held = line.seconds(0) or 0 if line.kind == "CONNECT" else 0
            waiter = self._open[line.call] = _Waiter(entered_at=line.at - held * MICROSECONDS)
            if line.kind == "CONNECT":
                yield logged("QueueCallerJoin", waiter.entered_at, {**_caller(line), "Queue": line.queue})
        if line.kind == "ENTERQUEUE":
            waiter.entered_at = line.at
            waiter.is_inside = _is_inside(line)
        yield from _waiting(line)
        if line.kind == "CONNECT":
            yield from self._connected(line, waiter)
        elif line.kind in RANG:
            yield from _rang(line, waiter)
        elif line.kind in COMPLETED:
            yield from self._hung_up(line, line.call)
        elif line.kind in HANDED_OVER:
            yield from self._hung_up(line, line.call, line.agent)
        if line.kind in OVER and is_last:
            yield from self._over(line, waiter)

    # --- phones

    def _connected(self, line: Line, waiter: _Waiter) -> Iterator[LoggedEvent]:
        """CONNECT is an answer, whatever the member is called."""
        before = self._busy.get(line.agent)
        if before is not None and before != line.call and before in self._open:
            yield from self._lost(line.at, before)  # whoever takes the next call has ended the one before
        waiter.rings += 1
        uniqueid = line.channel(1)
        if uniqueid is None or uniqueid == line.call or uniqueid in self._open:
            uniqueid = f"{line.call}/{waiter.rings}"
        phone = _phone(line, uniqueid)
        rang, held = line.seconds(2), max(line.at - waiter.entered_at, 0)
        ring_us = held if rang is None else min(rang * MICROSECONDS, held + MICROSECONDS)
        is_sure = rang is not None and ring_us == rang * MICROSECONDS
        said = {**_caller(line), **phone, "MemberName": line.agent}
        yield logged("AgentCalled", line.at - ring_us, said, doubtful=not is_sure)
        yield logged("AgentConnect", line.at, said)
        waiter.was_connected = True
        waiter.talking[uniqueid] = (line.agent, phone)
        self._busy[line.agent] = line.call

    def _hung_up(self, line: Line, call: str, agent: str | None = None) -> Iterator[LoggedEvent]:
        """The phones of a call are free again: all, or only that of one member."""
        waiter = self._open.get(call)
        if waiter is None:
            return
        for uniqueid, (member, phone) in [*waiter.talking.items()]:
            if agent in (None, member):
                del waiter.talking[uniqueid]
                self._busy.pop(member, None)
                yield logged("Hangup", line.at, {key.removeprefix("Dest"): value for key, value in phone.items()})

    # --- the end

    def _over(self, line: Line, waiter: _Waiter) -> Iterator[LoggedEvent]:
        yield from self._hung_up(line, line.call)
        del self._open[line.call]
        gave_up = line.kind == "ABANDON"
        rang_to_the_end = waiter.cancelled_at is not None and line.at - waiter.cancelled_at <= MICROSECONDS
        doubtful = waiter.is_inside or (gave_up and not rang_to_the_end)  # older switches do not log such a ringing
        doubtful = doubtful or (line.kind in HANDED_OVER and not waiter.was_connected)  # by somebody, nobody knows whom
        if gave_up:
            yield logged("HangupRequest", line.at, _caller(line))
        presumed = {} if line.kind in _ENDS_OF_CALLER else {"Presumed": 1}
        yield logged("Hangup", line.at, {**_caller(line), **presumed}, doubtful=doubtful)
        if any(line.at <= at <= line.at + _RESTART_US for at in self._starts):
            yield logged("Shutdown", line.at, {})  # a switch that stops logs its callers as if they had left

    def _lost(self, at: int, call: str) -> Iterator[LoggedEvent]:
        """The end of a call that is over by now, which the log does not tell."""
        waiter = self._open.pop(call)
        for member, phone in waiter.talking.values():
            self._busy.pop(member, None)
            yield logged("Hangup", at, {key.removeprefix("Dest"): value for key, value in phone.items()})
        told = {"Channel": f"{WAITED}{call}", "Uniqueid": call, "Presumed": 1}
        yield logged("Hangup", at, told, doubtful=True)

    def _switch_started(self, line: Line) -> Iterator[LoggedEvent]:
        for call in [*self._open]:
            yield from self._lost(line.at, call)


def _inquiries(lines: list[Line]) -> set[str]:
    """Calls by which a member asked another queue for a colleague, to hand over a caller: part of the caller's call.

    The switch tells of the handing over either under the inquiry's own id, which nobody had been connected to, or
    under the caller's while the inquiry of a phone of the house is in a queue.
    """
    entered: dict[str, Line] = {}
    connected: set[str] = set()
    inside: dict[str, Line] = {}
    found: set[str] = set()
    for line in lines:
        if line.kind == "ENTERQUEUE":
            entered[line.call] = line
            if _is_inside(line):
                inside[line.call] = line
        elif line.kind == "ATTENDEDTRANSFER" and line.call in entered and line.call not in connected:
            if len(_number(entered[line.call])) < _SHORTEST_OUTSIDE:  # else a caller whom a phone that forwards took
                found.add(line.call)
        elif line.kind == "ATTENDEDTRANSFER" and len(inside) == 1 and line.call not in inside:
            found |= set(inside)
        elif line.kind == "CONNECT":
            connected.add(line.call)
        if line.kind in OVER:
            inside.pop(line.call, None)
    return found


def _is_inside(line: Line) -> bool:
    return 0 < len(_number(line)) <= _INSIDE_DIGITS


def _number(line: Line) -> str:
    return line.data[1] if len(line.data) > 1 else ""


def _waiting(line: Line) -> Iterator[LoggedEvent]:
    if line.kind == "ENTERQUEUE":
        told = {**_caller(line), "Queue": line.queue, "CallerIDNum": _number(line)}
        yield logged("QueueCallerJoin", line.at, told)
    elif line.kind in LEFT:
        yield logged("QueueCallerLeave", line.at, {**_caller(line), "Queue": line.queue})


def _rang(line: Line, waiter: _Waiter) -> Iterator[LoggedEvent]:
    waiter.rings += 1
    if line.kind == "RINGCANCELED":
        waiter.cancelled_at = line.at
    phone = _phone(line, f"{line.call}/{waiter.rings}")
    rang_us = (line.seconds(0) or 0) * 1000  # told in milliseconds
    begun = max(line.at - rang_us, waiter.entered_at - MICROSECONDS)
    said = {**_caller(line), **phone, "MemberName": line.agent}
    yield logged("AgentCalled", begun, said)
    yield logged("AgentRingNoAnswer", line.at, said)
    yield logged("Hangup", line.at, {key.removeprefix("Dest"): value for key, value in phone.items()})


def _caller(line: Line) -> dict[str, object]:
    return {"Channel": f"{WAITED}{line.call}", "Uniqueid": line.call}


def _phone(line: Line, uniqueid: str) -> dict[str, object]:
    """The phone of a member; the log names the member, who may be called like the phone."""
    agent = line.agent[:_LONGEST_NAME]
    is_phone = "/" in agent and not agent.startswith(_NOT_PHONES)
    endpoint = agent if is_phone else f"Member/{agent}"
    name = f"{endpoint}-{uniqueid.replace('-', '_')}"
    return {"DestChannel": name, "DestUniqueid": uniqueid, "DestLinkedid": line.call}
