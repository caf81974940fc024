"""A transcript as a stream of syllables, and phrases found in it by their characters or by their sound.

A recogniser cuts words where it likes, so words are joined and never compared as such. It gives times per word: the
syllables of a word share its time evenly. Nothing is found across a longer pause.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from voicedesk.greeting.phrases import DIGITS, Phrase, Places, read_phrases
from voicedesk.speech.syllables import blurred, readings
from voicedesk.speech.transcript import Word

PAUSE_SECONDS = 1.2
"""A phrase goes on over a shorter pause. Chosen, not measured on people: three times the pause that settles what was
said."""
SPOKEN_DIGITS = frozenset("零〇一二三四五六七八九十百千两幺洞拐勾0123456789")
MAX_DIGITS = 8
"""So many digits a staff number may have where a phrase leaves room for one. Chosen: a longer run of digits
is a telephone or identity number, and is masked (privacy.py)."""
UNKNOWN = "〓"
"""How an unknown syllable is shown: the typesetter's mark for a character that is missing."""
SYLLABLE_SECONDS = 0.25
"""How long a syllable takes where only the length of unknown speech is known. Chosen: clear Mandarin has about
four a second."""
_ALIKE, _BLURRED, _UNKNOWN = 1, 100, 10_000
"""What a syllable costs that is not the very character: a sum tells how many there are of each kind."""


class Match(StrEnum):
    """How a phrase was found: by its very characters, or only by their sound, which is weaker."""

    EXACT = "exact"
    PINYIN = "pinyin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllable:
    """One character as heard, or one unknown syllable."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A phrase in the stream, from syllable `first` to before `last`.

    `cost` is 0 for its very characters, and more the less surely it was heard.
    """

    phrase: str
    first: int
    last: int
    cost: int

    @property
    def match(self) -> Match:
        """By characters or by sound."""
        return Match.PINYIN if self.cost else Match.EXACT

    @property
    def alike(self) -> int:
        """Syllables that are other characters of the same sound."""
        return self.cost % _BLURRED

    @property
    def blurred(self) -> int:
        """Syllables that only sound alike over a telephone."""
        return self.cost // _BLURRED % _BLURRED

    @property
    def unknown(self) -> int:
        """Syllables that were taken on trust."""
        return self.cost // _UNKNOWN

    def overlaps(self, other: "Found") -> bool:
        """True if they have a syllable in common."""
        return self.first < other.last and other.first < self.last

    def covers(self, other: "Found") -> bool:
        """True if the other lies wholly within."""
        return self.first <= other.first and other.last <= self.last


class Stream:
    """The syllables of a transcript; a long pause stands among them as one without text, which nothing matches."""

    def __init__(self, words: Iterable[Word]) -> None:
        self.syllables: list[Syllable] = []
        for word in sorted(words, key=lambda one: (one.start_seconds, one.end_seconds)):
            last = self.syllables[-1].end_seconds if self.syllables else word.start_seconds
            if word.start_seconds - last > PAUSE_SECONDS:
                self.syllables.append(
                    Syllable(text="", start_seconds=last, end_seconds=word.start_seconds, confidence=1.0)
                )
            self.syllables += _cut(word)
        self._sounds: dict[str, list[int]] = {}
        for at, one in enumerate(self.syllables):
            for sound in _sounds_of(one.text):
                self._sounds.setdefault(sound, []).append(at)
        self._places: dict[str, Sequence[int]] = {}
        self._found: dict[str, Sequence[Found]] = {}
        self._found_any: dict[tuple[str, ...], Sequence[Found]] = {}

    def find(self, phrase: Phrase) -> Sequence[Found]:
        """Every place where the phrase is said, from each start the longest and surest; none inside another."""
        if phrase.text not in self._found:
            self._found[phrase.text] = self._find(phrase)
        return self._found[phrase.text]

    def _find(self, phrase: Phrase) -> Sequence[Found]:
        found: list[Found] = []
        for start in sorted({at for item in phrase.first for at in self._places_of(item)}):
            ends = phrase.ends(start, self._walk)
            if ends:
                last = min(ends, key=lambda end: (ends[end] // _UNKNOWN, -end))
                found.append(Found(phrase=phrase.text, first=start, last=last, cost=ends[last]))
        return _outermost(found)

    def find_any(self, texts: tuple[str, ...]) -> Sequence[Found]:
        """Every place where one of the phrases is said, none inside another; in order."""
        if texts not in self._found_any:
            phrases = read_phrases(texts)
            said = {item for phrase in phrases for item in phrase.first if self._places_of(item)}
            begun = (phrase for phrase in phrases if not phrase.first.isdisjoint(said))
            self._found_any[texts] = _outermost([one for phrase in begun for one in self.find(phrase)])
        return self._found_any[texts]

    def said(self, found: Found) -> str:
        """The characters that were heard there; an unknown syllable is shown as "〓"."""
        return "".join(syllable.text for syllable in self.syllables[found.first : found.last])

    def start_of(self, found: Found) -> float:
        """Seconds at which it begins."""
        return self.syllables[found.first].start_seconds

    def end_of(self, found: Found) -> float:
        """Seconds at which it ends."""
        return self.syllables[found.last - 1].end_seconds

    def confidence_of(self, found: Found) -> float:
        """The mean confidence of its syllables."""
        heard = self.syllables[found.first : found.last]
        return sum(syllable.confidence for syllable in heard) / len(heard)

    def _places_of(self, item: str) -> Sequence[int]:
        """Where an item is said: many phrases begin alike, and most places are the beginning of none."""
        if item not in self._places:
            sounds = [DIGITS] if item == DIGITS else [*blurred(item), UNKNOWN]
            self._places[item] = sorted({at for sound in sounds for at in self._sounds.get(sound, ())})
        return self._places[item]

    def _walk(self, item: str, places: Places) -> Places:
        reached: Places = {}
        for place, cost in places.items():
            if item == DIGITS:
                reached |= dict.fromkeys(self._ends_of_number(place), cost)
            elif place < len(self.syllables):
                more = _cost_of(item, self.syllables[place].text)
                if more is not None:
                    reached[place + 1] = min(cost + more, reached.get(place + 1, cost + more))
        return reached

    def _ends_of_number(self, place: int) -> range:
        """Where a spoken number of at most MAX_DIGITS digits may end."""
        end = place
        while end < min(len(self.syllables), place + MAX_DIGITS) and self.syllables[end].text in SPOKEN_DIGITS:
            end += 1
        return range(place + 1, end + 1)


@lru_cache(maxsize=16)
def stream_of(words: tuple[Word, ...]) -> Stream:
    """The stream of some words; the same one for who asks again at once, with all that was found in it."""
    return Stream(words)


def _cut(word: Word) -> list[Syllable]:
    """The syllables of a word; an unknown stretch of speech counts as many as fit into its time."""
    if word.is_unknown:
        texts = [UNKNOWN] * max(1, round((word.end_seconds - word.start_seconds) / SYLLABLE_SECONDS))
    else:
        texts = list(word.text)
    each = (word.end_seconds - word.start_seconds) / len(texts)
    return [
        Syllable(
            text=text,
            start_seconds=word.start_seconds + place * each,
            end_seconds=word.start_seconds + (place + 1) * each,
            confidence=word.confidence,
        )
        for place, text in enumerate(texts)
    ]


def _sounds_of(heard: str) -> Iterable[str]:
    """What a syllable may be taken for: its sounds over a telephone, a digit, or anything where it is unknown."""
    if heard in ("", UNKNOWN):
        return (heard,)
    return (*blurred(heard), DIGITS) if heard in SPOKEN_DIGITS else blurred(heard)


@lru_cache(maxsize=65536)
def _cost_of(item: str, heard: str) -> int | None:
    """0 for the very character, more the less alike they sound, None where they do not."""
    if item == heard:
        return 0
    if heard == UNKNOWN:
        return _UNKNOWN
    if not heard:
        return None
    if readings(item) & readings(heard):
        return _ALIKE
    return _BLURRED if blurred(item) & blurred(heard) else None


def _outermost(found: list[Found]) -> list[Found]:
    """Without what lies inside another one, or says the same place less surely; in order."""
    ranked = sorted(found, key=lambda one: (one.unknown, one.first - one.last, one.cost, one.first))
    kept: list[Found] = []
    for one in ranked:
        if not any(other.covers(one) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: (one.first, one.last))
