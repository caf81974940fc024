"""A caller's number as an event tells it: what of the text is the number, and whether it can be the caller's at all."""

import re
from functools import lru_cache
from urllib.parse import unquote

from voicedesk.calls.model import Hall
from voicedesk.phone_numbers import national_digits, normalise

_WITHHELD = frozenset({"", "<unknown>", "anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})
_CHARACTERS = frozenset("0123456789+*#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-")
_ADDRESS_END = re.compile("[;@]")
"""What SIP puts behind a user: parameters, a host."""
_LABELLED = re.compile(r"(?:[^\W\d]|[ \t\[\]()\-:：【】（）]){1,20}(\+?[0-9]{7,15})")
"""A number behind a mark that the dialplan put before it for the phones' displays ("VIP:13800138000")."""
_LONGEST = 64
"""Chosen: a number has 15 digits at most (ITU-T E.164); text that is longer is no number."""
_INSIDE_DIGITS = 4
"""No citizen calls from a number as short as this: it is an extension."""


def caller_number(text: str, area_code: str = "") -> tuple[str | None, bool]:
    """The number in the text (as it came, if the text is nothing but a number), and whether the text is no number at
    all.

    None with False: the number is withheld. None with True: the text looks like no number; it is not kept, and its call
    is doubtful.
    """
    if text.isdecimal() and text.isascii() and len(text) <= _LONGEST:
        return text, False
    return _number_in(text, area_code)


@lru_cache(maxsize=1024)
def _number_in(text: str, area_code: str) -> tuple[str | None, bool]:
    text = (unquote(text) if "%" in text else text).strip()
    user = _ADDRESS_END.split(text, maxsplit=1)[0]
    if (user or text).lower() in _WITHHELD:
        return None, False
    if len(text) > _LONGEST:
        return None, True
    labelled = _LABELLED.fullmatch(text)
    if _CHARACTERS.issuperset(text):
        return (labelled[1] if labelled and normalise(text, area_code) is None else text), False
    number = normalise(text, area_code) or (labelled[1] if labelled else None)
    return number, number is None


def is_of_the_hall(number: str, hall: Hall) -> bool:
    """A number of the hall's own, or an extension: the dialplan put it there, as for a call forwarded outside."""
    if len(number) <= _INSIDE_DIGITS or number in hall.numbers:
        return True
    return bool(hall.digits) and national_digits(number, hall.area_code) in hall.digits
