"""A database in a file of its own: SQLite, in WAL mode with full synchronisation.

A commit is on disk when it returns, through kill -9 and power loss. Writers queue up (`BEGIN IMMEDIATE`).
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from voicedesk.errors import StoreDamaged, StoreError, StoreUnavailable, reason_of
from voicedesk.ownership import give_like

_log = structlog.get_logger()
_BUSY_MS = 10_000
_STEP_MS = 200
_FILE, _LOG = "voicedesk file", "voicedesk log of changes"
_CURE = "put it back; what could not be committed meanwhile waits"
_SCRUB_TRIES, _SCRUB_SECONDS = 50, 0.1
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
_WAIT_LONG = f"PRAGMA busy_timeout = {_BUSY_MS};"
_BEGIN_TO_WRITE = f"PRAGMA busy_timeout = {_STEP_MS}; BEGIN IMMEDIATE; {_WAIT_LONG}"
"""Whoever writes waits for another's lock in small steps."""
_READERS = (f"PRAGMA busy_timeout = {_BUSY_MS}", "PRAGMA query_only = ON", "PRAGMA cache_size = -512")
"""Who only reads holds half a MiB of pages a connection, not two: a desk has many, and the system caches the file."""
_PASSING = ("locked", "busy", "disk is full", "full", "readonly", "read-only", "unable to open", "disk i/o")
_DAMAGED = ("malformed", "not a database")


class SQLite:
    """`sqlite:///PATH`. Without `may_write` every connection refuses changes (`query_only`), and no file is made."""

    def __init__(self, url: URL, *, may_write: bool = True) -> None:
        self._url, self._may_write = url, may_write
        self.path: Path | None = Path(url.database or "")
        self.name = str(self.path)
        self.replaced = 0
        if may_write:
            _make_private(self.path)

    def engine(self) -> AsyncEngine:
        """Connections over the file, each in a thread of its own."""
        engine = create_async_engine(self._url.set(drivername="sqlite+aiosqlite"))
        _tune(engine, _PRAGMAS if self._may_write else _READERS)
        self._watch(engine, Path(self.name))
        return engine

    def must_still_be(self, connection_info: Mapping[Any, Any]) -> None:
        """Raises StoreUnavailable where the file has another in its place since that connection was opened."""
        path = Path(self.name)
        if connection_info.get(_FILE) != _identity(path):
            raise StoreUnavailable(f"{self.name} was moved, deleted or replaced: {_CURE}")
        if connection_info.get(_LOG) != _identity(_log_of(path)):
            raise StoreUnavailable(f"{_log_of(path)} was deleted while it is in use: it is made anew")

    def _watch(self, engine: AsyncEngine, path: Path) -> None:
        """Opens only a file that exists; opens again if the name belongs to another file now, since the open one was
        replaced."""
        known = _identity(path)

        @event.listens_for(engine.sync_engine, "do_connect")
        def _opening(*_: object) -> None:
            nonlocal known
            found = _identity(path)
            if found is None:
                raise sqlite3.OperationalError(f"unable to open {path}, it is not there any more: {_CURE}")
            if found != known:
                known = found
                self.replaced += 1
                _log.error("database_replaced", file=str(path))

        @event.listens_for(engine.sync_engine, "connect")
        def _opened(connection: Any, record: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*) FROM sqlite_master")  # the log of changes is opened by the first who reads
            cursor.close()
            record.info[_FILE], record.info[_LOG] = _identity(path), _identity(_log_of(path))

        @event.listens_for(engine.sync_engine, "checkout")
        def _taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
            if record.info.get(_FILE) != _identity(path):
                raise DisconnectionError(f"{path} is another file now")
            if record.info.get(_LOG) != _identity(_log_of(path)):
                self._take_over(connection, _log_of(path))
                raise DisconnectionError(f"{_log_of(path)} is another file now")

    def _take_over(self, connection: Any, log: Path) -> None:
        """Brings into the file what stands in a log of changes that lost its name, and would be gone with it.

        Not where somebody else wrote into another meanwhile: those pages and these do not fit together.
        """
        if _is_empty(log):
            with contextlib.suppress(sqlite3.Error):
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                is_busy, frames, moved = cursor.fetchone()
                cursor.close()
                if not is_busy and frames == moved:
                    _log.warning("database_log_deleted", file=str(log), kept=True)
                    return
        self.replaced += 1
        _log.error("database_log_deleted", file=str(log), kept=False)

    def is_locked(self, error: DBAPIError) -> bool:
        """Whether another connection writes."""
        return "locked" in str(error.orig)

    def mapped(self, error: DBAPIError) -> StoreError:
        """Locks, a full disk and a file that cannot be written now may pass; all else does not."""
        text = str(error.orig)
        if any(sign in text.lower() for sign in _DAMAGED):
            return StoreDamaged(f"{self.name} is damaged ({text}): `voicedesk doctor` says how to restore it")
        passing = any(sign in text.lower() for sign in _PASSING)
        return (StoreUnavailable if passing else StoreError)(f"the database refused: {text}")

    async def damage(self, connection: AsyncConnection) -> str | None:
        """Reads the whole file."""
        told = (await connection.exec_driver_sql("PRAGMA quick_check(3)")).scalars().all()
        return None if told == ["ok"] else "; ".join(str(line) for line in told)

    async def scrub(self, engine: AsyncEngine) -> None:
        """Deleted bytes are overwritten at once (`secure_delete`); the log of changes is emptied here.

        Raises StoreUnavailable if another process reads for so long that it cannot be emptied.
        """
        async with engine.connect() as connection:
            for _ in range(_SCRUB_TRIES):
                is_busy, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
                if not is_busy:
                    return
                await asyncio.sleep(_SCRUB_SECONDS)
        raise StoreUnavailable("somebody reads the database: its log of changes cannot be emptied now, try it again")


def _make_private(path: Path) -> None:
    """The file holds personal data: nobody but its owner reads it."""
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            give_like(path, path.parent)
        except OSError as error:
            raise StoreError(f"{path}: the database file cannot be made: {reason_of(error)}") from error


def _log_of(path: Path) -> Path:
    """Where SQLite keeps what was committed and is not in the file itself yet."""
    return path.with_name(f"{path.name}-wal")


def _is_empty(path: Path) -> bool:
    """Whether a file is empty, or missing."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there; None for none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _text(kept: bytes) -> str:
    """SQLite keeps bytes as text that are not, and one such value would fail the read of all rows beside it."""
    return kept.decode("utf-8", "replace")


def _tune(engine: AsyncEngine, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, not the driver
        connection.driver_connection.text_factory = _text
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("write", False):
            _run(connection, "BEGIN")
            return
        try:
            _run(connection, _BEGIN_TO_WRITE)
        except DBAPIError:
            _run(connection, _WAIT_LONG)
            raise


def _run(connection: Connection, script: str) -> None:
    """Statements that give no rows, all in one way to the connection's thread and back: each way costs CPU."""
    try:
        connection.connection.dbapi_connection.run_async(lambda driver: driver.executescript(script))  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise DBAPIError.instance(script, None, error, sqlite3.Error) from error
