"""Messages in the words of their receivers: WeCom's and DingTalk's robots, and signed JSON. Pure.

Whatever stands in a message is data: it can make no line, mention, link or formatting of its own.
"""

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any
from urllib.parse import quote_plus

from voicedesk import __version__
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.language.translate import said
from voicedesk.webhooks.message import DIGEST_LINES, Form, Message, Receiver
from voicedesk.words import Language, Said, in_one

WECOM_BYTES = 4096
DINGTALK_BYTES = 18_000
"""DingTalk takes about 20,000 bytes of body; some are the frame's."""
LONGEST_TEXT = 300
LONGEST_TITLE = 64
_WIDE = str.maketrans("<>[]()*_`#@!~|\\&$", "＜＞［］（）＊＿｀＃＠！～｜＼＆＄")
"""Neither robot has a reliable escape: what could be markup is shown as its full-width twin."""
_LINKS = re.compile(r"://|(?<=\w)\.(?=[^\W\d_])")
_MORE = "…"
_COLON, _COMMA = Said("：", ": "), Said("，", ", ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is posted: headers, body, and what is put behind the URL's path and query."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    suffix: str = ""


def post_of(
    receiver: Receiver, message: Message, *, now: int, hall: str, zone: tzinfo, language: Language | None = None
) -> Post:
    """A message as a receiver wants it; `now` in microseconds is what is signed.

    `language` is the hall's; what stands around the message is Chinese where it has none.
    """
    language = language or Language.CHINESE
    message = replace(message, title=in_one(message.title, language))
    headers = [("Content-Type", "application/json; charset=utf-8"), ("User-Agent", f"voicedesk/{__version__}")]
    match receiver.form:
        case Form.JSON:
            body = _encoded(_plain(message, hall))
            stamp = str(now // MICROSECONDS)
            headers += [("X-Voicedesk-Id", _header_text(message.id)), ("X-Voicedesk-Timestamp", stamp)]
            if receiver.secret:
                headers.append(("X-Voicedesk-Signature", f"v1={signature(receiver.secret, stamp, body)}"))
            return Post(headers=tuple(headers), body=body)
        case Form.WECOM:
            content = _markdown(message, hall, zone, language, end="\n", most_bytes=WECOM_BYTES)
            told: dict[str, Any] = {"msgtype": "markdown", "markdown": {"content": content}}
            return Post(headers=tuple(headers), body=_encoded(told))
        case Form.DINGTALK:
            text = _markdown(message, hall, zone, language, end="\n\n", most_bytes=DINGTALK_BYTES)
            title = harmless(message.title)[:LONGEST_TITLE]
            told = {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": {"isAtAll": False}}
            suffix = dingtalk_suffix(receiver.secret, now // 1000) if receiver.secret else ""
            if suffix and "?" not in receiver.target.path:
                suffix = f"?{suffix[1:]}"
            return Post(headers=tuple(headers), body=_encoded(told), suffix=suffix)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """The hexadecimal HMAC-SHA256 of `stamp.body`, as a receiver of JSON makes it again to see who sent it."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def dingtalk_suffix(secret: str, now_ms: int) -> str:
    """What DingTalk's 加签 wants behind the URL: base64 of HMAC-SHA256 over timestamp, line feed and secret."""
    made = hmac.new(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return f"&timestamp={now_ms}&sign={quote_plus(base64.b64encode(made))}"


def harmless(text: str) -> str:
    """A text as one line that robots show as it is: no markup, mention, link, line or turn of direction."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).translate(_WIDE).strip()
    line = _LINKS.sub(lambda found: "：／／" if found[0] == "://" else "．", line)
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}{_MORE}"


def _markdown(message: Message, hall: str, zone: tzinfo, language: Language, *, end: str, most_bytes: int) -> str:
    """Title, fields, time and sender; what does not fit is left out in whole lines, title and sender never."""
    foot = f"> {to_datetime(message.at).astimezone(zone):%m-%d %H:%M} · {harmless(hall)} · Voicedesk"
    head = f"**{harmless(message.title)}**"
    fields = [_field(label, text, language) for label, text in message.fields]
    lines = _digest_lines(message, language) if message.parts else fields
    room = most_bytes - len((head + foot + _MORE).encode()) - 4 * len(end)
    kept: list[str] = []
    for line in lines:
        room -= len((line + end).encode())
        if room < 0:
            kept.append(_MORE)
            break
        kept.append(line)
    return end.join([head, *kept, foot])


def _field(label: str, text: str, language: Language) -> str:
    return f"> {harmless(label)}{in_one(_COLON, language)}{harmless(text)}"


def _digest_lines(message: Message, language: Language) -> list[str]:
    counts = Counter(one.group for one in message.parts)
    rarest = sorted(message.parts, key=lambda one: counts[one.group])
    lines = [_digest_line(one, language) for one in rarest[:DIGEST_LINES]]
    left = len(message.parts) - len(lines)
    return [*lines, f"> {in_one(said('{} further pieces of news', left), language)}"] if left else lines


def _digest_line(message: Message, language: Language) -> str:
    title = harmless(message.title)
    told = harmless(in_one(_COMMA, language).join(f"{label} {text}" for label, text in message.fields))
    return f"> {in_one(Said(f'{title}（{told}）', f'{title} ({told})'), language)}" if told else f"> {title}"


def _plain(message: Message, hall: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": message.id,
        "kind": message.kind,
        "at": to_datetime(message.at).astimezone(UTC).isoformat(timespec="milliseconds"),
        "title": message.title,
        "fields": dict(message.fields),
        "hall": hall,
    }
    if message.parts:
        told["counts"] = dict(Counter(one.kind for one in message.parts))
        told["news"] = [_plain(one, hall) for one in message.parts]
    return told


def _encoded(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", errors="replace")


def _header_text(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
