"""The database as everybody here sees it: reading and writing in transactions, its errors as ours.

What SQLite and PostgreSQL do differently is in a module each; on both a commit is on disk when it returns, and writers
wait for each other, so that none fails half-way for a lock.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Insert, Table, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from voicedesk.errors import StoreError, StoreUnavailable, ValueRefused
from voicedesk.store.postgresql import PostgreSQL
from voicedesk.store.sqlite import SQLite
from voicedesk.store.unread import UnreadRows

LOCK_SECONDS = 10.0
LOCK_STEP_SECONDS = 0.02
TURN_SECONDS = 2.0
_SHOWN = 40
_REFUSED = re.compile("read-?only")
ONLY_READS = "this process opened the database to read: whatever is to be changed is asked of the running service"


class _Kind(Protocol):
    """What one kind of database does in its own way. `name` is for people, `path` its file where it is one.

    `replaced` counts how often another was found in its place.
    """

    name: str
    path: Path | None
    replaced: int

    def engine(self) -> AsyncEngine:
        """Connections whose transactions begin as this kind needs it."""

    def must_still_be(self, connection_info: Mapping[Any, Any]) -> None:
        """Raises StoreUnavailable if the file that a connection was opened to is not the database any more."""

    def is_locked(self, error: DBAPIError) -> bool:
        """Whether another writer is at work, for whom a transaction may wait a little more."""

    def mapped(self, error: DBAPIError) -> StoreError:
        """A foreign error as ours: passing trouble, or not."""

    async def damage(self, connection: AsyncConnection) -> str | None:
        """Says what is broken, in the database's own words; None if nothing is."""

    async def scrub(self, engine: AsyncEngine) -> None:
        """Overwrites the bytes of deleted rows."""


class Database:
    """One database; `read()` and `write()` give connections in a transaction.

    Without `may_write` the database itself refuses every change on these connections, and `write()` raises StoreError.
    """

    def __init__(self, url: str, *, may_write: bool = True) -> None:
        self.may_write = may_write
        self._kind = _kind_of(url, may_write)
        self.name = self._kind.name
        self.path = self._kind.path
        self.engine = self._kind.engine()
        self.unread = UnreadRows()
        self._shared: ContextVar[AsyncConnection | None] = ContextVar("_shared", default=None)
        self._turn = asyncio.Lock()
        """Writers of this process wait for each other here, in their order: who tries the database's own lock again and
        again holds a connection and costs CPU, and who came last may be first."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the database."""
        shared = self._shared.get()
        with self._mapped():
            if shared is not None:
                yield shared
                return
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def one_state(self) -> AsyncIterator[None]:
        """Within the block everything that its task reads is of one state of the database, by one connection.

        What is written meanwhile is not seen: who waits for an answer of the service waits outside. No other task may
        be begun inside, for it would use the same connection at the same time.
        """
        async with self.read() as connection:
            before = self._shared.set(connection)
            try:
                yield
            finally:
                self._shared.reset(before)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is committed at the end, or rolled back on any error."""
        if not self.may_write:
            raise StoreError(ONLY_READS)
        with self._mapped():
            async with AsyncExitStack() as stack:
                if await self._is_our_turn():
                    stack.callback(self._turn.release)
                connection = await self._begun(stack)
                opened = dict(connection.info)
                yield connection
            self._kind.must_still_be(opened)  # what was committed into a file without a name is nowhere

    @property
    def replaced(self) -> int:
        """How often another database was found in its place since it was opened."""
        return self._kind.replaced

    @asynccontextmanager
    async def part(self, connection: AsyncConnection) -> AsyncIterator[AsyncTransaction]:
        """A part of a transaction that writes: if it fails, it alone is undone, and what came before it stays."""
        with self._mapped():
            async with connection.begin_nested() as part:
                yield part

    async def _is_our_turn(self) -> bool:
        """Waits until nobody of this process writes; False where that takes long: then the database's lock decides."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            return False
        return True

    async def _begun(self, stack: AsyncExitStack) -> AsyncConnection:
        """A connection in a transaction that writes. Waits for a lock in small steps: it may be told to stop."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_SECONDS
        while True:
            async with AsyncExitStack() as trial:
                connection = await trial.enter_async_context(self.engine.connect())
                await connection.execution_options(write=True)
                try:
                    await trial.enter_async_context(connection.begin())
                except DBAPIError as error:
                    if not self._kind.is_locked(error) or loop.time() > deadline:
                        raise
                else:
                    stack.push_async_exit(trial.pop_all())
                    return connection
            await asyncio.sleep(LOCK_STEP_SECONDS)

    async def damage(self) -> str | None:
        """Says what is broken, in the database's own words; None if nothing is. Reads all of a file.

        Raises StoreError where it cannot be read at all.
        """
        async with self.read() as connection:
            return await self._kind.damage(connection)

    async def scrub(self) -> None:
        """Leaves no byte of what was deleted where it stood."""
        if not self.may_write:
            raise StoreError(ONLY_READS)
        with self._mapped():
            await self._kind.scrub(self.engine)

    async def close(self) -> None:
        """Closes every connection and its thread."""
        await self.engine.dispose()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """Foreign errors of a database as ours."""
        try:
            yield
        except (DataError, IntegrityError, OverflowError, UnicodeError) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            raise ValueRefused(f"a value does not fit into the database: {str(said).strip()}") from error
        except DBAPIError as error:
            mapped = self._kind.mapped(error)
            if not self.may_write and _REFUSED.search(str(error.orig)):
                mapped = StoreError(ONLY_READS)
            raise mapped from error
        except PoolTimeout as error:
            raise StoreUnavailable("the database is too busy: every connection is in use") from error
        except SQLAlchemyError as error:
            raise StoreError(f"the database refused: {error}") from error


def upsert(connection: AsyncConnection, table: Table, keep: frozenset[str] = frozenset()) -> Insert:
    """An insert that replaces the row of the same key, but for the columns in `keep`."""
    statement: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keep and c.name not in keys}
    inserted: Insert = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return inserted


def database_file(url: str) -> Path | None:
    """The file of a database, which need not exist; None for a database on a server. Raises as `read_address`."""
    parsed = read_address(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def read_address(url: str) -> URL:
    """A database's address in its parts. Raises StoreError that shows nothing behind its first colon: no password."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise _no_address(url.partition(":")[0][:_SHOWN]) from error


def _no_address(begins: str) -> StoreError:
    return StoreError(f"{begins!r} is no database address: write sqlite:///PATH or postgresql://USER@HOST/NAME")


def _kind_of(url: str, may_write: bool) -> _Kind:
    parsed = read_address(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SQLite(parsed, may_write=may_write)
        case "postgresql":
            return PostgreSQL(parsed, may_write=may_write)
    raise _no_address(parsed.get_backend_name())
