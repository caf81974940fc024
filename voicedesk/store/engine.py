"""Opens the database, and maps its errors to ours. The only module that knows which database it is.

SQLite runs in WAL mode with full synchronisation: a commit is on disk when it returns, through kill -9 and power loss.
Writers queue up (`BEGIN IMMEDIATE`), so that none fails half-way for a lock.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, Table, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from voicedesk.errors import StoreError, StoreUnavailable

_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
_PASSING = ("locked", "busy", "disk is full", "full", "readonly", "read-only", "unable to open", "disk i/o")


class Database:
    """One database; `read()` and `write()` give connections in a transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.path = _sqlite_path(url)
        if self.path is not None:
            _make_private(self.path)
            self.engine = create_async_engine(self.url.set(drivername="sqlite+aiosqlite"))
            _tune_sqlite(self.engine)
        else:
            raise StoreError(f"store.url {url!r}: only sqlite:///PATH is supported by this version")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the database."""
        with mapped():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is committed at the end, or rolled back on any error."""
        with mapped():
            async with self.engine.connect() as connection:
                await connection.execution_options(write=True)
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        """Closes every connection and its thread."""
        await self.engine.dispose()


def upsert(table: Table, keep: frozenset[str] = frozenset()) -> Insert:
    """An insert that replaces the row of the same key, but for the columns in `keep`. For SQLite and PostgreSQL."""
    statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keep and c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@contextmanager
def mapped() -> Iterator[None]:
    """Foreign errors of a database as ours."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig)
        passing = any(sign in text.lower() for sign in _PASSING)
        raise (StoreUnavailable if passing else StoreError)(f"the database refused: {text}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database refused: {error}") from error


def _sqlite_path(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _make_private(path: Path) -> None:
    """The file holds personal data: nobody but its owner reads it."""
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise StoreError(f"{path}: the database file cannot be made: {error.strerror}") from error


def _tune_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, not the driver
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
