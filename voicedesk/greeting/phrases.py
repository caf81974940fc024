"""Phrases as supervisors write them: `[您]` may be left out, `(办理|咨询)` is one of them, `{digits}` a spoken number.

No other sign means anything. A phrase is walked with sets of places, so that none can take for ever however it is
written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from voicedesk.errors import InputError

DIGITS = "{digits}"
MAX_LENGTH = 400
MAX_DEPTH = 10
"""Bounds for a phrase of the rules, chosen far above any phrase that people say: a wrong file is refused, not searched
with."""
_SIGNS = frozenset("[]()|{}")
_IGNORED = frozenset(" \u3000\n,，.。!！?？、;；:：…“”\"'《》-—")


Cost = TypeVar("Cost", int, tuple[float, int, str])
"""What a place costs; with the number of syllables alike, or also with where it began and in which wording."""
Places = dict[int, int]
"""Places in a text that were reached, each with the lowest cost of getting there."""
Step = Callable[[str, Places], Places]
"""From some places past one item, a character or DIGITS: what a text says of it, and at what cost."""
_Begins = tuple[frozenset[str], bool]
"""The items that may come first, and whether there may be none at all."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One character, or DIGITS."""

    text: str

    def walk(self, places: dict[int, Cost], step: Callable[[str, dict[int, Cost]], dict[int, Cost]]) -> dict[int, Cost]:
        return step(self.text, places)

    def begins(self) -> _Begins:
        return frozenset({self.text}), False


@dataclass(frozen=True, slots=True)
class _OneAfterAnother:
    parts: tuple["_Node", ...]

    def walk(self, places: dict[int, Cost], step: Callable[[str, dict[int, Cost]], dict[int, Cost]]) -> dict[int, Cost]:
        for part in self.parts:
            if not places:
                break
            places = part.walk(places, step)
        return places

    def begins(self) -> _Begins:
        first: frozenset[str] = frozenset()
        for part in self.parts:
            more, may_be_empty = part.begins()
            first |= more
            if not may_be_empty:
                return first, False
        return first, True


@dataclass(frozen=True, slots=True)
class _OneOf:
    parts: tuple["_Node", ...]

    def walk(self, places: dict[int, Cost], step: Callable[[str, dict[int, Cost]], dict[int, Cost]]) -> dict[int, Cost]:
        reached: dict[int, Cost] = {}
        for part in self.parts:
            for place, cost in part.walk(places, step).items():
                if place not in reached or cost < reached[place]:
                    reached[place] = cost
        return reached

    def begins(self) -> _Begins:
        each = [part.begins() for part in self.parts]
        return frozenset().union(*(first for first, _ in each)), any(may_be_empty for _, may_be_empty in each)


_Node = _Item | _OneAfterAnother | _OneOf


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, in all the ways in which it may be said; it begins with one of the items `first`."""

    text: str
    root: _Node
    first: frozenset[str]

    def ends(self, start: int, step: Step) -> Places:
        """Where the phrase may end if it begins at `start`, each with its cost; `step` reads the text."""
        return self.root.walk({start: 0}, step)

    def walk(self, places: dict[int, Cost], step: Callable[[str, dict[int, Cost]], dict[int, Cost]]) -> dict[int, Cost]:
        """Where the phrase may end if it begins at one of `places`; `step` reads the text."""
        return self.root.walk(places, step)


@lru_cache(maxsize=4096)
def read_phrase(text: str) -> Phrase:
    """The phrase that a rule's text means; punctuation and spaces do not count.

    Raises InputError that names the phrase where brackets do not fit or where nothing need be said.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"the phrase {text[:20]!r}… is longer than {MAX_LENGTH} characters: divide it")
    reader = _Reader(text)
    root = reader.alternatives(0)
    if reader.rest:
        raise InputError(f"the phrase {text!r} has a {reader.rest[0]!r} too many: correct its brackets")
    first, may_be_empty = root.begins()
    if may_be_empty:
        raise InputError(f"the phrase {text!r} may be empty: at least one character must always be said")
    return Phrase(text, root, first)


@lru_cache(maxsize=256)
def read_phrases(texts: tuple[str, ...]) -> tuple[Phrase, ...]:
    """The phrases that texts of a rule set mean. Raises InputError as `read_phrase` does."""
    return tuple(map(read_phrase, texts))


def plain(text: str) -> str:
    """A name without what is not spoken: spaces and punctuation."""
    return "".join(character for character in text if character not in _IGNORED)


class _Reader:
    """Reads the notation; `rest` is what is still to be read."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self._text = text

    def alternatives(self, depth: int) -> _Node:
        """Everything up to the end of a bracket; bars divide it."""
        if depth > MAX_DEPTH:
            raise InputError(f"the phrase {self._text!r} has brackets more than {MAX_DEPTH} deep: divide it")
        parts = [self._sequence(depth)]
        while self.rest.startswith("|"):
            self.rest = self.rest[1:]
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else _OneOf(tuple(parts))

    def _sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self.rest and self.rest[0] not in "|)]":
            part = self._part(depth)
            if part is not None:
                parts.append(part)
        return _OneAfterAnother(tuple(parts))

    def _part(self, depth: int) -> _Node | None:
        if self.rest.startswith(DIGITS):
            self.rest = self.rest[len(DIGITS) :]
            return _Item(DIGITS)
        sign, self.rest = self.rest[0], self.rest[1:]
        if sign in "[(":
            inner = self.alternatives(depth + 1)
            closing = "]" if sign == "[" else ")"
            if not self.rest.startswith(closing):
                raise InputError(f"the phrase {self._text!r} lacks a closing {closing!r}: correct its brackets")
            self.rest = self.rest[1:]
            return _OneOf((inner, _OneAfterAnother(()))) if sign == "[" else inner
        if sign in _SIGNS:
            raise InputError(f"the phrase {self._text!r} has a {sign!r}: only [ ], ( | ) and {DIGITS} mean anything")
        return None if sign in _IGNORED else _Item(sign)
