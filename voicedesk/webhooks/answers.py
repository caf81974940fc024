"""What a receiver's answer means: told, too fast, refused, or worth another try. Pure.

Robots answer 200 whatever happened, and say it in the body: `{"errcode": 0, "errmsg": "ok"}`.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voicedesk.webhooks.message import Form

_LONGEST_TEXT = 200
_MOST_WAIT = 3600.0
_TOO_FAST = {45009: 60.0, 45033: 60.0, 130101: 600.0, 410100: 600.0}
"""WeCom counts by the minute; DingTalk locks a robot for ten minutes."""
_BUSY = frozenset({-1, -2})
"""Both robots' "system busy"."""
_HTTP_TOO_FAST = frozenset({429, 503})
_HTTP_PASSING = frozenset({408, 425})
_ANEW = "the robot was removed, switched off, or its URL is wrong: copy its address anew"
_CLOCK = "this machine's clock is wrong, more than an hour off: set it (timedatectl; chrony or systemd-timesyncd)"
_SIGN = (
    "the signature is refused: copy the robot's 加签 secret anew into secret_file; if that is right, look at the clock"
)
_KEYWORD = "the message lacks the robot's keyword: take Voicedesk as its keyword"
_ADDRESS = "this machine's public address is not allowed: add it to the robot's addresses"
_SECURITY = (
    "the robot's security settings refuse it: set its 加签 as secret, allow this machine's address, "
    "take Voicedesk as its keyword, and look whether this machine's clock is right"
)
_CURES = {
    93000: "the key in the URL is wrong, or the robot was removed: copy its address anew",
    60020: _ADDRESS,
    300001: "the token in the URL is wrong, or the robot was removed: copy its address anew",
    300005: "the token in the URL is wrong, or the robot was removed: copy its address anew",
    310000: _SECURITY,
    400013: "the group was dissolved: make a robot in another one",
    400101: _ANEW,
    400102: _ANEW,
    400106: _ANEW,
}
_TOLD_CURES = (
    (re.compile(r"timestamp|时间戳|expired|过期|clock", re.IGNORECASE), _CLOCK),
    (re.compile(r"sign|签名", re.IGNORECASE), _SIGN),
    (re.compile(r"keyword|关键词", re.IGNORECASE), _KEYWORD),
    (re.compile(r"\bip\b|whitelist|白名单", re.IGNORECASE), _ADDRESS),
)
"""One code of DingTalk stands for four things, and only the text says which."""
_SIGNED_REFUSED = frozenset({401, 403})


class Fate(StrEnum):
    """What became of a message."""

    TOLD = "told"
    TOO_FAST = "too_fast"
    """The receiver wants a pause; nothing is wrong with the message."""
    REFUSED = "refused"
    """The receiver understood and says no: it will say so again, unless somebody mends something."""
    FAILED = "failed"
    """Nobody answered, or the receiver is in trouble: later it may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a message, in words for people; `wait_seconds` is the pause that was asked for."""

    fate: Fate
    text: str
    wait_seconds: float = 0.0


def read_answer(form: Form, status: int, body: bytes, retry_after: str | None = None) -> Answer:
    """The meaning of an HTTP answer; of the body only the beginning may be there."""
    if status in _HTTP_TOO_FAST and (wait := _seconds(retry_after)) is not None:
        return Answer(fate=Fate.TOO_FAST, text=f"HTTP {status}, wait {wait:g} s", wait_seconds=wait)
    if status == 429:
        return Answer(fate=Fate.TOO_FAST, text="HTTP 429", wait_seconds=60.0)
    if 300 <= status < 400:
        return Answer(fate=Fate.REFUSED, text=f"HTTP {status}: redirects are not followed, write the final address")
    if status >= 500 or status in _HTTP_PASSING:
        return Answer(fate=Fate.FAILED, text=f"HTTP {status}")
    if not 200 <= status < 300:
        cure = "correct the URL, or what the receiver expects"
        if form is Form.JSON and status in _SIGNED_REFUSED:
            cure = "correct the URL or the secret: a signature is refused too if this machine's clock is wrong"
        return Answer(fate=Fate.REFUSED, text=f"HTTP {status}: {cure}")
    return Answer(fate=Fate.TOLD, text=f"HTTP {status}") if form is Form.JSON else _read_robot(body)


def _read_robot(body: bytes) -> Answer:
    try:
        told: Any = json.loads(body)
        code = int(told["errcode"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Answer(fate=Fate.FAILED, text=f"this is no answer of a robot: {_shown(body.decode(errors='replace'))}")
    text = f"errcode {code}: {_shown(str(told.get('errmsg', '')))}".rstrip(": ")
    if code == 0:
        return Answer(fate=Fate.TOLD, text="errcode 0")
    if code in _TOO_FAST:
        return Answer(fate=Fate.TOO_FAST, text=text, wait_seconds=_TOO_FAST[code])
    if code in _BUSY:
        return Answer(fate=Fate.FAILED, text=text)
    cure = _cure(code, str(told.get("errmsg", "")))
    return Answer(fate=Fate.REFUSED, text=f"{text}: {cure}" if cure else text)


def _cure(code: int, told: str) -> str | None:
    """What helps, by the text where the code alone does not say it."""
    if code not in (0, 310000) and not _TOLD_CURES[0][0].search(told):
        return _CURES.get(code)
    return next((cure for words, cure in _TOLD_CURES if words.search(told)), _CURES.get(code))


def _seconds(text: str | None) -> float | None:
    """A Retry-After in seconds; None where there is none, or a date."""
    return min(float(text), _MOST_WAIT) if text and text.isascii() and text.isdigit() and len(text) < 9 else None


def _shown(text: str) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in text[: _LONGEST_TEXT + 1])
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}…"
