"""How long each kind of data is kept, and how every trace of a caller's number is removed."""

import re
from dataclasses import dataclass, replace

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.phone_numbers import national_digits
from voicedesk.store.calls import spellings
from voicedesk.store.consultations import forget_in_consultations
from voicedesk.store.decisions import forget_in_decisions, prune_decisions
from voicedesk.store.deliveries import forget_in_deliveries, prune_deliveries
from voicedesk.store.engine import Database
from voicedesk.store.packing import pack_events, pack_facts, unpack_events, unpack_facts
from voicedesk.store.phones import prune_phones
from voicedesk.store.quarantine import forget_in_quarantine, prune_quarantine
from voicedesk.store.tables import calls, gaps, journal, legs, requests
from voicedesk.store.tickets import forget_in_tickets, prune_tickets

_STEP = 500
_NUMBER_HEADERS = re.compile(rb"^(?:CallerIDNum|Number|DialString|Exten): [^\r\n]*", re.MULTILINE)
_DIGITS = re.compile(rb"\+?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows went."""

    calls: int
    journal: int
    gaps: int
    requests: int
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """In how many rows a number was removed."""

    calls: int
    journal: int
    consultations: int
    tickets: int
    news: int


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

    async def forget_number(self, number: str, area_code: str = "", *, at: int) -> Forgotten:
        """Removes a caller's number, however it was dialled, from calls, journal, ledger, tickets, news; figures stay.

        A ticket that is still open is closed at the instant `at`: without a number nobody can be rung.

        `number` is the national number without prefixes (`phone_numbers.national_digits`). Nobody else's is touched,
        even if it ends in the same digits.
        """
        async with self._database.write() as connection:
            told = (number, f"0{number}", *await spellings(connection, number, area_code))
            await forget_in_decisions(connection, number, area_code)
            await forget_in_quarantine(connection, number, area_code)
            forgotten = Forgotten(
                news=await forget_in_deliveries(connection, told),
                calls=await _forget_in_calls(connection, await spellings(connection, number, area_code)),
                journal=await _forget_in_journal(connection, number, area_code),
                consultations=await forget_in_consultations(connection, number, area_code),
                tickets=await forget_in_tickets(connection, number, area_code, at),
            )
        await self._database.scrub()
        return forgotten


async def _forget_in_calls(connection: AsyncConnection, numbers: tuple[str, ...]) -> int:
    query = select(calls.c.id, calls.c.facts).where(calls.c.caller_number.in_(numbers))
    rows = (await connection.execute(query)).all()
    for row in rows:
        facts = replace(unpack_facts(row.facts), caller_number=None)
        values = {"caller_number": None, "facts": pack_facts(facts)}
        await connection.execute(update(calls).where(calls.c.id == row.id).values(values))
    return len(rows)


async def _forget_in_journal(connection: AsyncConnection, number: str, area_code: str) -> int:
    """Every entry is looked through: a number may stand in events of calls that are long gone."""
    ending = number[-4:].encode()

    def nameless(found: re.Match[bytes]) -> bytes:
        digits = found[0]
        is_theirs = digits.endswith(ending) and national_digits(digits.decode(), area_code) == number
        return b"anonymous" if is_theirs else digits

    def cleaned(event: bytes) -> bytes:
        return _NUMBER_HEADERS.sub(lambda line: _DIGITS.sub(nameless, line[0]), event)

    changed = 0
    pbx, sequence = "", -1
    while True:
        after = (journal.c.pbx > pbx) | ((journal.c.pbx == pbx) & (journal.c.sequence > sequence))
        query = select(journal).where(after).order_by(journal.c.pbx, journal.c.sequence).limit(_STEP)
        rows = (await connection.execute(query)).all()
        for row in rows:
            events = unpack_events(row.payload)
            nameless_events = [cleaned(event) for event in events]
            if nameless_events != events:
                changed += 1
                here = (journal.c.pbx == row.pbx) & (journal.c.sequence == row.sequence)
                await connection.execute(update(journal).where(here).values(payload=pack_events(nameless_events)))
        if len(rows) < _STEP:
            return changed
        pbx, sequence = rows[-1].pbx, rows[-1].sequence
