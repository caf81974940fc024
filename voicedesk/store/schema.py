"""Brings a database to the version this code knows; a copy is made before data is changed."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from voicedesk.errors import StoreError
from voicedesk.store.backup import back_up
from voicedesk.store.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_IN_FORCE = table("alembic_version", column("version_num"))
"""Where alembic notes the version of a database. It is read without alembic, which only an upgrade waits for: every
command asks for the version first."""


async def current_version(database: Database) -> str | None:
    """The version of a database; None if it is empty."""
    async with database.read() as connection:
        return await connection.run_sync(_version)


def newest_version() -> str:
    """The version this code works with."""
    return _known()[-1]


def is_newer(version: str | None) -> bool:
    """Whether this code has no step to a version: then a newer program made it, and no upgrade here helps."""
    return version is not None and version not in _known()


def what_differs(version: str | None) -> str:
    """How a database's version stands to this program's, in words."""
    if version is None:
        return "the database is empty"
    return f"the database has version {version}, this program knows {newest_version()}"


def how_to_mend(version: str | None) -> str:
    """What helps where a database has another version than this program: an upgrade only if it is older."""
    if is_newer(version):
        return (
            "a newer program made it, and `voicedesk db upgrade` cannot help: run the newer program, or restore the "
            "copy made before the upgrade"
        )
    return "run `voicedesk db upgrade`"


async def upgrade(database: Database) -> bool:
    """Brings the database to the newest version in one transaction; True if anything changed.

    Raises StoreError for a database that is newer than this code: start the version that made it.
    """
    version = await current_version(database)
    if version == newest_version():
        return False
    if is_newer(version):
        raise StoreError(f"{what_differs(version)}: {how_to_mend(version)}")
    if version is not None and database.path is not None:
        copy = database.path.with_name(f"{database.path.name}.before-{newest_version()}")
        await asyncio.to_thread(back_up, database.path, copy)
    async with database.write() as connection:
        await connection.run_sync(_run_steps)
    return True


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_IN_FORCE.name):
        return None
    return connection.execute(select(_IN_FORCE.c.version_num)).scalar()


def _run_steps(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def _known() -> tuple[str, ...]:
    """The versions that this code has a step to, the oldest first: each step's file is named after its version."""
    return tuple(sorted(file.name[1:5] for file in (_MIGRATIONS / "versions").glob("v[0-9]*.py")))


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
