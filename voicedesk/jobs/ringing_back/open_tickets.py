"""The tickets without an end, in memory as the database has them; one step's changes are written together.

A change counts once it is written. Where the database refuses, or a step fails half-way, what is in memory may be
wrong: it is forgotten, and read again before the next step.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError
from voicedesk.hall.deadlines import dial_limits, plan_of, switchboards_of
from voicedesk.jobs.news.news import News
from voicedesk.jobs.ringing_back.ticket_news import TicketNews
from voicedesk.phone_numbers import normalise
from voicedesk.settings import Settings
from voicedesk.store.tickets import Attempt, Change, StoredTicket, Tickets
from voicedesk.tickets.attempt import Result
from voicedesk.tickets.book import Book
from voicedesk.tickets.dial_rules import DialRules
from voicedesk.tickets.model import Kind, Ticket
from voicedesk.tickets.plan import Plan

DAY_US = 24 * 3600 * MICROSECONDS
"""The calls placed within this time are read: the limits of dialling count tries a day and calls an hour."""


@dataclass(slots=True)
class Changes:
    """What one step changes. `sources` are (call or request, ticket); the calls `looked_at` leave the inbox."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    sources: list[tuple[str, str]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    news: list[News] = field(default_factory=list)


class OpenTickets:
    """Every ticket without an end, and the calls placed for them of which nothing is known yet.

    `live` are the tickets and `attempts` the calls, both by id; `book` tells what a call means for the callbacks,
    `dial_rules` whether a number may be rung, `plan` when things are due. All are as the settings said when they were
    last read. Who uses this holds a lock: one step at a time.
    """

    def __init__(self, store: Tickets, settings: Callable[[], Settings], now: NowUs, news: TicketNews) -> None:
        self._store, self._settings, self._now, self._news = store, settings, now, news
        self._passed_over: set[str] = set()
        self.is_read = False
        self.live: dict[str, StoredTicket] = {}
        self.attempts: dict[str, Attempt] = {}
        self.plan: Plan = plan_of(settings())
        self.book = Book(self.plan)
        self.dial_rules = DialRules(dial_limits(settings()), self.plan)

    # --- what is in memory

    async def read(self) -> None:
        """Read everything without an end from the store, if it is not in memory. Raises StoreError."""
        if self.is_read:
            return
        settings = self._settings()
        self.plan = plan_of(settings)
        self.live = {one.ticket.id: one for one in await self._store.live()}
        self.book = Book(self.plan, switchboards=switchboards_of(settings), form=self.form_of)
        for stored in self.live.values():
            if stored.ticket.kind is Kind.CALLBACK:
                self.book.put(stored.ticket)
        self.attempts = {one.id: one for one in await self._store.open_attempts()}
        self.dial_rules = DialRules(dial_limits(settings), self.plan)
        for one in await self._store.attempts_since(self._now() - DAY_US):
            if one.number is not None and one.result != Result.NOT_RUNG:
                self.dial_rules.placed(one.number, one.placed_at)
        self.is_read = True

    def forget(self) -> None:
        """Read everything again before the next step: what is in memory may differ from what is stored."""
        self.is_read = False

    def change_settings(self) -> None:
        """Read everything again by the new settings; what was passed over is tried again."""
        self.forget()
        self._passed_over.clear()

    async def pass_over(self, key: str) -> None:
        """Leave one thing (a ticket, an attempt, a request) alone: working on it failed in a way nobody foresaw.

        It is tried again when the settings change or the service starts. Raises StoreError.
        """
        self._passed_over.add(key)
        self.forget()
        await self.read()

    def is_passed_over(self, key: str) -> bool:
        """True while one thing is left alone."""
        return key in self._passed_over

    # --- one step: its changes are noted, then written together

    def note(self, changes: Changes, tickets: Iterable[Ticket]) -> None:
        """Note tickets as they are after a move; later moves of the same step start from there."""
        for ticket in tickets:
            changes.tickets[ticket.id] = ticket
            if ticket.kind is Kind.CALLBACK:
                self.book.put(ticket)

    def ticket(self, ticket_id: str, changes: Changes | None = None) -> Ticket | None:
        """A ticket without an end, as the changes noted so far leave it; None: there is none of that id."""
        noted = changes.tickets.get(ticket_id) if changes is not None else None
        stored = self.live.get(ticket_id)
        return noted or (stored.ticket if stored else None)

    async def write(self, changes: Changes) -> None:
        """Write the changes of a step together; then they count, and people are told.

        Raises StoreError: then none of them counts, and memory is read again.
        """
        known = {ticket_id: self.live.get(ticket_id) for ticket_id in changes.tickets}
        to_save = [
            StoredTicket(ticket=ticket, version=before.version if (before := known[ticket.id]) else 0)
            for ticket in changes.tickets.values()
        ]
        change = Change(
            tickets=to_save, sources=changes.sources, attempts=changes.attempts, looked_at=changes.looked_at
        )
        try:
            saved = await self._store.change(change)
        except BaseException:  # also when the task is cancelled: it may be written or not
            self.forget()
            raise
        self._take(changes, saved)
        for stored in saved:
            before = known[stored.ticket.id]
            await self._news.changed(before.ticket if before else None, stored.ticket, without_end=len(self.live))
        for news in changes.news:
            await self._news.tell(news)

    def _take(self, changes: Changes, saved: Iterable[StoredTicket]) -> None:
        """What was written is what memory has from now on."""
        for attempt in changes.attempts:
            if attempt.result is None:
                self.attempts[attempt.id] = attempt
            else:
                self.attempts.pop(attempt.id, None)
        for stored in saved:
            if stored.ticket.is_closed:
                self.live.pop(stored.ticket.id, None)
            else:
                self.live[stored.ticket.id] = stored

    # --- questions

    def form_of(self, number: str) -> str | None:
        """The one form in which the hall writes a number, however it is told; None: it is none."""
        return normalise(number, self._settings().hall.area_code)

    def is_dialled(self, ticket: Ticket) -> bool:
        """True while a call placed for a ticket is not known to be over."""
        return any(one.ticket_id == ticket.id for one in self.attempts.values())

    def named(self, beginning: str) -> list[Ticket]:
        """The tickets whose id begins so."""
        return [one.ticket for key, one in self.live.items() if key.startswith(beginning)]

    async def find(self, ticket_id: str) -> Ticket:
        """The one ticket of an id, or whose id begins so. Raises InputError where there is none, or not only one."""
        found = self.named(ticket_id)
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"more than one ticket begins with {ticket_id!r}: give more of its id")
        if await self._store.get(ticket_id) is not None:
            raise InputError(f"ticket {ticket_id} is closed already")
        raise InputError(f"there is no ticket {ticket_id!r}: see `voicedesk tickets list`")
