"""The page of calls: what the address asks for, as this person may see it."""

from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Act, Thing
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.call_view import CallsPage, CallView, calls_page
from voicedesk.desk.calls import call_json, checked, listing_of
from voicedesk.desk.fresh import fresh_calls, since_of
from voicedesk.desk.names import people_of
from voicedesk.errors import InputError
from voicedesk.sheets.calls import calls_sheet
from voicedesk.web.desk import Desk
from voicedesk.web.files import MOST_ROWS, file_of, json_of
from voicedesk.web.live import Live
from voicedesk.web.shared import Shared
from voicedesk.web.spoken import spoken

FORMS = ("csv", "xlsx", "json")
_AT_ONCE = 100
"""Rows of a file that are read in one go: other pages are made between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCalls:
    """A page of calls, and the point of the stream from which what is new is told to it.

    `topics`: of which changes it asks what is new. A call comes into some lists by what becomes of it.
    """

    page: CallsPage
    live_id: str
    topics: tuple[str, ...]


class CallPages:
    """The pages of calls."""

    def __init__(self, desk: Desk, live: Live) -> None:
        self._desk, self._live = desk, live
        self._parts: Shared[Response] = Shared(desk.now)

    async def calls(self, request: Request) -> Response:
        """A list of calls, newest first; whoever is staff sees their own."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.CALL)
        view, live_id = _view_of(request.query_params), self._live.id  # what begins meanwhile is told again
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                viewer = viewer_of(person.account)
                page = await calls_page(desk.keeper.store, desk.settings, viewer, view, now=desk.now())
            is_of_all = not view.is_judged and viewer.only(Thing.CALL) is None
            topics = ("begun",) if is_of_all else ("begun", "calls")
            return desk.pages.page("calls.html", visitor, LiveCalls(page=page, live_id=live_id, topics=topics))

    async def live(self, request: Request) -> Response:
        """What is new for an open page, for its script: made once a second for all who see the same."""
        visitor, person, _ = await self._desk.allowed(request, Act.SEE, Thing.CALL)
        query = request.query_params.multi_items()
        asked = dict(query)
        since = since_of(asked.get("from", ""), self._desk.now())
        going = tuple(one for one in asked.get("going", "").split(",") if one)
        view = _view_of(QueryParams([one for one in query if one[0] not in {"from", "going"}]))
        viewer = viewer_of(person.account)
        key = (viewer, visitor.look.language, visitor.prefix, view, since, going, self._live.id)

        async def made() -> Response:
            desk = self._desk
            with spoken(visitor.look.language):
                async with desk.keeper.one_state():
                    store, now = desk.keeper.store, desk.now()
                    found = await fresh_calls(store, desk.settings, viewer, view, since=since, going=going, now=now)
                return desk.pages.page("calls_live.html", visitor, found)

        response = await self._parts.of(key, made)
        return Response(response.body, media_type="text/html", headers=self._desk.age())

    async def file(self, request: Request) -> Response:
        """All calls of a view as a spreadsheet or as JSON; numbers are masked as on the page, and the log has it."""
        desk, form = self._desk, request.path_params["form"]
        visitor, person, _ = await desk.allowed(request, Act.EXPORT, Thing.CALL)
        if form not in FORMS:
            await desk.refuse(visitor, person, Thing.CALL, f"calls.{form[:20]}")
        view, now, settings = _view_of(request.query_params), desk.now(), desk.settings
        which = replace(view, after="").filter(settings, now)
        store, viewer = desk.keeper.store, viewer_of(person.account)
        which = await checked(store, settings, viewer, which)
        if await store.calls.count(which, most=MOST_ROWS + 1) > MOST_ROWS:
            raise InputError(f"more than {MOST_ROWS} calls do not go into a file: choose a shorter time")
        await desk.doorkeeper.note(person, Deed.EXPORTED, Thing.CALL, f"calls.{form}", visitor.address)
        rows = listing_of(store, settings, viewer, which, now=now).each(_AT_ONCE)
        if form == "json":
            return await json_of(rows, call_json)
        zone, names = settings.hall.zone, people_of(settings)
        name = f"calls-{desk.pages.clock(now, '%Y%m%d-%H%M')}"
        with spoken(visitor.look.language):
            return await file_of(
                rows, lambda some: calls_sheet((row.stored for row in some), zone, names=names, now=now), name, form
            )


def _view_of(params: QueryParams) -> CallView:
    """What the address asks for. Raises InputError where it makes no sense."""
    query = params.multi_items()
    if len({name for name, _ in query}) < len(query):
        raise InputError("a filter stands in the address twice: take one of them out")
    return CallView.of(dict(query))
