"""Writes what a repair from the switch's logs found: calls, and what became of the gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicedesk.calls.model import Gap, JudgedCall
from voicedesk.store.calls import save_calls
from voicedesk.store.engine import Database
from voicedesk.store.journal import mark_repaired
from voicedesk.store.tickets import tell_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What the logs tell of one gap: the calls, and whether they tell of every call in it."""

    gap: Gap
    calls: Sequence[JudgedCall]
    is_covered: bool


class Repairs:
    """The repairs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, pbx: str, filled: Iterable[Filling], *, at: int, by: str) -> None:
        """Writes all of it or nothing; a gap that is not covered stays open. `by` is who asked. Raises StoreError."""
        async with self._database.write() as connection:
            for one in filled:
                await save_calls(connection, one.calls)
                await tell_desk(connection, one.calls)
                if one.is_covered or one.calls:
                    repaired_at = at if one.is_covered else None
                    await mark_repaired(connection, pbx, one.gap, at=repaired_at, calls=len(one.calls), by=by)
