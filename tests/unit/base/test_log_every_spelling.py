"""Every way in which a number, a secret or a sign that nobody sees can come into a log, one by one."""

import io
import json
import logging
import re
from itertools import product

import pytest
import structlog
from voicedesk.log import configure_logging, mask_endpoint, printable, printable_lines
from voicedesk.number_masking import mask_numbers

MOBILE = "13812341234"


pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.mark.parametrize("around", ["{}", "来电{}。", "call {} x", "PJSIP/{}-00000012", "<sip:{}@host>", "a{}b"])
def test_a_mobile_is_masked_however_it_is_spelled(around):
    before = ("", "86", "+86", "0086", "+86 ", "0086-", "86-", "0", "9", "90")
    numbers = (MOBILE, "138 1234 1234", "138-1234-1234", "138 12341234", "1381234 1234", "19912341234")
    for spelled in map("".join, product(before, numbers)):
        shown = mask_numbers(around.format(spelled))
        assert "****" in shown, spelled
        assert "12341" not in shown.replace(" ", "").replace("-", ""), spelled


@pytest.mark.parametrize("local", ["67891234", "2789 1234", "8789-1234", "678 1234"])
def test_a_landline_is_masked_however_it_is_spelled(local):
    before = ("", "+86", "0086", "+86 ", "0086-", "9")
    areas = ("010", "021", "029", "0371", "0999", "0300", "(0371)", "(010)", "0371-", "0371 ", "(0371) ",
             "371", "10", "20", "371 ", "10-", "(371)")  # fmt: skip
    for spelled in map("".join, product(before, areas)):
        shown = mask_numbers(f"call {spelled}{local} now")
        assert "****" in shown, spelled
        assert local[-8:-4].strip(" -") not in shown, spelled


@pytest.mark.parametrize(
    "number",
    [
        *("+85223456789", "+852 2345 6789", "0085223456789", "00852 2345 6789", "+4930123456", "+8801712345678"),
        *("+1-202-555-0123", "+7 495 123 45 67", "+1 (202) 555-0123", "001 202 555 0123", "+442079460000123"),
    ],
)
def test_a_number_abroad_is_masked_however_it_is_spelled(number):
    shown = mask_numbers(f"call {number} now")
    assert "****" in shown
    digits = ["".join(letter for letter in text if letter.isdigit()) for text in (number, shown)]
    assert digits[0][-9:-4] not in digits[1]


@pytest.mark.parametrize("number", ["6789123", "67891234", "2000000", "89999999"])
def test_a_local_number_is_masked_where_it_stands_alone(number):
    assert "*" in mask_numbers(f"call {number} now")
    assert "*" in mask_numbers(f"call {number}, 来电{number}。")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "600123",
            "671234",
            "1234567",
            "9789123",
            "x67891234",
            "67891234x",
            "67891234-ab",
            "port:67891234",
            "a-67891234",
        ),
        *("20261123", "19991231", "2026-11-23", "1795421258", "1999999999", "0.67891234", "67891234.5"),
        *("20261001", "20260130", "20260929", "21000000000000000"),
    ],
)
def test_what_is_no_number_stays(text):
    assert mask_numbers(f"at {text} now") == f"at {text} now"


@pytest.mark.parametrize("day", ["20261323", "20260023", "20261140", "21261123", "28794212", "2795421"])
def test_what_only_looks_like_a_day_is_masked(day):
    assert mask_numbers(f"call {day} now") != f"call {day} now"


@pytest.mark.parametrize(
    "key",
    [
        *("uniqueid", "linkedid", "linkedids", "boot", "version", "pid", "port", "Linkedid"),
        *("call_id", "call_ids", "ended_at", "waited_us", "waited_ms", "waited_seconds"),
    ],
)
def test_the_switch_s_ids_and_times_are_no_numbers(logged, key):
    assert logged(**{key: MOBILE})[key] == MOBILE
    assert logged(inner={key: MOBILE})["inner"] == {key: MOBILE}


@pytest.mark.parametrize(
    "key", ["secret", "AMI_SECRET", "password", "db_password_old", "passwd", "token", "access_token"]
)
def test_a_secret_is_left_out_by_whatever_name(logged, key):
    assert logged(**{key: "hush"})[key] == "***"
    assert "hush" not in json.dumps(logged(inner={"more": [{key: ["hush"]}]}))


@pytest.mark.parametrize("key", ["number", "caller_number", "callerid", "CallerIDNum"])
def test_a_short_number_is_masked_where_a_field_says_that_it_is_one(logged, key):
    assert logged(**{key: "6001"})[key] == "60**"
    assert logged(**{key: 6001})[key] == "60**"
    assert (logged(name="6001", count=6001)["name"], logged(count=6001)["count"]) == ("6001", 6001)


@pytest.mark.parametrize("many", [list, tuple, set, frozenset])
def test_numbers_are_masked_in_whatever_holds_them(logged, many):
    assert logged(callers=many([MOBILE]))["callers"] == ["138****1234"]


def test_what_is_no_text_stays_what_it_is(logged):
    found = logged(on=True, share=0.5, nothing=None, count=12)
    assert (found["on"], found["share"], found["nothing"], found["count"]) == (True, 0.5, None, 12)


@pytest.mark.parametrize(
    "sign",
    [
        *(
            "\x00",
            "\x07",
            "\x1b",
            "\x1f",
            "\n",
            "\r",
            "\t",
            "\x7f",
            "\x80",
            "\x9b",
            "\x9f",
            "\u061c",
            "\u180e",
            "\u200b",
        ),
        *("\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\ufff9"),
        *("\ufffb", "\U000e0000", "\U000e007f", "\ud800", "\udfff"),
    ],
)
def test_a_sign_that_moves_a_terminal_or_is_not_seen_is_written_out(sign):
    shown = printable(f"a{sign}b")
    assert shown == f"a\\x{ord(sign):02x}b"
    assert printable(f"a{sign}b{sign}") == f"{shown}{shown[1:-1]}"


@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(0x20, 0x7F))),
        "a b",
        "~",
        "\xa0",
        "中文，标点",
        "\u2010",
        "\u2030",
        "\U0001f600",
        "é",
        "\ufff8",
    ],
)
def test_what_can_be_read_stays(text):
    assert printable(text) == text


def test_a_text_of_several_lines_keeps_them_and_nothing_else():
    assert printable_lines("a\nb\x1b\r\nc\u2028d") == "a\nb\\x1b\\x0d\nc\\x2028d"


@pytest.mark.parametrize("key", ["exception", "stack"])
def test_a_traceback_keeps_its_lines_and_shows_no_number(logged, key):
    assert logged(**{key: f"Traceback\n  {MOBILE}\x1b"})[key] == "Traceback\n  138****1234\\x1b"
    assert logged(other="a\nb")["other"] == "a\\x0ab"


def test_the_stack_is_shown_where_it_is_asked_for():
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    structlog.get_logger().info("here", stack_info=True)
    assert "test_log_every_spelling" in json.loads(stream.getvalue())["stack"]


@pytest.mark.parametrize("library", ["alembic", "aiosqlite", "sqlalchemy", "asyncio", "httpx", "httpcore"])
def test_a_library_that_chatters_is_heard_only_where_something_is_wrong(library):
    """httpx would write URLs, and the keys in them."""
    logging.getLogger(library).setLevel(logging.NOTSET)
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    logging.getLogger(library).info("GET https://host/?key=KEY")
    assert stream.getvalue() == ""
    logging.getLogger(library).warning("slow")
    assert json.loads(stream.getvalue())["event"] == "slow"


def test_a_line_for_machines_names_its_level_its_time_and_what_is_bound_to_the_task():
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    with structlog.contextvars.bound_contextvars(pbx="main", number=MOBILE):
        structlog.get_logger().warning("call %s", "started", line="一线")
    found = json.loads(stream.getvalue())
    assert (found["event"], found["level"], found["pbx"]) == ("call started", "warning", "main")
    assert (found["number"], found["line"]) == ("138****1234", "一线")
    assert "一线" in stream.getvalue()
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z", found["timestamp"])


def test_a_line_holds_what_was_said_and_nothing_of_how_it_came_here():
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    logging.getLogger("library").warning("call from %s", MOBILE)
    structlog.get_logger().warning("call_started", pbx="main")
    told, ours = map(json.loads, stream.getvalue().splitlines())
    assert set(told) == {"event", "level", "timestamp"}
    assert set(ours) == {"event", "level", "timestamp", "pbx"}


def test_without_any_wish_people_are_told_what_happens():
    stream = io.StringIO()
    configure_logging(stream=stream)
    structlog.get_logger().debug("too much")
    structlog.get_logger().info("call_started", pbx="main")
    (line,) = stream.getvalue().splitlines()
    assert "call_started" in line
    assert "pbx=main" in line
    assert not line.startswith("{")


def test_logging_set_up_twice_writes_each_line_once():
    first, second = io.StringIO(), io.StringIO()
    configure_logging("info", "json", first)
    configure_logging("info", "json", second)
    structlog.get_logger().info("call_started")
    logging.getLogger("library").info("once")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 2


@pytest.mark.parametrize(
    "name", ["DAHDI/i1/6555123-5", "DAHDI/i1/1655512", "DAHDI/i1/+85212345678", "SIP/65551234;1", "SIP/65551234@x"]
)
def test_a_channel_is_masked_whatever_follows_the_number_in_its_name(name):
    assert "*" in mask_endpoint(name)
    assert "55512" not in mask_endpoint(name)
    assert "12345" not in mask_endpoint(name)


@pytest.mark.parametrize("name", ["SIP/600123", "SIP/600123-0000001a", "SIP/a65551234", "SIP/6555123x"])
def test_a_phone_s_own_name_stays(name):
    assert mask_endpoint(name) == name
