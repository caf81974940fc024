"""What is to be done: tickets by how urgent they are, in words; and one ticket with all that can be done with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from urllib.parse import urlencode

from voicedesk.calls.words import CAUSES, VERDICTS
from voicedesk.clock import MICROSECONDS
from voicedesk.desk import tickets as desk
from voicedesk.desk.labels import Label, label
from voicedesk.desk.names import people_of
from voicedesk.desk.tickets import TicketRow, TicketShown
from voicedesk.desk.urgency import Urgency, due_in_words, urgency_of
from voicedesk.desk.viewer import Viewer
from voicedesk.desk.words import URGENCIES
from voicedesk.errors import InputError
from voicedesk.phone_numbers import written_forms
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.tickets.model import MOVES, Kind, Move, State

MOST_SHOWN = 300
"""Open tickets on one page: a hall that owes more has another trouble than paging."""
CALLS_SHOWN = 10
DAYS_LOOKED_BACK = 90
_DAY_US = 86400 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoView:
    """What of the list is asked for. `mine`: only what this person holds or answers for."""

    mine: bool = False
    kind: Kind | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "TodoView":
        """The view that an address names. Raises InputError where it makes no sense."""
        unknown = set(query) - {"mine", "kind"}
        if unknown or query.get("mine", "1") != "1":
            raise InputError(f"{sorted(unknown) or 'mine'}: the list of tickets has no such filter")
        kind = query.get("kind")
        if kind is not None and kind not in list(Kind):
            raise InputError(f"{kind[:40]!r} is no kind of ticket: one of {', '.join(Kind)}")
        return cls(mine="mine" in query, kind=Kind(kind) if kind else None)

    def address(self) -> str:
        """The address of this view."""
        named = {"kind": self.kind.value if self.kind else "", "mine": "1" if self.mine else ""}
        text = urlencode({name: value for name, value in named.items() if value})
        return f"?{text}" if text else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoRow:
    """One ticket in the list. `due` is its deadline in words; `is_mine`: this person holds it, `held_by` whoever does.
    `closed_by`: who wrote down its end; nobody where the call itself did.

    `lease_minutes`: how long the claim of who holds it still keeps others away; None: there is none.
    """

    row: TicketRow
    urgency: Urgency
    due: Label
    is_mine: bool
    held_by: str
    lease_minutes: int | None
    closed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoGroup:
    """Tickets that are as urgent as each other."""

    urgency: Urgency
    name: Label
    rows: tuple[TodoRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """The list. `total`: how many there are under this view; `left_out`: how many of them are not shown."""

    view: TodoView
    groups: tuple[TodoGroup, ...]
    total: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenCall:
    """A call of the same number; whoever took it is not told here."""

    at: int
    line: str
    verdict: str
    name: Label
    why: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """One ticket. `moves` are those that its state allows; `calls` are this citizen's, the newest first."""

    shown: TicketShown
    place: TodoRow
    moves: frozenset[Move]
    calls: tuple[CitizenCall, ...]

    @property
    def may_be_dialled(self) -> bool:
        """Whether its state lets somebody claim it and ring."""
        return self.shown.row.ticket.state is State.CLAIMED or Move.CLAIM in self.moves


async def todo(store: Store, settings: Settings, viewer: Viewer, view: TodoView, *, now: int) -> Todo:
    """Every open ticket that this viewer sees, in groups."""
    which = TicketFilter(is_closed=False, kind=view.kind)
    listing = await desk.tickets(store, settings, viewer, which, now=now)
    rows, there = await listing.kept(MOST_SHOWN, lambda found: found)
    placed = [_placed(row, viewer, settings.hall.zone, now) for row in rows]
    if view.mine:
        placed = [one for one in placed if viewer.agent is not None and viewer.agent in _hands(one)]
    return Todo(
        view=view,
        groups=tuple(_groups(placed)),
        total=len(placed) if view.mine else there,
        left_out=max(0, there - len(rows)),
    )


async def closed_since(
    store: Store, settings: Settings, viewer: Viewer, view: TodoView, *, since: int, now: int
) -> tuple[TodoRow, ...]:
    """Tickets of a view that were closed since an open page of it was made."""
    which = TicketFilter(closed_from=since, kind=view.kind)
    listing = await desk.tickets(store, settings, viewer, which, now=now)
    rows = [listing.row(one) for one in await listing.read(MOST_SHOWN, None)]
    names = people_of(settings)
    return tuple(
        replace(_placed(row, viewer, settings.hall.zone, now), closed_by=_closed_by(row, names)) for row in rows
    )


def _closed_by(row: TicketRow, names: Mapping[str, str]) -> str:
    by = row.ticket.history[-1].by if row.ticket.history else ""
    return names.get(by, by)


async def ticket_page(store: Store, settings: Settings, viewer: Viewer, ticket_id: str, *, now: int) -> TicketPage:
    """The ticket with this whole id. Raises InputError where there is none that this viewer sees."""
    shown = await desk.ticket(store, settings, viewer, ticket_id, now=now, is_whole=True)
    ticket = shown.row.ticket
    stored = await store.tickets.get(ticket_id, is_whole=True)
    number = stored.ticket.number if stored else None
    return TicketPage(
        shown=shown,
        place=_placed(shown.row, viewer, settings.hall.zone, now),
        moves=frozenset(move for state, move in MOVES if state is ticket.state),
        calls=tuple(await _calls_of(store, settings, number, now)) if number else (),
    )


async def _calls_of(store: Store, settings: Settings, number: str, now: int) -> list[CitizenCall]:
    """The last calls of a number, as switches and telephone companies usually write it."""
    written = written_forms(number, settings.hall.area_code)
    which = CallFilter(caller_numbers=written, from_at=now - DAYS_LOOKED_BACK * _DAY_US)
    return [
        CitizenCall(
            at=one.call.facts.started_at,
            line=one.call.facts.line or "",
            verdict=one.call.judgement.verdict.value,
            name=label(VERDICTS, one.call.judgement.verdict),
            why=label(CAUSES, one.call.judgement.cause) if one.call.judgement.cause else None,
        )
        for one in await store.calls.list(which, limit=CALLS_SHOWN)
    ]


def _hands(one: TodoRow) -> tuple[str | None, str | None]:
    """In whose hands a ticket is: who holds it now, and who answers for it whoever has it."""
    return one.row.ticket.owner, one.row.ticket.responsible


def _groups(rows: Iterable[TodoRow]) -> Iterable[TodoGroup]:
    found = list(rows)
    for urgency in Urgency:
        some = tuple(one for one in found if one.urgency is urgency)
        if some:
            yield TodoGroup(urgency=urgency, name=label(URGENCIES, urgency), rows=some)


def _placed(row: TicketRow, viewer: Viewer, zone: tzinfo, now: int) -> TodoRow:
    ticket = row.ticket
    lease = ticket.lease_until
    return TodoRow(
        row=row,
        urgency=urgency_of(row, zone, now),
        due=due_in_words(ticket.due_at, now, zone),
        is_mine=ticket.owner is not None and ticket.owner == viewer.agent,
        held_by=row.owner_name,
        lease_minutes=max(1, (lease - now) // (60 * MICROSECONDS)) if lease is not None and lease > now else None,
    )
