"""The switch's logs as events: whole lines, damaged lines, foreign bytes, rotated files."""

import gzip
import os
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from voicedesk.errors import InputError
from voicedesk.switch_logs.cdr import CdrReader
from voicedesk.switch_logs.cel import CelReader, read_time
from voicedesk.switch_logs.files import read_lines
from voicedesk.switch_logs.queue_log import QueueLogReader

ROW = '"{}","1795454912.445116","13800138000","4001","{}","","{}","1795454912.0","{}"'
CALLER = ("PJSIP/trunk-00000000", "1795454912.0")
PHONE = ("PJSIP/agent1-00000001", "1795454912.1")
GAVE_UP = '{"hangupcause":127,"hangupsource":"PJSIP/trunk-00000000"}'
PICKED_UP = '{"pickup_channel":"PJSIP/agent3-2","pickup_channel_uniqueid":"1.2"}'


def cel(kind, channel=CALLER, extra=""):
    return ROW.format(kind, *channel, extra.replace('"', '""'))


def told(reader, *lines):
    return [(one.event.name, one.event) for one in reader.read(lines)]


def names(reader, *lines):
    return [name for name, _ in told(reader, *lines)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (cel("CHAN_START"), ["Newchannel"]),
        (cel("CHAN_START", PHONE), ["DialBegin"]),
        (cel("ANSWER"), ["Newstate"]),
        (cel("HANGUP", CALLER, '{"hangupcause":16,"hangupsource":"dialplan/builtin"}'), ["Hangup"]),
        (cel("HANGUP", CALLER, GAVE_UP), ["HangupRequest", "Hangup"]),
        (cel("HANGUP", CALLER, '{"hangupcause":0,"hangupsource":""}'), ["Hangup", "Shutdown"]),
        (cel("HANGUP", PHONE, '{"hangupcause":0,"hangupsource":""}'), ["Hangup"]),
        (cel("HANGUP", PHONE, "not json"), ["Hangup"]),
        (cel("HANGUP", PHONE, "[1]"), ["Hangup"]),
        (cel("BLINDTRANSFER", PHONE), ["BlindTransfer"]),
        (cel("PICKUP", PHONE, PICKED_UP), ["Pickup", "DialEnd"]),
        (cel("LINKEDID_END"), []),
        (cel("CHAN_START", ("Message/ast_msg_queue", "1795454912.9")), []),
    ],
)  # fmt: skip
def test_a_row_of_the_channel_log_is_told_as_the_switch_would_have_said_it_live(line, expected):
    reader = CelReader(UTC)
    assert names(reader, line) == expected
    assert reader.bad_lines == 0


@pytest.mark.parametrize(
    ("extra", "doubtful"),
    [
        ('{"hangupcause":16,"hangupsource":""}', True),
        ("", True),
        ('{"hangupcause":16,"hangupsource":"","dialstatus":"CANCEL"}', False),
        ('{"hangupcause":16,"hangupsource":"dialplan/builtin"}', False),
        (GAVE_UP, False),
    ],
)
def test_a_caller_s_end_of_which_nobody_says_whose_it_was_accuses_nobody(extra, doubtful):
    *_, (name, event) = told(CelReader(UTC), cel("CHAN_START"), cel("HANGUP", CALLER, extra))
    assert (name, event.doubtful) == ("Hangup", doubtful)


def test_a_dial_that_the_switch_ended_is_no_caller_who_gave_up_though_an_earlier_one_was_cancelled():
    extra = '{"hangupcause":16,"hangupsource":"dialplan/builtin","dialstatus":"CANCEL"}'
    assert "HangupRequest" not in names(CelReader(UTC), cel("CHAN_START"), cel("HANGUP", CALLER, extra))


def test_events_carry_the_log_s_instants_and_ids():
    (_, begun), (_, dialled) = told(CelReader(UTC), cel("CHAN_START"), cel("CHAN_START", PHONE))
    assert (begun.timestamp_us, begun.get("Exten"), begun.get("CallerIDNum")) == (
        1795454912445116,
        "4001",
        "13800138000",
    )
    assert (dialled.get("DestUniqueid"), dialled.get("DestChannel")) == (PHONE[1], PHONE[0])


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        '"CHAN_START"',
        cel("CHAN_START").replace("1795454912.445116", "yesterday"),
        '"a"b,',
        cel("ANSWER", ("x", "1")),
    ],
)
def test_fault_80_a_damaged_row_is_counted_and_left_out(line):
    reader = CelReader(UTC)
    assert names(reader, line, "", cel("ANSWER")) == ["Newstate"]
    assert reader.bad_lines == 1


def test_times_without_a_zone_are_the_hall_s():
    shanghai = ZoneInfo("Asia/Shanghai")
    assert read_time("2026-11-24 01:28:32.445116", shanghai) == 1795454912445116
    assert read_time("1795454912.445116", shanghai) == 1795454912445116
    assert read_time("soon", shanghai) is None


# --- queue_log

QUEUE = "1795455034|1795455034.0|hotline"


ENTERED = f"{QUEUE}|NONE|ENTERQUEUE||13800138000|1"


@pytest.mark.parametrize(
    ("line", "expected", "known"),
    [
        (f"{QUEUE}|agent1|CONNECT|0|1795455034.1|0", ["AgentCalled", "AgentConnect"], []),
        (f"{QUEUE}|agent1|CONNECT|0|1795455034.1", ["AgentCalled", "AgentConnect"], []),
        (f"{QUEUE}|PJSIP/a1|RINGNOANSWER|4000", ["AgentCalled", "AgentRingNoAnswer", "Hangup"], []),
        (f"{QUEUE}|agent1|RINGCANCELED|1998", ["AgentCalled", "AgentRingNoAnswer", "Hangup"], []),
        (f"{QUEUE}|NONE|ABANDON|1|1|2", ["HangupRequest", "Hangup"], []),
        (f"{QUEUE}|NONE|EXITWITHTIMEOUT|1|1|15", ["QueueCallerLeave", "Hangup"], ["QueueCallerLeave"]),
        (f"{QUEUE}|agent1|COMPLETECALLER|14|1|1", ["Hangup"], []),
        (f"{QUEUE}|agent1|PAUSE|", [], []),
        ("1795455033|NONE|NONE|NONE|QUEUESTART|", [], []),
    ],
)
def test_a_line_of_the_queue_log_is_told_and_only_the_waiting_of_calls_that_a_finer_log_knows(line, expected, known):
    assert names(QueueLogReader(), ENTERED, line) == ["QueueCallerJoin", *expected]
    assert names(QueueLogReader(frozenset({"1795455034.0"})), ENTERED, line) == ["QueueCallerJoin", *known]


def test_a_ring_of_the_queue_log_begins_before_its_line_and_each_has_an_id_of_its_own():
    later = QUEUE.replace("1795455034|", "1795455038|")
    lines = [ENTERED, f"{later}|PJSIP/a1|RINGNOANSWER|4000", f"{later}|a|b|RINGNOANSWER|0"]
    events = told(QueueLogReader(), *lines)
    called = [event for name, event in events if name == "AgentCalled"]
    assert [event.timestamp_us for event in called] == [1795455034000000, 1795455038000000]
    assert [event.get("DestUniqueid") for event in called] == ["1795455034.0/1", "1795455034.0/2"]
    assert [event.get("MemberName") for event in called] == ["PJSIP/a1", "a|b"]
    assert called[1].get("DestChannel") == "Member/a|b-1795455034.0/2"


@pytest.mark.parametrize(
    "line", ["", "x|y", "soon|1|2|3|CONNECT|1", f"{QUEUE}|agent1|CONN", f"{QUEUE}|agent1|", "1795455034|1|2|3"]
)
def test_fault_80_a_damaged_line_of_the_queue_log_is_counted(line):
    reader = QueueLogReader()
    assert names(reader, line) == []
    assert reader.bad_lines == bool(line)


# --- call records

RECORD = (
    '"1795454912.445116","1795454927.357792","1795454928.359537","15.9","1.0","13800138000","4001",'
    '"PJSIP/trunk-0","PJSIP/agent1-1","Queue","ANSWERED","1795454912.0","1795454912.0","0"'
)


def test_call_records_tell_of_calls_that_nothing_finer_knows_and_are_doubtful():
    events = told(CdrReader(), RECORD)
    assert [name for name, _ in events] == [
        "Newchannel",
        "QueueCallerJoin",
        "DialBegin",
        "Newstate",
        "DialEnd",
        "Hangup",
        "Hangup",
    ]
    assert all(event.doubtful for _, event in events)
    known = frozenset({"1795454912.0"})
    assert told(CdrReader(known, numbered=known), RECORD) == []
    ((name, number),) = told(CdrReader(known), RECORD)
    assert (name, number.get("CallerIDNum"), number.get("ChannelStateDesc")) == ("Newstate", "13800138000", None)
    assert told(CdrReader(known), RECORD.replace('"Queue"', '"AppDial2"')) == []
    unanswered = RECORD.replace("ANSWERED", "NO ANSWER").replace("1795454927.357792", "0.000000")
    asked = ["Newchannel", "QueueCallerJoin"]
    assert names(CdrReader(), unanswered) == [*asked, "DialBegin", "Hangup", "Hangup"]
    assert names(CdrReader(), RECORD.replace("PJSIP/agent1-1", "")) == [*asked, "Hangup"]


@pytest.mark.parametrize(
    "line", ["", "x", RECORD.replace("PJSIP/trunk-0", "none"), RECORD.replace('"1795454912.0","0"', '"","0"')]
)
def test_fault_80_a_damaged_record_is_counted(line):
    reader = CdrReader()
    assert names(reader, line) == []
    assert reader.bad_lines == bool(line)


# --- absurd input costs its own row

ABSURD = [
    "\0\0\0\0",
    "x" * 1_000_000,
    '"' + "x" * 1_000_000,
    "|" * 100_000,
    ",".join(['""'] * 9),
    "-1795455034|1795455034.0|hotline|NONE|ABANDON|1|1|2",
    "253402300799|1795455034.0|hotline|NONE|ABANDON|1|1|2",
    "0|1795455034.0|hotline|NONE|ABANDON|1|1|2",
    cel("ANSWER").replace("1795454912.445116", "0001-01-01 00:00:00.000000"),
    cel("ANSWER").replace("1795454912.445116", "9999-12-31 23:59:59.999999"),
    cel("ANSWER").replace("1795454912.445116", "0001-01-01 00:00:00+23:59"),
    cel("ANSWER").replace("1795454912.445116", "-1.5"),
    cel("ANSWER").replace("1795454912.445116", "999999999999"),
    cel("ANSWER")[:60],
    RECORD.replace("1795454928.359537", "1795454900.0"),
    RECORD[:80],
]


@pytest.mark.parametrize("line", ABSURD)
def test_an_absurd_row_is_counted_and_costs_nothing_else(line):
    begun = cel("CHAN_START")
    for reader, good in ((CelReader(UTC), begun), (QueueLogReader(), ENTERED), (CdrReader(), RECORD)):
        assert names(reader, line, good) == names(type(reader)(*[UTC] * (reader.__class__ is CelReader)), good)
        assert reader.bad_lines == 1


@pytest.mark.parametrize(
    "extra", ["[" * 40_000, '{"hangupcause":"x"}', '{"hangupcause":99999999999999999999}', '{"hangupcause":[]}', "{"]
)
def test_details_that_are_none_leave_the_row_as_it_is(extra):
    reader = CelReader(UTC)
    ((name, event),) = told(reader, cel("HANGUP", PHONE, extra))
    assert (name, event.get("Cause"), reader.bad_lines) == ("Hangup", None, 0)


def test_a_log_in_gbk_with_a_damaged_row_tells_the_rest(tmp_path):
    path = tmp_path / "queue_log"
    answered = "1795455036|1795455034.0|hotline|张三|CONNECT|2|1795455034.1|2\n"
    path.write_bytes(f"{ENTERED}\n".encode() + b"\xff\xfe|\n" + answered.encode("gbk"))
    reader = QueueLogReader()
    *_, (_, connected) = told(reader, *read_lines(path))
    assert (connected.get("MemberName"), reader.bad_lines) == ("张三", 1)


# --- who was bridged with whom

CALLER_ROWS = [cel("CHAN_START"), cel("ANSWER")]


def at(seconds, row):
    return row.replace("1795454912.445116", f"{1795454912 + seconds}.000000")


def bridged(seconds, channel, technology="simple_bridge", kind="BRIDGE_ENTER"):
    return at(seconds, cel(kind, channel, f'{{"bridge_id":"b1","bridge_technology":"{technology}"}}'))


def accepted(*rows):
    """When the phone was answered for the caller, in seconds since the beginning."""
    events = told(CelReader(UTC), at(0, cel("CHAN_START")), at(1, cel("CHAN_START", PHONE)), *rows)
    ups = [one.timestamp_us for name, one in events if name == "Newstate" and one.uniqueid == PHONE[1]]
    ends = [one.timestamp_us for name, one in events if name == "DialEnd" and one.get("DialStatus") == "ANSWER"]
    assert ups == ends
    return [(one - 1795454912_000000) / 1_000_000 for one in ups]


PHONE_UP = at(6, cel("ANSWER", PHONE))
CALLER_UP = at(6, cel("ANSWER"))
CALLER_GONE = at(
    40, cel("HANGUP", CALLER, '{"hangupcause":16,"hangupsource":"dialplan/builtin","dialstatus":"NOANSWER"}')
)


def test_without_rows_of_bridges_a_phone_that_went_up_was_answered():
    assert accepted(PHONE_UP, CALLER_UP) == [6]
    assert accepted(PHONE_UP) == [6]


def test_without_rows_of_bridges_a_caller_who_went_up_later_was_connected_only_then():
    assert accepted(PHONE_UP, at(12, cel("ANSWER"))) == [12]


def test_without_rows_of_bridges_a_phone_that_was_down_when_the_caller_went_up_did_not_answer():
    refused = at(9, cel("HANGUP", PHONE, '{"hangupcause":16,"hangupsource":"","dialstatus":""}'))
    assert accepted(PHONE_UP, refused, at(10, cel("ANSWER"))) == []  # a voice box took the caller


def test_without_rows_of_bridges_the_phone_that_went_up_with_the_caller_answered_and_no_other():
    other = ("PJSIP/agent2-00000002", "1795454912.2")
    rows = [at(2, cel("CHAN_START", other)), at(20, cel("ANSWER", other)), at(20, cel("ANSWER"))]
    events = told(CelReader(UTC), at(0, cel("CHAN_START")), at(1, cel("CHAN_START", PHONE)), PHONE_UP, *rows)
    dialled = [one.get("DestUniqueid") for name, one in events if name == "DialEnd"]
    assert dialled == [other[1]]


def test_a_phone_bridged_with_the_caller_at_once_was_answered_when_it_went_up():
    assert accepted(PHONE_UP, CALLER_UP, bridged(6, PHONE), bridged(6, CALLER)) == [6]


def test_a_phone_that_confirmed_later_was_answered_then():
    assert accepted(PHONE_UP, bridged(12, PHONE), bridged(12, CALLER)) == [12]


def test_a_phone_that_went_up_and_was_never_bridged_did_not_answer():
    other = ("PJSIP/agent2-00000002", "1795454912.2")
    rows = [at(20, cel("CHAN_START", other)), at(25, cel("ANSWER", other)), bridged(25, other), bridged(25, CALLER)]
    events = told(CelReader(UTC), at(0, cel("CHAN_START")), at(1, cel("CHAN_START", PHONE)), PHONE_UP, *rows)
    assert [one.uniqueid for name, one in events if name == "Newstate"] == [other[1]]


def test_a_bridge_in_which_callers_wait_is_no_answer():
    rows = [PHONE_UP, bridged(7, PHONE, "holding_bridge"), CALLER_GONE]
    events = told(
        CelReader(UTC),
        bridged(-9, ("PJSIP/x-1", "1.1")),
        at(0, cel("CHAN_START")),
        at(1, cel("CHAN_START", PHONE)),
        *rows,
    )
    assert "Newstate" not in [name for name, _ in events]


def test_a_caller_who_was_never_put_through_was_not_answered_by_a_phone_that_went_up():
    assert accepted(PHONE_UP, CALLER_GONE) == []


def test_bridges_are_told_with_what_the_manager_would_say():
    events = dict(told(CelReader(UTC), bridged(6, PHONE), bridged(9, PHONE, kind="BRIDGE_EXIT")))
    assert events["BridgeEnter"].get("BridgeTechnology") == "simple_bridge"
    left = events["BridgeLeave"]
    assert [left.get(key) for key in ("BridgeUniqueid", "Channel", "Uniqueid")] == ["b1", *PHONE]


# --- ends that the log lost


def test_a_channel_whose_hang_up_was_lost_ends_with_its_last_row_or_with_its_call():
    begun = [at(0, cel("CHAN_START")), at(1, cel("CHAN_START", PHONE))]
    ended = at(40, cel("CHAN_END", PHONE))
    over = at(41, cel("LINKEDID_END"))
    gone = [
        (one.uniqueid, one.timestamp_us // 1_000_000 - 1795454912)
        for name, one in told(CelReader(UTC), *begun, ended, over)
        if name == "Hangup"
    ]
    assert gone == [(PHONE[1], 40), (CALLER[1], 41)]


@pytest.mark.parametrize(
    "kind", ["LOCAL_OPTIMIZE", "LINKEDID_END", "PARK_START", "PARK_END", "USER_DEFINED", "FORWARD", "APP_END", "X"]
)
def test_kinds_that_tell_nothing_here_are_known(kind):
    reader = CelReader(UTC)
    assert (names(reader, cel(kind)), reader.bad_lines) == ([], 0)


def test_a_caller_who_gave_up_unanswered_may_have_waited_in_a_queue_where_the_log_does_not_tell():
    gone = cel("HANGUP", CALLER, GAVE_UP)
    reader = CelReader(UTC)
    list(reader.read([cel("CHAN_START"), gone]))
    assert [one.event.name for one in reader.perhaps_asked] == ["QueueCallerJoin"]
    asked = ROW.format("APP_START", *CALLER, "").replace('"",', '"Queue",', 1)
    reader = CelReader(UTC)
    assert "QueueCallerJoin" in names(reader, cel("CHAN_START"), asked, gone)


# --- files


def test_fault_80_rotated_files_are_read_oldest_first_and_an_unfinished_line_waits(tmp_path):
    path = tmp_path / "queue_log"
    for age, (name, text) in enumerate(
        [("queue_log", "5\n6"), ("queue_log.1", "3\n4"), ("queue_log-20261122", "2\n"), ("queue_log.2.gz", "1\n")]
    ):
        data = text.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    (tmp_path / "queue_log.d").mkdir()
    assert list(read_lines(path)) == ["1", "2", "3", "4", "5"]
    path.write_text("")
    assert list(read_lines(path)) == ["1", "2", "3", "4"]


def test_fault_80_a_file_rotated_while_it_is_read_gives_every_line_once(tmp_path):
    path = tmp_path / "queue_log"
    (tmp_path / "queue_log.1").write_text("1\n")
    path.write_text("2\n3\n")
    lines = read_lines(path)
    assert next(lines) == "1"
    path.rename(tmp_path / "queue_log.2")
    path.write_text("4\n")
    assert list(lines) == ["2", "3"]  # what was written since is for the next time


def test_fault_80_bytes_that_are_no_utf_8_are_read_as_gbk(tmp_path):
    path = tmp_path / "queue_log"
    path.write_bytes("1|1.0|队列|张三|PAUSE|\n".encode("gbk") + b"\xff\xff\n" + "李四\n".encode())
    first, broken, last = read_lines(path)
    assert (first, last) == ("1|1.0|队列|张三|PAUSE|", "李四")
    assert broken


def test_a_log_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(InputError, match="the log cannot be read"):
        list(read_lines(tmp_path / "none"))
    (tmp_path / "log").write_text("")
    (tmp_path / "log.1.gz").write_bytes(b"\x1f\x8bbroken")
    with pytest.raises(InputError, match="the log cannot be read"):
        list(read_lines(tmp_path / "log"))


@pytest.mark.parametrize(("number", "kept"), [("13800138000", True), ("65550000", True), ("7009", False)])
def test_a_caller_whom_a_forwarding_phone_handed_over_unconnected_is_no_inquiry_and_no_call_is_lost(number, kept):
    lines = [
        f"1795455034|1795455034.0|hotline|NONE|ENTERQUEUE||{number}|1",
        "1795455039|1795455034.0|hotline|Local/7010@from-queue/n|ATTENDEDTRANSFER|BRIDGE|x|5|0|1",
    ]
    events = told(QueueLogReader(), *lines)
    assert [name for name, _ in events] == (["QueueCallerJoin", "Hangup"] if kept else [])
    assert not kept or events[-1][1].doubtful  # somebody took the call, and the log does not say who
