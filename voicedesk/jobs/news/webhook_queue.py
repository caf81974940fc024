"""What waits for one webhook: sent in its order, within its limit, and tried again where it fails.

A message may come twice only if the service dies between sending it and writing so.
"""

import asyncio
import contextlib
from collections import deque

import structlog

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import WebhookError
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.news.outbox import MOST_AT_ONCE
from voicedesk.jobs.news.receivers import Send
from voicedesk.jobs.trouble import Troubles
from voicedesk.settings import WebhookSettings
from voicedesk.store.deliveries import Deliveries, Delivery, delivery_id
from voicedesk.webhooks.answers import Answer, Fate
from voicedesk.webhooks.message import Message, digest
from voicedesk.webhooks.pace import MINUTE_US, PATIENCE_US, next_step, next_try

POLL_SECONDS = 1.0

_log = structlog.get_logger()


class WebhookQueue:
    """The queue of one webhook, by its name; `send` posts one message."""

    def __init__(
        self, name: str, deliveries: Deliveries, now: NowUs, *, send: Send, guard: Guard, troubles: Troubles
    ) -> None:
        self.name = name
        self._deliveries, self._now, self._send = deliveries, now, send
        self._guard, self._troubles = guard, troubles
        self._wake = asyncio.Event()
        self._posted: deque[int] | None = None
        self._unmarked: tuple[list[str], int] | None = None
        self._not_before = 0
        self._is_mended = False
        self._one_by_one = 0

    def wake(self) -> None:
        """Something may be there to be sent."""
        self._wake.set()

    def mend(self) -> None:
        """Its settings changed: what waits is tried at once, whatever failed before."""
        self._is_mended = True

    async def wait(self, seconds: float) -> None:
        """Waits so long, or until it is woken."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def round(self, webhook: WebhookSettings) -> float:
        """Sends what is due, one message at most; how many seconds to wait then. Raises StoreError."""
        self._wake.clear()
        await self._mark()
        first = await self._deliveries.waiting(self.name, 1)
        if not first:
            return POLL_SECONDS
        now = self._now()
        not_before = 0 if self._is_mended else max(first[0].next_at, self._not_before)
        rows = first if not_before > now else await self._deliveries.waiting(self.name, MOST_AT_ONCE)
        step = next_step(
            waiting=len(rows),
            oldest_next_at=not_before,
            sent_at=list(await self._posts(webhook.a_minute)),
            a_minute=webhook.a_minute,
            now=now,
        )
        if step.wait_until is not None:
            return min(POLL_SECONDS, (step.wait_until - now) / MICROSECONDS)
        self._is_mended = False
        is_alone = self._one_by_one > 0
        self._one_by_one = max(0, self._one_by_one - 1)
        await self._post(webhook, rows[: 1 if is_alone else step.count])
        return 0.0

    async def _posts(self, most: int) -> deque[int]:
        """When it was posted to last, `most` times at most; after a restart as the store knows it."""
        if self._posted is None:
            self._posted = deque(await self._deliveries.sent_since(self.name, self._now() - MINUTE_US))
        while len(self._posted) > most:
            self._posted.popleft()
        return self._posted

    async def _post(self, webhook: WebhookSettings, rows: list[Delivery]) -> None:
        now = self._now()
        (await self._posts(webhook.a_minute)).append(now)
        try:
            answer = await self._send(webhook, _as_one(self.name, rows, now))
        except WebhookError as error:
            answer = Answer(fate=Fate.FAILED, text=str(error))
        except Exception as error:  # noqa: BLE001  # it costs one message, and its receiver no other
            await self._not_sendable(rows, error)
            return
        if answer.fate is Fate.TOLD:
            self._unmarked = ([one.id for one in rows], self._now())
            self._not_before = 0
            self._troubles.over(self.name)
            _log.info("news_sent", webhook=self.name, kind=rows[0].message.kind, count=len(rows))
            await self._mark()
        else:
            await self._failed(rows, answer)

    async def _not_sendable(self, rows: list[Delivery], error: Exception) -> None:
        """One message is given up and set aside; several are sent one by one from now on, until that one is found."""
        if len(rows) > 1:
            self._one_by_one = len(rows)
            return
        (one,) = rows
        self._guard.set_aside(Part.DELIVERY, error, about=one.id, content=written(one.message))
        reason = f"{type(error).__name__}: see `voicedesk quarantine list`"
        await self._deliveries.failed([(one, None)], at=self._now(), error=reason, counts=True)

    async def _mark(self) -> None:
        """Writes down what was sent; until that is done nothing else is sent there, so that nothing is sent twice."""
        if self._unmarked is not None:
            ids, at = self._unmarked
            await self._deliveries.sent(ids, at=at, in_digest=len(ids) > 1)
            self._unmarked = None

    async def _failed(self, rows: list[Delivery], answer: Answer) -> None:
        now = self._now()
        self._troubles.say("news_not_sent", answer.text, about=self.name)
        tries = [(one, _again_at(one, answer, now)) for one in rows]
        later = [at for _, at in tries if at is not None]
        self._not_before = min(later, default=now)
        counts = answer.fate is not Fate.TOO_FAST
        given_up = len(tries) - len(later)
        if given_up:
            _log.error("news_given_up", webhook=self.name, count=given_up, reason=answer.text)
        await self._deliveries.failed(tries, at=now, error=answer.text, counts=counts)


def _as_one(name: str, rows: list[Delivery], now: int) -> Message:
    """The message to send: the only one, or a digest, whose id is the same for the same news."""
    if len(rows) == 1:
        return rows[0].message
    digest_id = f"digest {delivery_id(name, ' '.join(one.id for one in rows))}"
    return digest([one.message for one in rows], digest_id=digest_id, at=now)


def _again_at(delivery: Delivery, answer: Answer, now: int) -> int | None:
    """When a message is tried again that was not taken; None: it is given up."""
    if answer.fate is Fate.TOO_FAST:
        is_old = now - delivery.queued_at >= PATIENCE_US
        return None if is_old else now + round(answer.wait_seconds * MICROSECONDS)
    refused = answer.fate is Fate.REFUSED
    return next_try(tries=delivery.tries + 1, queued_at=delivery.queued_at, now=now, refused=refused)
