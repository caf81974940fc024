"""Callers' numbers: one form for comparing and calling back, and a masked form for everything people read.

A number arrives as the trunk felt like sending it: +86, 0086, an outside prefix, spaces, a 0 before an out-of-town
mobile, a local landline without its area code. What is no number at all (withheld, letters, 40 digits) has none.
"""

import re
import unicodedata

import phonenumbers

REGION = "CN"
_MARKS = re.compile(r"[ \t().\-‐–—/·]+")
_DIALLED = re.compile(r"\+?[0-9]{3,20}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_SERVICE = re.compile(r"(?:400|800)[0-9]{7}")
_LONGEST_SHORT = 6


def normalise(raw: str | None, area_code: str = "") -> str | None:
    """One form of a caller's number; None for one that is withheld or no number.

    Mobiles are 11 digits, landlines begin with 0 and the area code ("037112345678"; `area_code` such as "0371" is put
    before a local one), service and inside numbers stay as they are, foreign ones are in E.164 ("+8522…").
    """
    text = _MARKS.sub("", unicodedata.normalize("NFKC", raw or ""))
    if not _DIALLED.fullmatch(text):
        return None
    digits = _without_country(text)
    if digits.startswith("+"):
        return digits if _is_possible(digits) else None
    if len(digits) <= _LONGEST_SHORT:
        return digits
    return _domestic(digits, area_code)


def national_digits(raw: str | None, area_code: str = "") -> str | None:
    """The digits that stay whatever prefix a number is dialled with ("37112345678", "13812341234"); None for none."""
    number = normalise(raw, area_code)
    if number is None:
        return None
    if number.startswith("+"):
        return str(phonenumbers.parse(number).national_number)
    return number.removeprefix("0") if _LANDLINE.fullmatch(number) else number


def mask(number: str | None) -> str:
    """A number as those may see it who need not know it: 138****1234, 0371****5678, +852****5678, 60**."""
    text = number or ""
    if not any(letter.isdigit() for letter in text):
        return text
    if len(text) >= 11:
        head = 4 if text.startswith(("0", "+")) else 3
        return f"{text[:head]}****{text[-4:]}"
    shown = 2 if len(text) > 3 else 1
    tail = text[-2:] if len(text) >= 7 else ""
    return f"{text[:shown]}{'*' * (len(text) - shown - len(tail))}{tail}"


def _without_country(text: str) -> str:
    """+86… and 0086… as dialled inside the country; other countries keep their +."""
    if text.startswith("00") and len(text) > 10:
        text = f"+{text[2:]}"
    if not text.startswith("+86"):
        return text
    national = text[3:].removeprefix("0")
    return national if _MOBILE.fullmatch(national) or _SERVICE.fullmatch(national) else f"0{national}"


def _domestic(digits: str, area_code: str) -> str | None:
    """A number of this country, freed of the outside prefix (0 or 9) and of the 0 before an out-of-town mobile."""
    candidates = (digits, digits[1:]) if digits[0] in "09" else (digits,)
    for candidate in candidates:
        if _MOBILE.fullmatch(candidate) or _SERVICE.fullmatch(candidate) or _LANDLINE.fullmatch(candidate):
            return candidate
        if candidate.startswith("0") and _MOBILE.fullmatch(candidate[1:]):
            return candidate[1:]
    if digits.startswith("86") and len(digits) >= 12:
        return _domestic(_without_country(f"+{digits}"), area_code)
    for candidate in candidates:
        if area_code and _LOCAL.fullmatch(candidate) and len(area_code + candidate) <= 12:
            return area_code + candidate
    return digits if len(digits) <= 12 else None


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
