"""The automaton from phones to words (Kaldi's L), its phones already written as the labels of their states.

Between words there may be silence. Words that sound the same, or of which one begins another, end in a mark of their
own, as does silence, so that the automaton can be made deterministic; decoding takes the marks for nothing.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.speech_model.acoustic import forward, placed_phones
from tools.speech_model.automaton import NOTHING, Automaton
from tools.speech_model.lexicon import BACKOFF, Lexicon
from tools.speech_model.syllables import SILENCE

_HALF = math.log(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronouncing:
    """The automaton, and its marks."""

    automaton: Automaton
    marks: tuple[int, ...]


def labels_of(phones: Sequence[str]) -> tuple[int, ...]:
    """The state labels of a word's phones by their place in it."""
    numbers = placed_phones()
    if len(phones) == 1:
        return (forward(numbers[phones[0] + "_S"]),)
    places = ["_B", *["_I"] * (len(phones) - 2), "_E"]
    return tuple(forward(numbers[phone + place]) for phone, place in zip(phones, places, strict=True))


def pronouncing(lexicon: Lexicon) -> Pronouncing:
    """Build it for a vocabulary."""
    ids = lexicon.ids()
    first_mark = forward(len(placed_phones())) + 1
    word_mark = first_mark + 2
    said = [(ids[p.word], labels_of(p.phones), p.cost) for p in lexicon.pronunciations()]
    how_many = Counter(labels for _, labels, _ in said)
    beginnings = {labels[:n] for _, labels, _ in said for n in range(1, len(labels))}
    used: Counter[tuple[int, ...]] = Counter()
    built = Automaton()
    between, silence, after_silence = built.state(), built.state(), built.state()
    built.finals[between] = 0.0
    _maybe_silence(built, 0, (NOTHING, NOTHING), 0.0, (between, silence))
    built.add(silence, forward(placed_phones()[SILENCE]), NOTHING, 0.0, after_silence)
    built.add(after_silence, first_mark, NOTHING, 0.0, between)
    built.add(between, first_mark + 1, ids[BACKOFF], 0.0, between)
    for word, labels, cost in said:
        path = list(labels)
        if how_many[labels] > 1 or labels in beginnings:
            path.append(word_mark + used[labels])
            used[labels] += 1
        _add_word(built, word, path, cost, (between, silence))
    marks = range(first_mark, word_mark + max(used.values(), default=0))
    return Pronouncing(automaton=built, marks=tuple(marks))


def _add_word(built: Automaton, word: int, path: Sequence[int], cost: float, ends: tuple[int, int]) -> None:
    """A word's path out of the state between words and back there; its first arc gives the word."""
    state, given = ends[0], word
    for label in path[:-1]:
        following = built.state()
        built.add(state, label, given, cost, following)
        state, given, cost = following, NOTHING, 0.0
    _maybe_silence(built, state, (path[-1], given), cost, ends)


def _maybe_silence(built: Automaton, source: int, labels: tuple[int, int], cost: float, ends: tuple[int, int]) -> None:
    """The same arc twice: straight to the next word, and to the silence before it."""
    for end in ends:
        built.add(source, *labels, cost + _HALF, end)
