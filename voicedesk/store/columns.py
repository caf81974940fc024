"""The kinds of columns of our tables, which bear whatever comes from outside or stands in a file; and of indexes."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Index, LargeBinary, MetaData, Text, func, literal_column, text
from sqlalchemy.types import TypeDecorator

from voicedesk.bounds import clean_text

_NOTHING: ColumnElement[str] = literal_column("''")
ALL_TABLES = MetaData()
"""Every table there is, whichever file describes it."""


class Heard(TypeDecorator[str]):
    """Text, which may have come from outside: what a database cannot keep of it is shown as replacement characters."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy calls it so
        """A value as it is written."""
        return clean_text(value) if value else value


class Packed(LargeBinary):
    """Bytes. What else a file of SQLite may hold in their place is given as it is: one row must not end a read."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002  # SQLAlchemy calls it so
        """A value as it is read."""
        return None


class Flag(Boolean):
    """True or false; what else a file of SQLite may hold in its place is given as it is."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002  # SQLAlchemy calls it so
        """A value as it is read."""
        return None if dialect.supports_native_boolean else _flag


def index_where(name: str, *columns: str, condition: str) -> Index:
    """An index of the few rows that a condition is true of: what waits for a person, or was decided by one.

    SQLite takes it only where a query says the same in the same words, and there a flag is 1.
    """
    of_sqlite = condition.replace("appeal_open", "appeal_open = 1").replace("needs_review", "needs_review = 1")
    return Index(name, *columns, sqlite_where=text(of_sqlite), postgresql_where=text(condition))


def grouped(column: ColumnElement[Any]) -> ColumnElement[str | None]:
    """A column of texts to count rows by, which are found by another index than its own; no text of it is empty."""
    return func.nullif(unindexed(column), _NOTHING)


def unindexed(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A column of texts that no index is searched by in this place: another one leads to fewer rows.

    SQLite keeps no statistics: of two indexes it may take the one that leads to every row of a person.
    """
    return func.coalesce(column, _NOTHING)


def _flag(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value
