"""Messages in the words of their receivers; what stands in them is data."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.web_address import Allowance, read_url
from voicedesk.webhooks.formats import DINGTALK_BYTES, WECOM_BYTES, harmless, post_of, signature
from voicedesk.webhooks.message import Form, Message, Receiver, digest

NOW = 1_800_000_000_000_000
MESSAGE = Message(
    id="ticket_opened 3f2a 1",
    kind="ticket_opened",
    group="新工单",
    at=NOW,
    title="新工单：回拨",
    fields=(("编号", "3f2a0011"), ("线路", "hotline"), ("号码", "138****1234")),
)
ROBOTS = [Form.WECOM, Form.DINGTALK]
texts = st.text(max_size=400)


def receiver(form: Form, url: str = "https://robot.example/send?key=KEY", secret: str = "") -> Receiver:
    return Receiver(name="r", form=form, target=read_url(url, Allowance()), allowance=Allowance(), secret=secret)


def posted(form: Form, message: Message, hall: str = "社保大厅"):
    post = post_of(receiver(form), message, now=NOW, hall=hall, zone=ZoneInfo("Asia/Shanghai"))
    return post, json.loads(post.body)


def text_of(form: Form, message: Message, hall: str = "社保大厅") -> str:
    _, body = posted(form, message, hall)
    return body["markdown"]["content" if form is Form.WECOM else "text"]


def test_wecom_gets_markdown_with_title_fields_time_and_hall():
    assert text_of(Form.WECOM, MESSAGE) == (
        "**新工单：回拨**\n> 编号：3f2a0011\n> 线路：hotline\n> 号码：138＊＊＊＊1234\n"
        "> 01-15 16:00 · 社保大厅 · Voicedesk"
    )
    assert posted(Form.WECOM, MESSAGE)[1]["msgtype"] == "markdown"


def test_dingtalk_gets_a_title_lines_of_their_own_and_calls_nobody():
    _, body = posted(Form.DINGTALK, MESSAGE)
    assert body["msgtype"] == "markdown"
    assert body["markdown"]["title"] == "新工单：回拨"
    assert body["markdown"]["text"].startswith("**新工单：回拨**\n\n> 编号：3f2a0011\n\n")
    assert body["at"] == {"isAtAll": False}


def test_dingtalk_s_signature_is_the_one_that_its_manual_describes():
    post = post_of(receiver(Form.DINGTALK, secret="SECx"), MESSAGE, now=NOW, hall="h", zone=ZoneInfo("UTC"))
    told = parse_qs(post.suffix[1:])
    expected = hmac.new(b"SECx", f"{NOW // 1000}\nSECx".encode(), hashlib.sha256).digest()
    assert post.suffix.startswith("&timestamp=")
    assert told == {"timestamp": [str(NOW // 1000)], "sign": [base64.b64encode(expected).decode()]}
    bare = receiver(Form.DINGTALK, url="https://robot.example/send", secret="SECx")
    assert post_of(bare, MESSAGE, now=NOW, hall="h", zone=ZoneInfo("UTC")).suffix.startswith("?timestamp=")


def test_a_receiver_of_json_can_see_who_sent_it_and_that_nothing_was_changed():
    post = post_of(receiver(Form.JSON, secret="s3cret"), MESSAGE, now=NOW, hall="h", zone=ZoneInfo("UTC"))
    headers = dict(post.headers)
    stamp = headers["X-Voicedesk-Timestamp"]
    expected = hmac.new(b"s3cret", stamp.encode() + b"." + post.body, hashlib.sha256).hexdigest()
    assert headers["X-Voicedesk-Signature"] == f"v1={expected}"
    assert (stamp, headers["X-Voicedesk-Id"]) == ("1800000000", MESSAGE.id)
    assert json.loads(post.body) == {
        "id": MESSAGE.id,
        "kind": "ticket_opened",
        "at": "2027-01-15T08:00:00.000+00:00",
        "title": "新工单：回拨",
        "fields": dict(MESSAGE.fields),
        "hall": "h",
    }
    assert signature("other", stamp, post.body) != expected


def test_a_digest_says_how_many_of_what_shows_the_rarest_and_names_the_rest():
    overdue = replace(MESSAGE, id="o", kind="ticket_overdue", group="已超时", title="已超时：回拨")
    many = [replace(MESSAGE, id=f"t{n}") for n in range(35)]
    one = digest([*many[:20], overdue, *many[20:], replace(overdue, id="o2")], digest_id="d", at=NOW)
    assert one.title == "共 37 条：已超时 2、新工单 35"
    lines = text_of(Form.WECOM, one).split("\n")
    assert [line.startswith("> 已超时：回拨（编号 3f2a0011") for line in lines[1:4]] == [True, True, False]
    assert lines[-2] == "> 另有 27 条"
    _, body = posted(Form.JSON, one)
    assert body["counts"] == {"ticket_opened": 35, "ticket_overdue": 2}
    assert [part["id"] for part in body["news"]] == [part.id for part in one.parts]


@pytest.mark.parametrize("form", ROBOTS)
@pytest.mark.parametrize(
    "text",
    [
        *(
            "[点我](http://evil.example)",
            "<@all>",
            "@所有人",
            "@13800138000",
            "**粗**\n> 编号：假的",
            "`x` # 标题",
            "a\u2028b",
        ),
        *(
            "<font color=warning>x</font>",
            "\u202eabc",
            "![](http://x.example/y.png)",
            "evil.example",
            "https://evil.example/x",
        ),
    ],
)
def test_fault_78_what_a_text_says_makes_no_line_mention_or_link(form, text):
    told = text_of(form, replace(MESSAGE, title=text, fields=((text, text),)), hall=text)
    assert told.count("\n") == text_of(form, replace(MESSAGE, fields=MESSAGE.fields[:1])).count("\n")
    inside = told.replace("**", "", 2).replace("\n> ", "\n")
    assert not set(inside) & set("<>[]()*`#@!\u202e\u2028")
    assert "://" not in told
    assert "evil.example" not in told


@given(texts, texts, st.lists(st.tuples(texts, texts), max_size=200), st.sampled_from(ROBOTS))
def test_a_message_never_grows_beyond_what_its_robot_takes(title, hall, fields, form):
    message = replace(MESSAGE, title=title, fields=tuple(fields))
    told = text_of(form, message, hall)
    assert len(told.encode()) <= (WECOM_BYTES if form is Form.WECOM else DINGTALK_BYTES)
    assert told.endswith("· Voicedesk")


@given(texts)
def test_harmless_text_is_one_line_and_stays_as_it_is_when_made_harmless_again(text):
    once = harmless(text)
    assert once.isprintable() or once == ""
    assert harmless(once) == once


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.text())))
def test_a_message_is_kept_as_it_was(news_id, title, fields):
    message = replace(MESSAGE, id=news_id, title=title, fields=tuple(fields))
    assert Message.load(message.dump()) == message


@given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_no_text_breaks_a_header_or_the_body(text):
    post, _ = posted(Form.JSON, replace(MESSAGE, id=text, title=text))
    assert all(value.isascii() and value.isprintable() for _, value in post.headers)
