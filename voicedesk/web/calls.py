"""The page of calls: what the address asks for, as this person may see it."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Act, Thing
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.call_view import CallView, calls_page
from voicedesk.desk.calls import call_json, calls
from voicedesk.desk.names import people_of
from voicedesk.errors import InputError
from voicedesk.sheets.calls import calls_sheet
from voicedesk.web.desk import Desk
from voicedesk.web.files import MOST_ROWS, file_of, json_of
from voicedesk.web.spoken import spoken

FORMS = ("csv", "xlsx", "json")


class CallPages:
    """The pages of calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def calls(self, request: Request) -> Response:
        """A list of calls, newest first; whoever is staff sees their own."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.CALL)
        view = _view_of(request)
        with spoken(visitor.look.language):
            page = await calls_page(desk.keeper.store, desk.settings, viewer_of(person.account), view, now=desk.now())
            return desk.pages.page("calls.html", visitor, page)

    async def file(self, request: Request) -> Response:
        """All calls of a view as a spreadsheet or as JSON; numbers are masked as on the page, and the log has it."""
        desk, form = self._desk, request.path_params["form"]
        visitor, person, _ = await desk.allowed(request, Act.EXPORT, Thing.CALL)
        if form not in FORMS:
            await desk.refuse(visitor, person, Thing.CALL, f"calls.{form[:20]}")
        view, now, settings = _view_of(request), desk.now(), desk.settings
        which = replace(view, after="").filter(settings, now)
        listing = await calls(desk.keeper.store, settings, viewer_of(person.account), which, now=now)
        rows, there = await listing.kept(MOST_ROWS, list)
        if there > len(rows):
            raise InputError(f"{there} calls are more than a file takes ({MOST_ROWS}): choose a shorter time")
        await desk.doorkeeper.note(person, Deed.EXPORTED, Thing.CALL, f"calls.{form}", visitor.address)
        if form == "json":
            return json_of(map(call_json, rows))
        zone = settings.hall.zone
        sheet = calls_sheet((row.stored for row in rows), zone, names=people_of(settings), now=now)
        return await file_of(sheet, f"calls-{desk.pages.clock(now, '%Y%m%d-%H%M')}", form)


def _view_of(request: Request) -> CallView:
    """What the address asks for. Raises InputError where it makes no sense."""
    query = request.query_params.multi_items()
    if len({name for name, _ in query}) < len(query):
        raise InputError("a filter stands in the address twice: take one of them out")
    return CallView.of(dict(query))
