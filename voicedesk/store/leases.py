"""The lease by which one instance leads: held, renewed, given back, taken over.

A lease is never over by a clock: clocks jump, and two machines' differ. Who wants it watches it stand still
(`run.lead`), and takes over exactly what it saw: a renewal meanwhile makes that fail.
"""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.store.engine import Database, upsert
from voicedesk.store.tables import leases

GIVEN_BACK = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds it, and until when by the holder's clock; each renewal changes `until`."""

    owner: str
    until: int

    @property
    def is_given_back(self) -> bool:
        """Whether its holder has ended in order."""
        return self.until == GIVEN_BACK


class Leases:
    """The leases of a database."""

    def __init__(self, database: Database, now: NowUs) -> None:
        self._database = database
        self._now = now

    async def lease(self, name: str) -> Lease | None:
        """A lease as it stands; None if nobody ever held it."""
        async with self._database.read() as connection:
            return await _lease(connection, name)

    async def lead(self, name: str, owner: str, lease_seconds: float, *, over: Lease | None = None) -> bool:
        """Takes or renews a lease; False if another owner holds it.

        `over`: the lease of an owner that is known to be gone. It is taken only if it still stands exactly so.
        """
        async with self._database.write() as connection:
            held = await _lease(connection, name)
            if held is not None and held.owner != owner and not held.is_given_back and held != over:
                return False
            length = round(lease_seconds * MICROSECONDS)
            until = self._now() + length
            if held is not None and 0 <= held.until - until < length:
                until = held.until + 1  # whoever watches sees that it was renewed, also where a clock stands still
            row = {"name": name, "owner": owner, "until": until}
            await connection.execute(upsert(connection, leases), row)
        return True

    async def resign(self, name: str, owner: str) -> None:
        """Gives a lease back."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        async with self._database.write() as connection:
            await connection.execute(update(leases).where(mine).values(until=GIVEN_BACK))

    async def holder(self, name: str) -> str | None:
        """Who holds a lease, as far as our clock can tell; None if nobody does. For people: nobody leads by it."""
        held = await self.lease(name)
        return held.owner if held is not None and held.until > self._now() else None


async def _lease(connection: AsyncConnection, name: str) -> Lease | None:
    row = (await connection.execute(select(leases).where(leases.c.name == name))).first()
    return Lease(row.owner, row.until) if row is not None else None
