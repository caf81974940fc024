"""Logging: an action's name and fields, on standard error, for people (console) or machines (json).

Whatever is logged, and by whom: callers' numbers are masked, secrets left out, and nothing can move the terminal's
cursor or start a line of its own. Times and the switch's own ids are not mistaken for numbers.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, TextIO

from voicedesk.language.translate import translated
from voicedesk.log_output import LogOutput
from voicedesk.number_masking import OwnId, mask_numbers
from voicedesk.phone_numbers import mask
from voicedesk.words import Language

if TYPE_CHECKING:
    import structlog

_SAFE_KEYS = frozenset({"timestamp", "level", "uniqueid", "linkedid", "linkedids", "boot", "version", "pid", "port"})
_SAFE_ENDINGS = ("_id", "_ids", "_at", "_us", "_ms", "_seconds")
_TOLD_KEYS = frozenset({"reason", "cure", "about", "part", "problem", "outcome", "until"})
"""Fields whose texts are ours, or hold one of ours; names, numbers and what callers said stand in others."""
_SECRET_KEYS = ("secret", "password", "passwd", "token")
_NUMBER_KEYS = ("number", "callerid")
_OUTSIDE = re.compile(r"(?<=/)\+?[0-9]{7,}(?=[-@;]|$)")
# control characters, line separators, what turns the direction of writing or is not seen at all, halves of characters
_INVISIBLE = "\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f{_INVISIBLE}\ud800-\udfff]")
"""What a terminal obeys, or a reader does not see: no text from outside is shown with it."""
_TRACEBACK_KEYS = frozenset({"exception", "stack"})


def configure_logging(
    level: str = "info",
    format: str = "console",
    stream: TextIO | None = None,
    zone: tzinfo | None = None,
    language: Language | None = None,
) -> None:
    """Sets logging up for the whole process, the libraries' own messages included.

    People read times as the clocks of `zone` show them, with its offset, and what happened in words of their
    `language`; machines read UTC, and codes alone. Without a `stream` lines go
    to standard error by a thread of their own: who logs never waits for who reads.
    """
    import structlog  # only where something is logged: every command masks numbers with this module

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(zone if format == "console" and zone is not None else UTC),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        *([_in_words(language)] if format == "console" and language is not None else []),
        hide_personal,
        defuse,
    ]
    root = logging.getLogger()
    handler = logging.StreamHandler(stream) if stream else _unhurried(root)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(format, stream or sys.stderr),
            ],
            foreign_pre_chain=shared,
        )
    )
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in (
        "alembic",
        "aiosqlite",
        "sqlalchemy",
        "asyncio",
        "httpx",
        "httpcore",
    ):  # httpx logs URLs, keys and all
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _unhurried(root: logging.Logger) -> logging.Handler:
    """The output that is there already, so that lines stay in order; a new one on standard error otherwise."""
    kept = next((one for one in root.handlers if isinstance(one, LogOutput)), None)
    try:
        return kept or LogOutput(sys.stderr.fileno())
    except OSError:  # standard error was replaced by something in memory, which nobody can hold up
        return logging.StreamHandler(sys.stderr)


def _stamp(zone: tzinfo) -> structlog.typing.Processor:
    """Writes the time into each entry, always with its offset."""

    def stamped(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        now = datetime.now(zone)
        event["timestamp"] = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return event

    return stamped


def _in_words(language: Language) -> structlog.typing.Processor:
    """Writes what happened in words before an event's code; what is told of it, and its cure, in the same language."""

    def in_words(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        code = event.get("event")
        if isinstance(code, str) and (said := translated(code, language)) != code:
            event["event"] = f"{said} {code}"
        for key in _TOLD_KEYS & event.keys():
            if isinstance(told := event[key], str):
                event[key] = translated(told, language, of_parts=True)
        return event

    return in_words


def hide_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Masks callers' numbers in every field and in the message, and leaves secrets out."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _hidden(key, value)
    return event


def defuse(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Writes control characters and terminal escapes out (\\x1b); only a traceback keeps its lines."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _lines_defused(value) if key in _TRACEBACK_KEYS else _defused(value)
    return event


def mask_endpoint(name: str) -> str:
    """A phone or channel as those may see it who need not know numbers: some lines name channels after them."""
    return _OUTSIDE.sub(lambda found: mask(found[0]), mask_numbers(name))


def printable(text: str) -> str:
    """A text that cannot move a terminal's cursor or begin a new line."""
    return UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def printable_lines(text: str) -> str:
    """The same for a text of ours that has several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _hidden(key: str, value: Any) -> Any:
    name = key.lower()
    if any(word in name for word in _SECRET_KEYS):
        return "***"
    if name in _SAFE_KEYS or name.endswith(_SAFE_ENDINGS):
        return value
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(key, part) for part in value]
    if value is None or isinstance(value, bool | float | OwnId):
        return value
    text = value if isinstance(value, str) else str(value)
    hidden = mask(text) if any(word in name for word in _NUMBER_KEYS) else mask_numbers(text)
    return value if hidden == text and isinstance(value, int) else hidden


def _defused(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _defused(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_defused(part) for part in value]
    return value


def _lines_defused(value: Any) -> Any:
    return printable_lines(str(value))


def _renderer(format: str, stream: TextIO) -> structlog.typing.Processor:  # [log] format
    import structlog

    if format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
    )
