"""What whoever asked for a step on a ticket is told: what was done to it, and what follows from that."""

from datetime import tzinfo
from typing import assert_never

from voicedesk.clock import to_datetime
from voicedesk.tickets import steps
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.steps import OnTicket
from voicedesk.tickets.words import TICKET_KINDS, TICKET_OUTCOMES
from voicedesk.words import word

SHOWN_OF_ID = 8
"""How much of a ticket's id lists and answers show: enough to name it by."""


def told_of(step: OnTicket, after: Ticket, zone: tzinfo) -> str:  # noqa: PLR0911  # one line for each step there is
    """The answer to a step, by the ticket after it."""
    name = named(after)
    match step:
        case steps.Claim():
            return f"{name}: claimed by {after.owner} until {_at(after.lease_until, zone)}"
        case steps.Release():
            return f"{name}: given back"
        case steps.Confirm():
            return f"{name}: receipt confirmed, {after.responsible} answers for it now"
        case steps.Report():
            return f"{name}: reported to {after.responsible}, who answers for it now"
        case steps.Postpone():
            due, first = _at(after.due_at, zone), _at(after.promised_at, zone)
            return f"{name}: postponed to {due} (promised first for {first}): tell the citizen"
        case steps.Told():
            return f"{name}: noted that the citizen was told"
        case steps.Settle():
            if after.next_try_at is None:
                return f"{name}: noted that nobody spoke"
            return f"{name}: noted that nobody spoke, to be tried again at {_at(after.next_try_at, zone)}"
        case steps.Close():
            return f"{name}: closed, {word(TICKET_OUTCOMES, after.outcome)}"
        case _:
            assert_never(step)


def named(ticket: Ticket) -> str:
    """A ticket by its kind and how its id begins."""
    return f"{word(TICKET_KINDS, ticket.kind)} {ticket.id[:SHOWN_OF_ID]}"


def _at(us: int | None, zone: tzinfo) -> str:
    return "" if us is None else to_datetime(us).astimezone(zone).strftime("%Y-%m-%d %H:%M")
