"""Words from outside: what receivers of news answer, news as they were kept, addresses, numbers, texts to be read."""

from contextlib import suppress
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from tests.fuzz.damage import absurd, damaged
from tests.fuzz.target import Target
from voicedesk.calls import steps as verdict_steps
from voicedesk.catalogue.reading import spoken, syllables, unreadable
from voicedesk.errors import AddressRefused, InputError, SettingsError, StoreError
from voicedesk.ivr import steps as outage_steps
from voicedesk.ivr.wording import CHINESE, digits
from voicedesk.log import defuse, hide_personal
from voicedesk.phone_numbers import is_ambiguous, mask, national_digits, normalise
from voicedesk.settings.environment import lay_over
from voicedesk.settings.source import Source
from voicedesk.store.cursor import Cursor
from voicedesk.store.deliveries import _delivery
from voicedesk.web_address import Allowance, checked, read_url
from voicedesk.webhooks import steps as news_steps
from voicedesk.webhooks.answers import read_answer
from voicedesk.webhooks.client import MOST_BYTES
from voicedesk.webhooks.formats import WECOM_BYTES, post_of
from voicedesk.webhooks.message import Form, Message, Receiver

LONGEST_SENTENCE = 1000
LONGEST_LINE = 64 * 1024
"""No value of an event is longer."""
ZONE = ZoneInfo("Asia/Shanghai")
_ANSWER = b'{"errcode": 45009, "errmsg": "api freq out of limit", "more": [1, 2.5, null]}'
_STATUS = (200, 204, 301, 400, 401, 403, 408, 429, 500, 503, 599)
_MESSAGE = Message(
    id="n1", kind="ticket", group="g", at=1_795_421_258_000_000, title="新工单", fields=(("电话", "138"),)
)
_URL = b"https://user@qyapi.weixin.qq.com:443/cgi-bin/webhook/send?key=0123-4567"
_TEXT = "工伤认定：2025年1月1日起15个工作日内，电话0371-12345678，费用50.5元，第3到5条，GB/T 33358。"
_NUMBERS = (b"13800138000", b"+86 138-0013-8000", b"0371-63381234", b"008613800138000", b"12345", b"110")


def make_answer(rng: Random) -> bytes:
    """A status and a pause, then a body."""
    body = damaged(rng, _ANSWER, unit=b",")
    return b"%d %s\n" % (rng.choice(_STATUS), absurd(rng)[:5000].replace(b"\n", b" ")) + body


def answer(data: bytes) -> None:
    """What a receiver answers."""
    head, _, body = data.partition(b"\n")
    status, _, pause = head.partition(b" ")
    code = int(status) if status.isdigit() and len(status) == 3 else 200
    for form in Form:
        read = read_answer(form, code, body[:MOST_BYTES], pause.decode("latin-1") or None)
        assert len(read.text) < 2000
        assert 0 <= read.wait_seconds <= 3600


def news(data: bytes) -> None:
    """A piece of news as it was kept, made into each receiver's words."""
    row = {"id": "d", "webhook": "r", "state": "queued", "queued_at": 0, "tries": 0, "next_at": 0, "in_digest": False}
    text = data.decode("utf-8", "surrogateescape")
    message = _delivery(cast("Any", SimpleNamespace(**row, message=text, ended_at=None, error=None))).message
    target = read_url("https://example.org/", Allowance())
    for form in Form:
        receiver = Receiver(name="r", form=form, target=target, allowance=Allowance(), secret="s")
        post = post_of(receiver, message, now=1_795_421_258_000_000, hall="大厅", zone=ZONE)
        assert form is not Form.WECOM or len(post.body) < 4 * WECOM_BYTES


def address(data: bytes) -> None:
    """The address of a receiver, and what its name stands for."""
    target = read_url(data.decode("utf-8", "surrogateescape"), Allowance())
    checked(target, [target.host.strip("[]"), "::1%eth0", "1.2.3.4"], Allowance())


def number(data: bytes) -> None:
    """A caller's number, everywhere one is read."""
    text = data.decode("utf-8", "replace")[:LONGEST_LINE]
    for area in ("", "0371", "010"):
        normalise(text, area)
        is_ambiguous(text, area)
        national_digits(text, area)
    mask(text)
    digits(text, CHINESE)
    told = hide_personal(None, "info", {"event": text, "caller_number": text, "reason": text})
    defuse(None, "info", told)


def text(data: bytes) -> None:
    """A text that is to be read aloud."""
    read = spoken(data.decode("utf-8", "replace")[:LONGEST_SENTENCE])
    unreadable(read)
    syllables(read)


def variable(data: bytes) -> None:
    """Variables of the environment that are settings."""
    name, _, value = data.decode("utf-8", "surrogateescape").partition("=")
    lay_over(Source(file=None), {f"VOICEDESK_{name}": value})


_VARIABLES = (b"HALL_NAME=x", b"PBX_0_PORT=5038", b"LINES_1_PHONES=PJSIP/1,SIP/2", b"LOG_LEVEL=info", b"PBX_0_TLS=true")

_STEPS = (
    b'{"do": "start", "by": "wang", "line": null, "text": "\xe5\x9d\x8f\xe4\xba\x86"}',
    b'{"by": "wang", "news": "3f2a"}',
    b'{"do": "decide", "by": "wang", "call": "1f3a", "about": "greeting", "reason": "x", "verdict": "late", '
    b'"forbidden": true}',
)


def step(data: bytes) -> None:
    """What a person asks, as a row says it: a step that was read is written as it was read."""
    text = data.decode("utf-8", "surrogateescape")
    for rows in (outage_steps, news_steps, verdict_steps):
        with suppress(InputError):
            read = rows.from_row(text)
            assert rows.from_row(rows.to_row(cast("Any", read))) == read


def cursor(data: bytes) -> None:
    """Where a page begins, as an address carries it: one that was read is written so that it is read again."""
    read = Cursor.from_text(data.decode("utf-8", "surrogateescape"), "calls", int, str)
    assert Cursor.from_text(read.to_text(), "calls", int, str) == read


TARGETS = (
    Target(name="answer", share=80, make=make_answer, run=answer),
    Target(
        name="news",
        share=50,
        make=lambda rng: damaged(rng, _MESSAGE.dump().encode(), unit=b","),
        run=news,
        allowed=(StoreError,),
    ),
    Target(
        name="address", share=60, make=lambda rng: damaged(rng, _URL, unit=b"/"), run=address, allowed=(AddressRefused,)
    ),
    Target(name="number", share=30, make=lambda rng: damaged(rng, rng.choice(_NUMBERS), unit=b"-"), run=number),
    Target(
        name="text",
        share=30,
        make=lambda rng: damaged(rng, _TEXT.encode(), unit="，".encode()),
        run=text,
        allowed=(InputError,),
    ),
    Target(
        name="variable",
        share=40,
        make=lambda rng: damaged(rng, rng.choice(_VARIABLES), unit=b"_"),
        run=variable,
        allowed=(SettingsError,),
    ),
    Target(name="step", share=40, make=lambda rng: damaged(rng, rng.choice(_STEPS), unit=b","), run=step),
    Target(
        name="cursor",
        share=30,
        make=lambda rng: damaged(rng, Cursor("calls", (1_795_421_258_000_000, "1f3a9c")).to_text().encode()),
        run=cursor,
        allowed=(InputError,),
    ),
)
