"""The page of one's own: nothing of anybody else stands on it."""

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Thing
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.mine import mine
from voicedesk.web.desk import Desk
from voicedesk.web.spoken import spoken


class MinePages:
    """The page of one's own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def mine(self, request: Request) -> Response:
        """One's own ringings, greetings, appeals and tickets of this month."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.CHANGE, Thing.APPEAL)
        account = person.account
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                value = await mine(
                    desk.keeper.store,
                    desk.settings,
                    viewer_of(account),
                    by=person.acts_as,
                    now=desk.now(),
                )
            return desk.pages.page("mine.html", visitor, value)
