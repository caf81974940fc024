"""The kinds of columns of our tables, which bear whatever comes from outside and whatever stands in a file."""

from typing import Any

from sqlalchemy import Boolean, Dialect, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeDecorator

from voicedesk.bounds import clean_text

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


def _flag(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value
