"""What a call that is over means for callbacks: it opens, joins, closes or corrects them."""

from collections.abc import Callable
from dataclasses import replace

from voicedesk.calls.model import CallFacts, JudgedCall
from voicedesk.clock import NowUs
from voicedesk.hall.deadlines import group_of
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.jobs.ringing_back.ticket_news import correction
from voicedesk.phone_numbers import national_digits
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store
from voicedesk.tickets.book import not_missed
from voicedesk.tickets.meaning import Contact, Miss, meaning_of
from voicedesk.tickets.model import Ticket


class Callbacks:
    """Notes in a step's changes what a call does to the callbacks."""

    def __init__(self, store: Store, tickets: OpenTickets, settings: Callable[[], Settings], now: NowUs) -> None:
        self._store, self._tickets, self._settings, self._now = store, tickets, settings, now

    def meaning(self, call: JudgedCall, dialled_for: Ticket | None, *, asked: bool) -> Miss | Contact | None:
        """A missed call, a contact with a citizen, or neither.

        `dialled_for`: the ticket that the hall placed this call for. `asked`: the caller asked the IVR for a callback.
        """
        settings = self._settings()

        def group(facts: CallFacts) -> str | None:
            return dialled_for.group if dialled_for is not None else group_of(facts, settings)

        return meaning_of(call, group, area_code=settings.hall.area_code, asked_for_callback=asked)

    async def missed(self, miss: Miss, pbx: str, changes: Changes) -> None:
        """A call was missed. A call that reached the citizen since then may have been looked at before it."""
        if await self._store.tickets.ticket_of(miss.call_id) is not None:
            return
        if miss.number is not None:
            for contact in await self._contacts_since(miss):
                self.reached(contact, changes)
        changed = self._tickets.book.note(miss)
        self._tickets.note(changes, (replace(one, pbx=pbx) for one in changed))
        changes.sources += [(miss.call_id, one.id) for one in changed if miss.call_id in one.missed_calls]

    def reached(self, contact: Contact, changes: Changes) -> None:
        """A citizen was spoken to."""
        self._tickets.note(changes, self._tickets.book.note(contact))

    async def correct(self, facts: CallFacts, changes: Changes) -> None:
        """A call was not missed: a ticket that counts it is corrected, and people who were told of it are told so."""
        ticket_id = await self._store.tickets.ticket_of(facts.id)
        stored = await self._store.tickets.get(ticket_id) if ticket_id is not None else None
        if stored is None or facts.id not in stored.ticket.missed_calls:
            return
        before = ticket = self._tickets.ticket(stored.ticket.id, changes) or stored.ticket
        if not ticket.is_closed:
            ticket = not_missed(ticket, facts.id, at=self._now())
            self._tickets.note(changes, [ticket])
        if before.missed_calls[0] == facts.id or ticket.is_closed:  # people were told of the call that opened it
            changes.news.append(correction(ticket, facts.id, self._now()))

    async def _contacts_since(self, miss: Miss) -> list[Contact]:
        area = self._settings().hall.area_code
        digits = national_digits(miss.number, area)
        if digits is None:
            return []
        numbers = await self._store.calls.spellings(digits, area)
        which = CallFilter(caller_numbers=numbers, from_at=miss.started_at)
        found = [self.meaning(one.call, None, asked=False) async for one in self._store.calls.each(which)]
        return [one for one in found if isinstance(one, Contact)]
