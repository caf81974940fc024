"""Finds which of some batches the database has already: from a commit whose answer was lost, or from an earlier run."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.errors import JournalTaken
from voicedesk.store.batch import Batch
from voicedesk.store.journal import position_of
from voicedesk.store.tables import journal


async def not_yet_there(connection: AsyncConnection, batches: Iterable[Batch]) -> list[Batch]:
    """The batches that are still to be committed, in order; one that follows upon a hole says so.

    Raises JournalTaken where another's entry stands in a batch's place.
    """
    last: dict[str, tuple[int, int]] = {}
    missing = []
    for batch in batches:
        if batch.pbx not in last:
            last[batch.pbx] = await _position(connection, batch.pbx)
        sequence, last_at = last[batch.pbx]
        if batch.sequence <= sequence:
            await _must_be_ours(connection, batch)
            continue
        if 0 < sequence < batch.sequence - 1:
            batch.begin_with_gap(last_at)
        last[batch.pbx] = batch.sequence, batch.last_at
        missing.append(batch)
    return missing


async def _position(connection: AsyncConnection, pbx: str) -> tuple[int, int]:
    position = await position_of(connection, pbx)
    return (position.sequence, position.last_at) if position else (0, 0)


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
