"""Asterisk's queue_log told as manager events: who waited in which queue, who answered, who gave up.

Its times are whole seconds. Where no finer log tells of a call, its ringings are taken from here too; their start is
then known to the second only, and marked as such by its source (`agentcalled`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voicedesk.clock import MICROSECONDS, parse_epoch
from voicedesk.switch_logs.logged import LoggedEvent, logged

FEWEST_FIELDS = 5
_LEFT = frozenset({"EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"})
_OVER = _LEFT | {"ABANDON", "COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER"}
_RINGING = frozenset({"ENTERQUEUE", "CONNECT", "RINGNOANSWER", "RINGCANCELED"})
_MEMBERS = frozenset({"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL", "PENALTY"})
_KINDS = _OVER | _RINGING | _MEMBERS | {"QUEUESTART", "CONFIGRELOAD", "DID", "AGENTDUMP", "SYSCOMPAT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    at: int
    call: str
    queue: str
    agent: str
    kind: str
    data: list[str]

    @property
    def caller(self) -> dict[str, object]:
        return {"Channel": f"Queue/{self.call}", "Uniqueid": self.call, "Linkedid": self.call}

    def phone(self, uniqueid: str) -> dict[str, object]:
        """The phone of a member; the log names the member, who may be called like the phone."""
        endpoint = self.agent if "/" in self.agent else f"Member/{self.agent}"
        return {"DestChannel": f"{endpoint}-{uniqueid}", "DestUniqueid": uniqueid, "DestLinkedid": self.call}


class QueueLogReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing.

    `known` holds the linkedids of calls of which a finer log tells: of these only the waiting is taken from here.
    """

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.bad_lines = 0
        self._known = known
        self._rounds: dict[str, int] = {}

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, in their order."""
        for text in lines:
            line = _line(text)
            if line is None:
                self.bad_lines += bool(text.strip())
                continue
            yield from self._waiting(line)
            if line.call not in self._known:
                yield from self._ringing(line)

    def _waiting(self, line: _Line) -> Iterator[LoggedEvent]:
        if line.kind == "ENTERQUEUE":
            number = line.data[1] if len(line.data) > 1 else ""
            yield logged("QueueCallerJoin", line.at, {**line.caller, "Queue": line.queue, "CallerIDNum": number})
        elif line.kind in _LEFT:
            yield logged("QueueCallerLeave", line.at, {**line.caller, "Queue": line.queue})

    def _ringing(self, line: _Line) -> Iterator[LoggedEvent]:
        data = line.data
        if line.kind == "CONNECT" and len(data) > 1:
            phone = line.phone(data[1])
            yield from _rang(line, phone, _seconds(data[2]) if len(data) > 2 else 0)
            yield logged("AgentConnect", line.at, {**line.caller, **phone, "MemberName": line.agent})
        elif line.kind in ("RINGNOANSWER", "RINGCANCELED") and data:
            turn = self._rounds[line.call] = self._rounds.get(line.call, 0) + 1
            phone = line.phone(f"{line.call}/{turn}")
            yield from _rang(line, phone, _seconds(data[0]) // 1000)  # told in milliseconds
            yield logged("AgentRingNoAnswer", line.at, {**line.caller, **phone, "MemberName": line.agent})
            yield logged("Hangup", line.at, {key.removeprefix("Dest"): value for key, value in phone.items()})
        elif line.kind in _OVER:
            if line.kind == "ABANDON":
                yield logged("HangupRequest", line.at, line.caller)
            yield logged("Hangup", line.at, line.caller)


def _line(text: str) -> _Line | None:
    """A name may hold the sign that divides fields: what comes after the kind is taken as it is."""
    fields = text.rstrip("\r\n").split("|")
    at = parse_epoch(fields[0])
    if at is None or len(fields) < FEWEST_FIELDS:
        return None
    kinds = [n for n, field in enumerate(fields[4:], 4) if field in _KINDS]
    if not kinds:
        return None
    agent = "|".join(fields[3 : kinds[0]])
    return _Line(
        at=at, call=fields[1], queue=fields[2], agent=agent, kind=fields[kinds[0]], data=fields[kinds[0] + 1 :]
    )


def _rang(line: _Line, phone: dict[str, object], rung: int) -> Iterator[LoggedEvent]:
    yield logged("AgentCalled", line.at - rung, {**line.caller, **phone, "MemberName": line.agent})


def _seconds(text: str) -> int:
    """Whole seconds as microseconds; 0 where it is none."""
    return int(text) * MICROSECONDS if text.isascii() and text.isdigit() and len(text) < 10 else 0
