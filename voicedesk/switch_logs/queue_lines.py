"""Lines of Asterisk's queue_log: which kinds there are, and which field is the kind.

The fifth field is. The name of a member, before it, may hold the sign that divides fields; what is found further on
counts as the kind only of a caller who is in a queue at that moment, and only if everything beside it is as the queue
would have written it. A dialplan may log events of its own with anything in their data: they tell of no call.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voicedesk.bounds import whole_number
from voicedesk.clock import MICROSECONDS
from voicedesk.switch_logs.logged import LONGEST_LINE, read_epoch

FEWEST_FIELDS = 5
LEFT = frozenset({"EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"})
COMPLETED = frozenset({"COMPLETEAGENT", "COMPLETECALLER"})
HANDED_OVER = frozenset({"ATTENDEDTRANSFER", "BLINDTRANSFER", "TRANSFER"})
OVER = LEFT | COMPLETED | HANDED_OVER | {"ABANDON", "SYSCOMPAT"}
RANG = frozenset({"RINGCANCELED", "RINGNOANSWER"})
OF_CALLS = OVER | RANG | {"CONNECT", "ENTERQUEUE"}
"""The kinds that tell of a caller."""
_OTHERS = frozenset(
    (
        *("ADDMEMBER", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF", "AGENTDUMP", "AGENTLOGIN", "AGENTLOGOFF"),
        *("CALLSTATUS", "CONFIGRELOAD", "DID", "INFO", "MEMBERSTATUS", "PAUSE", "PAUSEALL", "PENALTY", "QUEUESTART"),
        *("REMOVEMEMBER", "RINGINUSE", "UNPAUSE", "UNPAUSEALL", "WAITING"),
    )
)
_KINDS = OF_CALLS | _OTHERS
_LEGAL = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_CHANNEL = re.compile(r"[\w.-]{0,64}[0-9]\.[0-9]{1,10}")
_SLACK_US = 2 * MICROSECONDS
_SECONDS = r"[0-9]{1,9}"
_SHAPES = {
    "CONNECT": re.compile(rf"{_SECONDS}(\|[^|]{{0,80}}(\|{_SECONDS})?)?"),
    "RINGNOANSWER": re.compile(_SECONDS),
    "RINGCANCELED": re.compile(_SECONDS),
    "COMPLETEAGENT": re.compile(rf"{_SECONDS}\|{_SECONDS}(\|{_SECONDS})?"),
    "COMPLETECALLER": re.compile(rf"{_SECONDS}\|{_SECONDS}(\|{_SECONDS})?"),
}
"""What the queue writes behind a kind of which it names a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `kind` None: an event of the dialplan's own."""

    at: int
    call: str
    queue: str
    agent: str
    kind: str | None
    data: tuple[str, ...]

    def seconds(self, place: int) -> int | None:
        """Whole seconds (or milliseconds) in the data, as a number; None where there are none."""
        return whole_number(self.data[place]) if place < len(self.data) else None

    def channel(self, place: int) -> str | None:
        """A channel's Uniqueid in the data; None where there is none."""
        text = self.data[place] if place < len(self.data) else ""
        return text if _CHANNEL.fullmatch(text) else None


def read_line(text: str) -> Line | None:
    """A line by its fifth field; None where it is damaged."""
    text = text.rstrip("\r\n")
    if len(text) > LONGEST_LINE or "\0" in text:
        return None
    fields = text.split("|")
    at = read_epoch(fields[0].strip())
    if at is None or len(fields) < FEWEST_FIELDS:
        return None
    kind = fields[4].strip()
    known = kind in _KINDS
    breaks_off = len(fields) == FEWEST_FIELDS and any(one.startswith(kind) for one in _KINDS)
    if not known and (breaks_off or not _LEGAL.fullmatch(kind)):
        return None
    return Line(
        at=at,
        call=fields[1],
        queue=fields[2],
        agent=fields[3],
        kind=kind if known else None,
        data=tuple(fields[5:] if known else fields[4:]),
    )


def read_members(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines in the order of their time, those of members whose names hold the dividing sign read as such."""
    entered: dict[str, int] = {}
    connected: dict[str, int] = {}
    for line in lines:
        read = _of_divided_name(line, entered, connected) if line.kind is None and line.call in entered else line
        if read.kind == "ENTERQUEUE":
            entered[read.call] = read.at
            connected.pop(read.call, None)
        elif read.kind == "CONNECT":
            connected[read.call] = read.at
        elif read.kind in OVER:
            entered.pop(read.call, None)
        yield read


def _of_divided_name(line: Line, entered: dict[str, int], connected: dict[str, int]) -> Line:
    """The line with the kind that follows a divided name, if the queue can have written it so."""
    for place in range(1, len(line.data)):
        kind, data = line.data[place], line.data[place + 1 :]
        shape = _SHAPES.get(kind)
        if shape is None or not shape.fullmatch("|".join(data).rstrip("|")):
            continue
        agent = "|".join((line.agent, *line.data[:place]))
        read = Line(at=line.at, call=line.call, queue=line.queue, agent=agent, kind=kind, data=data)
        if _fits(read, line.at - entered[line.call], talked=line.at - connected.get(line.call, line.at)):
            return read
    return line


def _fits(line: Line, since_entered: int, *, talked: int) -> bool:
    """True if the times in the data are those of the caller in the queue."""
    first, second = line.seconds(0) or 0, line.seconds(1) or 0
    if line.kind in RANG:
        return first * 1000 <= since_entered + _SLACK_US
    if line.kind == "CONNECT":
        return abs(first * MICROSECONDS - since_entered) <= _SLACK_US
    return abs(second * MICROSECONDS - talked) <= _SLACK_US
