"""What staff do with a ticket: register, claim, try, postpone, report, close; each step dated (S4, S6, S9).

Each function gives the ticket after the step, or raises InputError that says what to do. Of two who claim at the same
instant the store lets one write; the other then finds it claimed.
"""

from dataclasses import replace

from voicedesk.clock import MICROSECONDS
from voicedesk.errors import InputError
from voicedesk.phone_numbers import can_be_rung
from voicedesk.tickets.book import closed_by
from voicedesk.tickets.meaning import Contact
from voicedesk.tickets.model import STANDS, Entry, Kind, Move, Outcome, State, Ticket, moved
from voicedesk.tickets.plan import Plan

LEASE_US = 600 * MICROSECONDS
"""How long a claim locks a ticket unless it is renewed."""


def registered(
    *,
    ticket_id: str,
    kind: Kind,
    group: str,
    number: str | None,
    plan: Plan,
    by: str,
    note: str,
    at: int,
    to: str | None = None,
) -> Ticket:
    """A referral, complaint or home visit as it is registered, by a person or (`by` empty) by the IVR; `note` is the
    matter, `to` is who answers for it."""
    if not note.strip():
        raise InputError("say what the matter is: whoever takes it over knows nothing of it yet")
    due_at = plan.due_at(group, at, kind)
    return Ticket(
        id=ticket_id,
        kind=kind,
        group=group,
        number=number,
        opened_at=at,
        due_at=due_at,
        promised_at=due_at,
        waiting_since=at,
        state=State.OPEN if can_be_rung(number) else State.UNCALLABLE,
        owner=to,
        responsible=to,
        matter=note,
        history=(Entry(at=at, move=Move.OPENED, by=by, note=note),),
    )


def rung_up(ticket: Ticket, *, call_id: str, at: int) -> Ticket:
    """The ticket after the hall's call to the citizen was answered.

    For a callback that is its end, and for a referral too: the receiver has contacted the citizen (S4). A complaint or
    a home visit goes on until a person closes it with what came of it (S9, S8).
    """
    if ticket.kind in (Kind.CALLBACK, Kind.REFERRAL):
        return closed_by(ticket, Contact(call_id=call_id, number=ticket.number or "", group=ticket.group, at=at))
    after = moved(ticket, Entry(at=at, move=Move.CONTACTED, by=ticket.owner or "", call_id=call_id))
    return replace(after, lease_until=None, told_at=at if ticket.late_reason else ticket.told_at)


def not_rung(ticket: Ticket, *, cause: str, at: int, call_id: str | None = None) -> Ticket:
    """The ticket after a try in which the citizen's phone surely never rang: who held it holds it still."""
    after = moved(ticket, Entry(at=at, move=Move.NOT_RUNG, by=ticket.owner or "", call_id=call_id, note=cause))
    if after.state is State.OPEN:
        return _given_back(after)
    return replace(after, lease_until=at + LEASE_US)


def claimed(ticket: Ticket, *, by: str, at: int) -> Ticket:
    """The ticket locked for one person; who holds it may claim it again, which renews the lease."""
    ticket = lease_checked(ticket, at=at)
    if ticket.state is State.CLAIMED and ticket.owner == by:
        return replace(ticket, lease_until=at + LEASE_US)
    after = moved(ticket, Entry(at=at, move=Move.CLAIM, by=by))
    return replace(after, owner=by, lease_until=at + LEASE_US, resting=ticket.state)


def released(ticket: Ticket, *, by: str, at: int) -> Ticket:
    """The ticket given back by who holds it."""
    _held(ticket, by, at)
    return _given_back(moved(ticket, Entry(at=at, move=Move.RELEASE, by=by)))


def lease_checked(ticket: Ticket, *, at: int) -> Ticket:
    """The ticket as it stands at an instant: a lease that ran out is over, and with it what it protected."""
    if ticket.lease_until is None or at < ticket.lease_until:
        return ticket
    after = moved(ticket, Entry(at=at, move=Move.LEASE_OVER, by=ticket.owner or ""))
    if after.state is State.OPEN:
        return _given_back(after)
    return replace(after, owner=ticket.responsible, lease_until=None)


def _given_back(ticket: Ticket) -> Ticket:
    """As it rested before it was claimed, with who answers for it."""
    return replace(ticket, state=ticket.resting, owner=ticket.responsible, lease_until=None)


def dialling(ticket: Ticket, *, by: str, at: int) -> Ticket:
    """The ticket while its citizen is rung by who holds it; there is no way to dial one that rings already."""
    _held(ticket, by, at)
    return replace(moved(ticket, Entry(at=at, move=Move.DIAL, by=by)), lease_until=at + LEASE_US)


def try_failed(ticket: Ticket, *, cause: str, at: int, plan: Plan, call_id: str | None = None, by: str = "") -> Ticket:
    """The ticket after a try that did not reach the citizen: counted with its cause, and planned again."""
    after = moved(ticket, Entry(at=at, move=Move.TRY_FAILED, by=by, call_id=call_id, note=cause))
    tries = ticket.tries + 1
    next_try_at = plan.retry_at(ticket.group, at, tries)
    return replace(after, tries=tries, next_try_at=next_try_at, owner=ticket.responsible, lease_until=None)


def settled_as_failed(ticket: Ticket, *, note: str, by: str, at: int, plan: Plan) -> Ticket:
    """The ticket of which nobody knew whether its citizen was rung, after a person found out that nobody spoke."""
    if ticket.state is not State.UNKNOWN:
        raise InputError(f"ticket {ticket.id} {STANDS[ticket.state]}: only one whose try is unknown is settled so")
    if not note.strip():
        raise InputError("say how you found out: the staff member, the phone's list of calls, the citizen")
    return try_failed(ticket, cause=note, at=at, plan=plan, by=by)


def result_unknown(ticket: Ticket, *, at: int) -> Ticket:
    """The ticket after the link was lost while dialling: it is never dialled again before a person settled it."""
    return replace(moved(ticket, Entry(at=at, move=Move.RESULT_UNKNOWN)), lease_until=None)


def confirmed(ticket: Ticket, *, by: str, at: int) -> Ticket:
    """The ticket after its receiver read it and became responsible (S4)."""
    return replace(moved(ticket, Entry(at=at, move=Move.CONFIRM, by=by)), owner=by, responsible=by)


def reported(ticket: Ticket, *, to: str, by: str, note: str, at: int) -> Ticket:
    """The ticket handed to the superior, who answers for it (S4): the receiver is absent, or it is unclear."""
    after = moved(ticket, Entry(at=at, move=Move.REPORT, by=by, note=note))
    return replace(after, owner=to, responsible=to, lease_until=None)


def postponed(ticket: Ticket, *, due_at: int, reason: str, by: str, at: int) -> Ticket:
    """The ticket with a new date and the reason for it (S6); `promised_at` keeps the first, the figures count by it."""
    if not reason.strip() or due_at <= at:
        raise InputError("a late ticket needs a reason and a new date that lies ahead (限时办结)")
    after = moved(ticket, Entry(at=at, move=Move.POSTPONE, by=by, note=reason))
    return replace(after, due_at=due_at, late_reason=reason, told_at=None, reminded_at=None, escalated_at=None)


def citizen_told(ticket: Ticket, *, note: str, by: str, at: int) -> Ticket:
    """The citizen knows why it takes longer and until when (S6); `note` says how they were told."""
    if not ticket.late_reason:
        raise InputError(f"ticket {ticket.id} was not postponed: there is no new date to tell, see tickets postpone")
    if not note.strip():
        raise InputError("say how the citizen was told: by phone, by text message, at the counter")
    return replace(moved(ticket, Entry(at=at, move=Move.CITIZEN_TOLD, by=by, note=note)), told_at=at)


def closed(ticket: Ticket, *, outcome: Outcome, note: str, by: str, at: int) -> Ticket:
    """The ticket ended by a person, with what came of it; past its promised time only with the reason kept (S6)."""
    if not note.strip():
        raise InputError("say what came of it: nothing is dropped silently")
    if ticket.broke_promise(at) and not ticket.late_reason:
        raise InputError("it is late: give the reason and a new date first (限时办结)")
    after = moved(ticket, Entry(at=at, move=Move.CLOSE, by=by, note=note))
    return replace(after, outcome=outcome, closed_at=at, lease_until=None)


def _held(ticket: Ticket, by: str, at: int) -> None:
    if ticket.owner != by or ticket.lease_until is None or at >= ticket.lease_until:
        raise InputError(f"ticket {ticket.id} is not claimed by {by}: claim it first")
