"""Outages (S10) as staff see them: what callers hear now before anything else, on which line, since when, by whom."""

from dataclasses import dataclass
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.lists import Page
from voicedesk.desk.viewer import Viewer
from voicedesk.store.outages import Outage
from voicedesk.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRow:
    """One announcement; `line` of it None: on all lines."""

    outage: Outage


async def outages(store: Store, viewer: Viewer) -> Page[OutageRow]:
    """What is announced now, the oldest first: one at most for each line, so that all stand on one page."""
    viewer.reach(Thing.OUTAGE)
    rows = tuple(OutageRow(outage=one) for one in await store.outages.current())
    return Page(rows=rows, total=len(rows))


def outage_json(row: OutageRow) -> dict[str, Any]:
    """An announcement as other programs read it."""
    one = row.outage
    return {"line": one.line, "text": one.text, "by": one.started_by, "since": to_seconds(one.started_at)}
