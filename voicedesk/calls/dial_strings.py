"""Reads a dial string: which number outside the house it dials, if any.

Every channel driver has its own way to put a number into what it is given to dial, and PJSIP has two. A dial string as
events tell it may or may not begin with the technology.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

_FEWEST_DIGITS = 5
"""The fewest digits of a number behind a trunk's name. What is shorter may be a part of the name, or an extension;
service numbers (12345, 96096) have five or more."""
_NUMBER = r"\+?[0-9*#]"
_AT_TRUNK = re.compile(rf"(?:[A-Za-z0-9]+/)?({_NUMBER}{{3,}})@[^/]+(?:/sips?:[^/]+)?")
_URI = re.compile(
    r'(?:(?:[A-Za-z0-9]+/)?([^/]+)/|)(?:"[^"/]*" ?)?'
    r"<?(?:sips?:([^@;]+)(?:;[^@]*)?@[^/]+|tel:([^@;>]+)(?:[;@>][^/]*)?)",
    re.IGNORECASE,
)
_BEHIND_SLASH = re.compile(
    rf"[^/]*(?:/[^/]*)?/([wWpPcC]*{_NUMBER}[0-9*#wWpP,]{{{_FEWEST_DIGITS - 1},}})"
    r"(?:@[^/]*|[cr][0-9]*)?(?:/[A-Za-z:][^/]*)?"
)
_ISDN = re.compile(r"(DAHDI/i[0-9]+)/.*")
_PAUSES = re.compile(r"[wWpPcC,]")
_SEPARATORS = re.compile(r"[-.()]")
"""What a URI may have between the digits of a number."""


@lru_cache(maxsize=1024)
def outside_number(dial_string: str, technology: str = "") -> str | None:
    """The number dialled through a trunk, without a leading +; None if a phone of the house was dialled.

    Understood are `NUMBER@trunk`, `trunk/NUMBER` (also behind a host and an account, with pauses in it, as analogue
    lines need, and with options behind it), `trunk/sip:NUMBER@host` and `trunk/tel:NUMBER`. A phone's own contact
    (`101/sip:101@192.168.1.20`) is no outside number; nor is a phone's own name, however many digits it has
    (`PJSIP/60001`, of which `technology` tells that it is no trunk called "PJSIP").
    """
    text = dial_string.partition("!")[0]
    if technology and text[: len(technology) + 1].casefold() == f"{technology}/".casefold():
        text = text[len(technology) + 1 :]
    if text[:6].casefold() == "local/":
        return None
    uri = _URI.fullmatch(text)
    if uri:
        return _number_of_uri(uri[1], uri[2] or uri[3])
    for form in (_AT_TRUNK, _BEHIND_SLASH):
        match = form.fullmatch(text)
        if match:
            return _PAUSES.sub("", match[1]).removeprefix("+")
    return None


def endpoint_of(channel: str) -> str:
    """The phone or the line that a channel belongs to: its name without its serial number.

    Channels of an ISDN line are called by the number that they reach ("DAHDI/i1/13800138000-2"), which is no part of
    the line's name.
    """
    name = channel.rpartition("-")[0]
    return _ISDN.sub(r"\1", name) if name.startswith("DAHDI/i") else name


def _number_of_uri(resource: str, user: str) -> str | None:
    """The user part of a URI, if it is a number and not the account of the phone itself."""
    number = _SEPARATORS.sub("", unquote(user).partition(":")[0]).removeprefix("+")
    is_number = len(number) >= _FEWEST_DIGITS and all(digit in "0123456789*#" for digit in number)
    return number if is_number and number != resource else None
