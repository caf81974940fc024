"""Call records with microseconds, as `dialplans/voicedesk-cdr_custom.conf` writes them, told as manager events.

They know when a call began, was answered and ended, but not when a phone was dialled. Where nothing finer tells of a
call it is made from them and marked as doubtful, so that nobody is accused on it.
"""

from collections.abc import Iterable, Iterator, Mapping

from voicedesk.clock import parse_epoch
from voicedesk.switch_logs.logged import LoggedEvent, logged, read_cells

COLUMNS = 14


class CdrReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing.

    `known` holds the linkedids of calls of which a finer log tells: these are left out.
    """

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.bad_lines = 0
        self._known = known

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, call by call."""
        calls: dict[str, list[list[str]]] = {}
        for line in lines:
            cells = _cells(line)
            if cells is None:
                self.bad_lines += bool(line.strip())
            elif cells[12] not in self._known:
                calls.setdefault(cells[12], []).append(cells)
        for linkedid, records in calls.items():
            yield from _call(linkedid, records)


def _cells(line: str) -> list[str] | None:
    cells = read_cells(line, COLUMNS)
    if cells is None or not cells[11] or not cells[12]:
        return None
    return cells if parse_epoch(cells[0]) and parse_epoch(cells[2]) and "/" in cells[7] else None


def _call(linkedid: str, records: list[list[str]]) -> Iterator[LoggedEvent]:
    """One call: its first channel, the phones it reached, and its end."""
    first = next((cells for cells in records if cells[11] == linkedid), records[0])
    caller = {"Channel": first[7], "Uniqueid": first[11], "Linkedid": linkedid}
    yield _event("Newchannel", first[0], {**caller, "CallerIDNum": first[5], "Exten": first[6]})
    for number, cells in enumerate(records):
        if "/" not in cells[8]:
            continue
        uniqueid = f"{linkedid}/{number}"
        phone = {"Channel": cells[8], "Uniqueid": uniqueid, "Linkedid": linkedid}
        dialled = {"DestChannel": cells[8], "DestUniqueid": uniqueid, "DestLinkedid": linkedid}
        yield _event("DialBegin", cells[0], {**caller, **dialled})
        if cells[10] == "ANSWERED" and (parse_epoch(cells[1]) or 0) > 0:
            yield _event("Newstate", cells[1], {**phone, "ChannelStateDesc": "Up"})
        yield _event("Hangup", cells[2], phone)
    yield _event("Hangup", max(cells[2] for cells in records), caller)


def _event(name: str, when: str, headers: Mapping[str, object]) -> LoggedEvent:
    told = logged(name, parse_epoch(when) or 0, headers)
    told.event.doubtful = True
    return told
