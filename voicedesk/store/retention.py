"""How long each kind of data is kept, and how every trace of a caller's number is removed."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from voicedesk.phone_traces import PhoneTraces
from voicedesk.store.decisions import prune_decisions
from voicedesk.store.deliveries import prune_deliveries
from voicedesk.store.engine import Database
from voicedesk.store.forgetting import Forgotten, forget_number
from voicedesk.store.phones import prune_phones
from voicedesk.store.quarantine import prune_quarantine
from voicedesk.store.tables import calls, gaps, journal, legs, requests
from voicedesk.store.tickets import prune_tickets

_STEP = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows went."""

    calls: int
    journal: int
    gaps: int
    requests: int
    tickets: int


class Retention:
    """Deletes what has been kept long enough, a little at a time, and forgets numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune(self, *, calls_before: int, journal_before: int) -> Pruned:
        """Deletes calls, gaps, closed tickets, breaks and findings older than one instant; the journal, answered
        requests, told news and what was set aside than another."""
        pruned_calls = 0
        while True:
            async with self._database.write() as connection:
                old = select(calls.c.id).where(calls.c.started_at < calls_before).limit(_STEP)
                ids = [row.id for row in await connection.execute(old)]
                await connection.execute(delete(legs).where(legs.c.call_id.in_(ids)))
                await prune_decisions(connection, ids)
                await connection.execute(delete(calls).where(calls.c.id.in_(ids)))
            pruned_calls += len(ids)
            if len(ids) < _STEP:
                break
        async with self._database.write() as connection:
            entries = await connection.execute(delete(journal).where(journal.c.last_at < journal_before))
            old_gaps = await connection.execute(delete(gaps).where(gaps.c.to_at < calls_before))
            closed = await prune_tickets(connection, calls_before)
            await prune_phones(connection, calls_before)
            asked = await connection.execute(delete(requests).where(requests.c.finished_at < journal_before))
            await prune_deliveries(connection, journal_before)
            await prune_quarantine(connection, journal_before)
        return Pruned(
            calls=pruned_calls,
            journal=entries.rowcount,
            gaps=old_gaps.rowcount,
            requests=asked.rowcount,
            tickets=closed,
        )

    async def forget_number(
        self, number: str, area_code: str = "", *, at: int, token: str | None = None, is_again: bool = False
    ) -> Forgotten:
        """Removes a person's number, however it is written, from all that is stored; figures stay.

        A ticket that is still open is closed at the instant `at`: without a number nobody can be rung. Nobody else's
        number is touched, even if it ends in the same digits. `token`: what the ids get in its place. `is_again`: only
        from what the service may have written since the last time.
        """
        return await forget_number(self._database, PhoneTraces(number, area_code, token), at, is_again=is_again)
