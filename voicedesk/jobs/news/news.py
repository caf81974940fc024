"""News: one thing that people are told, with its kinds, its log line, and its masked message for webhooks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from voicedesk.number_masking import mask_numbers
from voicedesk.phone_numbers import mask
from voicedesk.webhooks.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell. News with the same `id` is told once.

    `kind` is its stable name, `at` in microseconds, `title` one line in Chinese without personal data. `fields` are
    label and value as people read them; numbers and names stand in `personal` and are masked before they leave. News
    that `corrects` other news (by its id) goes to those who were told of that, and to nobody else.
    """

    id: str
    kind: str
    at: int
    title: str
    fields: Mapping[str, str] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    corrects: str | None = None


Tell = Callable[[News], Awaitable[None]]

_log = structlog.get_logger()


async def log_news(news: News) -> None:
    """Tells the log, where nobody else is told."""
    _log.warning("news", kind=news.kind, id=news.id, title=news.title, **{"fields": dict(news.fields)})


KINDS: Mapping[str, str] = {
    "ticket_opened": "新工单",
    "ticket_corrected": "工单更正",
    "ticket_due_soon": "即将到期",
    "ticket_overdue": "已超时",
    "missed_flood": "新增工单过多",
    "outage_started": "故障公告开始",
    "outage_ended": "故障公告结束",
    "greeting_adverse": "问候不合规",
    "greeting_cannot_tell": "问候无法判定",
    "forbidden_phrase": "禁语",
    "appeal_opened": "申诉待处理",
    "link_lost": "交换机失联",
    "link_back": "交换机恢复",
    "break_too_long": "离岗超时",
    "break_too_long_over": "离岗超时已结束",
    "phone_unregistered": "话机未注册",
    "phone_unregistered_over": "话机已注册",
    "phone_unreachable": "话机联系不上",
    "phone_unreachable_over": "话机已恢复",
    "dnd_on": "话机免打扰",
    "dnd_on_over": "免打扰已解除",
    "dnd_suspected": "疑似免打扰",
    "dnd_suspected_over": "疑似免打扰已解除",
    "line_held": "话机长占用",
    "line_held_over": "话机占用已结束",
    "nobody_free": "线路无人可接",
    "nobody_free_over": "线路已有人可接",
    "test": "测试",
}
"""Every kind of news there is, and what a digest counts it under."""

_OWN_IDS = frozenset({"编号", "通话"})
"""Fields that hold an id of ours, whose digits are no phone number."""


def message_of(news: News) -> Message:
    """News as it may leave: numbers masked wherever they stand, names but for their first letter."""
    fields = [(label, _whole(text) if label in _OWN_IDS else _shown(text)) for label, text in news.fields.items()]
    fields += [(label, _masked(_whole(text))) for label, text in news.personal.items()]
    return Message(
        id=_shown(news.id),
        kind=news.kind,
        group=KINDS.get(news.kind) or _shown(news.title),
        at=news.at,
        title=_shown(news.title),
        fields=tuple(fields),
    )


def id_as_told(news_id: str) -> str:
    """The id of news as its messages bear it."""
    return _shown(news_id)


def _shown(text: str) -> str:
    return mask_numbers(_whole(text))


def _whole(text: str) -> str:
    """Half a character, as a cut name of a switch leaves it, is shown as a question mark: no database takes it."""
    return text.encode("utf-8", errors="replace").decode()


def _masked(text: str) -> str:
    return mask(text) if any(letter.isdigit() for letter in text) else f"{text[:1]}**"
