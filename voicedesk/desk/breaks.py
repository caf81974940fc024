"""Breaks (离岗, S11) as staff see them: whose phone, since when, how long, why, and who asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import MICROSECONDS, to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Listing
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import Viewer
from voicedesk.phones.model import Break
from voicedesk.phones.words import BREAK_SOURCES
from voicedesk.settings import Settings
from voicedesk.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """One break; `minutes` so far, where it is not over. `id` is its own, also where its phone is masked."""

    id: str
    pause: Break
    agent_name: str
    by_name: str
    source: Label
    minutes: float

    @property
    def is_over(self) -> bool:
        """Whether callers ring the phone again."""
        return self.pause.to_at is not None


def breaks(
    store: Store,
    settings: Settings,
    viewer: Viewer,
    *,
    now: int,
    is_all: bool = False,
    since: int | None = None,
    until: int | None = None,
) -> Listing[Break, BreakRow]:
    """Who is on a break now, the longest first; with `is_all` those that began in a period, the newest first.

    Why somebody is on a break is not shown to their colleagues.
    """
    viewer.reach(Thing.BREAK)
    row = partial(row_of, viewer=viewer, names=people_of(settings), now=now)

    async def longest(limit: int, after: tuple[int, str] | None) -> list[Break]:
        return [one for one in await store.phones.open_breaks() if after is None or _place(one) > after][:limit]

    async def how_many() -> int:
        return len(await store.phones.open_breaks())

    if not is_all:
        return Listing(of=Thing.BREAK, order="longest", read=longest, key=_place, row=row, count=how_many)
    return Listing(
        of=Thing.BREAK,
        read=lambda limit, after: store.phones.breaks(since=since, until=until, limit=limit, after=after),
        key=_place,
        row=row,
        count=lambda: store.phones.count_breaks(since=since, until=until),
    )


def _place(one: Break) -> tuple[int, str]:
    return one.from_at, one.id


def row_of(one: Break, *, viewer: Viewer, names: Mapping[str, str], now: int) -> BreakRow:
    """What is shown of a break; `names` are people's by their ids."""
    why = viewer.text(one.reason) if viewer.sees_of(Thing.BREAK_REASON, {one.agent}) else ""
    end = one.to_at if one.to_at is not None else now
    return BreakRow(
        id=one.id,
        pause=replace(one, endpoint=viewer.endpoint(one.endpoint), reason=why),
        agent_name=names.get(one.agent or "", one.agent or ""),
        by_name=names.get(one.by, one.by),
        source=label(BREAK_SOURCES, one.source),
        minutes=round((end - one.from_at) / (60 * MICROSECONDS), 1),
    )


def break_json(row: BreakRow) -> dict[str, Any]:
    """A break as other programs read it; instants in seconds."""
    one = row.pause
    return {
        "id": row.id,
        "pbx": one.pbx,
        "endpoint": one.endpoint,
        "agent": one.agent,
        "from": to_seconds(one.from_at),
        "to": to_seconds(one.to_at),
        "minutes": row.minutes,
        "reason": one.reason,
        "source": one.source.value,
        "by": one.by or None,
        "end_seen": one.end_seen,
    }
