"""Says a text of Voicedesk in the language that is spoken (`SPOKEN`): texts are stored and sent as the source has them.

So what one process wrote, such as what came of a request, is read by each person in their own language.
"""

import re
from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from voicedesk.english_counts import filled
from voicedesk.language.catalogue import Book, read_catalogue, read_page_words
from voicedesk.words import SPOKEN, Language, Said, in_one, own_language

LONGEST = 10_000
"""A longer text is none of ours: it is said as it is."""
_DEPTH = 4
"""An error may hold another one's text as its reason, and so on; deeper it is said as it is."""
SEPARATORS = (("\n", "\n"), ("; ", "；"), ("；", "；"), (", ", "，"))
"""What stands between the texts of a list, as the source has it and in Chinese; lines are the widest list."""
_MOST_PARTS = 100
"""A longer list is no answer of ours: it is said as it is, so that no text costs much."""
_COLON = ": "
_SAYS_ONE = re.compile(r"\b1 [a-z]")
Parts = tuple[str, ...]
"""A template without its `{}`: what stands before, between and behind."""


def said(template: str, *values: object) -> Said:
    """A text of ours in both languages, its values filled in; a value that is no `Said` is the same in both.

    Nothing is looked up in the values: whatever people wrote stays as they wrote it.
    """
    chinese, english = read_catalogue().get(template, (template, template))
    told = [value.english if isinstance(value, Said) else value for value in values]
    return Said(chinese.format(*map(str, values)), filled(english, told))


def worded(template: str, *values: object) -> str:
    """A text of ours in the language that is spoken, in Chinese where none is: for what stands in one alone."""
    return in_one(said(template, *values))


def said_of_stored(text: str) -> Said:
    """A text of ours that was stored in Chinese, with its English; what the catalogue does not know stays as it is."""
    return Said(text, translated(text, Language.ENGLISH))


def as_spoken(text: str, language: Language | None = None) -> str:
    """A text of ours that was stored in Chinese, in a language, else in the spoken one; in Chinese it is as stored."""
    language = language or own_language()
    return translated(text, language) if language is Language.ENGLISH else text


def translated(
    text: str,
    language: Language | None = None,
    *,
    of_parts: bool = False,
    on_page: bool = False,
    of_values: bool = True,
) -> str:
    """The text in a language, else in the one that is spoken. What the catalogue does not know stays as it is.

    `of_values`: what is filled in may be texts of ours too, such as a reason; else it may be people's words, and stays.
    `of_parts`: it may be a list of our texts (an answer, an error), and each is said by itself. Never so for what holds
    stored texts or settings: one that happens to be like a text of ours would be changed.
    `on_page`: the reader has a page before them, and no command line: options and commands are told in other words.
    """
    language = language or SPOKEN.get()
    if len(text) > LONGEST:
        return text
    if language is None:
        return _of_one(text)
    book = ChainMap(read_page_words(), read_catalogue()) if on_page else read_catalogue()
    index = 0 if language is Language.CHINESE else 1
    return _said(text, _Reader(book, index, of_parts=of_parts, of_values=of_values), _DEPTH)


def _of_one(text: str) -> str:
    """The text as the source has it, but that it speaks of one as of one."""
    for template, parts in _candidates(text[:1], text[-1:]) if _SAYS_ONE.search(text) else ():
        values = _filled_in(text, parts)
        if values is not None:
            return filled(template, values)
    return text


@dataclass(frozen=True, slots=True)
class _Reader:
    """In which words a text is said: by which book, in its first or second language; whether it may be a list of our
    texts, and whether such stand in its values."""

    book: Book
    index: int
    of_parts: bool
    of_values: bool


def _said(text: str, reader: _Reader, depth: int) -> str:
    known = reader.book.get(text)
    if known is not None:
        return known[reader.index]
    if reader.of_parts and (lines := _each_said(text, reader, depth, SEPARATORS[:1])) != text:
        return lines  # before the templates: one of the first line would take all lines below for its last value
    said = _made_of(text, reader, depth, may_begin_with_a_name=False)
    if said is None and reader.of_parts:
        parts = _each_said(text, reader, depth, SEPARATORS[1:-1])
        if parts == text and depth:
            parts = _after_a_name(text, reader, depth)
        if parts == text:
            parts = _each_said(text, reader, depth, SEPARATORS[-1:])
        said = None if parts == text else parts
    return said or _made_of(text, reader, depth, may_begin_with_a_name=True) or text


def _made_of(text: str, reader: _Reader, depth: int, *, may_begin_with_a_name: bool) -> str | None:
    """The text as the template has it that it is made from; None where there is none.

    In "a.wav: 3 lines are bad" the name stands before a whole text: it is no part of its first value.
    """
    for template, parts in _candidates(text[:1], text[-1:]) if depth else ():
        values = _filled_in(text, parts)
        if values is None or (not may_begin_with_a_name and not parts[0] and _COLON in values[0]):
            continue
        ends_open = not parts[-1] and not any(_COLON in part for part in parts[:-2])
        may_hold_too_much = ends_open and (parts[-2] == _COLON or (_COLON not in parts[-2] and _COLON in values[-1]))
        followed = _followed(text, reader, depth) if may_hold_too_much and reader.of_values else None
        if followed is not None:
            return followed
        inner = [_said(value, reader, depth - 1) for value in values] if reader.of_values else values
        return _told(reader, template, inner)
    return None


def _told(reader: _Reader, template: str, values: Sequence[str]) -> str:
    words = reader.book[template][reader.index]
    return filled(words, values) if reader.index else words.format(*values)


def _followed(text: str, reader: _Reader, depth: int) -> str | None:
    """A text of ours with what a template sets behind it, as in "no line is called 5: known are 1, 2"; else None.

    Alone, the template of the first half would take all that follows for its last value.
    """
    for template, parts in _candidates("", text[-1:]):
        values = _filled_in(text, parts) if len(parts) > 1 and parts[1].startswith(_COLON) else None
        if values is None or _COLON in values[0]:
            continue
        inner = [_said(value, reader, depth - 1) for value in values] if reader.of_values else values
        if inner[0] != values[0] or values[0] in reader.book:
            return _told(reader, template, inner)
    return None


def _each_said(text: str, reader: _Reader, depth: int, separators: Sequence[tuple[str, str]]) -> str:
    """A list of texts, each said by itself; as it is where the catalogue knows none of them."""
    for between, in_chinese in separators:
        parts = text.split(between, _MOST_PARTS)
        if not 1 < len(parts) <= _MOST_PARTS:
            continue
        said = [_said(part, reader, depth) for part in parts]
        if said != parts:
            return (between if reader.index else in_chinese).join(said)
    return text


def _after_a_name(text: str, reader: _Reader, depth: int) -> str:
    """What is said of something named before it, as in `capture.raw: …`."""
    name, colon, rest = text.partition(_COLON)
    said = _said(rest, reader, depth - 1) if colon else rest
    return f"{name}{_COLON if reader.index else '：'}{said}" if said != rest else text


@cache
def _templates() -> list[tuple[str, Parts]]:
    """Templates with something to fill in: the more of the text they give themselves, the earlier they are tried."""
    found = [(text, tuple(text.split("{}"))) for text in read_catalogue() if "{}" in text]
    return sorted(found, key=lambda one: -sum(map(len, one[1])))


@lru_cache(maxsize=4096)
def _candidates(first: str, last: str) -> list[tuple[str, Parts]]:
    """The templates that a text with this first and last character may be made from: few of many, for long lists."""
    return [one for one in _templates() if one[1][0][:1] in {"", first} and one[1][-1][-1:] in {"", last}]


def _filled_in(text: str, parts: Parts) -> list[str] | None:
    """What stands in the places of a template; None where the text is not made from it. In time linear to the text."""
    first, *middle, last = parts
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return None
    values = []
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(part)
    return [*values, text[at:end]]
