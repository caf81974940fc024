"""FastAGI as bytes: environments and replies however they are cut, and what a caller tries to smuggle in."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.agi import ENVIRONMENT, environment
from voicedesk.agi import protocol as agi_protocol
from voicedesk.agi.protocol import (
    MAX_ENVIRONMENT_BYTES,
    AgiEnvironment,
    AgiProtocol,
    HungUp,
    Reply,
    to_command,
)
from voicedesk.errors import AgiProtocolError, UnsafeValueError


def begun() -> AgiProtocol:
    protocol = AgiProtocol()
    protocol.receive_data(environment())
    return protocol


def reply(text: str) -> Reply:
    (event,) = begun().receive_data(text.encode() + b"\n")
    return event


def told(data: bytes) -> AgiEnvironment:
    (event,) = AgiProtocol().receive_data(data)
    return event


def test_an_environment_says_what_the_call_is():
    found = told(environment())
    assert (found.path, dict(found.query)) == ("overflow", {"line": "hotline"})
    assert found.arguments == ("first", "second")
    assert (found.channel, found.uniqueid) == ("PJSIP/trunk-00000001", "1795421286.6")
    assert (found.caller_number, found.language, found.is_doubtful) == ("13800138000", "zh_CN", False)
    assert found.values["agi_calleridname"] == "王小明"


CONVERSATION = environment(agi_calleridname="李\u2028某\u0085") + (
    b"200 result=0\n"
    b"200 result=49 endpos=1234\n"
    b"520-Invalid command syntax.  Proper usage follows:\n Usage: ANSWER\n\n520 End of proper usage.\n"
    b"HANGUP\n"
    b"511 Command Not Permitted on a dead channel or intercept routine\n"
)


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=8))
def test_any_cut_gives_the_same_events(cuts):
    places = [0, *sorted(cuts), len(CONVERSATION)]
    protocol = AgiProtocol()
    pieces = (CONVERSATION[a:b] for a, b in pairwise(places))
    found = [event for piece in pieces for event in protocol.receive_data(piece)]
    assert found == AgiProtocol().receive_data(CONVERSATION)
    assert [type(event) for event in found] == [AgiEnvironment, Reply, Reply, Reply, HungUp, Reply]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200 result=0", Reply(code=200, result="0")),
        ("200 result=1 (a (nested) value)", Reply(code=200, result="1", value="a (nested) value")),
        ("200 result=50 endpos=8000", Reply(code=200, result="50", endpos=8000)),
        ("200 result=0 (timeout) endpos=16000", Reply(code=200, result="0", value="timeout", endpos=16000)),
        ("200 result=2026*# (timeout)", Reply(code=200, result="2026*#", value="timeout")),
        ("200 result= (timeout)", Reply(code=200, result="", value="timeout")),
        ("200 result=-1 endpos=400", Reply(code=200, result="-1", endpos=400)),
        ("510 Invalid or unknown command", Reply(code=510, value="Invalid or unknown command")),
        ("520 Invalid command syntax.", Reply(code=520, value="Invalid command syntax.")),
        ("\u00e9".join(["200 result=1 (", ")"]), Reply(code=200, result="1", value="é")),
    ],
)
def test_fault_55_replies_of_every_kind_are_read(text, expected):
    assert reply(text) == expected


def test_fault_55_a_refusal_of_many_lines_is_one_reply_and_half_a_line_waits():
    protocol = begun()
    usage = b"520-Invalid command syntax.  Proper usage follows:\n Usage: STREAM FILE <name>\n200 result=0\n"
    assert protocol.receive_data(usage) == []
    (event,) = protocol.receive_data(b"520 End of proper usage.\n")
    assert event.code == 520
    assert "Usage: STREAM FILE" in event.value
    assert protocol.receive_data(b"200 resu") == []
    assert protocol.receive_data(b"lt=0\n") == [Reply(code=200, result="0")]
    assert protocol.receive_data(b"100 Trying...\n") == []


def test_a_name_in_gbk_or_cut_in_the_middle_of_a_letter_is_read():
    for raw, name in (("王小明".encode("gbk"), "王小明"), ("王".encode()[:2], None), (b"\xff\xfe!", None)):
        found = told(environment(agi_calleridname="@").replace(b"@", raw))
        assert not found.is_doubtful
        assert found.caller_number == "13800138000"
        assert name is None or found.values["agi_calleridname"] == name


@pytest.mark.parametrize(
    "name",
    [
        "x\nagi_callerid: 110",
        "x\nagi_uniqueid: 1.1",
        "x\nno key at all",
        "x\n\n200 result=1",
        "x\n\nagi_callerid: 110\n",
    ],
)
def test_fault_52_what_a_name_smuggles_in_is_flagged_and_no_number_is_trusted(name):
    protocol = AgiProtocol()
    found, *rest = protocol.receive_data(environment(agi_calleridname=name))
    assert found.is_doubtful
    assert found.caller_number is None
    assert found.uniqueid == ENVIRONMENT["agi_uniqueid"]
    assert all(isinstance(event, Reply) for event in rest)


KEYS = st.sampled_from([*ENVIRONMENT, "agi_arg_3", "agi_arg_4", "agi_of_a_later_asterisk", "AGI_X", ""])
VALUES = st.text(max_size=12) | st.sampled_from(["", " a", "a: b", "\r", "x\nagi_callerid: 110", "王小明"])


@given(st.lists(st.tuples(KEYS, VALUES, st.sampled_from([": ", ":", " : ", ""])), max_size=6))
def test_an_environment_that_is_read_in_one_go_says_what_looking_at_each_line_says(more):
    block = environment()[:-2] + b"".join(f"\n{key}{colon}{value}".encode() for key, value, colon in more)
    found = [outcome(read, block) for read in (agi_protocol._read_environment, agi_protocol._screened)]
    assert found[0] == found[1]


def outcome(read, block):
    try:
        return read(block)
    except AgiProtocolError as error:
        return str(error)


def test_lines_of_another_end_are_read_and_a_key_of_a_later_asterisk_is_no_offence():
    for data in (environment().replace(b"\n", b"\r\n"), environment(agi_of_a_later_asterisk="1")):
        found = told(data)
        assert (found.caller_number, found.is_doubtful) == ("13800138000", False)


@pytest.mark.parametrize("number", ["", "unknown", "Anonymous"])
def test_a_withheld_number_is_none_and_nothing_is_doubted(number):
    found = told(environment(agi_callerid=number))
    assert (found.caller_number, found.is_doubtful) == (None, False)
    assert told(environment(agi_callerid="1380013'; DROP")).is_doubtful


def test_fault_51_an_environment_without_end_is_refused():
    for line in (b"agi_x: y\n", b"\xff" * 500 + b"\n", b"x" * 1000):
        with pytest.raises(AgiProtocolError):
            AgiProtocol().receive_data(line * (MAX_ENVIRONMENT_BYTES // len(line) + 2))


def test_fault_51_who_asks_for_something_else_is_no_switch():
    for data in (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", b"\n", b"agi_channel: x\n\n"):
        with pytest.raises(AgiProtocolError):
            AgiProtocol().receive_data(data)


def test_fault_51_replies_without_end_or_sense_are_refused():
    protocol = begun()
    with pytest.raises(AgiProtocolError):
        protocol.receive_data(b"x" * 70_000)
    with pytest.raises(AgiProtocolError):
        begun().receive_data(b"200 what is this\n")
    protocol = begun()
    with pytest.raises(AgiProtocolError):
        protocol.receive_data(b"520-Usage\n" + b"and on\n" * 300)
    protocol = begun()
    assert protocol.receive_data(b"what is this\n\n") == []
    assert protocol.strays == 1


@given(st.binary(max_size=400))
def test_fault_51_garbage_ends_in_an_error_of_ours_or_in_nothing(data):
    for protocol in (AgiProtocol(), begun()):
        with contextlib.suppress(AgiProtocolError):
            protocol.receive_data(data)


def test_commands_are_quoted_and_hold_no_line_of_their_own():
    assert to_command("ANSWER") == b"ANSWER\n"
    assert to_command("SET VARIABLE", "A", 'say "hi" \\ now') == b'SET VARIABLE "A" "say \\"hi\\" \\\\ now"\n'
    assert to_command("STREAM FILE", "问候", "") == 'STREAM FILE "问候" ""\n'.encode()
    for value in ("a\nHANGUP", "a\rb", "a\0b"):
        with pytest.raises(UnsafeValueError):
            to_command("SET VARIABLE", "A", value)


@pytest.mark.parametrize(
    "text",
    [
        "200 result=0 endpos=" + "9" * 5000,
        "200 result=" + "9" * 5000,
        "200 result=0 endpos=-1",
        "200 result=0 endpos=1e9",
        "200 result=0 endpos=٣",
        "200 result=nan",
        "200",
        "200 ",
    ],
)
def test_fault_55_a_number_that_no_switch_can_mean_is_no_reply(text):
    with pytest.raises(AgiProtocolError):
        reply(text)


@pytest.mark.parametrize(
    "values",
    [
        {"agi_request": "agi://["},
        {"agi_request": "agi://[::1/gate"},
        {"agi_request": "agi://\u2100/gate"},
        {"agi_request": "agi://127.0.0.1/gate?line=a%00b"},
        {"agi_request": "agi://127.0.0.1/ga%00te"},
        {"agi_request": "agi://127.0.0.1/" + "x" * 5000},
        {"agi_uniqueid": "1795421286.6\0"},
        {"agi_uniqueid": "1" * 300},
        {"agi_channel": "PJSIP/" + "x" * 300},
        {"agi_calleridname": "a\0b"},
        {"agi_of_a_later_asterisk": "\0"},
    ],
)
def test_fault_51_what_no_asterisk_can_have_said_of_a_call_is_refused(values):
    with pytest.raises(AgiProtocolError):
        told(environment(**values))


def test_fault_51_a_refusal_of_megabytes_is_not_kept():
    protocol = begun()
    protocol.receive_data(b"520-Invalid\n")
    for _ in range(16):
        assert protocol.receive_data(b"x" * 4000 + b"\n") == []
    with pytest.raises(AgiProtocolError):
        protocol.receive_data(b"x" * 4000 + b"\n")
