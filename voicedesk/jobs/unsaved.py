"""Rows that could not be saved: they wait in memory, and are saved as soon as the database takes them.

A database in trouble is said once and tried again. A row that the database refuses for good is set aside, and holds up
no other row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from voicedesk.errors import InputError, StoreUnavailable
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.store.quarantine import SetAside

SAVE_AGAIN_SECONDS = 1.0
ROUND_SECONDS = 600.0
MOST_REFUSED = 500
"""So many of the rows that were set aside are remembered, to be saved again when a person asks for it."""

SaveAgain = Callable[[SetAside], Awaitable[str]]
Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)


class RowOf(StrEnum):
    """What a row is of that can be saved again; its name where it is set aside begins so."""

    GREETING = "greeting"
    CONSULTATION = "consultation"

    def called(self, key: str) -> str:
        """What people see of the row of a key."""
        return f"{self.value} {key}"


def saved_again(ways: Mapping[RowOf, SaveAgain]) -> SaveAgain:
    """How any row that was set aside is saved again; `ways` has how by what it is of.

    Raises InputError for a row of anything else: whoever keeps it tries it again without being asked.
    """

    async def save_again(item: SetAside) -> str:
        for of, way in ways.items():
            if item.about.startswith(of.called("")):
                return await way(item)
        raise InputError("this row belongs to no part that runs now")

    return save_again


class Saves(Protocol[Row_contra]):
    """Where rows are saved, as `store.greetings` and `store.consultations` are."""

    async def save(self, row: Row_contra, /) -> None:
        """Saves one row. Raises StoreUnavailable if the database is in trouble, StoreError if it refuses the row."""


class Unsaved(Generic[Row]):
    """The newest row of each key, oldest key first, until it is saved. Of one keeper's rows one is saved at a time.

    `rows` saves one row. `named` gives the PBX of a row, and the name that people see if it is set aside. `event`
    is what the log calls a database that takes no rows.
    """

    def __init__(
        self,
        rows: Saves[Row],
        guard: Guard,
        *,
        event: str,
        named: Callable[[Row], tuple[str, str]],
    ) -> None:
        self._rows, self._guard, self._event, self._named = rows, guard, event, named
        self._waiting: dict[Hashable, Row] = {}
        self._refused: dict[tuple[str, str], Row] = {}
        self._troubles = Troubles()
        self._is_in_trouble = False
        self._arrived = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, key: Hashable) -> Row | None:
        """The row of a key that waits to be saved."""
        return self._waiting.get(key)

    def keep(self, key: Hashable, row: Row) -> None:
        """Takes a row that `run` saves soon, in place of an earlier row of its key. Never waits, never fails."""
        self._waiting[key] = row
        self._arrived.set()

    async def save(self, key: Hashable, row: Row) -> None:
        """Saves a row now; if the database is in trouble, `run` saves it later. Raises nothing of the database's."""
        self._waiting[key] = row
        try:
            async with self._one_at_a_time:
                if not self._is_in_trouble:  # else each of many rows would wait here for the database in vain
                    await self._save_waiting(key)
                    self._troubles.over()
        except StoreUnavailable as error:
            self._begin_trouble(error)
        if key in self._waiting:
            self._arrived.set()

    async def save_last(self, key: Hashable, row: Row) -> None:
        """Saves a row, which no row of its key that waits can replace. Raises StoreError: then nothing has changed."""
        async with self._one_at_a_time:
            await self._rows.save(row)
            self._waiting.pop(key, None)

    async def save_all(self) -> None:
        """Saves what waits. Raises StoreUnavailable: then the rest waits on."""
        for key in list(self._waiting):
            async with self._one_at_a_time:
                await self._save_waiting(key)
        self._is_in_trouble = False
        self._troubles.over()

    async def run(self) -> None:
        """Saves rows as they come, until it is cancelled."""
        while True:
            promise_round(None)
            await self._arrived.wait()
            self._arrived.clear()
            promise_round(ROUND_SECONDS)
            try:
                await self.save_all()
            except StoreUnavailable as error:
                self._begin_trouble(error)
                await asyncio.sleep(SAVE_AGAIN_SECONDS)
                self._arrived.set()

    async def save_again(self, item: SetAside) -> str:
        """Saves a row that was set aside; what came of it. Raises StoreError, or InputError if the row is forgotten."""
        key = (item.pbx, item.about)
        row = self._refused.get(key)
        if row is None:
            raise InputError(f"{item.about} is not in memory any more: only what was set aside since the last start is")
        await self._rows.save(row)
        self._refused.pop(key, None)
        return f"{item.about} is saved"

    async def _save_waiting(self, key: Hashable) -> None:
        """Saves the row of a key, if one still waits now that its turn has come. Raises StoreUnavailable."""
        row = self._waiting.get(key)
        if row is None:
            return
        pbx, about = name = self._named(row)
        with self._guard.one(Part.ROW, about, content=written(row), pbx=pbx):
            await self._rows.save(row)
            self._refused.pop(name, None)
            self._drop(key, row)
            return
        self._drop(key, row)
        self._refused[name] = row
        if len(self._refused) > MOST_REFUSED:
            del self._refused[next(iter(self._refused))]

    def _begin_trouble(self, error: StoreUnavailable) -> None:
        self._is_in_trouble = True
        self._troubles.say(self._event, error, count=len(self._waiting))

    def _drop(self, key: Hashable, row: Row) -> None:
        if self._waiting.get(key) is row:  # else a newer row came while this one was saved
            del self._waiting[key]
