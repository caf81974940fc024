"""What a code means in Chinese and in English: how a table of words is made, and how a code is looked up in it.

Each room keeps the tables of its own codes in its `words.py`: lists, spreadsheets, messages and pages say the same.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from enum import StrEnum

Words = Mapping[str, tuple[str, str]]
"""The meaning of each code: in Chinese, in English."""


class Language(StrEnum):
    """In which language a word is given."""

    CHINESE = "zh"
    ENGLISH = "en"


SPOKEN: ContextVar[Language | None] = ContextVar("spoken", default=None)
"""The language that this process speaks to people ([hall] language); None: texts stand in both."""


def word(words: Words, code: str | None, language: Language = Language.CHINESE) -> str:
    """A code's meaning in one language. A code that is not in the table is given as it is; None is an empty text."""
    if code is None:
        return ""
    chinese, english = words.get(code, (code, code))
    return chinese if language is Language.CHINESE else english


def both(words: Words, code: str | None) -> str:
    """A code's meaning in Chinese, then in English; in one of them alone where one is spoken."""
    return in_both(word(words, code), word(words, code, Language.ENGLISH))


def in_both(chinese: str, english: str, between: str = " ") -> str:
    """One text for two readers, Chinese first; in one language alone where one is spoken."""
    spoken = SPOKEN.get()
    if spoken is not None:
        return chinese if spoken is Language.CHINESE else english
    return between.join(text for text in dict.fromkeys((chinese, english)) if text)


def comma() -> str:
    """What stands between the parts of a line of a list."""
    return ", " if SPOKEN.get() is Language.ENGLISH else "，"


def aside(text: str) -> str:
    """A text in brackets, as it follows another one."""
    return f" ({text})" if SPOKEN.get() is Language.ENGLISH else f"（{text}）"


def colon() -> str:
    """What stands between a name and what is said of it."""
    return ": " if SPOKEN.get() is Language.ENGLISH else "："
