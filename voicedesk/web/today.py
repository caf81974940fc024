"""The first page: how it is now. `?part` gives only what changes in it, for the script that keeps it up to date."""

from dataclasses import dataclass
from datetime import tzinfo

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Reach, Thing, reach
from voicedesk.clock import to_datetime
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.labels import Label
from voicedesk.desk.today import Today, today
from voicedesk.errors import SettingsError
from voicedesk.web.desk import Desk
from voicedesk.web.ribbon import Ribbon, Ringing, ribbon_of, ringing_of
from voicedesk.web.spoken import spoken
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


class TodayPages:
    """The first page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._calendar: WorkCalendar | None = None

    async def today(self, request: Request) -> Response:
        """For whoever is signed in; what is not theirs to see is not on it."""
        desk, now = self._desk, self._desk.now()
        visitor, person = await desk.signed_in(request)
        settings, role = desk.settings, person.account.role
        with spoken(visitor.look.language):
            found = await today(desk.keeper.store, settings, self._hours(), viewer_of(person.account), now=now)
            zone = settings.hall.zone
            page = TodayPage(
                name=person.account.name,
                today=found,
                date=_date(now, zone),
                ribbon=ribbon_of(found.day, found.link, now=now, zone=zone) if found.day else None,
                ringing=tuple(ringing_of(one) for one in found.calls.shown) if found.calls else (),
                may_announce=reach(role, Act.CHANGE, Thing.OUTAGE) is not Reach.NONE,
                may_break=reach(role, Act.CHANGE, Thing.BREAK) is not Reach.NONE,
            )
            template = "today_parts.html" if "part" in request.query_params else "today.html"
            return desk.pages.page(template, visitor, page)

    def _hours(self) -> WorkCalendar:
        """The hall's calendar; where its file cannot be read the state's alone, which only shades the drawing."""
        if self._calendar is None:
            try:
                self._calendar = WorkCalendar.of(self._desk.settings)
            except SettingsError:
                self._calendar = WorkCalendar(self._desk.settings.hall.timezone)
        return self._calendar


def _date(now: int, zone: tzinfo) -> Label:
    here = to_datetime(now).astimezone(zone)
    return Label(
        f"{here.year}年{here.month}月{here.day}日 星期{_WEEKDAYS[here.weekday()]}",
        f"{here:%A}, {here.day} {here:%B %Y}",
    )
