"""Every value of a column, found by its index: as many steps as there are values, however many rows there are."""

from sqlalchemy import Column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def values_of(connection: AsyncConnection, column: Column[str]) -> set[str]:
    """The values that some row has in a column which an index begins with."""
    first = select(func.min(column).label("value")).cte("found", recursive=True)
    next_one = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    found = first.union_all(select(next_one).where(first.c.value.is_not(None)))
    query = select(found.c.value).where(found.c.value.is_not(None))
    return set((await connection.execute(query)).scalars())
