"""Which list is shown to which role (S16): one table; docs/standard.md tells it, a test holds each of its cells."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a person is in the hall; one person may be several."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Scope(IntEnum):
    """How much of a list is shown; of several roles the widest counts."""

    NONE = 0
    OWN = 1
    ALL = 2


class List(StrEnum):
    """The lists that the desk gives."""

    CALLS = "calls"
    GREETINGS = "greetings"
    DECISIONS = "decisions"
    TICKETS = "tickets"
    COMPLAINTS = "complaints"
    """The tickets that are complaints: a part of the tickets, shown to fewer."""
    CONSULTATIONS = "consultations"
    BREAKS = "breaks"
    BREAK_REASONS = "break_reasons"
    """Why somebody is on a break: a part of the breaks and of the seats, shown to fewer."""
    SEATS = "seats"
    OUTAGES = "outages"
    NEWS = "news"
    SET_ASIDE = "set_aside"
    REQUESTS = "requests"


_ORDER = (Role.STAFF, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
_NONE, _OWN, _ALL = Scope.NONE, Scope.OWN, Scope.ALL
_CELLS: Mapping[List, tuple[Scope, Scope, Scope, Scope]] = {
    # verdicts judge a person: they are for that person, and for those who lead, check or keep the machine
    List.CALLS: (_OWN, _ALL, _ALL, _ALL),
    List.GREETINGS: (_OWN, _ALL, _ALL, _ALL),
    List.DECISIONS: (_NONE, _ALL, _ALL, _ALL),
    # whoever is free takes the next ticket, and a caller may name the code of their consultation to anybody
    List.TICKETS: (_ALL, _ALL, _NONE, _ALL),
    # a complaint may be about whoever looks; the unit's head hears it (S9)
    List.COMPLAINTS: (_OWN, _ALL, _NONE, _ALL),
    List.CONSULTATIONS: (_ALL, _ALL, _ALL, _ALL),
    # who is at work is everybody's to know, why somebody left is not
    List.BREAKS: (_ALL, _ALL, _ALL, _ALL),
    List.BREAK_REASONS: (_OWN, _ALL, _NONE, _ALL),
    List.SEATS: (_ALL, _ALL, _ALL, _ALL),
    List.OUTAGES: (_ALL, _ALL, _ALL, _ALL),
    # news name who was late; what was set aside holds whatever a switch said
    List.NEWS: (_NONE, _ALL, _ALL, _ALL),
    List.SET_ASIDE: (_NONE, _NONE, _ALL, _ALL),
    List.REQUESTS: (_NONE, _ALL, _ALL, _ALL),
}
SEES: Mapping[List, Mapping[Role, Scope]] = {of: dict(zip(_ORDER, cells, strict=True)) for of, cells in _CELLS.items()}
"""What each role sees of each list."""
