"""Time and tickets: claims end by themselves, and people are told of deadlines that are near or past (S4, S6)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.jobs.ringing_back.ticket_news import TicketNews
from voicedesk.language.translate import said
from voicedesk.settings import Settings
from voicedesk.tickets.model import Kind, State, Ticket
from voicedesk.tickets.plan import Notice
from voicedesk.tickets.work import lease_checked, reported
from voicedesk.words import in_one

BREATH_EVERY = 100
"""After so many tickets the event loop has a turn: following calls must not wait for tens of thousands of tickets."""


class Deadlines:
    """Looks at the clock for every ticket without an end."""

    def __init__(self, tickets: OpenTickets, settings: Callable[[], Settings], news: TicketNews, guard: Guard) -> None:
        self._tickets, self._settings, self._news, self._guard = tickets, settings, news, guard

    async def look(self, now: int) -> None:
        """End the claims that are over, and remind and escalate what is due. Raises StoreError."""
        dialled = {one.ticket_id for one in self._tickets.attempts.values()}
        for number, stored in enumerate(list(self._tickets.live.values())):
            ticket_id = stored.ticket.id
            if self._tickets.is_passed_over(ticket_id):
                continue
            with self._guard.one(Part.ROW, f"ticket {ticket_id}", content=written(stored.ticket)):
                ticket = stored.ticket if ticket_id in dialled else lease_checked(stored.ticket, at=now)
                ticket = await self._reminded(ticket, now)
                if ticket is not stored.ticket:
                    changes = Changes()
                    self._tickets.note(changes, [ticket])
                    await self._tickets.write(changes)
                if number % BREATH_EVERY == 0:
                    await asyncio.sleep(0)
                continue
            await self._tickets.pass_over(ticket_id)

    async def _reminded(self, ticket: Ticket, now: int) -> Ticket:
        match self._tickets.plan.notice(ticket, now):
            case Notice.REMIND if ticket.reminded_at is None:
                await self._news.due_soon(ticket)
                return replace(ticket, reminded_at=now)
            case Notice.ESCALATE if ticket.escalated_at is None:
                await self._news.overdue(ticket)
                return self._escalated(replace(ticket, escalated_at=now), now)
        return ticket

    def _escalated(self, ticket: Ticket, now: int) -> Ticket:
        """A referral that nobody confirmed in time goes to the superior, who answers for it (S4)."""
        superior = self._settings().tickets.supervisor
        if ticket.kind is Kind.REFERRAL and ticket.state is State.OPEN and superior:
            note = in_one(said("nobody confirmed it in time"), self._settings().hall.spoken)
            return reported(ticket, to=superior, by="", note=note, at=now)
        return ticket
