"""Whether a database file is sound."""

from voicedesk.store.engine import Database


async def damage(database: Database) -> str | None:
    """What is broken in the file, in the database's own words; None if it is sound. Reads all of it.

    Raises StoreError where it cannot be read at all.
    """
    async with database.read() as connection:
        told = (await connection.exec_driver_sql("PRAGMA quick_check(3)")).scalars().all()
    return None if told == ["ok"] else "; ".join(str(line) for line in told)
