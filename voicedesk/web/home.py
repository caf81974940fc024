"""The first page: who is signed in, whether the service runs, and where to go."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.desk.asking import is_running
from voicedesk.web.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What the first page shows. `is_running`: the service follows calls."""

    name: str
    role: str
    is_running: bool


class HomePages:
    """The first page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def home(self, request: Request) -> Response:
        """For whoever is signed in."""
        visitor, person = await self._desk.signed_in(request)
        page = HomePage(
            name=person.account.name,
            role=person.account.role,
            is_running=await is_running(self._desk.keeper.store),
        )
        return self._desk.pages.page("home.html", visitor, page)
