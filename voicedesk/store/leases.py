"""The lease by which one instance leads: held, renewed, given back, taken over.

No clock ends a lease: clocks jump, and the clocks of two machines differ. An instance that wants the lease watches
whether it changes (`run.lead`), and takes over exactly the lease that it saw: if that was renewed meanwhile, taking it
fails.
"""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.clock import MICROSECONDS, NowUs, is_instant
from voicedesk.store.engine import Database, upsert
from voicedesk.store.tables import leases

GIVEN_BACK = 0
_NO_TIME = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """The holder, and until when by the holder's clock; each renewal changes `until`."""

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
        """The holder of a lease, as far as our clock can tell; None if there is none. It is shown to people; it decides
        nothing."""
        held = await self.lease(name)
        return held.owner if held is not None and held.until > self._now() else None


async def _lease(connection: AsyncConnection, name: str) -> Lease | None:
    """A damaged name or time counts as none: such a lease may be taken once it has stopped changing."""
    row = (await connection.execute(select(leases).where(leases.c.name == name))).first()
    if row is None:
        return None
    is_time = isinstance(row.until, int) and (row.until == GIVEN_BACK or is_instant(row.until))
    return Lease(row.owner if isinstance(row.owner, str) else "", row.until if is_time else _NO_TIME)
