"""What each role may do: one table of things and acts. What stands in no row is not allowed."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is in the hall; an account has one."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Thing(StrEnum):
    """What something is done to. `number` is a caller's whole number, `ledger` the walks of callers in the IVR (S5)."""

    CALL = "call"
    RECORDING = "recording"
    NUMBER = "number"
    VERDICT = "verdict"
    APPEAL = "appeal"
    TICKET = "ticket"
    BREAK = "break"
    OUTAGE = "outage"
    FIGURES = "figures"
    LEDGER = "ledger"
    NOTICE = "notice"
    STATUS = "status"
    SETTINGS = "settings"
    ACCOUNT = "account"
    AUDIT = "audit"


class Act(StrEnum):
    """What is done. To see a recording is to hear it; to change a verdict is to decide, a ticket to work on it."""

    SEE = "see"
    CHANGE = "change"
    EXPORT = "export"


class Reach(StrEnum):
    """How far a right goes: nowhere, to what concerns the person, to everything of the hall."""

    NONE = "none"
    OWN = "own"
    EVERY = "every"


_STAFF, _SUPERVISOR, _ADMINISTRATOR, _AUDITOR = Role
_OWN, _EVERY = Reach.OWN, Reach.EVERY

RIGHTS: Mapping[tuple[Thing, Act], Mapping[Role, Reach]] = {
    (Thing.CALL, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.CALL, Act.EXPORT): {_SUPERVISOR: _EVERY},
    (Thing.RECORDING, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.NUMBER, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.VERDICT, Act.CHANGE): {_SUPERVISOR: _EVERY},
    (Thing.APPEAL, Act.CHANGE): {_STAFF: _OWN, _SUPERVISOR: _OWN},
    (Thing.TICKET, Act.SEE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY},
    (Thing.TICKET, Act.CHANGE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY},
    (Thing.TICKET, Act.EXPORT): {_SUPERVISOR: _EVERY},
    (Thing.BREAK, Act.SEE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.BREAK, Act.CHANGE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.BREAK, Act.EXPORT): {_SUPERVISOR: _EVERY},
    (Thing.OUTAGE, Act.SEE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.OUTAGE, Act.CHANGE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.FIGURES, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.FIGURES, Act.EXPORT): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.LEDGER, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.LEDGER, Act.EXPORT): {_SUPERVISOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.NOTICE, Act.SEE): dict.fromkeys(Role, _EVERY),
    (Thing.NOTICE, Act.CHANGE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.STATUS, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.STATUS, Act.CHANGE): {_ADMINISTRATOR: _EVERY},
    (Thing.SETTINGS, Act.SEE): {_ADMINISTRATOR: _EVERY},
    (Thing.SETTINGS, Act.CHANGE): {_ADMINISTRATOR: _EVERY},
    (Thing.ACCOUNT, Act.SEE): {_ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.ACCOUNT, Act.CHANGE): {_ADMINISTRATOR: _EVERY},
    (Thing.AUDIT, Act.SEE): {_ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.AUDIT, Act.EXPORT): {_ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
}
"""Each right that there is. Nobody changes the audit log; who administers hears nothing and sees no whole number."""


def reach(role: Role, act: Act, thing: Thing) -> Reach:
    """How far a role's right to do something goes."""
    return RIGHTS.get((thing, act), {}).get(role, Reach.NONE)


def may(role: Role, act: Act, thing: Thing, *, is_own: bool) -> bool:
    """Whether a role may do something to one thing; `is_own`: it concerns the person who asks."""
    how_far = reach(role, act, thing)
    return how_far is Reach.EVERY or (how_far is Reach.OWN and is_own)


def needs_second_factor(role: Role) -> bool:
    """Whether a password alone is not enough: so for all who see or change what concerns others."""
    return role is not Role.STAFF
