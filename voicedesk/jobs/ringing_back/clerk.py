"""The clerk of the tickets: works in rounds at what happened, and carries out what staff ask, one thing at a time.

A round takes ended calls off the inbox, takes up what callers asked for in the IVR, follows the calls that the hall
placed, and looks at deadlines. Every step is written before it counts. Nothing here can delay a call.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping

import structlog

from voicedesk.calls.model import CallFacts
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.news.news import Tell
from voicedesk.jobs.ringing_back.attempts import Attempts
from voicedesk.jobs.ringing_back.callbacks import Callbacks
from voicedesk.jobs.ringing_back.deadlines import Deadlines
from voicedesk.jobs.ringing_back.inbox import Inbox
from voicedesk.jobs.ringing_back.ivr_requests import IvrRequests
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.jobs.ringing_back.ticket_news import TicketNews
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt
from voicedesk.tickets.attempt import Result, Tried
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.plan import Plan
from voicedesk.tickets.work import lease_checked

POLL_SECONDS = 0.25
"""How often the inbox is looked at."""
ROUND_SECONDS = 300.0
"""A round that takes longer hangs: the supervisor begins this part again."""
REQUESTS_US = 2 * MICROSECONDS
CLOCK_US = 10 * MICROSECONDS
"""How often requests in the IVR and deadlines are looked at: hours are promised, so some seconds do not matter."""

_log = structlog.get_logger()
CallOf = Callable[[str], CallFacts | None]


class TicketClerk:
    """Works off the tickets of the hall.

    `calls` gives, by PBX, the call that a channel belongs to; `tell` tells people.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: Mapping[str, CallOf],
        now: NowUs,
        *,
        tell: Tell,
        guard: Guard | None = None,
    ) -> None:
        self._store, self._settings, self._calls, self._now = store, settings, calls, now
        guard = guard or Guard(now)
        self._lock = asyncio.Lock()
        self._next_requests = self._next_clock = 0
        news = TicketNews(tell, self._settings_now)
        self._tickets = OpenTickets(store.tickets, self._settings_now, now, news)
        self._attempts = Attempts(store, self._tickets, self._settings_now, self._is_under_way, guard)
        callbacks = Callbacks(store, self._tickets, self._settings_now, now)
        self._inbox = Inbox(store, self._tickets, callbacks, self._attempts, guard)
        self._requests = IvrRequests(
            store, self._tickets, callbacks, self._settings_now, self._is_under_way, guard=guard
        )
        self._deadlines = Deadlines(self._tickets, self._settings_now, news, guard)

    def _settings_now(self) -> Settings:
        return self._settings

    def _is_under_way(self, pbx: str, channel: str) -> bool:
        find = self._calls.get(pbx)
        facts = find(channel) if find else None
        return facts is not None and facts.ended_at is None

    # --- rounds

    async def run(self) -> None:
        """Work until cancelled. While the database refuses, wait; the reason is logged once."""
        troubles = Troubles()
        while True:
            promise_round(ROUND_SECONDS)
            has_more = False
            with troubles.waiting("desk_waits"):
                has_more = await self.work()
            await asyncio.sleep(0 if has_more else POLL_SECONDS)

    def change_settings(self, settings: Settings) -> None:
        """Use the new settings from the next step on; promises made earlier keep their old due date."""
        self._settings = settings
        self._tickets.change_settings()

    async def work(self) -> bool:
        """One round: ended calls, requests in the IVR, calls of ours, deadlines. Raises StoreError.

        True if more calls may wait than one round takes.
        """
        async with self._lock:
            try:
                await self._tickets.read()
                has_more = await self._inbox.look()
                now = self._now()
                if now >= self._next_requests:
                    await self._requests.look(now)
                    self._next_requests = now + REQUESTS_US
                await self._attempts.look(now)
                if now >= self._next_clock:
                    await self._deadlines.look(now)
                    self._next_clock = now + CLOCK_US
            except BaseException:  # also when the task is cancelled: a step may be noted and not written
                self._tickets.forget()
                raise
        return has_more

    # --- what staff ask

    async def change(self, ticket_id: str, step: Callable[[Ticket], Ticket]) -> Ticket:
        """Carry out a step on a ticket without an end; the ticket after it.

        Raises InputError where the step is not possible now, StoreError where it was not written.
        """
        async with self._lock:
            await self._tickets.read()
            ticket = await self._tickets.find(ticket_id)
            if not self._tickets.is_dialled(ticket):
                ticket = lease_checked(ticket, at=self._now())
            return await self._written(step(ticket))

    async def register(self, ticket: Ticket) -> Ticket:
        """Take in a ticket that a person registered. Raises StoreError."""
        async with self._lock:
            await self._tickets.read()
            return await self._written(ticket)

    async def _written(self, ticket: Ticket) -> Ticket:
        changes = Changes()
        self._tickets.note(changes, [ticket])
        await self._tickets.write(changes)
        return ticket

    async def people(self) -> set[str]:
        """Who has a ticket without an end in hand, or answers for one. Raises StoreError."""
        if not self._tickets.is_read:
            async with self._lock:
                await self._tickets.read()
        tickets = [one.ticket for one in self._tickets.live.values()]
        return {name for ticket in tickets for name in (ticket.owner, ticket.responsible) if name}

    def pbx_of(self, ticket_id: str) -> str:
        """The PBX at which a ticket's call came in; empty: none, or no such ticket."""
        return next((one.pbx for one in self._tickets.named(ticket_id)), "")

    @property
    def plan(self) -> Plan:
        """When things are due."""
        return self._tickets.plan

    # --- calls that staff ask for

    async def begin_attempt(
        self, ticket_id: str, attempt: Attempt, step: Callable[[Ticket], Ticket]
    ) -> tuple[Attempt, bool]:
        """Write down that a call is about to be placed, before the switch is asked: so it is never asked twice.

        `attempt` has no ticket's id and no number yet; what is returned has them. False: a call of that id was begun
        before, and is returned as it stands. Raises InputError that says why the citizen may not be rung now.
        """
        async with self._lock:
            return await self._attempts.begin(ticket_id, attempt, step)

    async def not_placed(self, attempt: Attempt, reason: str) -> None:
        """Write down that the switch surely did not place a call. Raises StoreError."""
        async with self._lock:
            await self._tickets.read()
            changes = Changes()
            tried = Tried(result=Result.NOT_RUNG, cause=reason, at=self._now())
            self._attempts.tried(attempt, tried, None, changes)
            await self._tickets.write(changes)

    async def attempt(self, attempt_id: str) -> Attempt | None:
        """A call that was begun, as it stands. Raises StoreError."""
        return await self._store.tickets.attempt(attempt_id)

    async def shown_number(self, ticket_id: str, pbx: str) -> str | None:
        """The number that the citizen of a ticket is to see: that of the line called last, else of a line of its group.

        Only numbers of lines on the PBX that places the call: another's dialplan does not know them. None: what the
        dialplan shows. Raises StoreError.
        """
        return await self._attempts.shown_number(ticket_id, pbx)


def new_ticket_id() -> str:
    """The id of a ticket that a person registers."""
    return secrets.token_hex(10)
