"""Chinese text as pinyin with tone digits, so that the voice cannot misread it; exceptions are data.

The voice reads hanzi itself, but not every character of many readings (多音字) right. How words are read is said in
`prompts/zh_CN/readings.toml`: "参保" = "can1 bao3".
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from pypinyin import Style, lazy_pinyin

from voicedesk.catalogue.reading import spoken
from voicedesk.errors import InputError, why
from voicedesk.ivr.wording import CHINESE
from voicedesk.plain_files import read_plain
from voicedesk.texts_folder import shipped_texts

_SHIPPED = shipped_texts() / CHINESE / "readings.toml"
_HANZI = re.compile(r"[\u3400-\u9fff]+")
_THIRD_TONES = re.compile(r"[a-z]+3(?: [a-z]+3)+")
_SYLLABLES = re.compile(r"([a-zü]+[1-5] )*[a-zü]+[1-5]")
_COUNTED = frozenset("个名份次张年天周岁种样步项类家条页套本户期遍部件间段起些百千万亿元")
"""What 一 counts: before these it is no longer of the first tone."""
_NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿第幺点")
"""After these 一 keeps its tone: 二十一个, 第一次."""
_PAUSES = str.maketrans(dict.fromkeys("，、；：,;:", ", ") | dict.fromkeys("。！？!?", ". "))
_UNREADABLE = re.compile(r"[^\W\u3400-\u9fff]|[^\w\s，、；：,;:。！？!?.“”‘’《》（）()「」【】—…·\"'-]")


class Pronunciation:
    """Says how texts are read; `readings` are a word's syllables, which win over the dictionary's."""

    def __init__(self, readings: dict[str, str]) -> None:
        self._readings = readings
        words = sorted(readings, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, words)) if words else r"(?!)")

    def of(self, text: str) -> str:
        """A text as pinyin. Raises InputError that names the digits, letters, signs or rare characters in it."""
        if found := _UNREADABLE.findall(text):
            raise InputError(
                f"{text!r} holds {' '.join(dict.fromkeys(found))}, which nobody can read aloud: write it in the "
                "characters that are spoken; where a hall or line is named so, give it a spoken_name in [[lines]]"
            )
        read = self._own.sub(lambda word: f" {self._readings[word[0]]} ", text)
        read = _HANZI.sub(lambda run: f" {_pinyin(run[0])} ", read)
        if unknown := "".join(_HANZI.findall(read)):  # the dictionary gives back what it does not know
            raise InputError(
                f'{text!r} holds {unknown}, which no dictionary reads: say how in readings.toml: "{unknown}" = "…"'
            )
        read = re.sub(r"[“”‘’《》（）()「」【】—…·\"'-]", " ", read).translate(_PAUSES)
        return " ".join(read.split())


def words_of(text: str, language: str, pronunciation: Pronunciation, *, pinyin: bool = True) -> str:
    """What the voice is given for a text; of Chinese its numbers as they are read, and then `pinyin`, or characters.

    Raises InputError for what nobody can read aloud.
    """
    if language != CHINESE:
        return text
    read = spoken(text)
    as_pinyin = pronunciation.of(read)
    return as_pinyin if pinyin else read


@lru_cache(maxsize=1)
def shipped_pronunciation() -> Pronunciation:
    """The one that is shipped."""
    return Pronunciation(_readings(_SHIPPED))


def load_pronunciation(file: Path) -> Pronunciation:
    """The shipped readings and those of a hall's own file, which win. Raises InputError that names what is wrong."""
    return Pronunciation({**_readings(_SHIPPED), **_readings(file)})


def _readings(file: Path) -> dict[str, str]:
    try:
        readings = tomllib.loads(read_plain(file).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # not UTF-8, no TOML, nested or long without end
        raise InputError(f"{file}: cannot be read: {why(error)}") from error
    for word, read in readings.items():
        if not _HANZI.fullmatch(word) or not isinstance(read, str) or not _SYLLABLES.fullmatch(read):
            raise InputError(f'{file}: {word} = {read!r} is no reading: write "参保" = "can1 bao3"')
        if len(read.split()) != len(word):
            raise InputError(f"{file}: {word} has {len(word)} characters, its reading {len(read.split())} syllables")
    return readings


def _pinyin(text: str) -> str:
    syllables = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    if len(syllables) == len(text):  # a character that the dictionary does not know is given back in a run
        syllables = [_in_company(text, syllables, place) for place in range(len(text))]
    return _THIRD_TONES.sub(_flowing, " ".join(syllables))


def _in_company(text: str, syllables: list[str], place: int) -> str:
    """A syllable as it is said before the next one: 不 rises before a fourth tone, 一 too where it counts something."""
    own, after = syllables[place], "".join(syllables[place + 1 : place + 2])
    if text[place] == "不" and own == "bu4" and after.endswith("4"):
        return "bu2"
    counts = text[place + 1 : place + 2] in _COUNTED and text[place - 1 : place] not in _NUMERALS
    if text[place] == "一" and own == "yi1" and counts and after:
        return "yi2" if after.endswith("4") else "yi4"
    return own


def _flowing(run: re.Match[str]) -> str:
    """Third tones that follow each other: the first of each two rises, and the first two of an odd number do."""
    syllables = run[0].split(" ")
    odd = len(syllables) % 2
    rising = (place == 0 or place % 2 == odd for place in range(len(syllables) - 1))
    turned = [f"{one[:-1]}2" if rises else one for one, rises in zip(syllables, rising, strict=False)]
    return " ".join([*turned, syllables[-1]])
