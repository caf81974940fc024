"""How a word is read: pinyin with tone digits, by the pinyin dictionary and our corrections to it."""

import tomllib
from functools import cache

from pypinyin import Style, lazy_pinyin

from tools.speech_model.syllables import TEXT


@cache
def _corrections() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads((TEXT / "readings.toml").read_text(encoding="utf-8"))
    return {word: tuple(reading.split()) for word, reading in table.items()}


@cache
def toned(word: str) -> tuple[str, ...]:
    """The syllables of a word of Chinese characters, each with its tone digit: 您好 → nin2 hao3."""
    if word in _corrections():
        return _corrections()[word]
    found = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return tuple(syllable.replace("ü", "v") for syllable in found)


def toneless(word: str) -> tuple[str, ...]:
    """The same without tones: 您好 → nin hao."""
    return tuple(syllable[:-1] for syllable in toned(word))
