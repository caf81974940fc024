"""The vocabulary: the words of the phrases, one character word for every syllable, and `[unk]`."""

import math
from dataclasses import dataclass
from functools import cache

from tools.speech_model.phrases import Phrases
from tools.speech_model.readings import toneless
from tools.speech_model.syllables import phones_of, spelling

UNKNOWN = "[unk]"
EPSILON = "<eps>"
BACKOFF = "#0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronunciation:
    """A word, the phones it is said with, and what choosing this way of saying it costs (negative natural log)."""

    word: str
    phones: tuple[str, ...]
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Words the phrases are made of, and the character words that spell whatever else is said."""

    domain: tuple[str, ...]
    spellers: dict[str, str]
    """Every syllable and its character word: one of the domain's own where it has one, so no two sound alike."""

    @property
    def words(self) -> tuple[str, ...]:
        """All words that can be recognised, `[unk]` last."""
        extra = sorted(set(self.spellers.values()) - set(self.domain))
        return (*self.domain, *extra, UNKNOWN)

    def ids(self) -> dict[str, int]:
        """Word numbers as the graphs use them; 0 is no word, the last is the mark of a back-off."""
        return {word: number for number, word in enumerate((EPSILON, *self.words, BACKOFF))}

    def pronunciations(self) -> list[Pronunciation]:
        """Every word with its phones; `[unk]` is any one syllable."""
        said = [Pronunciation(word=word, phones=phones_of_word(word)) for word in self.words[:-1]]
        any_of = math.log(len(self.spellers))
        unknown = [Pronunciation(word=UNKNOWN, phones=phones_of(s), cost=any_of) for s in self.spellers]
        return [*said, *unknown]


def phones_of_word(word: str) -> tuple[str, ...]:
    """The phones of a word of Chinese characters."""
    return tuple(phone for syllable in toneless(word) for phone in phones_of(syllable))


def words_of(phrases: Phrases) -> list[str]:
    """The words that occur in phrases, sorted."""
    texts = (text for texts in phrases.lists.values() for text in texts)
    return sorted({word for text in texts for word in text.split() if "{" not in word})


@cache
def lexicon_of(phrases: Phrases) -> Lexicon:
    """The vocabulary for phrases."""
    domain = words_of(phrases)
    own: dict[tuple[str, ...], str] = {}
    for word in domain:
        if len(word) == 1:
            own.setdefault(phones_of_word(word), word)
    spellers = {syllable: own.get(phones_of(syllable), char) for syllable, char in spelling().items()}
    return Lexicon(domain=tuple(domain), spellers=spellers)
