"""Codes that are used once: for the first visit, and for the day when the phone with the authenticator is away."""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Collection

from voicedesk.clock import MICROSECONDS

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs: none that is read for another (0 and O, 1 and I)."""
_LENGTH, _GROUP = 16, 4
"""80 bits: nobody guesses them, also not with a copy of the database."""
RECOVERY_CODES = 10
FIRST_VISIT_US = 3 * 24 * 3600 * MICROSECONDS
"""How long a person has to come for the first time: over a weekend."""


def new_code() -> str:
    """A new code, in groups that are read aloud and typed."""
    signs = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(signs[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def code_hash(login: str, code: str) -> str:
    """What is stored of a code; the account is in it, so that equal codes of two accounts look different.

    Small letters, spaces and missing hyphens mean the same code.
    """
    typed = unicodedata.normalize("NFKC", code).upper()
    signs = "".join(one for one in typed if one in _LETTERS)
    return hashlib.sha256(f"voicedesk one-time code\0{login}\0{signs}".encode()).hexdigest()


def found_hash(login: str, code: str, hashes: Collection[str]) -> str | None:
    """The stored hash that a typed code has; None where it is none of them."""
    typed, found = code_hash(login, code), None
    for one in hashes:  # each is compared: the time tells nothing
        if hmac.compare_digest(one, typed):
            found = one
    return found
