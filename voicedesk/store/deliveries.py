"""What people are told by webhooks: a row for each piece of news and receiver, until it is sent or given up.

queued ──sent──► sent
  │  ▲
  ▼  └──revive──┐
 dead ──────────┘

Only masked numbers are in a message. The same news queued again meets its own row.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.clock import LAST_INSTANT_US
from voicedesk.phone_numbers import mask
from voicedesk.store.engine import Database
from voicedesk.store.packing import readable
from voicedesk.store.tables import deliveries
from voicedesk.webhooks.message import Message
from voicedesk.words import Said, in_one

THE_LOG = ""
"""Stands in place of a webhook's name: the service writes such news, left by another process, into its log."""
NOW_AT = 0
"""The instant of a try that waits for nothing, whatever the clock says."""
_STEP = 500
_FORGOTTEN = Said("已删除", "deleted")
_SHORTEST = 7
"""A shorter number is one of the hall's own; masked, it is like many others."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook. `error` is what went wrong last; `in_digest`: it went together with others."""

    id: str
    webhook: str
    message: Message
    state: DeliveryState
    queued_at: int
    tries: int
    next_at: int
    in_digest: bool
    ended_at: int | None
    error: str | None


def delivery_id(webhook: str, news_id: str) -> str:
    """The same for the same news to the same webhook."""
    return blake2b(json.dumps([webhook, news_id]).encode(), digest_size=8).hexdigest()


class Deliveries:
    """Queries over deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(self, messages: Sequence[tuple[str, Message]], at: int) -> int:
        """Puts messages behind what waits for their webhooks; how many were new: the same is never queued twice."""
        rows = {delivery_id(webhook, one.id): (webhook, one) for webhook, one in messages}
        if not rows:
            return 0
        async with self._database.write() as connection:
            known = await connection.execute(select(deliveries.c.id).where(deliveries.c.id.in_(list(rows))))
            for row in known:
                del rows[row.id]
            first = await _behind_all(connection, at)
            new = [_row(key, webhook, one, first + n) for n, (key, (webhook, one)) in enumerate(rows.items())]
            if new:
                await connection.execute(insert(deliveries), new)
        return len(new)

    async def waiting(self, webhook: str, limit: int) -> list[Delivery]:
        """What waits for a webhook, oldest first."""
        mine = (deliveries.c.state == DeliveryState.QUEUED) & (deliveries.c.webhook == webhook)
        query = select(deliveries).where(mine).order_by(deliveries.c.queued_at, deliveries.c.id)

        async def rows_after(count: int, last: tuple[int, str] | None) -> Sequence[Row[Any]]:
            key = tuple_(deliveries.c.queued_at, deliveries.c.id)
            page = query.where(key > last) if last is not None else query
            async with self._database.read() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(page.limit(count))).all()
                return found

        return await self._database.unread.page(deliveries, rows_after, _delivery, key=_place, limit=limit)

    async def told(self, news_id: str, webhooks: Iterable[str]) -> list[str]:
        """Those of these webhooks that were told a piece of news, or that it waits for."""
        ids = {delivery_id(name, news_id): name for name in webhooks}
        query = select(deliveries.c.id).where(deliveries.c.id.in_(list(ids)), deliveries.c.state != DeliveryState.DEAD)
        async with self._database.read() as connection:
            return sorted(ids[row.id] for row in await connection.execute(query))

    async def sent(self, ids: Iterable[str], *, at: int, in_digest: bool = False) -> None:
        """These were told; at one instant, if it was by one message."""
        await self._set(ids, state=DeliveryState.SENT, ended_at=at, in_digest=in_digest, error=None)

    async def failed(self, tries: Iterable[tuple[Delivery, int | None]], *, at: int, error: str, counts: bool) -> None:
        """These were not sent: each is tried again at its instant, or given up if it has none.

        `counts` is false if the receiver only asked for a pause: that does not count as a try.
        """
        async with self._database.write() as connection:
            for one, next_at in tries:
                values = {"tries": one.tries + counts, "error": error}
                values |= {"state": DeliveryState.DEAD, "ended_at": at} if next_at is None else {"next_at": next_at}
                await connection.execute(update(deliveries).where(deliveries.c.id == one.id).values(values))

    async def sent_since(self, webhook: str, at: int) -> list[int]:
        """The instants at which a webhook was posted to with success, oldest first."""
        mine = (
            (deliveries.c.state == DeliveryState.SENT)
            & (deliveries.c.webhook == webhook)
            & (deliveries.c.ended_at >= at)
        )
        query = select(deliveries.c.ended_at).where(mine).distinct().order_by(deliveries.c.ended_at)
        async with self._database.read() as connection:
            return [row.ended_at for row in await connection.execute(query)]

    async def give_up_others(self, webhooks: Iterable[str], *, queued_before: int, at: int) -> int:
        """Gives up what has waited long for a webhook that is not among these: it was taken from the settings."""
        lost = (deliveries.c.state == DeliveryState.QUEUED) & (deliveries.c.queued_at < queued_before)
        lost &= deliveries.c.webhook.not_in([*webhooks, THE_LOG])
        values = {"state": DeliveryState.DEAD, "ended_at": at, "error": "no webhook of this name is in the settings"}
        async with self._database.write() as connection:
            return (await connection.execute(update(deliveries).where(lost).values(values))).rowcount

    async def newest(
        self, state: DeliveryState | None = None, limit: int = 100, *, after: tuple[int, str] | None = None
    ) -> list[Delivery]:
        """The newest first; `after` is the (queued, id) of the last one seen, for the next page."""
        query = select(deliveries).order_by(deliveries.c.queued_at.desc(), deliveries.c.id.desc())
        if state is not None:
            query = query.where(deliveries.c.state == state)

        async def rows_after(count: int, last: tuple[int, str] | None) -> Sequence[Row[Any]]:
            key = tuple_(deliveries.c.queued_at, deliveries.c.id)
            page = query.where(key < last) if last is not None else query
            async with self._database.read() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(page.limit(count))).all()
                return found

        unread = self._database.unread
        return await unread.page(deliveries, rows_after, _delivery, key=_place, limit=limit, after=after)

    async def starting_with(self, beginning: str) -> list[Delivery]:
        """Those whose id begins so; at most two, which is enough to know that it is not one."""
        query = select(deliveries).where(deliveries.c.id.startswith(beginning, autoescape=True)).limit(2)
        async with self._database.read() as connection:
            return self._database.unread.whole(deliveries, await connection.execute(query), _delivery)

    async def count(self, state: DeliveryState | None = None) -> int:
        """How many there are (None: in any state)."""
        query = select(func.count()).select_from(deliveries)
        if state is not None:
            query = query.where(deliveries.c.state == state)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def revive(self, ids: Iterable[str] | None, at: int) -> int:
        """Queues dead letters again (None: all of them), behind those that wait. Returns how many."""
        dead = deliveries.c.state == DeliveryState.DEAD
        if ids is not None:
            dead &= deliveries.c.id.in_(list(ids))
        async with self._database.write() as connection:
            query = select(deliveries.c.id).where(dead).order_by(deliveries.c.queued_at)
            found = [row.id for row in await connection.execute(query)]
            first = await _behind_all(connection, at)
            for n, one in enumerate(found):
                values = {"state": DeliveryState.QUEUED, "tries": 0, "queued_at": first + n, "next_at": NOW_AT}
                await connection.execute(
                    update(deliveries).where(deliveries.c.id == one).values(ended_at=None, **values)
                )
        return len(found)

    async def _set(self, ids: Iterable[str], **values: object) -> None:
        listed = list(ids)
        async with self._database.write() as connection:
            for start in range(0, len(listed), _STEP):
                some = deliveries.c.id.in_(listed[start : start + _STEP])
                await connection.execute(update(deliveries).where(some).values(values))


async def prune_deliveries(connection: AsyncConnection, before: int) -> None:
    """Deletes what was sent or given up before an instant; what waits is not touched."""
    await connection.execute(delete(deliveries).where(deliveries.c.ended_at < before))


async def forget_in_deliveries(connection: AsyncConnection, numbers: Sequence[str]) -> int:
    """Removes the masked form of a number, however it was dialled: with a date beside it, it may still be a trace."""
    masked = {mask(number) for number in numbers if len(number) >= _SHORTEST}
    changed = 0
    for text in masked:
        query = select(deliveries.c.id, deliveries.c.message).where(
            deliveries.c.message.contains(text, autoescape=True)
        )
        for row in (await connection.execute(query)).all():
            cleaned = row.message.replace(text, in_one(_FORGOTTEN))
            await connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(message=cleaned))
            changed += 1
    return changed


async def _behind_all(connection: AsyncConnection, at: int) -> int:
    """An instant after everything that was queued, even where the clock was set back: it is the order of sending."""
    last = func.max(deliveries.c.queued_at).filter(deliveries.c.queued_at < LAST_INSTANT_US)
    last = (await connection.execute(select(last))).scalar_one()
    return at if last is None else max(at, last + 1)


def _row(key: str, webhook: str, message: Message, queued_at: int) -> dict[str, Any]:
    return {
        "id": key,
        "webhook": webhook,
        "kind": message.kind,
        "message": message.dump(),
        "state": DeliveryState.QUEUED,
        "queued_at": queued_at,
        "tries": 0,
        "next_at": NOW_AT,
        "in_digest": False,
    }


def _place(row: Row[Any]) -> tuple[int, str]:
    return row.queued_at, row.id


def _delivery(row: Row[Any]) -> Delivery:
    with readable(f"news {row.id}"):
        message = Message.load(row.message)
    return Delivery(
        id=row.id,
        webhook=row.webhook,
        message=message,
        state=DeliveryState(row.state),
        queued_at=row.queued_at,
        tries=row.tries,
        next_at=row.next_at,
        in_digest=row.in_digest,
        ended_at=row.ended_at,
        error=row.error,
    )
