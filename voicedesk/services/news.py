"""What people must learn of: one piece of news, and how it is told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell. News with the same `id` is told once.

    `kind` is its stable name, `at` in microseconds, `title` one line in Chinese without personal data. `fields` are
    label and value as people read them; numbers and names stand in `personal` and are masked before they leave.
    """

    id: str
    kind: str
    at: int
    title: str
    fields: Mapping[str, str] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


Tell = Callable[[News], Awaitable[None]]

_log = structlog.get_logger()


async def log_news(news: News) -> None:
    """Tells the log, where nobody else is told."""
    _log.warning("news", kind=news.kind, id=news.id, title=news.title, **{"fields": dict(news.fields)})
