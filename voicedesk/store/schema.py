"""Brings a database to the version this code knows; a copy is made before data is changed."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from voicedesk.errors import StoreError
from voicedesk.store.backup import back_up
from voicedesk.store.engine import Database


async def current_version(database: Database) -> str | None:
    """The version of a database; None if it is empty."""
    async with database.read() as connection:
        return await connection.run_sync(_version)


def newest_version() -> str:
    """The version this code works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def upgrade(database: Database) -> bool:
    """Brings the database to the newest version in one transaction; True if anything changed.

    Raises StoreError for a database that is newer than this code: start the version that made it.
    """
    version = await current_version(database)
    if version == newest_version():
        return False
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"the database has version {version}, this program knows {newest_version()}: "
            "run the newer program, or restore the copy made before the upgrade"
        )
    if version is not None and database.path is not None:
        copy = database.path.with_name(f"{database.path.name}.before-{newest_version()}")
        await asyncio.to_thread(back_up, database.path, copy)
    async with database.write() as connection:
        await connection.run_sync(_run_steps)
    return True


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _run_steps(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
