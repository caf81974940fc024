"""How much of a prompt was understood: the syllables of its text beside those of what an ear wrote down.

Tones and characters that sound alike are forgiven, and so is how a number was written: an ear writes 人才 for 人材 and
200 for 二百, and has understood both.
"""

import re
from dataclasses import dataclass

from voicedesk.catalogue.reading import digit_by_digit, spoken

UNCLEAR = 1 / 3
"""A prompt of which a larger share of the syllables was not understood is unclear."""
LEAST_SYLLABLES = 4
"""An ear for sentences cannot judge a shorter text: 三月 alone says little."""
_DIGITS = re.compile("[0-9]+")
_TWICE, _LOOP = re.compile(r"^(.{2,})\1$"), re.compile(r"(.{2,}?)\1{2,}.*$")
"""An ear may write a short text twice, or its end over and over; nobody who listens hears it so."""
_FIRST = 3
_SAME = str.maketrans("幺两", "一二")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarity:
    """What an ear heard of a text: of so many syllables, so many were lost, put in or changed."""

    heard: str
    wrong: int
    of: int

    @property
    def share(self) -> float:
        """The share of the syllables that was not understood, at most 1."""
        return self.wrong / self.of if self.of else 0.0

    @property
    def is_unclear(self) -> bool:
        """Whether too little was understood for callers to be told this."""
        return self.share > UNCLEAR


def compared(text: str, heard: str) -> Clarity:
    """A text beside what was heard of it."""
    said = syllables_of(text)
    once = _TWICE.sub(r"\1", _LOOP.sub(r"\1", heard))
    again = [once[:start] for start in _restarts(once)]
    one_by_one = _DIGITS.sub(lambda digits: digit_by_digit(digits[0]), once)  # 幺三 may be written as 13
    wrong = min(_changes(said, syllables_of(form)) for form in dict.fromkeys((heard, once, one_by_one, *again)))
    return Clarity(heard=heard, wrong=min(wrong, len(said)), of=len(said))


def _restarts(heard: str) -> list[int]:
    """Where what was heard begins anew with its own first characters."""
    first = heard[:_FIRST]
    return [at for at in range(1, len(heard)) if heard.startswith(first, at)] if len(first) == _FIRST else []


def syllables_of(text: str) -> list[str]:
    """The syllables of a text without tones, its numbers as they are read."""
    from pypinyin import lazy_pinyin  # its tables take 50 MB and half a second: only who reads Chinese aloud needs them

    read = spoken(text).translate(_SAME)
    return lazy_pinyin("".join(one for one in read if "\u3400" <= one <= "\u9fff"))


def _changes(said: list[str], heard: list[str]) -> int:
    """The fewest syllables lost, put in or changed that make the one from the other."""
    row = list(range(len(heard) + 1))
    for place, one in enumerate(said, 1):
        before, row = row, [place]
        for at, other in enumerate(heard):
            row.append(min(before[at] + (one != other), before[at + 1] + 1, row[at] + 1))
    return row[-1]
