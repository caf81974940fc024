"""Tickets as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.language.translate import worded
from voicedesk.phone_numbers import mask
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.words import TICKET_KINDS, TICKET_OUTCOMES, TICKET_STATES
from voicedesk.words import Said, in_one, list_comma, word

WITHHELD = Said("隐藏号码", "withheld")


def ticket_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of tickets; times as the clocks of `zone` show them."""
    return (
        Column(worded("Ticket id"), width=22),
        Column(worded("Type")),
        Column(worded("Line group"), width=16),
        Column(worded("Phone number"), width=16),
        Column(worded("Citizen")),
        Column(worded("State")),
        Column(worded("Owner")),
        Column(worded("Answers for it")),
        Column(time_title("Opened", zone), Kind.TIME, 20),
        Column(time_title("Due", zone), Kind.TIME, 20),
        Column(time_title("Promised", zone), Kind.TIME, 20),
        Column(worded("Is late")),
        Column(worded("Why it is later"), width=20),
        Column(time_title("Citizen told of it", zone), Kind.TIME, 20),
        Column(worded("Missed calls"), Kind.COUNT),
        Column(worded("Tries without an answer"), Kind.COUNT),
        Column(time_title("Next try", zone), Kind.TIME, 20),
        Column(worded("Outcome")),
        Column(time_title("Closed", zone), Kind.TIME, 20),
        Column(worded("Time taken (s)"), Kind.SECONDS),
        Column(worded("Closed by call"), width=22),
        Column(worded("Matter"), width=30),
        Column(worded("Unit"), width=16),
        Column(worded("Notice code"), width=14),
        Column(worded("Telephone switch")),
    )


def tickets_sheet(
    tickets: Iterable[Ticket], zone: tzinfo, *, names: Mapping[str, str], now: int, unmask: bool = False
) -> Sheet:
    """The tickets as they stand; `names` are people's by their ids."""
    rows = (_row(one, zone, names, now, unmask) for one in tickets)
    return Sheet(name=worded("Tickets"), columns=ticket_columns(zone), rows=rows)


def _row(one: Ticket, zone: tzinfo, names: Mapping[str, str], now: int, unmask: bool) -> tuple[Cell, ...]:
    number = one.number or in_one(WITHHELD)
    citizen = one.citizen if unmask or not one.citizen else f"{one.citizen[:1]}**"
    return (
        one.id,
        word(TICKET_KINDS, one.kind),
        one.group,
        number if unmask or one.number is None else mask(number),
        citizen,
        word(TICKET_STATES, one.state),
        names.get(one.owner or "", one.owner or ""),
        names.get(one.responsible or "", one.responsible or ""),
        time_cell(one.opened_at, zone),
        time_cell(one.due_at, zone),
        time_cell(one.promised_at, zone),
        yes_cell(one.is_late(now)),
        one.late_reason,
        time_cell(one.told_at, zone),
        len(one.missed_calls),
        one.tries,
        None if one.is_closed else time_cell(one.next_try_at, zone),
        word(TICKET_OUTCOMES, one.outcome),
        time_cell(one.closed_at, zone),
        None if one.closed_at is None else seconds_cell(one.closed_at - one.opened_at),
        one.closed_by_call or "",
        one.matter,
        one.unit,
        list_comma().join(one.codes),
        one.pbx,
    )
