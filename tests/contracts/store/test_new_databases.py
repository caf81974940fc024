"""A database that the tests make quickly is the one that the migrations make."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, DefaultClause, MetaData, select
from voicedesk.store import schema
from voicedesk.store.engine import Database
from voicedesk.store.tables import metadata


def drawn(connection: Connection) -> dict[str, list[str]]:
    """Every table with its columns, keys, indexes and rows, in words."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: [
            *(f"{one.name} {one.type!r} {one.nullable} {one.primary_key} {default(one)}" for one in table.columns),
            *sorted(f"{one.name} {one.unique} {[str(part) for part in one.expressions]}" for one in table.indexes),
            *sorted(f"{type(one).__name__} {one.name} {sorted(one.columns.keys())}" for one in table.constraints),
            *(repr(tuple(row)) for row in connection.execute(select(table))),
        ]
        for table in found.sorted_tables
    }


def default(column: Column) -> str:
    return str(column.server_default.arg) if isinstance(column.server_default, DefaultClause) else ""


async def made_by(url: str, migrate) -> dict[str, list[str]]:
    database = Database(url)
    await migrate(database)
    async with database.read() as connection:
        tables = await connection.run_sync(drawn)
    await database.close()
    return tables


async def by_migrations(database: Database) -> None:
    def steps(connection: Connection) -> None:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with database.write() as connection:
        await connection.run_sync(steps)


async def test_one_made_quickly_is_the_one_that_the_migrations_make(store_url, tmp_path, request):
    def another(name: str) -> str:
        if store_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path}/{name}.db"
        server = request.getfixturevalue("postgres")
        request.addfinalizer(lambda: server.drop(name))
        return server.create(name)

    due = await made_by(store_url, by_migrations)
    assert set(due) > set(metadata.tables)
    for name in ("first_of_this_process", "like_the_first"):
        assert await made_by(another(name), schema.upgrade) == due


def test_the_versions_that_are_told_without_alembic_are_its_own() -> None:
    steps = ScriptDirectory.from_config(schema._config())
    assert schema.newest_version() == steps.get_current_head()
    assert not any(schema.is_newer(step.revision) for step in steps.walk_revisions())
    assert len(schema._known()) == len(list(steps.walk_revisions()))
