"""Paging, totals and counts of filters that all lists share."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from voicedesk.access.roles import Thing
from voicedesk.desk.labels import Label
from voicedesk.errors import InputError
from voicedesk.store.cursor import Cursor

READ_AT_ONCE = 500
MOST_ON_A_PAGE = 1000
"""Whoever asks for more gets so many, and where the next page begins: no page holds a year."""

S = TypeVar("S")
R = TypeVar("R")
K = TypeVar("K")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Some rows of a list. `total`: how many the whole list has; `next`: where the next page begins, in the letters of
    an address; None: nowhere."""

    rows: tuple[R, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many rows of a list have one value; None: those that have none."""

    value: str | None
    label: Label
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """The values of one property under the other filters of a list: an empty list shows by it which one to drop."""

    name: str
    counts: tuple[Counted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[S, R]):
    """One list of a store under its filter.

    `read` takes how many and behind which key, `key` is a thing's place in the list (`kinds` are the types of its
    values), `row` what is shown of it. `order` tells two lists of the same things apart that are sorted differently.
    """

    of: Thing
    read: Callable[[int, Any], Awaitable[list[S]]]
    key: Callable[[S], Key]
    row: Callable[[S], R]
    count: Callable[[], Awaitable[int]]
    kinds: tuple[type, ...] = (int, str)
    order: str = ""

    async def page(self, limit: int, after: str | None = None) -> Page[R]:
        """The rows behind a cursor in its letters, or the first; at most MOST_ON_A_PAGE.

        Raises InputError for a limit below one, and for a cursor that is none of this list.
        """
        size = min(_at_least_one(limit), MOST_ON_A_PAGE)
        key = None if after is None else self.place(after)
        found = await self.read(size + 1, key)
        shown = found[:size]
        end = self.cursor(self.key(shown[-1])) if len(found) > size else None
        return Page(rows=tuple(self.row(one) for one in shown), total=await self.count(), next=end)

    def cursor(self, key: Key) -> str:
        """The place behind a key, in the letters of an address."""
        return Cursor(self._name, key).to_text()

    def place(self, cursor: str) -> Key:
        """The key of the row behind which a cursor's page begins. Raises InputError where it is none of this list."""
        return Cursor.from_text(cursor, self._name, *self.kinds).key

    @property
    def _name(self) -> str:
        """What a cursor calls this list."""
        return f"{self.of.value} {self.order}".rstrip()

    async def each(self, at_once: int) -> AsyncIterator[list[R]]:
        """Every row, some at a time."""
        after: Key | None = None
        while found := await self.read(at_once, after):
            yield [self.row(one) for one in found]
            if len(found) < at_once:
                return
            after = self.key(found[-1])

    async def kept(self, limit: int | None, keep: Callable[[list[R]], Iterable[K]]) -> tuple[list[K], int]:
        """What is kept of the first `limit` rows (None: of all), and how many rows there are.

        They are read a page at a time, so that a year is never held as a whole.
        Raises InputError for a limit below one.
        """
        limit = None if limit is None else _at_least_one(limit)
        kept: list[K] = []
        after: Key | None = None
        while limit is None or len(kept) < limit:
            size = READ_AT_ONCE if limit is None else min(READ_AT_ONCE, limit - len(kept))
            found = await self.read(size, after)
            kept += keep([self.row(one) for one in found])
            if len(found) < size:
                break
            after = self.key(found[-1])
        return kept, await self.count()


def _at_least_one(limit: int) -> int:
    """The one place where a limit is checked. Raises InputError."""
    if limit < 1:
        raise InputError(f"a list has at least one row: {limit} cannot be asked for")
    return limit


def facet(name: str, found: Mapping[str | None, int], words: Callable[[str | None], Label]) -> Facet:
    """A property's values, the most frequent first."""
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0] or ""))
    return Facet(name=name, counts=tuple(Counted(value=value, label=words(value), count=n) for value, n in ordered))


def as_it_is(value: str | None) -> Label:
    """The words of a value that is a name."""
    return Label(value or "", value or "")
