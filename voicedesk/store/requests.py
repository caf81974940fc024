"""What other processes ask of the running service: rows with a lease, whose outcome is written back.

queued ──lease──► leased ──finish──► done | failed
          ▲          │
          └──expired─┘
"""

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.store.engine import Database, upsert
from voicedesk.store.tables import leases, requests

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something asked of the service. `state` is queued, leased, done or failed; `outcome` says what came of it."""

    id: str
    kind: str
    payload: dict[str, Any]
    asked_by: str
    state: str
    outcome: str | None


class Requests:
    """The rows by which processes talk to the service, and the lease by which one instance leads."""

    def __init__(self, database: Database, now: NowUs) -> None:
        self._database = database
        self._now = now

    async def ask(self, kind: str, payload: dict[str, Any], asked_by: str) -> str:
        """Queues a request; returns its id."""
        request_id = secrets.token_hex(8)
        row = {
            "id": request_id,
            "kind": kind,
            "payload": json.dumps(payload, ensure_ascii=False),
            "asked_by": asked_by,
            "asked_at": self._now(),
            "state": "queued",
        }
        async with self._database.write() as connection:
            await connection.execute(insert(requests), row)
        return request_id

    async def take(self, owner: str, lease_seconds: float) -> Request | None:
        """Leases the oldest request that nobody holds; None if there is none."""
        now = self._now()
        free = or_(requests.c.state == "queued", (requests.c.state == "leased") & (requests.c.lease_until < now))
        if await self._first(free) is None:
            return None
        async with self._database.write() as connection:
            oldest = select(requests).where(free).order_by(requests.c.asked_at).limit(1)
            row = (await connection.execute(oldest)).first()
            if row is None:
                return None
            lease = {"state": "leased", "lease_owner": owner, "lease_until": now + round(lease_seconds * MICROSECONDS)}
            await connection.execute(update(requests).where(requests.c.id == row.id).values(lease))
        return _request(row)

    async def finish(self, request_id: str, outcome: str, *, failed: bool = False) -> None:
        """Writes back what came of a request."""
        values = {"state": "failed" if failed else "done", "outcome": outcome, "finished_at": self._now()}
        async with self._database.write() as connection:
            await connection.execute(update(requests).where(requests.c.id == request_id).values(values))

    async def wait_for(self, request_id: str, timeout_seconds: float) -> Request | None:
        """The request once it is done or failed; None if that takes too long."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while True:
                    request = await self._first(requests.c.id == request_id)
                    if request is not None and request.state in ("done", "failed"):
                        return request
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return None

    async def lead(self, name: str, owner: str, lease_seconds: float) -> bool:
        """Takes or renews a lease; False if another owner holds it."""
        now = self._now()
        async with self._database.write() as connection:
            row = (await connection.execute(select(leases).where(leases.c.name == name))).first()
            if row is not None and row.owner != owner and row.until > now:
                return False
            held = {"name": name, "owner": owner, "until": now + round(lease_seconds * MICROSECONDS)}
            await connection.execute(upsert(connection, leases), held)
        return True

    async def resign(self, name: str, owner: str) -> None:
        """Gives a lease back."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        async with self._database.write() as connection:
            await connection.execute(update(leases).where(mine).values(until=0))

    async def holder(self, name: str) -> str | None:
        """Who holds the lease; None if nobody does."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(leases).where(leases.c.name == name))).first()
        return row.owner if row is not None and row.until > self._now() else None

    async def _first(self, condition: Any) -> Request | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(requests).where(condition).limit(1))).first()
        return _request(row) if row else None


def _request(row: Any) -> Request:
    return Request(
        id=row.id,
        kind=row.kind,
        payload=json.loads(row.payload),
        asked_by=row.asked_by,
        state=row.state,
        outcome=row.outcome,
    )
