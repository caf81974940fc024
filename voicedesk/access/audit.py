"""The audit log: who did what, to which object, when; each entry holds the hash of the one before it.

Whoever changes or takes out an entry breaks the chain behind it. Whoever rewrites all that follows, or cuts off the
end, is found by a hash that was noted elsewhere before (`voicedesk audit check` prints it).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from voicedesk.access.roles import Thing
from voicedesk.bounds import clean_text
from voicedesk.log import UNSAFE
from voicedesk.number_masking import mask_numbers

BEGINNING = ""
"""What stands in the first entry as the hash before it."""
MOST_SIGNS = 200


class Deed(StrEnum):
    """What was done."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    PASSWORD_SET = "password_set"  # noqa: S105  # the name of a deed
    SECOND_FACTOR_SET = "second_factor_set"
    RECOVERY_CODE_USED = "recovery_code_used"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_OPENED = "account_opened"
    ACCOUNT_REMOVED = "account_removed"
    REFUSED = "refused"
    HEARD = "heard"
    NUMBER_SHOWN = "number_shown"
    NUMBER_SOUGHT = "number_sought"
    EXPORTED = "exported"
    SETTINGS_CHANGED = "settings_changed"
    CONNECTION_TESTED = "connection_tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry. `who` is a login, or who typed a command; `address` where from; `object` which one of its kind.

    `number` counts from 1 without a gap. `note` is for people, and its numbers are masked.
    """

    number: int
    at: int
    who: str
    address: str
    deed: Deed
    thing: Thing
    object: str
    note: str
    before: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What is to be written down."""

    at: int
    who: str
    deed: Deed
    thing: Thing
    object: str = ""
    address: str = ""
    note: str = ""


class Flaw(StrEnum):
    """What is wrong with an entry of a chain."""

    MISSING = "missing"
    CHANGED = "changed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of a chain with which something is wrong."""

    number: int
    flaw: Flaw


def entry_after(before: AuditEntry | None, happened: Happened) -> AuditEntry:
    """The entry that follows another (None: the first)."""
    return entry_behind(*((0, BEGINNING) if before is None else (before.number, before.hash)), happened)


def entry_behind(number: int, before: str, happened: Happened) -> AuditEntry:
    """The same, of the last one's number and hash alone: also behind an entry that somebody damaged it goes on."""
    made = AuditEntry(
        number=number + 1,
        at=happened.at,
        who=_short(happened.who),
        address=_short(happened.address),
        deed=happened.deed,
        thing=happened.thing,
        object=_object(happened),
        note=_short(mask_numbers(happened.note)),
        before=before,
        hash="",
    )
    return replace(made, hash=hash_of(made))


def canonical(entry: AuditEntry) -> bytes:
    """The bytes that an entry's hash is of: all its fields but the hash, always written in the same way."""
    fields = {name: value for name, value in asdict(entry).items() if name != "hash"}
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def hash_of(entry: AuditEntry) -> str:
    """The hash that an entry must have."""
    return hashlib.sha256(canonical(entry)).hexdigest()


def first_broken(entries: Iterable[AuditEntry], before: AuditEntry | None = None) -> Broken | None:
    """Where entries, in their order, do not follow from each other; None where the chain is whole.

    `before` is the entry in front of them, already found right; None: they begin the log.
    """
    for entry in entries:
        due = 1 if before is None else before.number + 1
        if entry.number != due:
            return Broken(due, Flaw.MISSING)
        if hash_of(entry) != entry.hash:
            return Broken(entry.number, Flaw.CHANGED)
        if entry.before != (BEGINNING if before is None else before.hash):
            return Broken(entry.number, Flaw.REPLACED)
        before = entry
    return None


def _object(happened: Happened) -> str:
    """Which object; a login is no caller's number, all else may hold one."""
    return _short(happened.object if happened.thing is Thing.ACCOUNT else mask_numbers(happened.object))


def _short(text: str) -> str:
    """Text as a database keeps it and a screen shows it, so that it is read back as it was hashed."""
    return UNSAFE.sub("\ufffd", clean_text(text))[:MOST_SIGNS]
