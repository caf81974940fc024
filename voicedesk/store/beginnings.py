"""Finds a row by its id, or by how its id begins: people type a few letters, pages ask by the whole id."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection


async def rows_of_id(
    connection: AsyncConnection, query: Select[Any], column: ColumnElement[Any], typed: str, *, is_whole: bool = False
) -> Sequence[Row[Any]]:
    """The row with this id, else at most two whose id begins so, unless the id `is_whole`.

    The whole id is asked for first: its index finds it, while a beginning is looked for among all rows.
    """
    rows: Sequence[Row[Any]] = ()
    for fits in (column == typed, *(() if is_whole else (column.startswith(typed, autoescape=True),))):
        rows = (await connection.execute(query.where(fits).limit(2))).all()
        if rows:
            break
    return rows
