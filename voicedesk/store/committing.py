"""Commits batches: in few statements if all of them fit; otherwise finds what does not fit, sets it aside, and keeps
the rest.

What does not fit is found by halving; each half is a part of the transaction that may be refused alone. Before that,
the database must accept something plain: if it refuses that too, the fault is not in the batches, and they wait.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import CallFacts, Direction, Gap, GapReason, JudgedCall, StartSource
from voicedesk.calls.three_rings import judge
from voicedesk.clock import is_instant
from voicedesk.errors import JournalTaken, StoreDamaged, StoreError, StoreUnavailable
from voicedesk.store.batch import Batch, dropped_mark, last_states
from voicedesk.store.calls import remove_calls, save_calls
from voicedesk.store.consultations import move_consultations
from voicedesk.store.decisions import move_decisions
from voicedesk.store.engine import Database
from voicedesk.store.greetings import move_greetings
from voicedesk.store.journal import append_entries, save_gaps
from voicedesk.store.outcome import not_yet_there
from voicedesk.store.packing import facts_text, reduce_event, stamps_near
from voicedesk.store.quarantine import Part, SetAside, add_to_quarantine, set_aside
from voicedesk.store.tickets import tell_desk

T = TypeVar("T")
_Refused = list[tuple[T, Exception]]
_NOBODY = CallFacts(
    id="",
    pbx="",
    boot=None,
    linkedids=(),
    line=None,
    direction=Direction.INBOUND,
    caller_number=None,
    started_at=0,
    started_at_source=StartSource.ARRIVAL,
)
_NOT_OF_A_ROW = (StoreUnavailable, StoreDamaged, JournalTaken)


async def commit(database: Database, batches: Sequence[Batch]) -> list[SetAside]:
    """Commits batches in one transaction. Returns what had to be set aside; it is in the quarantine then.

    Batches that an interrupted commit or an earlier run had committed already are left out; missing ones are marked as
    a gap. Raises StoreError, with nothing committed, where the database takes nothing now, and JournalTaken where
    another instance writes the same journal.
    """
    try:
        async with database.write() as connection:
            aside = _aside_of(batches)
            await _write(connection, await not_yet_there(connection, _entries_of(batches)))
            await add_to_quarantine(connection, aside)
    except _NOT_OF_A_ROW:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a value can bring about, foreseen or not
        refusal = error
    else:
        return aside
    async with database.write() as connection:
        await _must_take_what_is_plain(database, connection, refusal)
        return await _write_what_fits(database, connection, batches)


async def _write(connection: AsyncConnection, missing: Sequence[Batch]) -> None:
    """It has few statements however many batches there are: under load each costs a turn of the event loop."""
    calls, gone = last_states(missing)
    await append_entries(connection, [batch.entry() for batch in missing])
    await remove_calls(connection, gone)
    merged = [pair for batch in missing for pair in batch.merged]
    await move_greetings(connection, merged)
    await move_consultations(connection, merged)
    await save_calls(connection, calls)
    await move_decisions(connection, merged)
    await tell_desk(connection, calls)
    await save_gaps(connection, [(batch.pbx, gap) for batch in missing for gap in batch.gaps])


def _entries_of(batches: Sequence[Batch]) -> list[Batch]:
    return [batch for batch in batches if batch.has_entry]


def _aside_of(batches: Sequence[Batch]) -> list[SetAside]:
    return [item for batch in batches for item in batch.aside]


# --- where something does not fit


async def _must_take_what_is_plain(database: Database, connection: AsyncConnection, refusal: Exception) -> None:
    """Raises StoreError if the database refuses even that: then no value is to blame."""
    plain = Batch(pbx="", sequence=1, resume_from=1, first_at=0, last_at=0, reduced=[b"Event: Newstate"])
    bare = _bare(_NOBODY, plain)
    plain.calls[bare.facts.id] = bare
    plain.gaps.append(Gap(from_at=0, to_at=0, reason=GapReason.EVENTS_DROPPED))
    try:
        async with database.part(connection) as part:
            await _write(connection, [plain])
            await part.rollback()
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a value can bring about
        raise StoreError(f"the database takes nothing: {_said(error)}") from refusal


@dataclass(slots=True)
class _Sorting:
    """One transaction in which what does not fit is sorted out."""

    database: Database
    connection: AsyncConnection
    aside: list[SetAside] = field(default_factory=list)
    gaps: list[tuple[str, Gap]] = field(default_factory=list)

    async def refused(self, units: Sequence[T], write: Callable[[Sequence[T]], Awaitable[None]]) -> _Refused[T]:
        """Writes as many as fit, in their order; gives the others, each with what was said of it."""
        if not units:
            return []
        try:
            async with self.database.part(self.connection):
                await write(units)
        except _NOT_OF_A_ROW:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a value can bring about
            if len(units) == 1:
                return [(units[0], error)]
            half = len(units) // 2
            return [*await self.refused(units[:half], write), *await self.refused(units[half:], write)]
        return []

    def set_aside(self, batch: Batch, part: Part, about: str, error: Exception, content: bytes) -> None:
        """Notes one thing that did not fit."""
        self.aside.append(
            set_aside(part, at_us=batch.last_at, pbx=batch.pbx, about=about, reason=_said(error), content=content)
        )

    async def entries(self, missing: Sequence[Batch]) -> None:
        """Writes the journal. An entry that does not fit is written with a mark in place of its events."""

        async def write(some: Sequence[Batch]) -> None:
            await append_entries(self.connection, [batch.entry() for batch in some])

        for batch, error in await self.refused(missing, write):
            self.set_aside(batch, Part.EVENT, f"entry {batch.sequence}", error, b"\r\n\r\n".join(batch.reduced))
            mark = reduce_event(dropped_mark(len(batch.reduced), batch.first_at))
            async with self.database.part(self.connection):
                await append_entries(self.connection, [replace(batch.entry(), reduced=(mark,))])
            first_at = min([batch.first_at, *stamps_near(batch.reduced, batch.last_at)])
            self.gaps.append((batch.pbx, _gap(first_at, batch.last_at)))

    async def calls(self, missing: Sequence[Batch]) -> None:
        """Writes the calls. A call that does not fit is written without its facts, so that nobody is judged by it."""

        async def write(some: Sequence[JudgedCall]) -> None:
            await save_calls(self.connection, some)
            await tell_desk(self.connection, some)

        batch_of = {call_id: batch for batch in missing for call_id in batch.calls}
        for call, error in await self.refused(last_states(missing)[0], write):
            batch, facts = batch_of[call.facts.id], call.facts
            self.set_aside(batch, Part.CALL, facts.id, error, facts_text(facts))
            bare = _bare(facts, batch)
            self.gaps += [(batch.pbx, gap) for gap in bare.facts.gaps]
            await self.refused([bare], lambda some: save_calls(self.connection, some))

    async def pairs(self, missing: Sequence[Batch], write: Callable[[list[tuple[str, str]]], Awaitable[None]]) -> None:
        """What follows where calls became part of others, one pair after the other."""
        for batch in missing:
            for pair in batch.merged:
                for _, error in await self.refused([pair], lambda some: write(list(some))):
                    self.set_aside(batch, Part.ROW, "a call that became part of another", error, repr(pair).encode())

    async def all_gaps(self, missing: Sequence[Batch]) -> None:
        """The gaps, those over what did not fit too."""
        batch_of = {batch.pbx: batch for batch in missing}
        pairs = [*((batch.pbx, gap) for batch in missing for gap in batch.gaps), *self.gaps]
        for (pbx, gap), error in await self.refused(pairs, lambda some: save_gaps(self.connection, some)):
            self.set_aside(batch_of[pbx], Part.ROW, "a gap", error, repr(gap).encode())


async def _write_what_fits(database: Database, connection: AsyncConnection, batches: Sequence[Batch]) -> list[SetAside]:
    missing = await not_yet_there(connection, _entries_of(batches))
    sorting = _Sorting(database, connection, _aside_of(batches))

    async def leave(pairs: list[tuple[str, str]]) -> None:
        await remove_calls(connection, [gone for gone, _ in pairs])
        await move_greetings(connection, pairs)
        await move_consultations(connection, pairs)

    await sorting.entries(missing)
    await sorting.pairs(missing, leave)
    await sorting.calls(missing)
    await sorting.pairs(missing, lambda pairs: move_decisions(connection, pairs))
    await sorting.all_gaps(missing)
    await add_to_quarantine(connection, sorting.aside)
    return sorting.aside


def _bare(facts: CallFacts, batch: Batch) -> JudgedCall:
    """A call that did not fit, with nothing but that it was, and a gap over it: it cannot be told, and is counted."""
    start = facts.started_at if is_instant(facts.started_at) else batch.first_at
    end = facts.ended_at
    if end is not None and not is_instant(end):
        end = batch.last_at
    bare = CallFacts(
        id=facts.id,
        pbx=facts.pbx,
        boot=None,
        linkedids=(),
        line=facts.line,
        direction=facts.direction,
        caller_number=None,
        started_at=start,
        started_at_source=facts.started_at_source,
        ended_at=None if end is None else max(end, start),
        disposition=facts.disposition,
        is_line=facts.is_line,
        on_duty=facts.on_duty,
        gaps=(_gap(start, max(end or batch.last_at, start)),),
    )
    return JudgedCall(facts=bare, judgement=judge(bare))


def _gap(from_at: int, to_at: int) -> Gap:
    """Wider than what it lies over, however short that is."""
    return Gap(from_at=max(from_at - 1, 0), to_at=to_at + 1, reason=GapReason.EVENTS_DROPPED)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
