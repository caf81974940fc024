"""The first page: how it is now. `?part` gives what changes in it, for the script that keeps it up to date.

`?part=calls` gives the calls of this moment alone: they are asked for with every ring, the rest once a second.
"""

from dataclasses import dataclass
from datetime import tzinfo

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Reach, Thing, reach
from voicedesk.clock import to_datetime
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.labels import Label
from voicedesk.desk.today import Today, this_moment, today
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import SettingsError
from voicedesk.settings import Settings
from voicedesk.web.board import Made, Make
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.live import Live
from voicedesk.web.ribbon import Ribbon, Ringing, ribbon_of, ringing_of
from voicedesk.web.shared import Shared
from voicedesk.web.spoken import spoken
from voicedesk.web.visitor import Visitor
from voicedesk.words import Language
from voicedesk.work_calendar import WorkCalendar

_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage:
    """What the first page shows. `ringing` are the drawings of `today.calls.shown`, in their order."""

    name: str
    today: Today
    date: Label
    ribbon: Ribbon | None
    ringing: tuple[Ringing, ...]
    may_announce: bool
    may_break: bool
    places_calls: bool
    live_id: str


def seen_by(visitor: Visitor, person: Person) -> tuple[Viewer, Language, str]:
    """All that decides what the changing parts of the page show: only who has the same may share what was made."""
    return viewer_of(person.account), visitor.look.language, visitor.prefix


class TodayPages:
    """The first page."""

    def __init__(self, desk: Desk, live: Live) -> None:
        self._desk, self._live = desk, live
        self._calendar: WorkCalendar | None = None
        self._calendar_of: Settings | None = None
        self._parts: Shared[Response] = Shared(desk.now)

    async def today(self, request: Request) -> Response:
        """For whoever is signed in; what is not theirs to see is not on it."""
        visitor, person = await self._desk.signed_in(request)
        if "part" not in request.query_params:
            return await self._made("today.html", visitor, person)
        response = await self._part(visitor, person, is_moment=request.query_params["part"] == "calls")
        # the age of what is sent: pages count on from it
        response.headers["Desk-Now"] = str(self._desk.now() // 1000)
        return response

    def maker(self, visitor: Visitor, person: Person) -> Make:
        """Makes what changes in the page, for all who see what this person sees, in this language."""

        async def make(is_moment: bool) -> Made:
            at, live_id = self._desk.now(), self._live.id  # both before the store is read
            response = await self._made("today_parts.html", visitor, person, is_moment=is_moment)
            return Made(bytes(response.body).decode(), at, live_id)

        return make

    async def _part(self, visitor: Visitor, person: Person, *, is_moment: bool) -> Response:
        """What changes in the page. Many who see the same ask in the same second: it is made once for them."""
        key = (*seen_by(visitor, person), self._live.id, is_moment)
        response = await self._parts.of(
            key, lambda: self._made("today_parts.html", visitor, person, is_moment=is_moment)
        )
        return Response(response.body, media_type="text/html")

    async def _made(self, template: str, visitor: Visitor, person: Person, *, is_moment: bool = False) -> Response:
        desk, now = self._desk, self._desk.now()
        settings, role = desk.settings, person.account.role
        live_id = self._live.id  # taken before the store is read: what changes meanwhile is told again
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                store, viewer = desk.keeper.store, viewer_of(person.account)
                if is_moment:
                    found = await this_moment(store, settings, viewer, now=now)
                else:
                    found = await today(store, settings, self._hours(), viewer, now=now)
            zone = settings.hall.zone
            page = TodayPage(
                name=person.account.name,
                today=found,
                date=_date(now, zone),
                ribbon=ribbon_of(found.day, found.link, now=now, zone=zone) if found.day else None,
                ringing=tuple(ringing_of(one) for one in found.calls.shown) if found.calls else (),
                may_announce=reach(role, Act.CHANGE, Thing.OUTAGE) is not Reach.NONE,
                may_break=reach(role, Act.CHANGE, Thing.BREAK) is not Reach.NONE,
                places_calls=desk.places_calls,
                live_id=live_id,
            )
            return desk.pages.page(template, visitor, page)

    def _hours(self) -> WorkCalendar:
        """The hall's calendar; where its file cannot be read the state's alone, which only shades the drawing."""
        settings = self._desk.settings
        if self._calendar is None or self._calendar_of is not settings:
            self._calendar_of = settings
            try:
                self._calendar = WorkCalendar.of(settings)
            except SettingsError:
                self._calendar = WorkCalendar(settings.hall.timezone)
        return self._calendar


def _date(now: int, zone: tzinfo) -> Label:
    here = to_datetime(now).astimezone(zone)
    return Label(
        f"{here.year}年{here.month}月{here.day}日 星期{_WEEKDAYS[here.weekday()]}",
        f"{here:%A}, {here.day} {here:%B %Y}",
    )
