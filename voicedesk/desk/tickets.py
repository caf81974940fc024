"""Tickets as staff see them: what is owed to whom, by when, in whose hands, and every call placed for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, Listing, as_it_is, facet
from voicedesk.desk.names import check_name, digits_of, people_of
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, TicketFilter
from voicedesk.tickets.figures import CallbackFigures, callback_figures
from voicedesk.tickets.model import State, Ticket
from voicedesk.tickets.words import TICKET_KINDS, TICKET_OUTCOMES, TICKET_STATES

_INSTANTS = (
    *("opened_at", "due_at", "promised_at", "waiting_since", "lease_until", "next_try_at", "closed_at"),
    *("reminded_at", "escalated_at", "told_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """One ticket, with number and name as the viewer may see them.

    `again_at` is when a callback that waits is tried again; `is_late`: its end is due and it has none.
    """

    ticket: Ticket
    kind: Label
    state: Label
    outcome: Label
    owner_name: str
    responsible_name: str
    is_withheld: bool
    is_late: bool
    again_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketShown:
    """One ticket with every call placed for it."""

    row: TicketRow
    attempts: tuple[Attempt, ...]


async def tickets(
    store: Store, settings: Settings, viewer: Viewer, which: TicketFilter, *, now: int, number: str | None = None
) -> Listing[Ticket, TicketRow]:
    """Tickets, what is due first in front; `number` chooses a citizen's, however it is written.

    Of complaints staff see those in their own hands.

    Raises InputError for a line group or a person whom nobody knows, and for what is no number.
    """
    which = await _checked(store, settings, viewer, which, number)
    return Listing(
        of=Thing.TICKET,
        read=lambda limit, after: store.tickets.list(which, limit=limit, after=after),
        key=lambda one: (one.due_at, one.id),
        row=partial(row_of, viewer=viewer, names=people_of(settings), now=now),
        count=lambda: store.tickets.count(which),
    )


async def facets(
    store: Store, settings: Settings, viewer: Viewer, which: TicketFilter, *, number: str | None = None
) -> list[Facet]:
    """How many tickets have each state, kind, line group and owner, each under the other filters."""
    which = await _checked(store, settings, viewer, which, number)
    names = people_of(settings)
    tally = store.tickets.tally
    return [
        facet("state", await tally(replace(which, state=None), "state"), partial(label, TICKET_STATES)),
        facet("kind", await tally(replace(which, kind=None), "kind"), partial(label, TICKET_KINDS)),
        facet("group", await tally(replace(which, group=None), "line_group"), as_it_is),
        facet(
            "owner", await tally(replace(which, owner=None), "owner"), lambda one: as_it_is(names.get(one or "", one))
        ),
    ]


async def ticket(
    store: Store, settings: Settings, viewer: Viewer, ticket_id: str, *, now: int, is_whole: bool = False
) -> TicketShown:
    """One ticket by its id, or (unless it `is_whole`) by how that begins.

    Raises InputError where there is none, or more than one.
    """
    viewer.reach(Thing.TICKET)
    only = viewer.only(Thing.COMPLAINT)
    stored = await store.tickets.get(ticket_id, complaints_of=only, is_whole=is_whole)
    if stored is None:
        raise InputError(f"there is no ticket {ticket_id!r}: see voicedesk tickets list --all")
    row = row_of(stored.ticket, viewer=viewer, names=people_of(settings), now=now)
    placed = await store.tickets.attempts(stored.ticket.id)
    return TicketShown(row=row, attempts=tuple(seen_attempt(one, viewer) for one in placed))


async def figures(store: Store, which: TicketFilter, *, now: int) -> CallbackFigures:
    """How soon, how often in time and how often at all citizens were reached."""
    return callback_figures([one async for one in store.tickets.each(which)], now)


def row_of(one: Ticket, *, viewer: Viewer, names: Mapping[str, str], now: int) -> TicketRow:
    """What is shown of a ticket; `names` are people's by their ids."""
    return TicketRow(
        ticket=_seen(one, viewer),
        kind=label(TICKET_KINDS, one.kind),
        state=label(TICKET_STATES, one.state),
        outcome=label(TICKET_OUTCOMES, one.outcome),
        owner_name=names.get(one.owner or "", one.owner or ""),
        responsible_name=names.get(one.responsible or "", one.responsible or ""),
        is_withheld=one.number is None,
        is_late=not one.is_closed and one.is_late(now),
        again_at=one.next_try_at if one.state is State.WAITING else None,
    )


def _seen(one: Ticket, viewer: Viewer) -> Ticket:
    """A ticket as the viewer may see it; people write numbers into every text of it."""
    return replace(
        one,
        number=viewer.number(one.number or None),
        citizen=viewer.citizen(one.citizen),
        matter=viewer.text(one.matter),
        unit=viewer.text(one.unit),
        late_reason=viewer.text(one.late_reason),
        history=tuple(replace(entry, note=viewer.text(entry.note)) for entry in one.history),
    )


def seen_attempt(one: Attempt, viewer: Viewer) -> Attempt:
    """A call that was placed, with the number as the viewer may see it."""
    return replace(one, number=viewer.number(one.number), extension=viewer.text(one.extension))


def ticket_json(row: TicketRow) -> dict[str, Any]:
    """A ticket as other programs read it: instants in epoch seconds."""
    plain = asdict(row.ticket)
    for key in _INSTANTS:
        plain[key] = to_seconds(plain[key])
    plain["history"] = [{**entry, "at": to_seconds(entry["at"])} for entry in plain["history"]]
    return plain


def attempt_json(one: Attempt) -> dict[str, Any]:
    """A call that was placed, as other programs read it."""
    return {**asdict(one), "placed_at": to_seconds(one.placed_at), "ended_at": to_seconds(one.ended_at)}


async def _checked(
    store: Store, settings: Settings, viewer: Viewer, which: TicketFilter, number: str | None
) -> TicketFilter:
    viewer.reach(Thing.TICKET)
    which = replace(which, complaints_of=viewer.only(Thing.COMPLAINT))
    groups, people = {line.group or line.name for line in settings.lines}, set(people_of(settings))
    await check_name("line group", which.group, groups, lambda: store.tickets.known("line_group"))
    await check_name("person", which.owner, people, lambda: store.tickets.known("owner"))
    if number is None:
        return which
    area = settings.hall.area_code
    return replace(which, numbers=await store.tickets.spellings(digits_of(number, settings), area))
