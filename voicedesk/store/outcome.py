"""Finds which of some batches the database has already: from a commit whose answer was lost, or from an earlier run."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.errors import JournalTaken
from voicedesk.store.batch import Batch
from voicedesk.store.journal import Position, heard_until, position_of
from voicedesk.store.packing import stamps_near
from voicedesk.store.tables import journal


async def not_yet_there(connection: AsyncConnection, batches: Iterable[Batch]) -> list[Batch]:
    """The batches that are still to be committed, in order; one that follows upon a hole says so.

    Raises JournalTaken where another's entry stands in a batch's place.
    """
    last: dict[str, Batch | Position | None] = {}
    missing = []
    for batch in batches:
        if batch.pbx not in last:
            last[batch.pbx] = await position_of(connection, batch.pbx)
        before = last[batch.pbx]
        if before is not None and batch.sequence <= before.sequence:
            await _must_be_ours(connection, batch)
            continue
        if before is not None and 0 < before.sequence < batch.sequence - 1:
            batch.begin_with_gap(await _heard_until(connection, batch.pbx, before))
        last[batch.pbx] = batch
        missing.append(batch)
    return missing


async def _heard_until(connection: AsyncConnection, pbx: str, before: Batch | Position) -> int:
    if isinstance(before, Batch):
        return max(stamps_near(before.reduced, before.last_at), default=before.last_at)
    return await heard_until(connection, pbx, before)


async def _must_be_ours(connection: AsyncConnection, batch: Batch) -> None:
    """An entry without events has no row, and an old one may be pruned: that decides nothing."""
    here = (journal.c.pbx == batch.pbx) & (journal.c.sequence == batch.sequence)
    query = select(journal.c.first_at, journal.c.last_at).where(here)
    row = (await connection.execute(query)).first()
    if row is not None and (row.first_at, row.last_at) != (batch.first_at, batch.last_at):
        raise JournalTaken(
            f"entry {batch.sequence} of the journal of {batch.pbx!r} is another instance's: "
            "only one service may run on a database"
        )
