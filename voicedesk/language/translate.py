"""Says a text of Voicedesk in the language that is spoken (`SPOKEN`): texts are stored and sent as the source has them.

So what one process wrote, such as what came of a request, is read by each person in their own language.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

from voicedesk.language.catalogue import read_catalogue
from voicedesk.words import SPOKEN, Language

LONGEST = 10_000
"""A longer text is none of ours: it is said as it is."""
_DEPTH = 4
"""An error may hold another one's text as its reason, and so on; deeper it is said as it is."""
SEPARATORS = (("\n", "\n"), ("; ", "；"), ("；", "；"), (", ", "，"))
"""What stands between the texts of a list, as the source has it and in Chinese; lines are the widest list."""
_MOST_PARTS = 100
"""A longer list is no answer of ours: it is said as it is, so that no text costs much."""
Parts = tuple[str, ...]
"""A template without its `{}`: what stands before, between and behind."""


def translated(text: str, language: Language | None = None, *, of_parts: bool = False) -> str:
    """The text in a language, else in the one that is spoken. What the catalogue does not know stays as it is.

    `of_parts`: it may be a list of our texts (an answer, an error), and each is said by itself. Never so for what holds
    stored texts or settings: one that happens to be like a text of ours would be changed.
    """
    language = language or SPOKEN.get()
    if language is None or len(text) > LONGEST:
        return text
    return _said(text, 0 if language is Language.CHINESE else 1, _DEPTH, of_parts=of_parts)


def _said(text: str, index: int, depth: int, *, of_parts: bool) -> str:
    known = read_catalogue().get(text)
    if known is not None:
        return known[index]
    if of_parts and (lines := _each_said(text, index, depth, SEPARATORS[:1])) != text:
        return lines  # before the templates: one of the first line would take all lines below for its last value
    if depth:
        for template, parts in _candidates(text[:1], text[-1:]):
            values = _filled_in(text, parts)
            if values is not None:
                inner = [_said(value, index, depth - 1, of_parts=of_parts) for value in values]
                return read_catalogue()[template][index].format(*inner)
    return _each_said(text, index, depth, SEPARATORS[1:]) if of_parts else text


def _each_said(text: str, index: int, depth: int, separators: Sequence[tuple[str, str]]) -> str:
    """A list of texts, each said by itself; as it is where the catalogue knows none of them."""
    for between, in_chinese in separators:
        parts = text.split(between, _MOST_PARTS)
        if not 1 < len(parts) <= _MOST_PARTS:
            continue
        said = [_said(part, index, depth, of_parts=True) for part in parts]
        if said != parts:
            return (between if index else in_chinese).join(said)
    return text


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
