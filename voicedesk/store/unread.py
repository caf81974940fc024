"""Rows that cannot be read, because a disk, a person or another program damaged them: each costs itself alone.

A query over many rows leaves a damaged one out and notes it here: it is logged once, counted for lists, and told to the
part that sets it aside.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

import structlog
from sqlalchemy import Boolean, Float, Integer, LargeBinary, Row, Table
from sqlalchemy.types import TypeEngine

from voicedesk.clock import is_instant
from voicedesk.errors import StoreError
from voicedesk.store.packing import readable

MOST_KNOWN = 10_000
T = TypeVar("T")
Tell = Callable[[StoreError, str, bytes], object]
_NO_INSTANTS = frozenset({"gaps"})
"""A gap may begin with time itself."""
ON_UNREAD: ContextVar[Tell | None] = ContextVar("ON_UNREAD", default=None)
"""The function that is told of damaged rows, for databases that are opened later."""
_log = structlog.get_logger()


class UnreadRows:
    """The rows of one database that could not be read since it was opened. `tell` hears of each once."""

    def __init__(self) -> None:
        self.tell: Tell | None = ON_UNREAD.get()
        self._known: set[str] = set()

    @property
    def count(self) -> int:
        """How many different ones there were."""
        return len(self._known)

    def note(self, error: StoreError, about: str, content: bytes) -> None:
        """One row could not be read: what is said of it is said once."""
        if about in self._known or len(self._known) >= MOST_KNOWN:
            return
        self._known.add(about)
        _log.error("row_damaged", row=about, reason=str(error))
        if self.tell is not None:
            self.tell(error, about, content)

    def whole(self, table: Table, rows: Iterable[Row[Any]], read: Callable[[Row[Any]], T]) -> list[T]:
        """What rows of a table say; those that are damaged are noted and left out."""
        found: list[T] = []
        for row in rows:
            about = row_name(table, row)
            try:
                with readable(about):
                    must_fit(table, row)
                    found.append(read(row))
            except StoreError as error:
                self.note(error, about, content_of(row))
        return found

    async def page(
        self,
        table: Table,
        rows_after: Callable[[int, Any], Awaitable[Sequence[Row[Any]]]],
        read: Callable[[Row[Any]], T],
        *,
        key: Callable[[Row[Any]], Any],
        limit: int,
        after: Any = None,
    ) -> list[T]:
        """As many readable rows as were asked for, if there are so many: the next row replaces a damaged one."""
        found: list[T] = []
        while len(found) < limit:
            wanted = limit - len(found)
            rows = await rows_after(wanted, after)
            found += self.whole(table, rows, read)
            if len(rows) < wanted or key(rows[-1]) == after:
                break
            after = key(rows[-1])
        return found


def must_fit(table: Table, row: Row[Any]) -> None:
    """Raises ValueError if a value is not of its column's kind: SQLite keeps any kind in any column."""
    values = row._mapping
    for name, kind, may_be_missing, is_time in _columns_of(table):
        if name not in values:
            continue
        value: Any = values[name]
        if value is None:
            if not may_be_missing:
                raise ValueError(f"{name} is missing")
            continue
        if not isinstance(value, kind):
            raise ValueError(f"{name} is {type(value).__name__}")  # the row is damaged
        if is_time and not (isinstance(value, int) and is_instant(value)):
            raise ValueError(f"{name} is at no time of a calendar")


@lru_cache
def _columns_of(table: Table) -> tuple[tuple[str, type | tuple[type, ...], bool, bool], ...]:
    """Of each column its name, what its values are, whether they may be missing, and whether they are instants."""
    dated = table.name not in _NO_INSTANTS
    return tuple(
        (one.name, _kind_of(one.type), bool(one.nullable), dated and (one.name == "at" or one.name.endswith("_at")))
        for one in table.columns
    )


def row_name(table: Table, row: Row[Any]) -> str:
    """Which row it is."""
    values = row._mapping
    keys = [str(values.get(column.name))[:100] for column in table.primary_key]
    return f"{table.name} {' '.join(keys)}"


def content_of(row: Row[Any]) -> bytes:
    """What stands in a row, as it can be set aside."""
    return repr(dict(row._mapping)).encode("utf-8", "backslashreplace")


def _kind_of(column: TypeEngine[Any]) -> type | tuple[type, ...]:
    if isinstance(column, Boolean):
        return bool
    if isinstance(column, Integer):
        return int
    if isinstance(column, Float):
        return (int, float)
    return bytes if isinstance(column, LargeBinary) else str
