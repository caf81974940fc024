"""Keeps to `[retention]`: what was kept as long as it says is deleted, by the service each hour or by `db prune`; and
what a person wants to have forgotten goes at once, from the database and the files."""

import asyncio
from dataclasses import dataclass, replace

from voicedesk.errors import StoreError
from voicedesk.jobs.hearing import recordings
from voicedesk.jobs.hearing.recordings import DAY_US
from voicedesk.jobs.upkeep.clock_doubt import raise_if_doubtful
from voicedesk.phone_traces import PhoneTraces
from voicedesk.prompts.rendering import write_whole
from voicedesk.settings import Settings
from voicedesk.store.forgetting import Forgotten, forget_in_damaged, forget_in_record
from voicedesk.store.retention import Pruned
from voicedesk.store.spill import Spill, spill_file
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


async def forget(store: Store, settings: Settings, number: str, now: int, *, token: str, is_running: bool) -> Forgotten:
    """Removes a number from the database and from every file of ours; in how many rows. Raises StoreError, InputError.

    While the service runs the spill file is its own: it was told before, and has emptied it.
    """
    area_code = settings.hall.area_code
    await recordings.forget_caller(store, settings, number)
    traces = PhoneTraces(number, area_code, token)
    unread = await asyncio.to_thread(_forget_in_spills, settings, traces, is_running)
    done = await store.retention.forget_number(number, area_code, at=now, token=token)
    return replace(done, not_looked_into=unread)


def _forget_in_spills(settings: Settings, traces: PhoneTraces, is_running: bool) -> tuple[str, ...]:
    """The spill file, and those that were set aside: they are nobody's, and stay until a person has looked at them.

    Which files nobody can read is given back; one in which the number can be made out goes.
    """
    file = spill_file(settings.store.url, settings.store.spill_folder)
    aside = sorted(file.parent.glob(f"{file.name}.aside-*"))
    for path in aside if is_running else [file, *aside]:
        if path.exists():
            spill = Spill(path, reserve_bytes=4096)
            try:
                spill.rewrite(lambda payload: _without(payload, traces))
            finally:
                spill.close()
    left = []
    for path in sorted(file.parent.glob(f"{file.name}.unread-*")):
        payload = path.read_bytes()
        cleaned = _without(payload, traces)
        if not cleaned:
            path.unlink()
            continue
        if cleaned != payload:
            write_whole(path, cleaned)
        left.append(str(path))
    return tuple(left)


def _without(payload: bytes, traces: PhoneTraces) -> bytes:
    try:
        return forget_in_record(payload, traces)
    except (StoreError, ValueError):
        return forget_in_damaged(payload, traces)
