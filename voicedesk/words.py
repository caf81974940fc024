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


class Said(str):
    """A text in Chinese that has its English beside it; who knows nothing of languages reads the Chinese."""

    __slots__ = ("english",)
    english: str

    def __new__(cls, chinese: str, english: str) -> "Said":
        """The Chinese text, with the English one."""
        made = super().__new__(cls, chinese)
        made.english = english
        return made


def own_language() -> Language:
    """The language of a text that stands in one alone: the one that is spoken, Chinese where none is."""
    return SPOKEN.get() or Language.CHINESE


def in_one(text: str, language: Language | None = None) -> str:
    """A text in one language, `own_language()` if None; what is no `Said` has no other one and stays as it is."""
    if isinstance(text, Said):
        return text.english if (language or own_language()) is Language.ENGLISH else str(text)
    return text


def word(words: Words, code: str | None, language: Language | None = None) -> str:
    """A code's meaning in one language, `own_language()` if None.

    A code that is not in the table is given as it is; None is an empty text.
    """
    return in_one(said_of(words, code), language)


def said_of(words: Words, code: str | None) -> Said:
    """A code's meaning in both languages."""
    return Said("", "") if code is None else Said(*words.get(code, (code, code)))


def both(words: Words, code: str | None) -> str:
    """A code's meaning in Chinese, then in English; in one of them alone where one is spoken."""
    return in_both(word(words, code, Language.CHINESE), word(words, code, Language.ENGLISH))


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


def list_comma() -> str:
    """What stands between the names of a list."""
    return ", " if SPOKEN.get() is Language.ENGLISH else "、"


def semicolon() -> str:
    """What stands between the sentences of a list."""
    return "; " if SPOKEN.get() is Language.ENGLISH else "；"
