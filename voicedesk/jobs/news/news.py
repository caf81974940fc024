"""News: one thing that people are told, with its kinds, its log line, and its masked message for webhooks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from voicedesk.language.translate import said
from voicedesk.number_masking import OwnId, mask_numbers
from voicedesk.phone_numbers import mask
from voicedesk.webhooks.message import Message
from voicedesk.words import Language, Said, in_one


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell. News with the same `id` is told once.

    `kind` is its stable name, `at` in microseconds, `title` one line without personal data. `fields` are label and
    value as people read them; numbers and names stand in `personal` and are masked before they leave. Texts of ours are
    `Said`: they leave in the language of the hall. News that `corrects` other news (by its id) goes to those who were
    told of that, and to nobody else.
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
    fields = {in_one(label): in_one(text) for label, text in news.fields.items()}
    log_line(kind=news.kind, news_id=news.id, title=in_one(news.title), fields=fields)


def log_line(*, kind: str, news_id: str, title: str, fields: Mapping[str, str]) -> None:
    """One line of the log; ids of ours in it stay whole."""
    told = {label: OwnId(text) if label in _OWN_LABELS else text for label, text in fields.items()}
    _log.warning("news", kind=kind, id=news_id, title=title, fields=told)


KINDS: Mapping[str, Said] = {
    "ticket_opened": Said("新工单", "new ticket"),
    "ticket_corrected": Said("工单更正", "ticket corrected"),
    "ticket_due_soon": Said("即将到期", "due soon"),
    "ticket_overdue": Said("已超时", "overdue"),
    "missed_flood": Said("新增工单过多", "too many new tickets"),
    "outage_started": Said("故障公告开始", "outage announced"),
    "outage_ended": Said("故障公告结束", "outage over"),
    "greeting_adverse": Said("问候不合规", "greeting not as it should be"),
    "greeting_cannot_tell": Said("问候无法判定", "greeting not told"),
    "forbidden_phrase": Said("禁语", "forbidden phrase"),
    "appeal_opened": Said("申诉待处理", "appeal to decide"),
    "link_lost": Said("交换机失联", "switch out of reach"),
    "link_back": Said("交换机恢复", "switch back"),
    "break_too_long": Said("离岗超时", "break too long"),
    "break_too_long_over": Said("离岗超时已结束", "long break over"),
    "phone_unregistered": Said("话机未注册", "phone not registered"),
    "phone_unregistered_over": Said("话机已注册", "phone registered again"),
    "phone_unreachable": Said("话机联系不上", "phone out of reach"),
    "phone_unreachable_over": Said("话机已恢复", "phone back"),
    "dnd_on": Said("话机免打扰", "do-not-disturb"),
    "dnd_on_over": Said("免打扰已解除", "do-not-disturb over"),
    "dnd_suspected": Said("疑似免打扰", "do-not-disturb suspected"),
    "dnd_suspected_over": Said("疑似免打扰已解除", "suspicion of do-not-disturb over"),
    "line_held": Said("话机长占用", "phone held"),
    "line_held_over": Said("话机占用已结束", "phone no longer held"),
    "nobody_free": Said("线路无人可接", "nobody free"),
    "nobody_free_over": Said("线路已有人可接", "somebody free again"),
    "test": Said("测试", "test"),
}
"""Every kind of news there is, and what a digest counts it under."""

ID, CALL = said("Id"), said("Call")
_OWN_IDS = frozenset({ID, CALL})
"""Fields that hold an id of ours, whose digits are no phone number."""
_OWN_LABELS = {in_one(label, language) for label in _OWN_IDS for language in Language}


def message_of(news: News, language: Language | None = None) -> Message:
    """News as it may leave, in the hall's language: numbers masked wherever they stand, names but for a first letter.

    A hall that chose no language is told in Chinese.
    """
    language = language or Language.CHINESE
    fields = [
        (in_one(label, language), _whole(told) if label in _OWN_IDS else _shown(told))
        for label, told in ((label, in_one(text, language)) for label, text in news.fields.items())
    ]
    fields += [(in_one(label, language), _masked(_whole(text))) for label, text in news.personal.items()]
    title = _shown(in_one(news.title, language))
    return Message(
        id=_shown(news.id),
        kind=news.kind,
        group=in_one(KINDS[news.kind], language) if news.kind in KINDS else title,
        at=news.at,
        title=title,
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
