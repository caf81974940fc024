"""Takes up the calls of a PBX where the service stopped, from the journal."""

import asyncio
from collections.abc import Callable

from voicedesk.calls.model import Hall
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.guard import Guard, Part
from voicedesk.store.store import Store


async def resumed_log(store: Store, pbx: str, hall: Hall, guard: Guard, begin_clock: Callable[[int], None]) -> CallLog:
    """A call log that goes on where the journal ends; where the journal cannot be read, it begins there.

    `begin_clock` is told the last instant that was stored. Raises StoreUnavailable.
    """
    log = CallLog(pbx, hall, store.writer, guard)
    position = await store.journal.position(pbx)
    if position is None:
        return log
    begin_clock(position.last_at)
    store.writer.begin(pbx, position.sequence)
    with guard.one(Part.ROW, "the journal, from which calls are taken up", pbx=pbx):
        journal = [pair async for pair in store.journal.events(pbx, since=position.resume_from)]
        open_ids = await store.calls.open_ids(pbx)
        steps = log.resuming(journal, resume_from=position.resume_from, open_ids=open_ids, stopped_at=position.last_at)
        for _ in steps:
            await asyncio.sleep(0)  # a watchdog hears that we are alive
        return log
    log = CallLog(pbx, hall, store.writer, guard)
    log.resume([], resume_from=position.sequence + 1, open_ids=(), stopped_at=position.last_at)
    return log
