"""Paging, totals and counts of filters that all lists share."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from voicedesk.desk.labels import Label
from voicedesk.store.cursor import Cursor

READ_AT_ONCE = 500

S = TypeVar("S")
R = TypeVar("R")
K = TypeVar("K")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Some rows of a list. `total`: how many the whole list has; `next`: where the next page begins, None: nowhere."""

    rows: tuple[R, ...]
    total: int
    next: Cursor | None = None


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

    `read` takes how many and behind which key, `key` is a thing's place in the list, `row` what is shown of it.
    """

    read: Callable[[int, Any], Awaitable[list[S]]]
    key: Callable[[S], Key]
    row: Callable[[S], R]
    count: Callable[[], Awaitable[int]]

    async def page(self, limit: int, after: Cursor | None = None) -> Page[R]:
        """The rows behind a cursor, or the first."""
        found = await self.read(limit + 1, None if after is None else after.key)
        shown = found[:limit]
        end = Cursor(self.key(shown[-1])) if shown and len(found) > limit else None
        return Page(rows=tuple(self.row(one) for one in shown), total=await self.count(), next=end)

    async def kept(self, limit: int | None, keep: Callable[[list[R]], Iterable[K]]) -> tuple[list[K], int]:
        """What is kept of the first `limit` rows (None: of all), and how many rows there are.

        They are read a page at a time, so that a year is never held as a whole.
        """
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


def facet(name: str, found: Mapping[str | None, int], words: Callable[[str | None], Label]) -> Facet:
    """A property's values, the most frequent first."""
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0] or ""))
    return Facet(name=name, counts=tuple(Counted(value=value, label=words(value), count=n) for value, n in ordered))


def as_it_is(value: str | None) -> Label:
    """The words of a value that is a name."""
    return Label(value or "", value or "")
