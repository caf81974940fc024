"""The store as one thing: opened, brought up to date, closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import StoreError
from voicedesk.store import schema
from voicedesk.store.calls import Calls
from voicedesk.store.engine import Database
from voicedesk.store.journal import Journal
from voicedesk.store.requests import Requests
from voicedesk.store.retention import Retention
from voicedesk.store.writer import Writer


class Store:
    """Every query there is, over one database."""

    def __init__(self, database: Database, now: NowUs = now_us) -> None:
        self.database = database
        self.calls = Calls(database)
        self.journal = Journal(database)
        self.requests = Requests(database, now)
        self.retention = Retention(database)
        self.writer = Writer(database, now)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, upgrade: bool = True, now: NowUs = now_us) -> AsyncIterator[Self]:
        """Opens the database of a URL; with `upgrade` it is brought up to date first.

        Raises StoreError if it is older (without `upgrade`) or newer than this program.
        """
        database = Database(url)
        try:
            if upgrade:
                await schema.upgrade(database)
            elif await schema.current_version(database) != schema.newest_version():
                raise StoreError("the database has another version than this program: run `voicedesk db upgrade`")
            yield cls(database, now)
        finally:
            await database.close()
