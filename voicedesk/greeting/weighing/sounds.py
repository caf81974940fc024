"""How far heard syllables sound like wanted ones; where a phrase comes nearest in a heard text, in which wording."""

import re
from dataclasses import dataclass
from functools import lru_cache

from voicedesk.greeting.phrases import DIGITS, Phrase, read_phrase
from voicedesk.greeting.stream import MAX_DIGITS, SPOKEN_DIGITS
from voicedesk.speech.syllables import blurred, rhymes
from voicedesk.speech.written import simplified

MISSED, ADDED = 1.0, 0.7
"""What a wanted syllable costs that was not heard, and a heard one that was not wanted. Chosen: a model hears too much
more often than too little."""
NEAR_HALF, FAR_HALF = 0.3, 0.55
"""What an initial or a final costs that is another one: one that is easily confused, and any other."""
WORST = 6.0
"""A place that costs more is given up: no phrase is as unlike what was heard and still meant."""
_ALIKE = ("fh", "rl", "jz", "qc", "xs", "bp", "dt", "gk", "jq", "zc", "lm", "zs", "cs", "jx", "qx")
_NEAR_INITIALS = frozenset(map(frozenset, _ALIKE))
_INITIAL = re.compile(r"[bpmfdtlgkhjqxrzcs]?")
_HAN = re.compile(r"[\u4e00-\u9fff0-9]")
_REPEATED = re.compile(r"(.{4,}?)\1+.{0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Where a phrase comes nearest: from character `first` to before `last`, how alike (0 to 1), in which wording."""

    alike: float
    first: int
    last: int
    wording: str


_Reached = dict[int, tuple[float, int, str]]


def spoken(text: str) -> str:
    """The characters of a text that are said, simplified, and what a model repeated without end only once."""
    said = "".join(_HAN.findall(simplified(text)))
    repeated = _REPEATED.fullmatch(said)
    return repeated.group(1) if repeated else said


@lru_cache(maxsize=65536)
def unlike(wanted: str, heard: str) -> float:
    """How far two characters sound apart: from 0 for the same sound over a telephone to about 1."""
    first, second = blurred(wanted), blurred(heard)
    if wanted == heard or first & second:
        return 0.0
    initials = 1.0
    for one in first:
        for other in second:
            pair = frozenset((_initial(one), _initial(other)))
            initials = min(initials, 0.0 if len(pair) == 1 else NEAR_HALF if pair in _NEAR_INITIALS else FAR_HALF)
    return min(1.0, initials + _finals_apart(wanted, heard))


def _finals_apart(wanted: str, heard: str) -> float:
    first, second = rhymes(wanted), rhymes(heard)
    if first & second:
        return 0.0
    near = any(one[:1] == other[:1] or one[-1:] == other[-1:] for one in first for other in second)
    return NEAR_HALF if near else FAR_HALF


def _initial(syllable: str) -> str:
    found = _INITIAL.match(syllable)
    return found.group() if found else ""


def nearest(phrase: str, text: str) -> Nearest:
    """Where a phrase of the rules comes nearest in a text of spoken characters, and in which of its wordings."""
    return max(_ways(read_phrase(phrase), text), key=lambda one: (one.alike, len(one.wording), -one.first))


def nearest_to_end(phrase: str, text: str) -> Nearest:
    """The same, where the phrase must go on to the end of the text."""
    ways = [one for one in _ways(read_phrase(phrase), text) if one.last in (0, len(text))]
    return max(ways, key=lambda one: (one.alike, len(one.wording), -one.first))


def alike(phrase: str, text: str) -> float:
    """How alike the nearest place of a text is, from 0 to 1."""
    return nearest(phrase, text).alike


@lru_cache(maxsize=4096)
def _ways(phrase: Phrase, text: str) -> tuple[Nearest, ...]:
    """The best way to each end of the phrase in the text."""

    def step(item: str, reached: _Reached) -> _Reached:
        return _with_number(text, reached) if item == DIGITS else _past(item, text, reached)

    ends = phrase.walk({at: (0.0, at, "") for at in range(len(text) + 1)}, step)
    found = (
        Nearest(alike=max(0.0, 1 - cost / len(wording)), first=first, last=last, wording=wording)
        for last, (cost, first, wording) in ends.items()
        if wording
    )
    return (*found, Nearest(alike=0.0, first=0, last=0, wording=""))


def _past(item: str, text: str, reached: _Reached) -> _Reached:
    """The places behind one more wanted character."""
    after: _Reached = {}
    for place in sorted(reached):
        cost, first, wording = reached[place]
        _reach(after, place, (cost + MISSED, first, wording + item))
        if place < len(text):
            _reach(after, place + 1, (cost + unlike(item, text[place]), first, wording + item))
    for place in range(min(after, default=0), len(text)):
        if place in after:
            cost, first, wording = after[place]
            _reach(after, place + 1, (cost + ADDED, first, wording))
    return after


def _with_number(text: str, reached: _Reached) -> _Reached:
    """The places behind a spoken number, as it was heard."""
    after: _Reached = {}
    for place, (cost, first, wording) in reached.items():
        end = place
        while end < min(len(text), place + MAX_DIGITS) and text[end] in SPOKEN_DIGITS:
            end += 1
            _reach(after, end, (cost, first, wording + text[place:end]))
    return after


def _reach(places: _Reached, place: int, way: tuple[float, int, str]) -> None:
    if way[0] <= WORST and (place not in places or way[0] < places[place][0]):
        places[place] = way
