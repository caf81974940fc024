"""Names of phones, numbers and queues as people write them, and as the switch does: understood, or refused with a cure.

What is plainly meant is put right (full-width letters, spaces at the ends, `pjsip/101`); what could be read in two ways
is refused. Nothing here asks a switch.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence

_TECHNOLOGIES = (
    *("PJSIP", "SIP", "IAX2", "DAHDI", "Zap", "SCCP", "Skinny", "MGCP", "UniStim", "USTM", "H323", "OOH323", "mISDN"),
    *("CAPI", "Khomp", "Dongle", "Quectel", "Motif", "Console", "ALSA", "Phone", "Local", "Agent", "Custom"),
)
_AS_WRITTEN = {name.lower(): name for name in _TECHNOLOGIES}
_NO_PHONE = frozenset({"Local", "Agent", "Custom"})
_CHANNEL = re.compile(r"-[0-9a-f]{8}(?:;[12])?$")
_NUMBER = re.compile(r"\+?[0-9*#]+")
_PARTED = re.compile(r"[ ()\u00a0]+")
_PATTERN = re.compile(r"_.*|(?=.*[0-9])[0-9+*#XNZ.!\[\]-]*[XNZ.!\[\]][0-9+*#XNZ.!\[\]-]*")
_RANGE = re.compile(r"[0-9]+ *(?:-|–|—|~|～|至|到|\.\.) *[0-9]+")
_LIST = re.compile(r"[,;/、，；|\s]")


def as_the_switch_writes(text: str) -> str:
    """Without spaces around it; full-width letters and digits as plain ones where nothing but those is changed."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain if plain.isascii() else text.strip()


def endpoint(text: str) -> str:
    """A phone as the switch calls it: `PJSIP/101`. Raises ValueError with the cure for what is no phone."""
    name = as_the_switch_writes(text)
    technology, slash, rest = name.partition("/")
    technology, rest = _AS_WRITTEN.get(technology.strip().lower(), technology.strip()), rest.strip()
    if not slash or not technology or not rest:
        raise ValueError(f"{name!r} is no phone: write it with its technology, as in PJSIP/{rest or technology or 101}")
    if technology in _NO_PHONE:
        number = re.split(r"[@/]", rest)[0]
        raise ValueError(
            f"{name!r} is a way to a phone, not a phone: write what rings behind it, such as PJSIP/{number}; "
            "of a phone outside, give its number in [[assignments]]"
        )
    if _CHANNEL.search(rest):
        raise ValueError(f"{name!r} is one call's channel: write the phone, {technology}/{_CHANNEL.sub('', rest)}")
    if "@" in rest or any(letter in rest for letter in ",;&|"):
        raise ValueError(f"{name!r} is no single phone: write one name, as in PJSIP/101, and each by itself")
    return f"{technology}/{rest}"


def extension(text: str) -> str:
    """A number as it is dialled, or an extension by name. Raises ValueError with the cure for a range or a pattern."""
    name = as_the_switch_writes(text)
    if _RANGE.fullmatch(name):
        raise ValueError(f"{name!r} may be a range or one number: write each number by itself, with its digits alone")
    if _PATTERN.fullmatch(name):
        raise ValueError(f"{name!r} is a pattern: write each number by itself, or give the line its queues instead")
    joined = _PARTED.sub("", name)
    if _NUMBER.fullmatch(joined):
        return joined
    if "@" in name or _LIST.search(name):
        raise ValueError(f"{name!r} is no single number: write each by itself, without a context, as in 12333")
    return name


def outside_number(text: str) -> str:
    """A phone number outside, with its digits alone. Raises ValueError for what is none."""
    digits = re.sub(r"[ ()\u00a0·-]+", "", as_the_switch_writes(text))
    if not re.fullmatch(r"\+?[0-9]{7,15}", digits):
        raise ValueError(f"{text!r} is no phone number: write its digits, as in 13900000000 or 037112345678")
    return digits


def shown_number(text: str) -> str:
    """A number that may be shown to whom it rings. Raises ValueError for anything but digits."""
    digits = re.sub(r"[ ()\u00a0·-]+", "", as_the_switch_writes(text))
    if not re.fullmatch(r"[0-9]{3,15}", digits):
        raise ValueError(f"{text!r} cannot be shown to whom it rings: write the digits as the operator gave them")
    return digits


def nearest_name(word: str, known: Sequence[str]) -> str | None:
    """The name that was probably meant: the same behind another technology first, else the most alike."""
    behind = word.rpartition("/")[2].lower()
    same = [name for name in known if name.rpartition("/")[2].lower() == behind]
    if same:
        return same[0]
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
