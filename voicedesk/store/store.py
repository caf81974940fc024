"""The store as one thing: opened, brought up to date, closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import StoreError
from voicedesk.store import schema
from voicedesk.store.accounts import Accounts
from voicedesk.store.audit import AuditLog
from voicedesk.store.calls import Calls
from voicedesk.store.changes import Changes
from voicedesk.store.consultations import Consultations
from voicedesk.store.decisions import Decisions
from voicedesk.store.deliveries import Deliveries
from voicedesk.store.engine import Database, database_file
from voicedesk.store.greetings import Greetings
from voicedesk.store.journal import Journal
from voicedesk.store.outages import OutageLog
from voicedesk.store.own import OwnThings
from voicedesk.store.phones import Phones
from voicedesk.store.quarantine import Quarantine
from voicedesk.store.repairs import Repairs
from voicedesk.store.requests import Requests
from voicedesk.store.retention import Retention
from voicedesk.store.reviewing import Reviews
from voicedesk.store.spill import Spill
from voicedesk.store.tickets import Tickets
from voicedesk.store.writer import Writer


class Store:
    """Every query there is, over one database.

    Where the rest is opened to read only, what is asked of the service, and what the desk on a screen writes itself
    (who signs in, the audit log), goes through `asking`.
    """

    def __init__(
        self,
        database: Database,
        now: NowUs = now_us,
        spill: Spill | None = None,
        asking: Database | None = None,
    ) -> None:
        self.database = database
        self.accounts = Accounts(database, asking)
        self.audit = AuditLog(database, asking)
        self.calls = Calls(database)
        self.changes = Changes(database, now)
        self.consultations = Consultations(database)
        self.decisions = Decisions(database)
        self.deliveries = Deliveries(database)
        self.greetings = Greetings(database)
        self.journal = Journal(database)
        self.outages = OutageLog(database)
        self.own = OwnThings(database)
        self.phones = Phones(database)
        self.quarantine = Quarantine(database)
        self.repairs = Repairs(database)
        self.requests = Requests(database, now, asking)
        self.retention = Retention(database)
        self.reviews = Reviews(database)
        self.tickets = Tickets(database)
        self.writer = Writer(database, now, spill)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        *,
        upgrade: bool = True,
        may_write: bool = True,
        now: NowUs = now_us,
        spill: Spill | None = None,
    ) -> AsyncIterator[Self]:
        """Opens the database of a URL; with `upgrade` it is brought up to date first. The writer may use `spill`.

        Without `may_write` it is opened for a reader beside the service: nothing is upgraded, the database refuses
        every change, and only `requests.ask` (and `withdraw`), `accounts` and `audit` write, by connections of their
        own.

        Raises StoreError if there is none or it is older (without `upgrade`), or newer than this program.
        """
        upgrade = upgrade and may_write
        file = database_file(url)
        if not upgrade and file is not None and not await asyncio.to_thread(file.exists):
            raise StoreError(f"there is no database {file} yet: `voicedesk run` or `voicedesk db upgrade` makes it")
        database = Database(url, may_write=may_write)
        asking = None if may_write else Database(url)
        try:
            if upgrade:
                await schema.upgrade(database)
            elif (version := await schema.current_version(database)) != schema.newest_version():
                raise StoreError(f"{schema.what_differs(version)}: {schema.how_to_mend(version)}")
            yield cls(database, now, spill, asking)
        finally:
            await database.close()
            if asking is not None:
                await asking.close()
