"""What receivers' answers mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.webhooks.answers import Fate, read_answer
from voicedesk.webhooks.message import Form


def robot(code: object, text: str = "") -> bytes:
    return json.dumps({"errcode": code, "errmsg": text}).encode()


@pytest.mark.parametrize(
    ("status", "body", "fate"),
    [
        (200, robot(0, "ok"), Fate.TOLD),
        (200, robot(45009, "api freq out of limit"), Fate.TOO_FAST),
        (200, robot(130101, "send too fast"), Fate.TOO_FAST),
        (200, robot(93000, "invalid webhook url"), Fate.REFUSED),
        (200, robot(310000, "keywords not in content"), Fate.REFUSED),
        (200, robot(-1, "system busy"), Fate.FAILED),
        (200, b"<html>captive portal</html>", Fate.FAILED),
        (200, b"[]", Fate.FAILED),
        (200, b'{"errcode": "x"}', Fate.FAILED),
        (200, b"", Fate.FAILED),
        (200, b"[" * 60_000, Fate.FAILED),
        (302, b"", Fate.REFUSED),
        (404, b"", Fate.REFUSED),
        (408, b"", Fate.FAILED),
        (429, b"", Fate.TOO_FAST),
        (500, robot(0), Fate.FAILED),
        (503, b"", Fate.FAILED),
    ],
)
def test_fault_78_a_robot_s_answer_means_what_it_says(status, body, fate):
    assert read_answer(Form.WECOM, status, body).fate is fate


def test_a_refusal_says_what_to_mend():
    assert "copy its address anew" in read_answer(Form.WECOM, 200, robot(93000, "invalid webhook url")).text
    assert "加签" in read_answer(Form.DINGTALK, 200, robot(310000, "sign not match")).text
    assert "final address" in read_answer(Form.JSON, 301, b"").text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("invalid timestamp, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]", "clock"),
        ("description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在timestampms以内", "clock"),
        ("timestamp 无效", "clock"),
        ("sign not match, more: [...]", "加签"),
        ("description:机器人发送签名不匹配", "加签"),
        ("keywords not in content, more: [...]", "keyword"),
        ("description:关键词不匹配", "keyword"),
        ("ip 203.0.113.7 not in whitelist", "address"),
        ("something new", "clock"),
    ],
)
def test_the_cure_of_dingtalk_s_one_code_for_four_things_is_that_of_its_text(told, words):
    text = read_answer(Form.DINGTALK, 200, robot(310000, told)).text
    assert words in text.rpartition(told)[2]


def test_a_wrong_clock_is_named_whoever_speaks_of_it():
    assert "clock" in read_answer(Form.WECOM, 200, robot(40999, "timestamp expired")).text
    assert "clock" in read_answer(Form.JSON, 401, b"").text
    assert "clock" not in read_answer(Form.JSON, 404, b"").text
    assert "clock" not in read_answer(Form.WECOM, 200, robot(93000, "invalid webhook url")).text


def test_a_pause_is_as_long_as_was_asked_for_and_never_longer_than_an_hour():
    assert read_answer(Form.JSON, 429, b"", "7").wait_seconds == 7
    assert read_answer(Form.JSON, 503, b"", "99999").wait_seconds == 3600
    assert read_answer(Form.JSON, 429, b"", "Wed, 21 Oct 2026 07:28:00 GMT").wait_seconds == 60
    assert read_answer(Form.DINGTALK, 200, robot(130101)).wait_seconds == 600


def test_a_gateway_that_takes_json_need_say_nothing():
    assert read_answer(Form.JSON, 204, b"").fate is Fate.TOLD


@given(st.sampled_from(list(Form)), st.integers(min_value=100, max_value=999), st.binary(), st.none() | st.text())
def test_whatever_is_answered_has_a_meaning_of_one_short_line(form, status, body, retry_after):
    answer = read_answer(form, status, body, retry_after)
    assert len(answer.text) < 500
    assert answer.text.isprintable()
    assert 0 <= answer.wait_seconds <= 3600
