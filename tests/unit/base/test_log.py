"""What reaches a log: an action and its fields, without numbers, secrets or anything that moves a terminal."""

import io
import json
import logging
import re
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import structlog
from voicedesk.jobs.news.news import ID, log_line
from voicedesk.log import configure_logging, mask_endpoint, printable
from voicedesk.number_masking import mask_numbers
from voicedesk.words import Language, in_one

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("来电13812341234挂断", "来电138****1234挂断"),
        ("Local/013812341234@out-0000001a;1", "Local/0138****1234@out-0000001a;1"),
        ("+86 138 1234 1234.", "+86 ****1234."),
        ("call 0371-67891234 or 67891234", "call 0371****1234 or 67****34"),
        ("+852 2345 6789", "+852****6789"),
        ("sip:13812341234@10.0.0.1:5060", "sip:138****1234@10.0.0.1:5060"),
    ],
)
def test_a_number_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert mask_numbers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "1795421258.035513",
        "1795421258.12",
        "main-1795421258.1234567",
        "PJSIP/trunk-00000012",
        "2026-11-23T14:30:00 20261123",
        "550e8400-e29b-41d4-a716-446655440000",
        "at 1795421258 and 1795421258035513",
        "127.0.0.1:15038 took 5.1234567 s",
        "extension 4001, 15000 ms",
    ],
)
def test_times_ids_and_addresses_are_no_numbers(text: str) -> None:
    assert mask_numbers(text) == text


def test_fields_of_every_kind_are_masked_and_secrets_left_out(logged) -> None:
    found = logged(
        caller_number="6001",
        number=None,
        raw=13812341234,
        count=3,
        share=0.5,
        many=["13812341234", ("67891234",)],
        inner={"caller": "13812341234", "secret": "x"},
        error=ValueError("13812341234"),
        ami_secret="hush",
        call_id="13812341234",
        started_at=13812341234,
        uniqueid="1795421258.12",
    )
    assert found["caller_number"] == "60**"
    assert found["number"] is None
    assert found["raw"] == "138****1234"
    assert (found["count"], found["share"]) == (3, 0.5)
    assert found["many"] == ["138****1234", ["67****34"]]
    assert found["inner"] == {"caller": "138****1234", "secret": "***"}
    assert found["error"] == "138****1234"
    assert found["ami_secret"] == "***"
    assert (found["call_id"], found["started_at"]) == ("13812341234", 13812341234)


def test_nothing_can_move_the_terminal_or_begin_a_line(logged) -> None:
    evil = "a\x1b[2J\r\nEvent: b\u2028c\u202e\x9b\x00"
    assert printable(evil) == "a\\x1b[2J\\x0d\\x0aEvent: b\\x2028c\\x202e\\x9b\\x00"
    found = logged(name=evil, inner={"a\n": ["b\n"]})
    assert found["name"] == printable(evil)
    assert found["inner"] == {"a\\x0a": ["b\\x0a"]}


def test_the_console_shows_one_line_per_message_without_colours_where_nobody_looks() -> None:
    stream = io.StringIO()
    configure_logging("info", "console", stream)
    structlog.get_logger().info("call_started", name="a\nb")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()
    assert "call_started" in stream.getvalue()


def test_people_read_the_hall_s_own_time_and_machines_utc() -> None:
    for kind, ending in (("console", "+08:00"), ("json", "Z")):
        stream = io.StringIO()
        configure_logging("info", kind, stream, ZoneInfo("Asia/Shanghai"))
        structlog.get_logger().info("call_started")
        text = stream.getvalue()
        stamp = json.loads(text)["timestamp"] if kind == "json" else text.split()[0]
        assert stamp.endswith(ending)
        assert abs(datetime.fromisoformat(stamp).timestamp() - time.time()) < 60


def test_messages_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    configure_logging("warning", "json", stream)
    structlog.get_logger().info("call_started")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", ["console", "json"])
def test_libraries_messages_and_tracebacks_are_masked_too(kind: str) -> None:
    stream = io.StringIO()
    configure_logging("info", kind, stream)
    logging.getLogger("library").warning("call from %s", "13812341234")
    try:
        raise ValueError("bad 13812341234 \x1b[2J")
    except ValueError:
        structlog.get_logger().exception("failed")
    text = stream.getvalue()
    assert "13812341234" not in text
    assert "\x1b" not in text
    assert "call from 138****1234" in text
    assert "Traceback" in text


@pytest.mark.parametrize("number", ["0085223456789", "00447911123456", "+85223456789", "0012025550123"])
def test_a_number_abroad_is_masked_in_free_text(number):
    assert number not in mask_numbers(f"来电 {number} 请回电")
    assert number[-8:-4] not in mask_numbers(f"来电 {number} 请回电")


@pytest.mark.parametrize(
    "name", ["DAHDI/i1/13812341234-5", "DAHDI/i1/65551234-5", "SIP/037165551234-1a", "Local/13812341234@x"]
)
def test_a_channel_named_after_a_number_is_masked(name):
    assert not re.search("[0-9]{7}", mask_endpoint(name))


@pytest.mark.parametrize("name", ["PJSIP/6001", "SIP/trunk-00000012", "PJSIP/agent1-00000009"])
def test_a_staff_phone_is_shown_as_it_is(name):
    assert mask_endpoint(name) == name


@pytest.mark.parametrize("language", Language)
def test_an_id_of_ours_in_logged_news_stays_whole_and_a_number_beside_it_does_not(capsys, language):
    """One id in fifty begins with eight digits, which would do for a landline's number."""
    configure_logging(level="info", format="json", zone=ZoneInfo("Asia/Shanghai"), language=None)
    told = {in_one(ID, language): "70886297", "来电号码": "67891234", "x": "70886297"}
    log_line(kind="ticket_opened", news_id="ticket_opened a", title="新工单", fields=told)
    logging.getLogger().handlers[0].flush()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["fields"] == {in_one(ID, language): "70886297", "来电号码": "67****34", "x": "70****97"}
