"""The open tickets and the calls that open, join, close or only suggest closing them; order of arrival does not matter.

One open callback per (number, line group). What is closed leaves the book; a withheld number cannot be told from
another, so each such call is an item of its own, listed as uncallable; a short number is uncallable too. A ticket
stored under an older form of its number is found by the form of today.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from voicedesk.clock import MICROSECONDS
from voicedesk.phone_numbers import can_be_rung, normalise
from voicedesk.tickets.meaning import Contact, Miss
from voicedesk.tickets.model import Entry, Kind, Move, Outcome, State, Ticket, moved
from voicedesk.tickets.plan import Plan

MOMENTS_US = 120 * MICROSECONDS
"""A caller who is answered within this time after a missed call counts as answered moments later: nobody has to ring
back."""


def callback_id(call_id: str) -> str:
    """The id of the callback that a call opens: always the same, so that opening it again changes nothing."""
    return hashlib.sha256(f"callback {call_id}".encode()).hexdigest()[:20]


class Book:
    """Live callbacks and the latest contacts of each number.

    `switchboards`: numbers that many people call from; `form` gives the one form of a number, None for one it has none.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        switchboards: frozenset[str] = frozenset(),
        form: Callable[[str], str | None] = normalise,
    ) -> None:
        self._plan = plan
        self._form = form
        self._switchboards = frozenset(self._key(number) for number in switchboards)
        self._open: dict[str, dict[str, Ticket]] = {}
        self._uncallable: dict[str, Ticket] = {}
        self._contacts: dict[str, dict[str | None, Contact]] = {}
        self._known: set[str] = set()

    @property
    def live(self) -> tuple[Ticket, ...]:
        """Every ticket without an end, the one that is due first in front."""
        with_number = (ticket for shelf in self._open.values() for ticket in shelf.values())
        return tuple(sorted((*with_number, *self._uncallable.values()), key=lambda one: (one.due_at, one.id)))

    def put(self, ticket: Ticket) -> None:
        """Takes a callback as it stands now (read from the store, or after a move); a closed one leaves the book."""
        self._known.update(ticket.missed_calls)
        shelf = self._uncallable
        if ticket.number is not None:
            shelf = self._open.setdefault(self._key(ticket.number), {})
        if ticket.is_closed:
            shelf.pop(ticket.id, None)
        else:
            shelf[ticket.id] = ticket

    def is_switchboard(self, number: str) -> bool:
        """Whether many people call from a number, so that a talk with it proves nothing."""
        return self._key(number) in self._switchboards

    def _key(self, number: str) -> str:
        return self._form(number) or number

    def _live_of(self, number: str | None) -> Iterator[Ticket]:
        """The open callbacks of a number, what is due first in front; more than one a group only of older forms."""
        shelf = self._open.get(self._key(number), {}) if number is not None else {}
        yield from sorted(shelf.values(), key=lambda one: (one.due_at, one.id))

    def note(self, what: Miss | Contact) -> tuple[Ticket, ...]:
        """The tickets that a call changed; a call noted before changes none."""
        changed = self._missed(what) if isinstance(what, Miss) else self._reached(what)
        for ticket in changed:
            self.put(ticket)
        return changed

    def _missed(self, miss: Miss) -> tuple[Ticket, ...]:
        if miss.call_id in self._known:
            return ()
        live = next((one for one in self._live_of(miss.number) if one.group == miss.group), None)
        if live is not None:
            entry = Entry(at=miss.ended_at, move=Move.MISSED_AGAIN, call_id=miss.call_id)
            since = max(live.waiting_since, miss.started_at)
            return (moved(replace(live, missed_calls=(*live.missed_calls, miss.call_id), waiting_since=since), entry),)
        ticket = self._opened(miss)
        contacts = self._contacts.get(self._key(miss.number), {}) if miss.number is not None else {}
        contact = contacts.get(miss.group)
        if contact is not None and contact.at >= miss.started_at and self._is_certain(ticket, contact):
            return (closed_by(ticket, contact),)
        return (ticket,)

    def _opened(self, miss: Miss) -> Ticket:
        due_at = self._plan.due_at(miss.group, miss.ended_at)
        return Ticket(
            id=callback_id(miss.call_id),
            kind=Kind.CALLBACK,
            group=miss.group,
            number=self._key(miss.number) if miss.number is not None else None,
            opened_at=miss.ended_at,
            due_at=due_at,
            promised_at=due_at,
            waiting_since=miss.started_at,
            state=State.OPEN if can_be_rung(miss.number) else State.UNCALLABLE,
            missed_calls=(miss.call_id,),
            history=(Entry(at=miss.ended_at, move=Move.OPENED, call_id=miss.call_id),),
        )

    def _reached(self, contact: Contact) -> tuple[Ticket, ...]:
        groups = self._contacts.setdefault(self._key(contact.number), {})
        latest = groups.get(contact.group)
        if latest is None or latest.at < contact.at:
            groups[contact.group] = contact
        live = tuple(self._live_of(contact.number))
        return tuple(self._after(ticket, contact) for ticket in live if _is_answer_to(ticket, contact))

    def _after(self, ticket: Ticket, contact: Contact) -> Ticket:
        if self._is_certain(ticket, contact):
            return closed_by(ticket, contact)
        entry = Entry(at=contact.at, move=Move.SUGGEST, call_id=contact.call_id)
        after = moved(replace(ticket, suggested_by=(*ticket.suggested_by, contact.call_id)), entry)
        return replace(after, lease_until=None) if after.state is State.UNKNOWN else after

    def _is_certain(self, ticket: Ticket, contact: Contact) -> bool:
        return contact.group == ticket.group and not self.is_switchboard(contact.number)


def closed_by(ticket: Ticket, contact: Contact) -> Ticket:
    """The ticket closed by the call that reached a person."""
    was_dialled = any(entry.move is Move.DIAL for entry in ticket.history)
    soon = contact.at - ticket.opened_at <= MOMENTS_US and len(ticket.missed_calls) == 1 and not was_dialled
    return replace(
        moved(ticket, Entry(at=contact.at, move=Move.REACHED, call_id=contact.call_id)),
        outcome=Outcome.ANSWERED_MOMENTS_LATER if soon else Outcome.REACHED,
        closed_at=contact.at,
        closed_by_call=contact.call_id,
        lease_until=None,
        told_at=contact.at if ticket.late_reason else ticket.told_at,
    )


def not_missed(ticket: Ticket, call_id: str, *, at: int) -> Ticket:
    """The ticket without a call that turned out not to have been missed; closed if no other is in it.

    While somebody may be ringing the citizen it stays theirs to close.
    """
    after = moved(ticket, Entry(at=at, move=Move.NOT_MISSED, call_id=call_id))
    after = replace(after, missed_calls=tuple(one for one in ticket.missed_calls if one != call_id))
    if after.missed_calls or after.state is State.DIALLING:
        return after
    end = Entry(at=at, move=Move.CLOSE, call_id=call_id)
    return replace(
        moved(after, end), outcome=Outcome.NOT_MISSED, closed_at=at, closed_by_call=call_id, lease_until=None
    )


def _is_answer_to(ticket: Ticket, contact: Contact) -> bool:
    return contact.at >= ticket.waiting_since and contact.call_id not in ticket.suggested_by
