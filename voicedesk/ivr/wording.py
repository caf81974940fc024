"""What the IVR says around the items: templates of the frame, split into texts that are prompts of their own."""

import re
from collections.abc import Iterable, Iterator, Mapping

from voicedesk.ivr.model import Spoken, Texts

Frame = Mapping[str, str]
"""Key to template, as in prompts/zh_CN/frame.toml."""

CHINESE, ENGLISH = "zh_CN", "en"
WELCOME, WELCOME_NAMED = "welcome", "welcome_named"
"""What callers hear first, and its template for a hall or line that is named: it is spoken in one piece."""
RECORDING_NOTICE = "recording_notice"
"""What the dialplan plays before anything is recorded."""
_PLACE = re.compile(r"\{(\w+)\}")
_EDGES = " ：:，,。."
_DIGITS = {
    CHINESE: tuple("零幺二三四五六七八九"),
    ENGLISH: ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
_ONE = "一"
_TENS = ("", "十", "二十", "三十")
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Wording:
    """The frames of every language; `say` gives texts in one of them."""

    def __init__(self, frames: Mapping[str, Frame]) -> None:
        self._frames = frames

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are, Chinese first."""
        return tuple(self._frames)

    def with_welcome(self, text: str) -> "Wording":
        """The same with another Chinese welcome."""
        return Wording({**self._frames, CHINESE: {**self._frames[CHINESE], WELCOME: text}})

    def say(self, key: str, language: str, /, **values: Texts) -> Texts:
        """A template's texts, with values put in where it names them."""
        return tuple(_filled(self._frames[language][key], language, values))


def _filled(template: str, language: str, values: Mapping[str, Texts]) -> Iterator[Spoken]:
    for place, text in enumerate(_split(template)):
        if place % 2:
            yield from values[text]
        elif text:
            yield Spoken(text=text, language=language)


def _split(template: str) -> list[str]:
    """Texts and names of values in turn, beginning with a text; without values the template itself."""
    found = _PLACE.split(template)
    return found if len(found) == 1 else [text if place % 2 else text.strip(_EDGES) for place, text in enumerate(found)]


def digits(text: str, language: str) -> Texts:
    """A number digit by digit; 1 is read as yāo, as on the telephone."""
    return tuple(
        Spoken(text=_DIGITS[language][int(digit)], language=language) for digit in text if digit in "0123456789"
    )


def key_name(key: str, language: str) -> Texts:
    """The name of a digit key."""
    return (Spoken(text=_ONE, language=language),) if (key, language) == ("1", CHINESE) else digits(key, language)


def date(month: int, day: int, language: str) -> Texts:
    """A day of a year."""
    if language == CHINESE:
        return (Spoken(text=f"{_number(month)}月"), Spoken(text=f"{_number(day)}日"))
    return (
        Spoken(text=_ENGLISH_MONTHS[month - 1], language=language),
        Spoken(text=str(day), language=language),
    )


def frame_texts(frame: Frame, language: str) -> tuple[str, ...]:
    """Every text of a frame that is a prompt, with the digits and dates that are put in; each once."""
    in_pieces = (template for key, template in frame.items() if key != WELCOME_NAMED)
    own = (text for template in in_pieces for text in _split(template)[::2] if text)
    spoken: Iterable[Texts] = (
        *(digits(digit, language) for digit in "0123456789"),
        *(key_name(digit, language) for digit in "0123456789"),
        *(date(month, 1, language) for month in range(1, 13)),
        *(date(1, day, language) for day in range(1, 32)),
    )
    return tuple(dict.fromkeys([*own, *(one.text for texts in spoken for one in texts)]))


def places_of(template: str) -> frozenset[str]:
    """The names of the values that a template takes."""
    return frozenset(_split(template)[1::2])


def _number(number: int) -> str:
    """1 to 31 in Chinese."""
    tens, rest = divmod(number, 10)
    return _TENS[tens] + ("" if rest == 0 else _ONE if rest == 1 else _DIGITS[CHINESE][rest])
