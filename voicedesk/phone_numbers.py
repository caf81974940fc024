"""Callers' numbers: one form for comparing and calling back, and a masked form for everything people read.

A number arrives as the trunk felt like sending it: +86, 0086, an outside prefix, a carrier's prefix, spaces, a landline
without its 0 or without its area code. Every way in which it can be read is looked at: one, and that is its form; two
that name two subscribers, and it stays as it came, for nobody may ring a stranger. What is no number at all has none.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from voicedesk.written_digits import has_digits

COUNTRY = "86"
_PREFIXES = "09"
"""What a house dials to reach the outside, and some put before the numbers of callers too."""
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
_MARKS = re.compile(r"[ \t().\-‐‑‒–—―−/·]+")
_ADDRESS = re.compile(
    r"(?:(?:tel|sips?):)?([^;@]*)((?:;[A-Za-z-]+=[A-Za-z0-9.+%_-]*)*)"
    r"(?:@[A-Za-z0-9.:_\[\]-]+(?:;[A-Za-z-]+(?:=[A-Za-z0-9.+%_-]*)?)*)?",
    re.IGNORECASE,
)
"""A number as SIP and telephone addresses have it: parameters, and a host with its own, behind it."""
_INSIDE = re.compile(r"(?:转|分机|ext\.?|[,x#])[ \t]*[0-9]{1,6}$", re.IGNORECASE)
"""An extension behind the number of a switchboard, as people write it down."""
_TAIL = re.compile(r"(?<=[0-9])[ \t]*[-‐–—][ \t]*[0-9]{1,6}$")
_CONTEXT = re.compile(r";phone-context=\+([0-9]+)", re.IGNORECASE)
_DIALLED = re.compile(r"\+?[0-9]{3,20}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(10|2[0-9]|[3-9][0-9]{2})([2-8][0-9]{6,7})")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_SERVICE = re.compile(r"(?:400|800)[0-9]{7}")
_THING = re.compile(r"1(?:06[0-9]|4[0-9]{2})[0-9]{9}")
"""A SIM card in a machine: 13 digits."""
_HOTLINE = re.compile(r"0(10|2[0-9]|[3-9][0-9]{2})(?:1[0-9]{2,5}|9[56][0-9]{3,4})")
"""A short number with its area code, as it calls from elsewhere: 0371-12333."""
_CARRIER = re.compile(r"(?:1[12][0-9]{3}|179[0-9]{2}|10193|19[03])(?=[0-9]{10})")
_SHORTEST, _LONGEST_SHORT, _LONGEST = 3, 6, 13


def normalise(raw: str | None, area_code: str = "") -> str | None:
    """One form of a caller's number; None for one that is withheld or no number.

    Mobiles are 11 digits, landlines begin with 0 and the area code ("037112345678"; `area_code` such as "0371" is put
    before a local one), service and inside numbers stay as they are, foreign ones are in E.164 ("+8522…"). What no
    plan knows, and what can be read as two subscribers' numbers, stays as it came.
    """
    return _read(raw or "", area_code)[0]


def is_ambiguous(raw: str | None, area_code: str = "") -> bool:
    """Whether a number can be read as that of two subscribers: it must not be dialled."""
    return _read(raw or "", area_code)[1]


def can_be(raw: str, number: str, area_code: str = "") -> bool:
    """Whether a number as it came can be read as `number`, which is in its one form; perhaps as another's too."""
    if normalise(raw, area_code) == number:
        return True
    digits = _MARKS.sub("", _bare(unicodedata.normalize("NFKC", raw), area_code))
    return len(digits) > _LONGEST_SHORT and digits.isdecimal() and number in _readings(digits, area_code)


def is_mobile(number: str | None) -> bool:
    """Whether a number in its one form is a Chinese mobile's."""
    return number is not None and _MOBILE.fullmatch(number) is not None


def is_landline(number: str | None) -> bool:
    """Whether a number in its one form is a Chinese landline's, by the country's plan of area codes and lengths."""
    found = _LANDLINE.fullmatch(number or "")
    return found is not None and len(found[2]) in _lengths(found[1])


def can_be_rung(number: str | None) -> bool:
    """Whether a number in its one form is a subscriber's: not a short or service number (12345, 96096, 0371 12345)."""
    return number is not None and (number.startswith("+") or is_mobile(number) or is_landline(number))


def national_digits(raw: str | None, area_code: str = "") -> str | None:
    """The digits that stay whatever prefix a number is dialled with ("37112345678", "13812341234"); None for none."""
    number = normalise(raw, area_code)
    if number is None:
        return None
    if number.startswith("+"):
        return str(phonenumbers.parse(number).national_number)
    return number.removeprefix("0") if is_landline(number) else number


def written_forms(number: str, area_code: str = "") -> tuple[str, ...]:
    """How switches and telephone companies usually write a number; an index finds each of them."""
    digits = national_digits(number, area_code) or number
    written = {number, *(f"{prefix}{digits}" for prefix in ("", "0", "86", "+86", "0086"))}
    if area_code:
        written.add(digits.removeprefix(area_code.lstrip("0")))
    return tuple(sorted(written))


def mask(number: str | None) -> str:
    """A number as those may see it who need not know it: 138****1234, 0371****5678, +852****5678, 60**."""
    text = number or ""
    if not has_digits(text):
        return text
    if len(text) >= 11:
        head = 4 if text.startswith(("0", "+")) else 3
        return f"{text[:head]}****{text[-4:]}"
    shown = 2 if len(text) > 3 else 1
    tail = text[-2:] if len(text) >= 7 else ""
    return f"{text[:shown]}{'*' * (len(text) - shown - len(tail))}{tail}"


@lru_cache(maxsize=4096)
def _read(raw: str, area_code: str) -> tuple[str | None, bool]:
    """A number's one form, and whether it is another's as well."""
    text = _bare(unicodedata.normalize("NFKC", raw), area_code)
    digits = _MARKS.sub("", text)
    if not _DIALLED.fullmatch(digits):
        return None, False
    found = _form(digits, area_code)
    tail = _TAIL.search(text)
    if tail is not None and not _is_known(found[0]):
        head = _form(_MARKS.sub("", text[: tail.start()]), area_code)
        found = head if is_landline(head[0]) else found
    return found


def _bare(text: str, area_code: str) -> str:
    """A number freed of what SIP, telephone addresses and people put around it; a context is put before it."""
    text = _UNSEEN.sub("", text).strip(" \t")
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return text
    head = _INSIDE.sub("", address[1])
    context = _CONTEXT.search(address[2])
    if context is None or head.startswith("+") or context[1] in (COUNTRY, f"{COUNTRY}{area_code[1:]}"):
        return head
    return f"+{context[1]}{head}"


def _is_known(number: str | None) -> bool:
    return is_mobile(number) or is_landline(number) or _SERVICE.fullmatch(number or "") is not None


def _form(text: str, area_code: str, prefixes: str = _PREFIXES) -> tuple[str | None, bool]:
    """The one form of + and digits, or of digits alone; behind the country's code nobody dials an outside prefix."""
    national = text.lstrip("+0")[len(COUNTRY) :]
    if text.startswith((f"+{COUNTRY}", f"00{COUNTRY}")) and len(national) >= _SHORTEST:
        if _is_hotline(f"0{national}") and is_landline(area_code + national):  # +86 371 12333, or the house's 37112333
            return f"0{national}", True
        return _form(national, area_code, prefixes="")
    if text.startswith("+0"):  # no country begins with 0: the + is a mistake
        return _form(text[1:], area_code)
    if text.startswith("+"):
        return (text if _is_possible(text) else None), False
    if len(text) <= _LONGEST_SHORT:
        return text, False
    return _chosen(text, area_code, prefixes)


def _chosen(digits: str, area_code: str, prefixes: str) -> tuple[str | None, bool]:
    """The form of the only subscriber whose number this can be."""
    readings = set(_readings(digits, area_code, prefixes))
    at_home = {one for one in readings if area_code and is_landline(one) and one.startswith(area_code)}
    abroad = {one for one in readings if one.startswith("+")}
    if len(at_home) == 1 and readings == at_home | abroad:  # 00371… in the house of 0371 is no call from Latvia
        return at_home.pop(), False
    if len(readings) == 1:
        return readings.pop(), False
    if readings:
        return digits, True
    foreign = f"+{digits[2:]}"
    if digits.startswith("00") and _is_possible(foreign):
        return foreign, False
    return (digits if len(digits) <= _LONGEST else None), False


def _readings(digits: str, area_code: str, prefixes: str = _PREFIXES) -> Iterator[str]:
    """Every subscriber whose number this can be, with an outside prefix or without."""
    yield from _whole(digits, area_code)
    if digits[0] in prefixes:
        yield from _whole(digits[1:], area_code)


def _whole(digits: str, area_code: str) -> Iterator[str]:
    """Whose number this is as it stands."""
    without_zero = digits.removeprefix("0")
    if _MOBILE.fullmatch(without_zero) or _SERVICE.fullmatch(without_zero) or _THING.fullmatch(without_zero):
        yield without_zero
    elif is_landline(f"0{without_zero}"):
        yield f"0{without_zero}"
    if digits.startswith("00"):
        if digits.startswith(f"00{COUNTRY}"):
            yield from _national(digits[2 + len(COUNTRY) :])
        elif _is_valid(f"+{digits[2:]}"):
            yield f"+{digits[2:]}"
    if digits.startswith(COUNTRY):
        yield from _national(digits[len(COUNTRY) :])
    if carrier := _CARRIER.match(digits):
        yield from _national(digits[carrier.end() :])
    if _is_hotline(digits):
        yield digits
    if _LOCAL.fullmatch(digits) and is_landline(area_code + digits):
        yield area_code + digits


def _national(digits: str) -> Iterator[str]:
    """Whose number this is behind the country's code or a carrier's."""
    if _is_known(digits.removeprefix("0")):
        yield digits.removeprefix("0")
    elif is_landline(f"0{digits.removeprefix('0')}"):
        yield f"0{digits.removeprefix('0')}"


def _is_hotline(digits: str) -> bool:
    found = _HOTLINE.fullmatch(digits)
    return found is not None and bool(_lengths(found[1]))


@lru_cache(maxsize=2048)
def _lengths(area: str) -> frozenset[int]:
    """How many digits a subscriber's number has in an area ("10", "371"); none: there is no such area."""
    return frozenset(
        length
        for length in (7, 8)
        if phonenumbers.number_type(PhoneNumber(country_code=int(COUNTRY), national_number=int(area + "6" * length)))
        == PhoneNumberType.FIXED_LINE
    )


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
