"""A database on a server: PostgreSQL, beyond one machine.

Writers take one lock for the length of their transaction, so that they follow each other as they do with SQLite. A
server that is gone without a word is noticed within 20 s, on both sides: a writer whose machine died does not hold up
the next one. Passwords stand in libpq's own file (`~/.pgpass`, or `?passfile=…` in the URL), never in the URL.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.store.tables import metadata

_CONNECT = {
    "application_name": "voicedesk",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}
_SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
_ONLY_READS = {"default_transaction_read_only": "on"}
_WRITERS = 0x766F6963  # "voic": the advisory lock of everybody who writes
_RECYCLE_SECONDS = 1800
_PASSING = ("08", "40", "53", "55", "57", "58", "25006")
"""Beginnings of SQLSTATEs that may pass: connection lost, conflict, no room, lock, shut-down, disk, a standby."""


class PostgreSQL:
    """`postgresql://USER@HOST:PORT/NAME`. Without `may_write` the server refuses changes by these connections."""

    path: Path | None = None
    replaced = 0

    def __init__(self, url: URL, *, may_write: bool = True) -> None:
        if url.password is not None or "password" in url.query:
            raise StoreError("store.url holds a password: put it into ~/.pgpass or a file named by ?passfile=PATH")
        if find_spec("psycopg") is None:
            raise StoreError("PostgreSQL needs its driver: pip install 'voicedesk[postgresql]'")
        self._url, self._session = url, _SESSION if may_write else _SESSION | _ONLY_READS
        self.name = url.render_as_string()

    def engine(self) -> AsyncEngine:
        """Connections that are tried before they are used, so that a restart of the server heals by itself."""
        settings = " ".join(f"-c {name}={value}" for name, value in self._session.items())
        engine = create_async_engine(
            self._url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_SECONDS,
            connect_args=_CONNECT | {"options": settings},
        )
        _tune(engine)
        return engine

    def must_still_be(self, _connection_info: Mapping[Any, Any]) -> None:
        """The server lets nobody drop a database that is in use, and ends the connections of who does it by force."""

    def is_locked(self, _error: DBAPIError) -> bool:
        """The server itself waits for locks (`lock_timeout`)."""
        return False

    def mapped(self, error: DBAPIError) -> StoreError:
        """Without an SQLSTATE the server was not reached; otherwise the state's class tells."""
        text = str(error.orig).strip()
        state = getattr(error.orig, "sqlstate", None)
        unreached = state is None and isinstance(error, OperationalError | InterfaceError)
        passing = unreached or error.connection_invalidated or (state or "").startswith(_PASSING)
        return (StoreUnavailable if passing else StoreError)(f"the database refused: {text}")

    async def damage(self, connection: AsyncConnection) -> str | None:
        """The server watches over its files; here only whether it answers."""
        await connection.exec_driver_sql("SELECT 1")
        return None

    async def scrub(self, engine: AsyncEngine) -> None:
        """Old versions of rows are removed from the tables, and samples of them from the statistics; the server's log
        and its backups are its keeper's."""
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.exec_driver_sql(f"VACUUM (ANALYZE) {', '.join(metadata.tables)}")


def _tune(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return
        if connection.get_execution_options().get("write", False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
