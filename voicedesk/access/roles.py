"""What each role may do: one table of things and acts. What stands in no row is not allowed."""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a person is in the hall; an account has one."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Thing(StrEnum):
    """What something is done to; docs/access.md says of each what it is.

    Some are a part of another that is shown to fewer: complaints of the tickets, the reason of a break, the words of a
    greeting (`recording`), a caller's whole number.
    """

    CALL = "call"
    GREETING = "greeting"
    RECORDING = "recording"
    NUMBER = "number"
    VERDICT = "verdict"
    APPEAL = "appeal"
    TICKET = "ticket"
    COMPLAINT = "complaint"
    SEAT = "seat"
    BREAK = "break"
    BREAK_REASON = "break_reason"
    OUTAGE = "outage"
    FIGURES = "figures"
    LEDGER = "ledger"
    SHEET = "sheet"
    NOTICE = "notice"
    NEWS = "news"
    STATUS = "status"
    SET_ASIDE = "set_aside"
    REQUEST = "request"
    SETTINGS = "settings"
    ACCOUNT = "account"
    AUDIT = "audit"


class Act(StrEnum):
    """What is done. To see a recording is to hear it or to read its words; to change a verdict is to decide it."""

    SEE = "see"
    CHANGE = "change"
    EXPORT = "export"


class Reach(IntEnum):
    """How far a right goes: nowhere, to what concerns the person, to everything of the hall."""

    NONE = 0
    OWN = 1
    EVERY = 2


_STAFF, _SUPERVISOR, _ADMINISTRATOR, _AUDITOR = Role
_OWN, _EVERY = Reach.OWN, Reach.EVERY
_LEADS = {_SUPERVISOR: _EVERY}
_KEEPS = {_ADMINISTRATOR: _EVERY}
_AT_WORK = {_STAFF: _EVERY, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY}

RIGHTS: Mapping[tuple[Thing, Act], Mapping[Role, Reach]] = {
    # verdicts judge a person: they are for that person, and for those who lead the hall or keep the machine
    (Thing.CALL, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.CALL, Act.EXPORT): _LEADS,
    (Thing.GREETING, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.RECORDING, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.NUMBER, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.VERDICT, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.VERDICT, Act.CHANGE): _LEADS,
    (Thing.APPEAL, Act.CHANGE): {_STAFF: _OWN, _SUPERVISOR: _OWN},
    # whoever is free takes the next ticket; a complaint may be about whoever looks, and the unit's head hears it (S9)
    (Thing.TICKET, Act.SEE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY},
    (Thing.TICKET, Act.CHANGE): {_STAFF: _EVERY, _SUPERVISOR: _EVERY},
    (Thing.TICKET, Act.EXPORT): _LEADS,
    (Thing.COMPLAINT, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    # who is in their seat concerns all who work in the hall; why somebody left it does not
    (Thing.SEAT, Act.SEE): _AT_WORK,
    (Thing.BREAK, Act.SEE): _AT_WORK,
    (Thing.BREAK, Act.CHANGE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.BREAK, Act.EXPORT): _LEADS,
    (Thing.BREAK_REASON, Act.SEE): {_STAFF: _OWN, _SUPERVISOR: _EVERY},
    (Thing.OUTAGE, Act.SEE): _AT_WORK,
    (Thing.OUTAGE, Act.CHANGE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.FIGURES, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.FIGURES, Act.EXPORT): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.LEDGER, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.LEDGER, Act.EXPORT): {_SUPERVISOR: _EVERY, _AUDITOR: _EVERY},
    # a caller may name the code of their consultation to anybody
    (Thing.SHEET, Act.SEE): dict.fromkeys(Role, _EVERY),
    (Thing.NOTICE, Act.SEE): dict.fromkeys(Role, _EVERY),
    (Thing.NOTICE, Act.CHANGE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    # news name who was late; what was set aside holds whatever a switch said
    (Thing.NEWS, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.STATUS, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.STATUS, Act.CHANGE): _KEEPS,
    (Thing.SET_ASIDE, Act.SEE): _KEEPS,
    (Thing.REQUEST, Act.SEE): {_SUPERVISOR: _EVERY, _ADMINISTRATOR: _EVERY},
    (Thing.SETTINGS, Act.SEE): _KEEPS,
    (Thing.SETTINGS, Act.CHANGE): _KEEPS,
    (Thing.ACCOUNT, Act.SEE): _KEEPS,
    (Thing.ACCOUNT, Act.CHANGE): _KEEPS,
    (Thing.AUDIT, Act.SEE): {_ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
    (Thing.AUDIT, Act.EXPORT): {_ADMINISTRATOR: _EVERY, _AUDITOR: _EVERY},
}
"""Each right that there is. Nobody changes the audit log; who administers hears nothing and sees no whole number."""


def reach(role: Role, act: Act, thing: Thing) -> Reach:
    """How far a role's right to do something goes."""
    return RIGHTS.get((thing, act), {}).get(role, Reach.NONE)


def widest(roles: Iterable[Role], act: Act, thing: Thing) -> Reach:
    """How far it goes for whoever has all of these roles."""
    return max((reach(role, act, thing) for role in roles), default=Reach.NONE)


def may(role: Role, act: Act, thing: Thing, *, is_own: bool) -> bool:
    """Whether a role may do something to one thing; `is_own`: it concerns the person who asks."""
    how_far = reach(role, act, thing)
    return how_far is Reach.EVERY or (how_far is Reach.OWN and is_own)


def needs_second_factor(role: Role) -> bool:
    """Whether a password alone is not enough: so for all who see or change what concerns others."""
    return role is not Role.STAFF
