"""What the first page shows: the day, calls of this moment, phones, what is most urgent, the latest calls, outages."""

from dataclasses import dataclass
from itertools import islice

from voicedesk.access.roles import Act, Reach, Thing, widest
from voicedesk.calls.model import Direction, PhoneState
from voicedesk.desk import calls as calls_desk
from voicedesk.desk.calls import CallRow
from voicedesk.desk.day import Day, day
from voicedesk.desk.moments import day_of
from voicedesk.desk.outages import OutageRow, outages
from voicedesk.desk.ringing import OpenCalls, open_calls
from voicedesk.desk.seats import SeatRow, seats
from voicedesk.desk.todo import TodoRow, TodoView, todo
from voicedesk.desk.urgency import Urgency
from voicedesk.desk.viewer import Viewer
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.requests import LEADER
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

MOST_TO_DO = 5
MOST_LATEST = 8
MOST_PHONES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Whether what is shown is how it is now. `lost_since`: since when it is not known; None: it is, or never was.

    `is_running`: the service runs; `was_ever_up`: some switch told something once; `is_partly`: of several switches one
    at least is heard.
    """

    is_running: bool
    is_partly: bool
    lost_since: int | None
    was_ever_up: bool

    @property
    def is_up(self) -> bool:
        """Whether the switch is heard now."""
        return self.is_running and self.lost_since is None and self.was_ever_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Phones:
    """The hall's phones, by extension, and how many of them a caller could reach now."""

    rows: tuple[SeatRow, ...]
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUrgent:
    """What is to be done first, and how much there is in all."""

    rows: tuple[TodoRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The page as one value; a part is None where it is not shown to this viewer. `is_whole`: it is of all the hall."""

    link: Link
    is_whole: bool
    day: Day | None
    calls: OpenCalls | None
    phones: Phones | None
    to_do: MostUrgent | None
    latest: tuple[CallRow, ...] | None
    outages: tuple[OutageRow, ...]


async def today(store: Store, settings: Settings, calendar: WorkCalendar, viewer: Viewer, *, now: int) -> Today:
    """How it is now, as far as this viewer is shown it."""
    sees_figures, sees_calls = viewer.sees_of(Thing.FIGURES, ()), _sees(viewer, Thing.CALL)
    is_seen = sees_figures or sees_calls
    return Today(
        link=await link(store, settings),
        is_whole=sees_figures,
        day=await day(store, settings, calendar, viewer, now=now) if is_seen else None,
        calls=await open_calls(store, settings, viewer, now=now) if sees_calls else None,
        phones=await _phones(store, settings, viewer, now) if _sees(viewer, Thing.SEAT) else None,
        to_do=await _to_do(store, settings, viewer, now) if _sees(viewer, Thing.TICKET) else None,
        latest=await _latest(store, settings, viewer, now) if sees_calls else None,
        outages=(await outages(store, viewer)).rows if _sees(viewer, Thing.OUTAGE) else (),
    )


async def this_moment(store: Store, settings: Settings, viewer: Viewer, *, now: int) -> Today:
    """Of the page only the calls of this moment, which change with every ring: a fifth of the work of all of it."""
    sees_calls = _sees(viewer, Thing.CALL)
    return Today(
        link=await link(store, settings),
        is_whole=viewer.sees_of(Thing.FIGURES, ()),
        day=None,
        calls=await open_calls(store, settings, viewer, now=now) if sees_calls else None,
        phones=None,
        to_do=None,
        latest=None,
        outages=(await outages(store, viewer)).rows if _sees(viewer, Thing.OUTAGE) else (),
    )


async def link(store: Store, settings: Settings) -> Link:
    """Whether the switch is heard; of several the one that is lost longest counts."""
    is_running = await store.requests.holder(LEADER) is not None
    heard = await store.journal.heard_until()
    known = {one.name for one in settings.pbx}
    silent = {pbx: at for pbx, at in (await store.journal.silent()).items() if pbx in known or not known}
    lost = min(silent.values(), default=None)
    if lost is None and not is_running:
        lost = heard
    is_partly = is_running and bool(silent) and not known <= silent.keys()
    return Link(is_running=is_running, is_partly=is_partly, lost_since=lost, was_ever_up=heard is not None)


def _sees(viewer: Viewer, thing: Thing) -> bool:
    return widest(viewer.roles, Act.SEE, thing) is not Reach.NONE


async def _phones(store: Store, settings: Settings, viewer: Viewer, now: int) -> Phones:
    found = await seats(store, settings, viewer, now=now)
    rows = sorted((one for one in found.rows if one.endpoint is not None), key=_by_extension)
    free = sum(one.state is PhoneState.FREE and one.on_break_since is None and one.is_current for one in rows)
    return Phones(rows=tuple(rows[:MOST_PHONES]), free=free, total=len(rows))


def _by_extension(row: SeatRow) -> tuple[bool, int, str]:
    extension = row.extension or ""
    return not extension, len(extension), extension or row.endpoint or ""


async def _to_do(store: Store, settings: Settings, viewer: Viewer, now: int) -> MostUrgent:
    """What waits for a date to come is not to be done now."""
    found = await todo(store, settings, viewer, TodoView(), now=now)
    rows = (row for group in found.groups if group.urgency is not Urgency.WAITING for row in group.rows)
    return MostUrgent(rows=tuple(islice(rows, MOST_TO_DO)), total=found.total)


async def _latest(store: Store, settings: Settings, viewer: Viewer, now: int) -> tuple[CallRow, ...]:
    from_at = day_of(now, settings.hall.zone)
    which = CallFilter(direction=Direction.INBOUND, is_open=False, from_at=from_at)
    listing = await calls_desk.calls(store, settings, viewer, which, now=now)
    return tuple(listing.row(one) for one in await listing.read(MOST_LATEST, None))
