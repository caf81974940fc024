"""What changed in a list since its page was made: for pages that stay open, and never move what somebody looks at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from voicedesk.access.roles import Thing
from voicedesk.clock import MICROSECONDS
from voicedesk.desk.call_view import CallView
from voicedesk.desk.calls import CallRow, checked, row_of
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.store import Store

MOST_COUNTED = 99
"""New calls: of more the page says that there are more."""
MOST_GOING = 10
"""Calls of one page that go on, and are told anew."""
OLDEST_US = 14 * 3600 * MICROSECONDS
"""No page is open for longer than a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshCalls:
    """`ids` of the calls that fit the page's filter and began late enough not to stand on a later page, at most
    MOST_COUNTED (`is_cut`: there are more); `rows` are those that went on when the page was made, as they are now."""

    ids: tuple[str, ...]
    is_cut: bool
    rows: tuple[CallRow, ...]


def since_of(text: str, now: int) -> int:
    """The instant from which an open page asks, in µs. Raises InputError where it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise InputError(f"{text[:20]!r} is no time since when something may have changed")
    return max(int(text), now - OLDEST_US)


async def fresh_calls(
    store: Store, settings: Settings, viewer: Viewer, view: CallView, *, since: int, going: Sequence[str], now: int
) -> FreshCalls:
    """What is new for the first page of a view. Raises InputError as the page itself does."""
    which = await checked(store, settings, viewer, view.filter(settings, now))
    ids = await store.calls.ids(replace(which, from_at=max(which.from_at or 0, since)), MOST_COUNTED + 1)
    mine, names = viewer.only(Thing.CALL), people_of(settings)
    asked = [await store.calls.get(one, concerns=mine, is_whole=True) for one in going[:MOST_GOING]]
    return FreshCalls(
        ids=tuple(ids[:MOST_COUNTED]),
        is_cut=len(ids) > MOST_COUNTED,
        rows=tuple(row_of(one, viewer=viewer, names=names, now=now) for one in asked if one is not None),
    )
