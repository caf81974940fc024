"""Where the next page of a list begins: the list, and the key of its last row seen, as a text for an address."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from voicedesk.errors import InputError

_LONGEST = 1000
_PAST_ALL = 2**63
"""No column of a database holds this, or more."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The list, and the key (`after` of the store's lists) of the last row that was seen of it.

    New rows never shift what comes after.
    """

    of: str
    key: tuple[int | str, ...]

    def to_text(self) -> str:
        """The cursor in letters that an address carries as they are."""
        text = json.dumps([self.of, *self.key], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str, of: str, *kinds: type) -> "Cursor":
        """The cursor of a text; `of` is its list, `kinds` the types of its key. Raises InputError where it is none."""
        if len(text) > _LONGEST:
            raise InputError(_no_cursor(text))
        try:
            padded = text + "=" * (-len(text) % 4)
            found: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, RecursionError) as error:
            raise InputError(_no_cursor(text)) from error
        is_key = isinstance(found, list) and found[:1] == [of] and [type(one) for one in found[1:]] == list(kinds)
        if not is_key or not all(map(_is_kept, found)):
            raise InputError(_no_cursor(text))
        return cls(of, tuple(found[1:]))


def _is_kept(value: int | str) -> bool:
    """Whether a column of a database can hold it: none holds half a character."""
    if isinstance(value, int):
        return -_PAST_ALL <= value < _PAST_ALL
    return not any("\ud800" <= one <= "\udfff" for one in value)


def _no_cursor(text: str) -> str:
    return f"{text[:20]!r} is no place in this list: begin again with its first page"
