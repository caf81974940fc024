"""What a dial string says: which number outside the house it dials, if any.

Every channel driver has its own way to put a number into what it is given to dial, and PJSIP has two. A dial string as
events tell it may or may not begin with the technology.
"""

import re

_FEWEST_DIGITS = 5
"""A number behind a trunk's name; what is shorter may be a part of the name, or an extension."""
_NUMBER = r"\+?[0-9*#]"
_AT_TRUNK = re.compile(rf"(?:[A-Za-z0-9]+/)?({_NUMBER}{{3,}})@[^/]+")
_SIP_URI = re.compile(r"(?:[A-Za-z0-9]+/)?([^/]+)/sips?:([^@;]+)(?:;[^@]*)?@[^/]+")
_BEHIND_SLASH = re.compile(
    rf"[^/]*(?:/[^/]*)?/([wWpPcC]*{_NUMBER}[0-9*#wWpP]{{{_FEWEST_DIGITS - 1},}})(?:@[^/]*|[cr][0-9]*)?"
)
_PAUSES = re.compile(r"[wWpPcC]")


def outside_number(dial_string: str) -> str | None:
    """The number dialled through a trunk, without a leading +; None if a phone of the house was dialled.

    Understood are `NUMBER@trunk`, `trunk/NUMBER` (also behind a host and an account, and with pauses in it, as analogue
    lines need), and `trunk/sip:NUMBER@host`. A phone's own contact (`101/sip:101@192.168.1.20`) is no outside number.
    """
    text = dial_string.partition("!")[0]
    uri = _SIP_URI.fullmatch(text)
    if uri:
        return _number_of_uri(uri[1], uri[2])
    for form in (_AT_TRUNK, _BEHIND_SLASH):
        match = form.fullmatch(text)
        if match:
            return _PAUSES.sub("", match[1]).removeprefix("+")
    return None


def _number_of_uri(resource: str, user: str) -> str | None:
    """The user of a SIP URI where it is a number, and not the account of the phone that it is dialled at."""
    number = user.partition(":")[0].removeprefix("+")
    is_number = len(number) >= _FEWEST_DIGITS and all(digit in "0123456789*#" for digit in number)
    return number if is_number and number != resource else None
