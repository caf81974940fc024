"""The page of calls: what the address asks for, as this person may see it."""

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Thing
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.call_view import CallView, calls_page
from voicedesk.errors import InputError
from voicedesk.web.desk import Desk
from voicedesk.web.spoken import spoken


class CallPages:
    """The pages of calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def calls(self, request: Request) -> Response:
        """A list of calls, newest first; whoever is staff sees their own."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.CALL)
        query = request.query_params.multi_items()
        if len({name for name, _ in query}) < len(query):
            raise InputError("a filter stands in the address twice: take one of them out")
        view = CallView.of(dict(query))
        with spoken(visitor.look.language):
            page = await calls_page(desk.keeper.store, desk.settings, viewer_of(person.account), view, now=desk.now())
            return desk.pages.page("calls.html", visitor, page)
