"""Makes new databases quickly: the first one in a process is made by the migrations, the next ones are made like it.

A new file gets the bytes of the first one. A new database on a server is told the same statements as the first one.
Databases that are not empty are left to the migrations.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect
from voicedesk.store import schema
from voicedesk.store.engine import Database

Migrate = Callable[[Connection], None]
Statements = list[tuple[str, Any]]


@contextmanager
def made_quickly() -> Iterator[None]:
    """While it lasts, `schema.upgrade` makes new databases so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "upgrade", _upgrade_by_copying(schema.upgrade))
        patch.setattr(schema, "_run_steps", _run_steps_by_repeating(schema._run_steps))
        yield


def _upgrade_by_copying(upgrade: Callable[[Database], Any]) -> Callable[[Database], Any]:
    first: bytes | None = None

    async def upgrade_or_copy(database: Database) -> bool:
        nonlocal first
        if database.path is None or database.path.stat().st_size:
            return bool(await upgrade(database))
        if first is None:
            with TemporaryDirectory(prefix="voicedesk-new-") as folder:
                one = Database(f"sqlite:///{folder}/voicedesk.db")
                await upgrade(one)
                await one.close()
                first = Path(one.name).read_bytes()
        database.path.write_bytes(first)
        return True

    return upgrade_or_copy


def _run_steps_by_repeating(run_steps: Migrate) -> Migrate:
    first: Statements = []

    def run_or_repeat(connection: Connection) -> None:
        if connection.dialect.name == "sqlite" or inspect(connection).get_table_names():
            run_steps(connection)
        elif not first:
            first.extend(_noted(connection, run_steps))
        else:
            for statement, parameters in first:
                connection.exec_driver_sql(statement, parameters)

    return run_or_repeat


def _noted(connection: Connection, run_steps: Migrate) -> Statements:
    """Migrates, and returns what was said to the database."""
    statements: Statements = []

    def said(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters or None))

    event.listen(connection, "before_cursor_execute", said)
    try:
        run_steps(connection)
    finally:
        event.remove(connection, "before_cursor_execute", said)
    return statements
