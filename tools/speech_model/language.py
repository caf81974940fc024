"""The automaton of sentences (Kaldi's G): word pairs counted in generated sentences, and names that nobody foresaw.

Such a name is spelled: a run of character words, each syllable as likely as the next, entered where a sentence has a
name and, dearer, anywhere. `[unk]` is a dearer run of any syllables: it wins only over nothing at all.
"""

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tools.speech_model.automaton import NOTHING, Automaton
from tools.speech_model.lexicon import BACKOFF, UNKNOWN, Lexicon
from tools.speech_model.phrases import NAME, Phrases

BEGIN, END = "<s>", "</s>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """How likely what was never counted is."""

    discount: float = 0.5
    """Taken off every count of a pair, and given to pairs never seen."""
    other: float = 0.05
    """After any word, at least this for what never followed it: wordings that nobody foresaw are the rule."""
    floor: float = 0.05
    """Of all words, the part shared evenly by the vocabulary."""
    spelled: float = 0.05
    """Of all words, the beginnings of spelled names."""
    spelled_on: float = 0.72
    """After a spelled syllable, another."""
    unknown: float = 0.005
    """Of all words, `[unk]`."""
    unknown_on: float = 0.6
    nothing: float = 0.3
    """No word at all: else every noise would have to become one."""
    sentences: int = 60_000
    seed: int = 3


@dataclass(slots=True)
class Counts:
    """How often words follow words; `{name}` stands for a spelled name."""

    pairs: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    words: Counter[str] = field(default_factory=Counter)


def counted(phrases: Phrases, odds: Odds) -> Counts:
    """Count the words of generated sentences."""
    rng, counts = random.Random(odds.seed), Counts()
    for _ in range(odds.sentences):
        words = [word for part in phrases.sentence(rng) for word in part.text.split()]
        for first, second in zip([BEGIN, *words], [*words, END], strict=True):
            counts.pairs[first][second] += 1
        counts.words.update([*words, END])
    return counts


def single_odds(counts: Counts, lexicon: Lexicon, odds: Odds) -> dict[str, float]:
    """How likely each word is whatever came before."""
    names = counts.words[NAME]
    total = sum(counts.words.values()) - names
    known = (*lexicon.domain, END)
    share = 1 - odds.spelled - odds.unknown
    even = odds.floor / len(known)
    chances = {word: share * ((1 - odds.floor) * counts.words[word] / total + even) for word in known}
    return chances | {NAME: odds.spelled, UNKNOWN: odds.unknown}


class _Builder:
    """State 0 begins a sentence; `history` is the state after each word, that of None after words never counted."""

    def __init__(self, lexicon: Lexicon, odds: Odds, counts: Counts) -> None:
        self.odds, self.counts = odds, counts
        self.ids = lexicon.ids()
        self.spellers = sorted(set(lexicon.spellers.values()))
        self.singles = single_odds(counts, lexicon, odds)
        self.built = Automaton()
        self.anything = self.built.state()
        self.name = self.built.state()
        self.history = {BEGIN: 0}
        for word in (*lexicon.domain, NAME):
            self.history[word] = self.built.state() if counts.pairs.get(word) else self.anything

    def sentences(self) -> Automaton:
        """The whole automaton."""
        self.built.finals[0] = _cost(self.odds.nothing)
        for word, chance in self.singles.items():
            self._follow(self.anything, word, chance)
        for word in (BEGIN, *self.history):
            if self.counts.pairs.get(word) and self.history[word] != self.anything:
                self._pairs(word)
        self._spelled_names()
        return self.built

    def _pairs(self, word: str) -> None:
        """Words counted after a word, and the way to all others."""
        following, state = self.counts.pairs[word], self.history[word]
        total = following.total()
        left = self.odds.discount * len(following) / total
        for second, count in sorted(following.items()):
            chance = (count - self.odds.discount) / total + left * self.singles.get(second, 0.0)
            self._follow(state, second, chance)
        self._back_off(state, max(left, self.odds.other), self.anything)

    def _follow(self, state: int, word: str, chance: float) -> None:
        if word == END:
            known = self.built.finals.get(state)
            self.built.finals[state] = _cost(chance) if known is None else min(known, _cost(chance))
        elif word == NAME:
            self._back_off(state, chance, self.name)
        elif word == UNKNOWN:
            self._unknown(state, chance)
        else:
            self.built.add(state, self.ids[word], self.ids[word], _cost(chance), self.history[word])

    def _spelled_names(self) -> None:
        """One syllable or more, then whatever follows a name."""
        inside, even = self.built.state(), 1 / len(self.spellers)
        for word in self.spellers:
            number = self.ids[word]
            self.built.add(self.name, number, number, _cost(even), inside)
            self.built.add(inside, number, number, _cost(even * self.odds.spelled_on), inside)
        self._back_off(inside, 1 - self.odds.spelled_on, self.history[NAME])

    def _unknown(self, state: int, chance: float) -> None:
        inside, number = self.built.state(), self.ids[UNKNOWN]
        self.built.add(state, number, number, _cost(chance), inside)
        self.built.add(inside, number, number, _cost(self.odds.unknown_on), inside)
        self._back_off(inside, 1 - self.odds.unknown_on, self.anything)

    def _back_off(self, state: int, chance: float, target: int) -> None:
        """Only between words, by a mark of its own: taken freely it would make the whole graph ten times larger."""
        self.built.add(state, self.ids[BACKOFF], NOTHING, _cost(chance), target)


def _cost(chance: float) -> float:
    return -math.log(chance)


def sentences(phrases: Phrases, lexicon: Lexicon, odds: Odds) -> Automaton:
    """Build the automaton of what staff say."""
    return _Builder(lexicon, odds, counted(phrases, odds)).sentences()
