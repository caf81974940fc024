"""Which calls a page shows, as its address says it; and the page as one value: rows, gaps between them, ways out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta, tzinfo
from urllib.parse import urlencode

from voicedesk.calls.model import Cause, Direction, Gap, Verdict
from voicedesk.calls.words import CAUSES, DIRECTIONS, VERDICTS
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.desk import calls as desk
from voicedesk.desk.calls import CallRow
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, as_it_is
from voicedesk.desk.moments import day_of, in_order, instant
from voicedesk.desk.names import check_known, people_of, person_id, phone_endpoint
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store

PERIODS = ("today", "yesterday", "week", "month", "all")
AT_ONCE = 50
MOST_COUNTED = 10_000
"""Of a filter's time the newest so many calls are counted, and looked through for one page: a database does so in some
hundredths of a second, and would need seconds for all calls of some years."""
MOST_COUNTED_OF_ONE = 2_000
"""Of one person's or one phone's calls: each is looked up among those of everybody."""
_CODES = {"verdict": [*Verdict], "cause": [*Cause], "direction": [*Direction], "period": [*PERIODS]}
_MOST_SIGNS = 200
_GOES_ON_US = 3600 * MICROSECONDS
"""A call that began so long ago may get its verdict, and with it come into a view, while a page is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """The filter of a page, all of it in its address. `after` is where the page begins, `review` "1" or nothing."""

    period: str = "today"
    since: str = ""
    until: str = ""
    line: str = ""
    verdict: str = ""
    cause: str = ""
    direction: str = ""
    agent: str = ""
    phone: str = ""
    review: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "CallView":
        """The view of an address. Raises InputError that says what in it makes no sense."""
        names = [one.name for one in fields(cls)]
        for name, value in query.items():
            check_known("filter", name, names)
            if len(value) > _MOST_SIGNS or not value.isprintable():
                raise InputError(f"the filter {name} is too long, or cannot be read")
            if value:
                check_known(name, value, _CODES.get(name, ()))
        if query.get("review", "") not in {"", "1"}:
            raise InputError("the filter review is 1, or not there")
        view = cls(**{name: value.strip() for name, value in query.items() if value.strip()})
        return replace(view, period="") if view.since or view.until else view

    def address(self, **changes: str) -> str:
        """The address of this view with some of it changed; it begins with the first page unless `after` is given."""
        changed = replace(self, **{"after": "", **changes})
        if changes.get("period"):
            changed = replace(changed, since="", until="")
        usual = {"period": "today" if not (changed.since or changed.until) else ""}
        named = {one.name: getattr(changed, one.name) for one in fields(changed)}
        return "?" + urlencode({name: value for name, value in named.items() if value and value != usual.get(name)})

    @property
    def is_live(self) -> bool:
        """Whether new calls may come to this page: it is the newest of its view, whose time goes on."""
        return not self.after and not self.until and self.period != "yesterday"

    @property
    def is_judged(self) -> bool:
        """Whether a call comes into this view by what becomes of it, not only by beginning."""
        return bool(self.verdict or self.cause or self.agent or self.phone or self.line or self.review)

    def without(self, name: str) -> "CallView":
        """The first page of this view without one part of its filter; without any dates it shows today."""
        rest = replace(self, **{"after": "", name: ""})
        return rest if rest.since or rest.until or rest.period else replace(rest, period="today")

    def filter(self, settings: Settings, now: int) -> CallFilter:
        """What is asked of the store. Raises InputError for what is no date, or a time that ends too soon."""
        zone = settings.hall.zone
        day = {"today": 0, "yesterday": 1, "week": 6, "month": 29}.get(self.period)
        from_at = instant(self.since or None, zone) if day is None else day_of(now, zone, day)
        to_at = day_of(now, zone) if self.period == "yesterday" else _end_of(self.until, zone)
        in_order(from_at, to_at)
        return CallFilter(
            line=self.line or None,
            verdict=self.verdict or None,
            cause=self.cause or None,
            direction=self.direction or None,
            agent=person_id(settings, self.agent or None),
            endpoint=phone_endpoint(settings, self.phone or None),
            from_at=from_at,
            to_at=to_at,
            to_review=True if self.review else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One part of the filter in words. `rest` is the view without it, `found` how many calls that would show.

    `is_cut`: only the newest calls were counted.
    """

    name: str
    value: Label
    rest: CallView
    found: int | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPage:
    """One page of calls, newest first. `rows` are calls, and gaps in their place in time.

    `total` and `facets` are of calls from `counted_since` on; None: of all. `sought_since`: calls that began earlier
    were not looked through for this page, `older` leads to them; None: there are none, or the page was full before.
    `fresh_since`: what fits, began from then on, and is not on this first page, is new.
    """

    view: CallView
    rows: tuple[CallRow | Gap, ...]
    total: int
    counted_since: int | None
    sought_since: int | None
    tokens: tuple[Token, ...]
    facets: tuple[Facet, ...]
    older: str | None
    newest: str | None
    fresh_since: int
    unread: int
    most: int

    @property
    def has_calls(self) -> bool:
        """Whether any call is shown."""
        return any(isinstance(row, CallRow) for row in self.rows)


async def calls_page(store: Store, settings: Settings, viewer: Viewer, view: CallView, *, now: int) -> CallsPage:
    """The page of a view. Raises InputError where something in the view makes no sense.

    It takes as long after ten years as after ten days: never more than MOST_COUNTED calls are counted, or looked
    through for what fits; the page says so.
    """
    which = await desk.checked(store, settings, viewer, view.filter(settings, now))
    most = _most_counted(which)
    listing = desk.listing_of(store, settings, viewer, which, now=now)
    after = listing.place(view.after) if view.after else None
    counted = await desk.counts(store, which, most=most)
    reach = counted.since if after is None else await store.calls.reach(which, most, after)
    sought = which if reach is None else replace(which, from_at=reach)
    found = await store.calls.list(sought, limit=AT_ONCE + 1, after=after)
    shown = found[:AT_ONCE]
    end = listing.key(shown[-1]) if len(found) > AT_ONCE else None if reach is None else (reach, "")
    top = now if after is None else min(after[0], now)
    bottom = which.from_at or 0 if end is None else end[0]
    gaps = await _gaps(store, bottom, min(top, which.to_at or now)) if shown or not view.after else []
    tokens = _tokens(view, people_of(settings))
    if not counted.total:
        tokens = [await _counted(store, settings, viewer, one, counted, now=now) for one in tokens]
    return CallsPage(
        view=view,
        rows=_in_order(tuple(map(listing.row, shown)), gaps),
        total=counted.total,
        counted_since=counted.since,
        sought_since=reach if len(found) <= AT_ONCE else None,
        tokens=tuple(tokens),
        facets=counted.facets,
        older=view.address(after=listing.cursor(end)) if end else None,
        newest=view.address() if view.after else None,
        fresh_since=max(now - _GOES_ON_US, shown[-1].call.facts.started_at + 1 if len(found) > AT_ONCE else 0),
        unread=store.database.unread.count,
        most=most,
    )


def _most_counted(which: CallFilter) -> int:
    return MOST_COUNTED_OF_ONE if which.is_of_one else MOST_COUNTED


def _end_of(text: str, zone: tzinfo) -> int | None:
    """The end of what somebody typed: a date means that whole day. Raises InputError."""
    found = instant(text or None, zone)
    if found is None or len(text) > len("2026-11-23"):
        return found
    day = to_datetime(found).astimezone(zone).date() + timedelta(days=1)
    return instant(day.isoformat(), zone)


async def _gaps(store: Store, from_at: int, to_at: int) -> list[Gap]:
    """Times of which nothing is known, and which no log filled."""
    return [one.gap for one in await store.journal.gaps_between(from_at, to_at) if one.repaired_at is None]


async def _counted(
    store: Store, settings: Settings, viewer: Viewer, token: Token, counted: desk.CallCounts, *, now: int
) -> Token:
    """The same with how many calls there are without this part of the filter; `counted` are those with all of it."""
    if token.name in counted.asked:
        return replace(token, found=counted.without(token.name), is_cut=counted.since is not None)
    which = await desk.checked(store, settings, viewer, token.rest.filter(settings, now))
    found = await desk.counts(store, which, most=_most_counted(which))
    return replace(token, found=found.total, is_cut=found.since is not None)


def _in_order(rows: tuple[CallRow, ...], gaps: list[Gap]) -> tuple[CallRow | Gap, ...]:
    placed: list[tuple[int, CallRow | Gap]] = [(row.call.facts.started_at, row) for row in rows]
    placed += [(gap.from_at, gap) for gap in gaps]
    return tuple(one for _, one in sorted(placed, key=lambda pair: pair[0], reverse=True))


def _tokens(view: CallView, names: Mapping[str, str]) -> list[Token]:
    """The filter in words; the period is chosen above it."""
    words = {
        "line": as_it_is(view.line),
        "verdict": label(VERDICTS, view.verdict),
        "cause": label(CAUSES, view.cause),
        "direction": label(DIRECTIONS, view.direction),
        "agent": as_it_is(names.get(view.agent, view.agent)),
        "phone": as_it_is(view.phone),
        "review": Label("待人工复核", "to be reviewed"),
        "since": as_it_is(view.since),
        "until": as_it_is(view.until),
    }
    return [
        Token(name=name, value=value, rest=view.without(name)) for name, value in words.items() if getattr(view, name)
    ]
