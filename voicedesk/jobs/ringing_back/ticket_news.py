"""What people are told of tickets: a line in the log for each change, and news where somebody must act."""

from collections.abc import Callable

import structlog

from voicedesk.clock import MICROSECONDS
from voicedesk.jobs.news.news import ID, News, Tell
from voicedesk.language.translate import said
from voicedesk.settings import Settings
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.words import TICKET_KINDS
from voicedesk.words import Said, said_of

FLOOD_US = 60 * MICROSECONDS
"""New tickets are counted over this time; the limit is `[tickets] flood_a_minute`."""
FLOOD_TOLD_US = 600 * MICROSECONDS
"""A flood that goes on is told again only after this time."""

_log = structlog.get_logger()


class TicketNews:
    """Tells people of tickets. `settings` gives the settings that hold now."""

    def __init__(self, tell: Tell, settings: Callable[[], Settings]) -> None:
        self._tell, self._settings = tell, settings
        self._opened: list[int] = []
        self._flood_told_at = -FLOOD_TOLD_US

    async def tell(self, news: News) -> None:
        """Tell people of something that was made ready before."""
        await self._tell(news)

    async def changed(self, before: Ticket | None, ticket: Ticket, *, without_end: int) -> None:
        """A change of a ticket was written; nothing is said where its state is as before.

        `before` None: the ticket is new. `without_end`: how many tickets have no end now.
        """
        if before is not None and before.state is ticket.state:
            return
        _log.info(
            "ticket",
            ticket=ticket.id,
            kind=ticket.kind.value,
            state=ticket.state.value,
            group=ticket.group,
            outcome=ticket.outcome.value if ticket.outcome else None,
            closed_by_call=ticket.closed_by_call,
            caller_number=ticket.number,
        )
        if before is None and not ticket.is_closed:
            await self._tell_of("ticket_opened", ticket, said("New ticket: {}", _kind(ticket)), ticket.opened_at)
            await self._watch_flood(ticket.opened_at, without_end)

    async def due_soon(self, ticket: Ticket) -> None:
        """A ticket's deadline comes near."""
        await self._tell_of("ticket_due_soon", ticket, said("Due soon: {}", _kind(ticket)), ticket.due_at)

    async def overdue(self, ticket: Ticket) -> None:
        """A ticket's deadline has passed."""
        await self._tell_of("ticket_overdue", ticket, said("Overdue: {}", _kind(ticket)), ticket.due_at)

    async def _watch_flood(self, at: int, without_end: int) -> None:
        """Tell once if so many tickets were opened within a minute that it is a fault or an attack."""
        self._opened = [one for one in self._opened if one > at - FLOOD_US] + [at]
        limit = self._settings().tickets.flood_a_minute
        if len(self._opened) < limit or at < self._flood_told_at + FLOOD_TOLD_US:
            return
        self._flood_told_at = at
        news = News(
            id=f"missed_flood {at}",
            kind="missed_flood",
            at=at,
            title=said("{} new tickets within a minute", limit),
            fields={said("Not closed"): str(without_end)},
        )
        await self._tell(news)

    async def _tell_of(self, kind: str, ticket: Ticket, title: str, at: int) -> None:
        fields: dict[str, str] = {
            ID: ticket.id[:8],
            said("Line"): ticket.group,
            said("Owner"): ticket.owner or said("none"),
        }
        await self._tell(
            News(id=f"{kind} {ticket.id} {at}", kind=kind, at=at, title=title, fields=fields, personal=_number(ticket))
        )


def correction(ticket: Ticket, call_id: str, at: int) -> News:
    """News that a call which people were told was missed was not; `ticket` as it is without that call."""
    return News(
        id=f"ticket_corrected {ticket.id} {call_id}",
        kind="ticket_corrected",
        at=at,
        title=said("Corrected: a call told as missed was not missed"),
        fields={
            ID: ticket.id[:8],
            said("Line"): ticket.group,
            said("Ticket"): said("it is closed" if ticket.is_closed else "other calls were missed: it goes on"),
        },
        personal=_number(ticket),
        corrects=f"ticket_opened {ticket.id} {ticket.opened_at}",
    )


def _number(ticket: Ticket) -> dict[str, str]:
    return {said("Phone number"): ticket.number} if ticket.number else {}


def _kind(ticket: Ticket) -> Said:
    return said_of(TICKET_KINDS, ticket.kind)
