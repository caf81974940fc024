"""Finds a row by its id, or by how its id begins: people type a few letters, pages ask by the whole id."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

ID_LENGTH = 20
_LEAST = 6
_MADE = re.compile(f"[0-9a-f]{{{_LEAST},{ID_LENGTH}}}")


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


async def rows_beginning(
    connection: AsyncConnection, query: Select[Any], column: ColumnElement[Any], typed: str, limit: int
) -> Sequence[Row[Any]]:
    """At most `limit` rows with this id or, where it can be the beginning of an id that Voicedesk makes, that begin so.

    Asked as a span of ids, which their index knows: it takes as long however many rows there are.
    """
    fits = column == typed
    if _MADE.fullmatch(typed):
        fits = column.between(typed.ljust(ID_LENGTH, "0"), typed.ljust(ID_LENGTH, "f"))
    rows: Sequence[Row[Any]] = (await connection.execute(query.where(fits).limit(limit))).all()
    return rows
