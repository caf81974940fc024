"""Keeps to `[retention]`: what was kept as long as it says is deleted, by the service each hour or by `db prune`."""

from dataclasses import dataclass

from voicedesk.services import recordings
from voicedesk.services.clock_check import raise_if_doubtful
from voicedesk.services.recordings import DAY_US
from voicedesk.settings import Settings
from voicedesk.store.retention import Pruned
from voicedesk.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What went: rows of the database, and files."""

    rows: Pruned
    recordings: int


async def prune(store: Store, settings: Settings, now: int, *, is_right: bool = False) -> Deleted:
    """Deletes everything that was kept long enough by `now`; `is_right`: somebody has looked at a watch.

    Raises StoreError, or InputError for a file that may not go, and where `now` cannot be believed: then nothing is
    deleted.
    """
    if not is_right:
        await raise_if_doubtful(store, now)
    keep = settings.retention
    rows = await store.retention.prune(
        calls_before=now - keep.calls_days * DAY_US, journal_before=now - keep.journal_days * DAY_US
    )
    return Deleted(rows=rows, recordings=await recordings.prune(store, settings, now))
