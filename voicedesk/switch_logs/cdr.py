"""Call records with microseconds, as `dialplans/voicedesk-cdr_custom.conf` writes them, told as manager events.

They know when a call began and ended and which phone took it, but neither when a phone was dialled nor, where the
dialplan had answered before, when it was answered. Where nothing finer tells of a call it is made from them and marked
as doubtful, so that nobody is accused on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicedesk.clock import MICROSECONDS
from voicedesk.switch_logs.logged import BadLines, LoggedEvent, logged, read_cells, read_epoch, whole_lines

COLUMNS = 14
_ASKS = frozenset({"Dial", "Queue"})
_PLACED_BY_SWITCH = "AppDial2"
_OUTSIDE_DIGITS = 7
_SAME_CHANNEL_US = 10 * MICROSECONDS
"""A channel of the same name so soon is the same channel: their numbers come again only after the switch's restart."""


class CdrReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing.

    `known` holds the ids of calls and channels of which a finer log tells: these are left out, but for the caller's
    number where none of the channels `numbered` is the caller's.
    """

    def __init__(self, known: frozenset[str] = frozenset(), numbered: frozenset[str] = frozenset()) -> None:
        self.bad_lines = 0
        self.good_lines = 0
        self.unforeseen = BadLines()
        self._known = known
        self._numbered = numbered

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, call by call."""
        read = []
        for line in whole_lines(lines):
            record = None
            with self.unforeseen.skipping(line):
                record = _record(line)
            if record is None:
                self.bad_lines += 1
            else:
                read.append(record)
        self.good_lines += len(read)
        read.sort(key=lambda record: record.start)
        for records in _calls(read):
            ids = {one for record in records for one in (record.linkedid, record.uniqueid)}
            told: list[LoggedEvent] = []
            with self.unforeseen.skipping(records):
                told = list(_call(records) if self._known.isdisjoint(ids) else _number(records, self._numbered))
            yield from told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    start: int
    answer: int | None
    end: int
    number: str
    extension: str
    channel: str
    phone: str
    application: str
    is_answered: bool
    uniqueid: str
    linkedid: str


def _record(line: str) -> _Record | None:
    cells = read_cells(line, COLUMNS)
    if cells is None:
        return None
    start, end = read_epoch(cells[0]), read_epoch(cells[2])
    if start is None or end is None or end < start or "/" not in cells[7] or not cells[11] or not cells[12]:
        return None
    answer = read_epoch(cells[1])
    talked = answer is not None and answer < end  # else somebody else took it from the phone that rang
    return _Record(
        start=start,
        answer=answer,
        end=end,
        number=cells[5],
        extension=cells[6],
        channel=cells[7],
        phone=cells[8] if "/" in cells[8] else "",
        application=cells[9],
        is_answered=cells[10] == "ANSWERED" and talked,
        uniqueid=cells[11],
        linkedid=cells[12],
    )


def _calls(records: Iterable[_Record]) -> list[list[_Record]]:
    """Records by call, in the order of their beginning: a channel that goes from one linkedid to another joins them."""
    calls: dict[str, list[_Record]] = {}
    at_channel: dict[str, _Record] = {}
    for record in records:
        found = [calls[record.linkedid]] if record.linkedid in calls else []
        for name in filter(None, (record.channel, record.phone)):
            before = at_channel.get(name)
            if before is not None and record.start - before.end <= _SAME_CHANNEL_US:
                found.append(calls[before.linkedid])
            at_channel[name] = record
        call = found[0] if found else []
        for other in found[1:]:
            if other is not call:
                call += other
        call.append(record)
        for one in call:
            calls[one.linkedid] = call
    return list({id(call): sorted(call, key=lambda record: record.start) for call in calls.values()}.values())


def _number(records: list[_Record], numbered: frozenset[str]) -> Iterator[LoggedEvent]:
    """The caller's number alone, of a call whose finer log tells none; by its end the caller's channel is known."""
    begun = next((one for one in records if one.uniqueid == one.linkedid), None)
    if begun is not None and begun.number and not _was_placed(begun) and begun.uniqueid not in numbered:
        caller = {"Channel": begun.channel, "Uniqueid": begun.uniqueid, "Linkedid": begun.linkedid}
        yield logged("Newstate", begun.end, {**caller, "CallerIDNum": begun.number})


def _was_placed(record: _Record) -> bool:
    return record.channel.startswith("Local/") or record.application == _PLACED_BY_SWITCH


def _call(records: list[_Record]) -> Iterator[LoggedEvent]:
    """One call: its first channel, the phones it reached, and its end."""
    begun = records[0].linkedid
    first = next((one for one in records if one.uniqueid == begun), records[0])
    caller = {"Channel": first.channel, "Uniqueid": first.uniqueid, "Linkedid": begun}
    is_placed = _was_placed(first)
    number = next((one.number for one in records if one.uniqueid == first.uniqueid and one.number), "")
    said = {"CallerIDNum": "" if is_placed else number, "Exten": first.extension}
    yield _event("Newchannel", first.start, {**caller, **said})
    if is_placed:  # dialled, and by nobody
        yield _event("DialBegin", first.start, {f"Dest{key}": value for key, value in caller.items()})
    elif first.application in _ASKS:
        yield _event("QueueCallerJoin", first.start, caller)
    for place, record in enumerate(records):
        if not record.phone:
            continue
        uniqueid = f"{begun}/{place}"
        phone: dict[str, object] = {"Channel": record.phone, "Uniqueid": uniqueid, "Linkedid": begun}
        dialled = {**caller, **{f"Dest{key}": value for key, value in phone.items()}}
        outside = is_placed and len(record.extension) >= _OUTSIDE_DIGITS
        string = f"{record.extension}@{record.phone.partition('/')[2].rpartition('-')[0]}" if outside else None
        yield _event("DialBegin", record.start, {**dialled, "DialString": string})
        if record.is_answered and record.answer is not None:
            yield _event("Newstate", record.answer, {**phone, "ChannelStateDesc": "Up", "Unseen": 1})
            yield _event("DialEnd", record.answer, {**dialled, "DialStatus": "ANSWER"})
        yield _event("Hangup", record.end, phone)
    yield _event("Hangup", max(record.end for record in records), caller)


def _event(name: str, at: int, headers: Mapping[str, object]) -> LoggedEvent:
    return logged(name, at, headers, doubtful=True)
