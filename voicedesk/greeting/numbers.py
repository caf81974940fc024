"""Finds the staff number (工号) that was said, and whether it surely is another number than that of the person who sat
there.

Nobody is accused by a number that may have been misheard. So the person is believed if something beside the number
sounds like a digit, if digits are easily confused, and if the number was cut off.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from voicedesk.greeting.stream import SPOKEN_DIGITS, UNKNOWN, Found, Stream
from voicedesk.speech.syllables import blurred

NUMBER = "number"
SURE_OF_ALIKE = 0.9
"""Digits that sound alike on a telephone accuse a person only if they were heard with this confidence."""
_DIGITS = {
    **dict(zip("零〇洞一幺二两三四五六七拐八九勾", "0001122345677899", strict=True)),
    **{d: d for d in "0123456789"},
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ALIKE = (frozenset("17"), frozenset("69"))
_BEST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The result of comparing: `wrong` only if it surely is another number; `heard` and `unclear` are for people."""

    wrong: bool = False
    heard: str = ""
    unclear: bool = False


def values_of(said: str) -> frozenset[str]:
    """The numbers that digits as they are spoken may mean, without leading zeros; none where they mean nothing.

    "零零八" 8, "幺洞洞八" 1008, "一百零八" 108, "十八" 18; "一百八" may be 180 and 108.
    """
    if not said or any(one not in _DIGITS and one not in _UNITS for one in said):
        return frozenset()
    if not any(one in _UNITS for one in said):
        return frozenset({_plain("".join(_DIGITS[one] for one in said))})
    return _numeral(said)


def is_other(stream: Stream, places: Iterable[Found], expected: str, confidence: float, *, cut_short: bool) -> Compared:
    """Whether every place surely says another number than `expected`; `confidence` is what each digit must have."""
    heard, unclear = "", False
    for place in places:
        run = _run(stream, place)
        if not run:
            continue
        number = _Number(stream=stream, place=place, run=run, expected=expected)
        if _plain(expected) in values_of(number.said):
            return Compared(heard=number.said)
        heard = number.said
        unclear = unclear or not number.is_sure(confidence, cut_short=cut_short)
    return Compared(wrong=bool(heard) and not unclear, heard=heard, unclear=unclear)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A number where it was said: the digits are the syllables of `run` within `place`."""

    stream: Stream
    place: Found
    run: range
    expected: str

    @property
    def said(self) -> str:
        """Its digits as they were heard."""
        return "".join(self.stream.syllables[at].text for at in self.run)

    def is_sure(self, confidence: float, *, cut_short: bool) -> bool:
        """Whether it surely is a whole number, and not the one that is expected."""
        least = min(self.stream.syllables[at].confidence for at in self.run)
        values = values_of(self.said)
        if not values or self.place.unknown or least < confidence:
            return False
        if cut_short and self.run.stop == len(self.stream.syllables):
            return False
        if "号" not in self.stream.said(self.place) and len(self.run) != len(self.expected):
            return False  # without the word it may be the hall's own telephone number
        if any(_sound_alike(value, _plain(self.expected)) for value in values) and least < SURE_OF_ALIKE:
            return False
        return not any(self._may_belong(at) for at in (self.run.start - 1, self.run.stop))

    def _may_belong(self, at: int) -> bool:
        """Whether the syllable beside the digits may be one of them: not understood, or a digit by its sound.

        A word of the phrase itself ("工号是8号") counts as a digit only if it would complete the expected number.
        """
        syllables = self.stream.syllables
        if not 0 <= at < len(syllables) or not syllables[at].text:
            return False
        if syllables[at].text == UNKNOWN:
            return True
        digits = {digit for one, digit in _DIGITS.items() if blurred(one) & blurred(syllables[at].text)}
        if not self.place.first <= at < self.place.last:
            return bool(digits)
        if any(one in _UNITS for one in self.said):
            return False
        read = "".join(_DIGITS[one] for one in self.said)
        longer = (digit + read if at < self.run.start else read + digit for digit in digits)
        return _plain(self.expected) in map(_plain, longer)


def _run(stream: Stream, place: Found) -> range:
    """The digits of a number's place: the last ones that stand together."""
    end = next((at for at in reversed(range(place.first, place.last)) if _is_digit(stream, at)), None)
    if end is None:
        return range(0)
    start = end
    while start > place.first and _is_digit(stream, start - 1):
        start -= 1
    return range(start, end + 1)


def _is_digit(stream: Stream, at: int) -> bool:
    return stream.syllables[at].text in SPOKEN_DIGITS


def _sound_alike(value: str, wanted: str) -> bool:
    """Whether two numbers differ only in digits that sound alike."""
    return len(value) == len(wanted) and all(
        one == other or frozenset((one, other)) in _ALIKE for one, other in zip(value, wanted, strict=True)
    )


def _numeral(said: str) -> frozenset[str]:
    """A numeral with units, in both readings where the last unit was left out ("一百八")."""
    total, pending, last, zero = 0, "", _BEST, False
    for one in said:
        if one in _DIGITS:
            if pending:
                return frozenset()
            if _DIGITS[one] == "0":
                zero = True
            else:
                pending = _DIGITS[one]
            continue
        unit = _UNITS[one]
        if unit >= last:
            return frozenset()
        total += int(pending or "1") * unit
        pending, last, zero = "", unit, False
    if not pending:
        return frozenset({str(total)})
    short = {1} if zero or last == min(_UNITS.values()) else {1, last // 10}
    return frozenset(str(total + int(digit) * unit) for digit, unit in product(pending, short))


def _plain(digits: str) -> str:
    return digits.lstrip("0") or "0"
