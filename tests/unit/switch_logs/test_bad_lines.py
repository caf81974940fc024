"""A line of a log at which something unforeseen is raised costs itself."""

from zoneinfo import ZoneInfo

import pytest
from voicedesk.switch_logs import cdr, cel, queue_log
from voicedesk.switch_logs.cdr import CdrReader
from voicedesk.switch_logs.cel import CelReader
from voicedesk.switch_logs.queue_log import QueueLogReader

ZONE = ZoneInfo("Asia/Shanghai")


def row(kind: str, when: str, uniqueid: str = "1795421300.1", extra: str = "") -> str:
    return f'"{kind}","{when}","13812341234","4001","PJSIP/t-1","","{uniqueid}","{uniqueid}","{extra}"'


ODD = {
    "nested without end": row("HANGUP", "1795421300.1", extra="[" * 60_000),
    "a number without measure": row("HANGUP", "1795421300.1", extra='{""hangupcause"":' + "9" * 5000 + "}"),
    "digits without measure": row("HANGUP", "1795421300.1", extra='{""hangupcause"":""' + "9" * 5000 + '""}'),
    "a negative cause": row("HANGUP", "1795421300.1", extra='{""hangupcause"":-1}'),
    "a cause that is a list": row("HANGUP", "1795421300.1", extra='{""hangupcause"":[1]}'),
    "infinite": row("HANGUP", "1795421300.1", extra='{""hangupcause"":1e999}'),
    "another digit": row("HANGUP", "1795421300.1", extra='{""hangupcause"":""²""}'),
    "year 9999": row("CHAN_START", "9999-12-31 23:59:59.999999"),
    "year 1": row("CHAN_START", "0001-01-01 00:00:00"),
    "an offset of no land": row("CHAN_START", "2026-11-23T17:28:32+99:99"),
    "an id of another program": row("CHAN_START", "1795421300.1", uniqueid="20261129155812"),
    "an id without measure": row("CHAN_START", "1795421300.1", uniqueid="9" * 5000),
}
GOOD = [
    row("CHAN_START", "1795421400.1", uniqueid="1795421400.7"),
    row("HANGUP", "1795421409.1", uniqueid="1795421400.7"),
]


@pytest.mark.parametrize("name", ODD)
def test_after_an_odd_line_of_the_channel_log_the_next_is_read(name: str) -> None:
    told = list(CelReader(ZONE).read([ODD[name], *GOOD]))
    assert [one.event.name for one in told if one.event.get("Uniqueid") == "1795421400.7"] == ["Newchannel", "Hangup"]


@pytest.mark.parametrize(
    ("module", "name", "reader"),
    [(cel, "read_row", CelReader(ZONE)), (cdr, "_record", CdrReader()), (queue_log, "read_line", QueueLogReader())],
)
def test_a_line_at_which_the_unforeseen_is_raised_is_counted_and_kept(monkeypatch, module, name, reader) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(module, name, fail)
    assert list(reader.read(["one", "two"])) == []
    assert [line for line, _ in reader.unforeseen.kept] == ["one", "two"]
    assert (reader.bad_lines, reader.unforeseen.count) == (2, 2)


def test_a_row_that_cannot_be_told_costs_itself(monkeypatch) -> None:
    original = cel._Telling.of

    def of(self, one):
        if one.uniqueid == "1795421300.1":
            raise RuntimeError("nobody foresaw this")
        return original(self, one)

    monkeypatch.setattr(cel._Telling, "of", of)
    reader = CelReader(ZONE)
    told = list(reader.read([row("CHAN_START", "1795421300.1"), *GOOD]))
    assert [one.event.name for one in told] == ["Newchannel", "Hangup"]
    assert reader.unforeseen.count == 1
