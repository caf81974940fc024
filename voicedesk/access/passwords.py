"""Passwords: which are refused, and how they are stored (Argon2id)."""

import unicodedata
from functools import cache
from importlib import resources
from itertools import pairwise

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from voicedesk.errors import InputError

FEWEST_SIGNS, MOST_SIGNS = 12, 128
"""OWASP ASVS 4.0, 2.1.1 and 2.1.2. Length is what helps: no kind of sign is demanded (2.1.9)."""
_FEWEST_DIFFERENT = 5
_LONGEST_RUN = 3 / 4
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""What OWASP asks at the least for Argon2id (19 MiB, two rounds): several are checked at once on a small server."""


def check_password(password: str, login: str, *more: str) -> None:
    """Raises InputError with the cure for a password that others guess: short, common, or made from known names.

    `more` are further words that everybody knows, such as the person's name and the hall's.
    """
    text = _plain(password)
    if len(text) < FEWEST_SIGNS:
        raise InputError(f"the password is too short: at least {FEWEST_SIGNS} letters or signs, a sentence is good")
    if len(text) > MOST_SIGNS:
        raise InputError(f"the password is too long: at most {MOST_SIGNS} letters or signs")
    small = text.casefold()
    if len(set(small)) < _FEWEST_DIFFERENT or _is_run(small):
        raise InputError("the password is a row or a repetition: choose one that nobody continues")
    if any(common in small and len(common) * 2 > len(small) for common in _common()):
        raise InputError("the password is one of those that are tried first: choose another")
    known = {one.casefold() for one in (login, *more) if len(one) > 1}
    if any(one in small and len(one) * 2 > len(small) for one in known):
        raise InputError("the password is made from a name that everybody knows: choose another")


def hash_password(password: str) -> str:
    """What is stored of a password. It takes tens of milliseconds of a processor, on purpose."""
    return _HASHER.hash(_plain(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one. With nothing stored it takes as long, and is wrong."""
    if len(password) > MOST_SIGNS:
        return False
    try:
        return _HASHER.verify(stored or _nobodys(), _plain(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a password was stored in a weaker way than today's, and is to be stored anew when it is next known."""
    return _HASHER.check_needs_rehash(stored)


def _plain(password: str) -> str:
    """One spelling for what looks alike: a keyboard may send full-width letters, or an accent by itself."""
    return unicodedata.normalize("NFKC", password)


def _is_run(text: str) -> bool:
    """Whether most of it goes on as 1234 or dcba do."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return max(steps.count(step) for step in (1, -1, 0)) >= len(steps) * _LONGEST_RUN


@cache
def _common() -> tuple[str, ...]:
    text = resources.files("voicedesk.access").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.split() if line)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")
