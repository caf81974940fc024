"""The phrases of the hall, and sentences made from them at random."""

import random
import tomllib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tools.speech_model.syllables import TEXT, spelling

NAME = "{name}"


class Part(NamedTuple):
    """A stretch of a sentence: what it is for (hello, department, matter, …) and its words, parted by spaces."""

    kind: str
    text: str


class Phrases:
    """Phrase lists by kind, and the choice among them."""

    def __init__(self, lists: dict[str, list[str]]) -> None:
        self.lists = lists

    def pick(self, rng: random.Random, kind: str) -> str:
        """One phrase of a kind, with everything in braces filled in, except a name that nobody foresaw."""
        return self.fill(rng, rng.choice(self.lists[kind]))

    def fill(self, rng: random.Random, text: str) -> str:
        """Put phrases of other lists where a template has braces."""
        for kind in ("item", "department", "count"):
            while "{" + kind + "}" in text:
                text = text.replace("{" + kind + "}", rng.choice(self.lists[kind]), 1)
        while "{digits}" in text:
            text = text.replace("{digits}", self._digits(rng), 1)
        return text

    def _digits(self, rng: random.Random) -> str:
        return " ".join(rng.choice(self.lists["digit"]) for _ in range(rng.choice((2, 3, 4, 5, 7, 8))))

    def department(self, rng: random.Random, unforeseen: float) -> Part:
        """A department as staff name it; with the given probability one whose name is free syllables."""
        kind = "name" if rng.random() < unforeseen else "department"
        return Part("department", f"{rng.choice(self.lists['lead'])} {rng.choice(self.lists[kind])}".strip())

    def greeting(self, rng: random.Random, unforeseen: float) -> list[Part]:
        """Hello, department and matter in their order."""
        return [
            Part("hello", self.pick(rng, "hello")),
            self.department(rng, unforeseen),
            Part("matter", self.pick(rng, "matter")),
        ]

    def sentence(self, rng: random.Random, unforeseen: float = 0.2) -> list[Part]:
        """One thing that staff say on the telephone, in parts."""
        roll = rng.random()
        if roll < 0.42:
            return self._greeting_as_it_comes(rng, unforeseen)
        kind = next(kind for limit, kind in _OTHERS if roll < limit)
        parts = [Part(kind, self.pick(rng, kind))]
        if kind == "callback" and rng.random() < 0.6:
            parts = self.greeting(rng, unforeseen)[:2] + parts
        if kind == "number" and rng.random() < 0.5:
            parts = [Part("hello", self.pick(rng, "hello")), *parts, Part("matter", self.pick(rng, "matter"))]
        if kind in ("reply", "forbidden") and rng.random() < 0.25:
            parts.insert(0, Part("filler", self.pick(rng, "filler")))
        if kind in ("forbidden", "courtesy") and rng.random() < 0.2:
            parts.append(Part("courtesy", self.pick(rng, "courtesy")))
        return parts

    def _greeting_as_it_comes(self, rng: random.Random, unforeseen: float) -> list[Part]:
        parts, roll = self.greeting(rng, unforeseen), rng.random()
        if roll < 0.15:
            rng.shuffle(parts)
        elif roll < 0.40:
            parts = [part for part in parts if rng.random() < 0.6] or parts[:1]
        if rng.random() < 0.08:
            parts.append(Part("courtesy", self.pick(rng, "courtesy")))
        return parts


# kinds other than greetings, each with the upper end of its share
_OTHERS = (
    (0.54, "forbidden"),
    (0.58, "exempt"),
    (0.63, "polite"),
    (0.70, "courtesy"),
    (0.76, "callback"),
    (0.79, "number"),
    (0.86, "ask"),
    (0.95, "reply"),
    (1.01, "alone"),
)


@cache
def phrases_in(name: str) -> Phrases:
    """The phrases of a file in the folder `text`."""
    return Phrases(tomllib.loads((TEXT / name).read_text(encoding="utf-8")))


def shipped() -> Phrases:
    """The phrases of the embedded model."""
    return phrases_in("phrases.toml")


def name_spelled(rng: random.Random, text: str) -> str:
    """Replace the unforeseen name in a text by two to five one-character words at random."""
    characters: Sequence[str] = tuple(spelling().values())
    while NAME in text:
        text = text.replace(NAME, " ".join(rng.choice(characters) for _ in range(rng.randint(2, 5))), 1)
    return text
