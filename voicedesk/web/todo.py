"""The pages of what is to be done: the list, and one ticket with the steps that a person takes on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Act, Thing, may
from voicedesk.clock import MICROSECONDS
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.asking import NOT_DONE, is_running
from voicedesk.desk.fresh import since_of
from voicedesk.desk.labels import Label, label
from voicedesk.desk.moments import instant
from voicedesk.desk.names import people_of
from voicedesk.desk.todo import TicketPage, Todo, TodoRow, TodoView, closed_since, ticket_page, todo
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.tickets import steps
from voicedesk.tickets.model import Kind, Outcome, State
from voicedesk.tickets.steps import TicketStep
from voicedesk.tickets.words import TICKET_KINDS, TICKET_OUTCOMES
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.live import Live
from voicedesk.web.shared import Shared
from voicedesk.web.spoken import spoken
from voicedesk.web.visitor import Visitor

LOOK_AGAIN_SECONDS = 3
"""While phones ring the page of a ticket is loaded again after so long, without any script."""
_MINUTE_US = 60 * MICROSECONDS
_BY_HAND = (Outcome.SETTLED, Outcome.GIVEN_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoPage:
    """The list. `is_running`: the service that dials runs."""

    todo: Todo
    is_running: bool
    live_id: str
    kinds: tuple[tuple[str, Label], ...] = tuple((one.value, label(TICKET_KINDS, one)) for one in Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoNow:
    """The list as it is now, for a page that stays open; `closed` are tickets that it may still show."""

    todo: Todo
    closed: tuple[TodoRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTicket:
    """One ticket. `number` is the citizen's as it is shown now; `typed` is a form that did not do, and why.

    `places_calls`: a switch has a user that places calls; without one staff dial by hand.
    """

    page: TicketPage
    number: str | None
    is_whole: bool
    may_see_number: bool
    is_running: bool
    places_calls: bool
    is_done: bool
    mistake: str
    typed: Mapping[str, str]
    people: Mapping[str, str]
    live_id: str
    outcomes: tuple[tuple[str, Label], ...] = tuple((one.value, label(TICKET_OUTCOMES, one)) for one in _BY_HAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read of a ticket, and the point of the stream up to which it is sure to hold everything."""

    page: TicketPage
    live_id: str

    @property
    def is_mine(self) -> bool:
        """Whether who looks holds it."""
        return self.page.place.is_mine


class TodoPages:
    """The pages of tickets."""

    def __init__(self, desk: Desk, live: Live) -> None:
        self._desk, self._live = desk, live
        self._parts: Shared[Response] = Shared(desk.now)

    async def todo(self, request: Request) -> Response:
        """Every open ticket, by urgency."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.TICKET)
        view = TodoView.of(dict(request.query_params))
        viewer, live_id = viewer_of(person.account), self._live.id  # what changes meanwhile is told again
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                found = await todo(desk.keeper.store, desk.settings, viewer, view, now=desk.now())
                value = TodoPage(todo=found, is_running=await is_running(desk.keeper.store), live_id=live_id)
            return desk.pages.page("todo.html", visitor, value)

    async def live(self, request: Request) -> Response:
        """The rows as they are now, for the script of an open page: made once a second for all who see the same."""
        visitor, person, _ = await self._desk.allowed(request, Act.SEE, Thing.TICKET)
        query = dict(request.query_params)
        # to the minute: pages that were opened at different times ask for the same
        since = since_of(query.pop("from", ""), self._desk.now()) // _MINUTE_US * _MINUTE_US
        view, viewer = TodoView.of(query), viewer_of(person.account)
        key = (viewer, visitor.look.language, visitor.prefix, view, since, self._live.last("tickets"))
        response = await self._parts.of(key, lambda: self._made(visitor, viewer, view, since))
        return Response(response.body, media_type="text/html", headers=self._desk.age())

    async def _made(self, visitor: Visitor, viewer: Viewer, view: TodoView, since: int) -> Response:
        desk, now = self._desk, self._desk.now()
        store, settings = desk.keeper.store, desk.settings
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                found = await todo(store, settings, viewer, view, now=now)
                closed = await closed_since(store, settings, viewer, view, since=since, now=now)
            return desk.pages.page("todo_live.html", visitor, TodoNow(todo=found, closed=closed))

    async def ticket(self, request: Request) -> Response:
        """One ticket; a form on it asks for a step, and leads back here."""
        desk, ticket_id = self._desk, request.path_params["ticket_id"]
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.TICKET, ticket_id)
        read = await self._of(visitor, person, ticket_id)
        if request.method == "GET":
            return await self._shown(visitor, person, read, is_done="done" in request.query_params)
        fields = await desk.form(request, visitor)
        if not may(person.account.role, Act.CHANGE, Thing.TICKET, is_own=read.is_mine):
            await desk.refuse(visitor, person, Thing.TICKET, ticket_id)
        try:
            step = _step(ticket_id, fields, person, desk.settings.hall.zone)
            await desk.ask(person, step)
        except NOT_DONE as error:
            mistake = visitor.words(error)
            return await self._shown(visitor, person, read, mistake=mistake, typed=fields)
        return desk.lead(visitor, f"/todo/{ticket_id}?done")

    async def ticket_live(self, request: Request) -> Response:
        """What changes in the page of one ticket, for its script. Forms are of one session: nobody shares them."""
        ticket_id = request.path_params["ticket_id"]
        visitor, person, _ = await self._desk.allowed(request, Act.SEE, Thing.TICKET, ticket_id)
        read = await self._of(visitor, person, ticket_id)
        response = await self._shown(visitor, person, read, template="ticket_parts.html")
        response.headers.update(self._desk.age())
        return response

    async def number(self, request: Request) -> Response:
        """The ticket with the citizen's whole number, which the audit log holds then."""
        desk, ticket_id = self._desk, request.path_params["ticket_id"]
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.NUMBER, ticket_id)
        await desk.form(request, visitor)
        read = await self._of(visitor, person, ticket_id)
        if not may(person.account.role, Act.SEE, Thing.NUMBER, is_own=read.is_mine):
            await desk.refuse(visitor, person, Thing.NUMBER, ticket_id)
        await desk.doorkeeper.note(person, Deed.NUMBER_SHOWN, Thing.NUMBER, ticket_id, visitor.address)
        stored = await desk.keeper.store.tickets.get(ticket_id, is_whole=True)
        return await self._shown(visitor, person, read, whole=stored.ticket.number if stored else None)

    async def _of(self, visitor: Visitor, person: Person, ticket_id: str) -> _Read:
        live_id = self._live.id  # what changes meanwhile is told again
        page = await self._desk.one(visitor, person, Thing.TICKET, ticket_id, ticket_page)
        return _Read(page=page, live_id=live_id)

    async def _shown(
        self,
        visitor: Visitor,
        person: Person,
        read: _Read,
        *,
        whole: str | None = None,
        is_done: bool = False,
        mistake: str = "",
        typed: Mapping[str, str] | None = None,
        template: str = "ticket.html",
    ) -> Response:
        desk, ticket = self._desk, read.page.shown.row.ticket
        value = OneTicket(
            page=read.page,
            number=whole or ticket.number,
            is_whole=whole is not None,
            may_see_number=may(person.account.role, Act.SEE, Thing.NUMBER, is_own=read.is_mine),
            is_running=await is_running(desk.keeper.store),
            places_calls=desk.places_calls,
            is_done=is_done,
            mistake=mistake,
            typed=typed or {},
            people=people_of(desk.settings),
            live_id=read.live_id,
        )
        with spoken(visitor.look.language):
            response = desk.pages.page(template, visitor, value, status=409 if mistake else 200)
        if ticket.state is State.DIALLING and not mistake:
            response.headers["Refresh"] = f"{LOOK_AGAIN_SECONDS}; url={visitor.prefix}/todo/{ticket.id}"
        return response


def _step(ticket: str, fields: Mapping[str, str], person: Person, zone: tzinfo) -> TicketStep:  # noqa: PLR0911  # a line each
    """What a form asks. Raises InputError where it asks nothing that there is."""
    by, note = person.acts_as, fields.get("note", "").strip()
    match fields.get("do"):
        case "dial":
            return steps.Dial(ticket=ticket, by=by, phone=fields.get("phone", "").strip() or None)
        case "claim":
            return steps.Claim(ticket=ticket, by=by)
        case "release":
            return steps.Release(ticket=ticket, by=by)
        case "confirm":
            return steps.Confirm(ticket=ticket, by=by)
        case "settle":
            return steps.Settle(ticket=ticket, by=by, note=note)
        case "told":
            return steps.Told(ticket=ticket, by=by, note=note)
        case "report":
            return steps.Report(ticket=ticket, by=by, note=note, to=fields.get("to") or None)
        case "postpone":
            due_at = instant(fields.get("due") or None, zone)
            if due_at is None:
                raise InputError("give the new date and time")
            return steps.Postpone(ticket=ticket, by=by, due_at=due_at, note=note)
        case "close":
            if fields.get("outcome") not in list(_BY_HAND):
                raise InputError("say how it ended")
            return steps.Close(ticket=ticket, by=by, note=note, outcome=Outcome(fields["outcome"]))
        case _:
            raise InputError("say what is to be done with the ticket")
