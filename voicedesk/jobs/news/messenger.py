"""Tells people by webhooks: news are queued in the store, and a task for each receiver sends what waits for it.

To tell is never to wait: news stand in memory until the database has them, and a receiver that hangs, or is in
trouble, holds up nobody else. A message may come twice only if the service dies between sending it and writing so.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

import structlog

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError, StoreError, StoreUnavailable, WebhookError
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.news.news import News, id_as_told, log_news, message_of
from voicedesk.jobs.news.receivers import Send, concerned
from voicedesk.jobs.rounds import promise_round
from voicedesk.settings import Settings, WebhookSettings
from voicedesk.store.deliveries import THE_LOG, Delivery, delivery_id
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.webhooks.answers import Answer, Fate
from voicedesk.webhooks.message import Message, digest
from voicedesk.webhooks.pace import MINUTE_US, PATIENCE_US, next_step, next_try

POLL_SECONDS = 1.0
LOG_SECONDS = 5.0
TROUBLE_SECONDS = 5.0
ROUND_SECONDS = 600.0
TIDY_US = 600 * MICROSECONDS
LAST_SECONDS = 1.0
MOST_UNKEPT = 10_000
MOST_AT_ONCE = 500

_log = structlog.get_logger()


class Messenger:
    """Tells the log and every webhook that wants it. `send` posts one message; `tell` is the port for all others."""

    def __init__(self, store: Store, settings: Settings, now: NowUs, *, send: Send, guard: Guard | None = None) -> None:
        self._store, self._settings, self._now, self._send = store, settings, now, send
        self._guard = guard or Guard(now)
        self._unkept: deque[tuple[str, Message]] = deque(maxlen=MOST_UNKEPT)
        self._corrections: deque[tuple[str, Message]] = deque(maxlen=MOST_UNKEPT)
        self._arrived, self._changed = asyncio.Event(), asyncio.Event()
        self._wakes: dict[str, asyncio.Event] = {}
        self._posted: dict[str, deque[int]] = {}
        self._unmarked: dict[str, tuple[list[str], int]] = {}
        self._not_before: dict[str, int] = {}
        self._mended: set[str] = set()
        self._said: dict[str, str] = {}
        self._next_tidy = 0
        self._one_by_one: dict[str, int] = {}

    async def tell(self, news: News) -> None:
        """Logs news and hands them to every webhook that wants this kind; never waits, never fails.

        What corrects other news goes to the webhooks that were told of that.
        """
        await log_news(news)
        if news.corrects is not None:
            self._corrections.append((id_as_told(news.corrects), message_of(news)))
            self._arrived.set()
            return
        names = concerned(self._settings, news.kind)
        if not names:
            return
        message = message_of(news)
        if len(self._unkept) + len(names) > MOST_UNKEPT:
            self._say(
                "the store", "news_dropped", "the database has taken none for long: the oldest are in the log only"
            )
        self._unkept.extend((name, message) for name in names)
        self._arrived.set()

    def change_settings(self, settings: Settings) -> None:
        """Webhooks are others from now on; one that was mended is tried at once."""
        before = {one.name: one for one in self._settings.webhooks}
        self._mended |= {one.name for one in settings.webhooks if before.get(one.name) != one}
        self._settings = settings
        self._changed.set()
        self._wake(self._wakes)

    async def run(self) -> None:
        """Sends until cancelled; what is in memory then is still written."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_on(), name="news kept")
                tasks.create_task(self._look_on(), name="news of others")
                await self._employ(tasks)
        finally:
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self._keep()

    # --- from memory into the store

    async def _keep_on(self) -> None:
        while True:
            promise_round(None)
            await self._arrived.wait()
            self._arrived.clear()
            promise_round(ROUND_SECONDS)
            try:
                await self._keep()
            except StoreError as error:
                self._say("the store", "news_wait", str(error))
                self._arrived.set()
                await asyncio.sleep(TROUBLE_SECONDS)

    async def _keep(self) -> None:
        while self._unkept:
            some = [self._unkept[n] for n in range(min(len(self._unkept), MOST_AT_ONCE))]
            await self._queue(some)
            for one in some:
                if self._unkept and self._unkept[0] is one:  # else it was pushed out meanwhile
                    self._unkept.popleft()
            self._said.pop("the store", None)
            self._wake({name for name, _ in some})
        while self._corrections:
            corrected, message = first = self._corrections[0]
            with self._guard.one(Part.DELIVERY, f"{message.kind} {message.id}", content=written(message)):
                names = [one.name for one in self._settings.webhooks]
                told = await self._store.deliveries.told(corrected, names)
                await self._store.deliveries.queue([(name, message) for name in told], self._now())
                self._wake(told)
            if self._corrections and self._corrections[0] is first:
                self._corrections.popleft()

    async def _queue(self, some: list[tuple[str, Message]]) -> None:
        """Into the store, all at once; where one does not fit, the others one by one. Raises StoreUnavailable."""
        try:
            await self._store.deliveries.queue(some, self._now())
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # it is one of them
            for name, message in some:
                about = f"{message.kind} {message.id} for {name}"
                with self._guard.one(Part.DELIVERY, about, content=written(message)):
                    await self._store.deliveries.queue([(name, message)], self._now())

    async def _look_on(self) -> None:
        """What other processes tell goes into the log; what waits for webhooks that are gone is given up."""
        while True:
            promise_round(ROUND_SECONDS)
            with self._guard.one(Part.DELIVERY, "what other processes tell"):
                try:
                    await self._look()
                except StoreError as error:
                    self._say("the store", "news_wait", str(error))
            await asyncio.sleep(LOG_SECONDS)

    async def _look(self) -> None:
        rows = await self._store.deliveries.waiting(THE_LOG, MOST_AT_ONCE)
        now = self._now()
        if rows:
            await self._store.deliveries.sent([one.id for one in rows], at=now)
        for told in (one.message for one in rows):
            _log.warning("news", kind=told.kind, id=told.id, title=told.title, fields=dict(told.fields))
        if now >= self._next_tidy:
            self._next_tidy = now + TIDY_US
            names = [one.name for one in self._settings.webhooks]
            await self._store.deliveries.give_up_others(names, queued_before=now - PATIENCE_US, at=now)

    # --- from the store to the receivers

    async def _employ(self, tasks: asyncio.TaskGroup) -> None:
        """A task for each webhook of the settings, also of those that come later; ends only by being cancelled."""
        working: dict[str, asyncio.Task[None]] = {}
        while True:
            for webhook in self._settings.webhooks:
                name = webhook.name
                if name not in working or working[name].done():
                    self._wakes.setdefault(name, asyncio.Event())
                    working[name] = tasks.create_task(self._serve(name), name=f"webhook {name}")
            await self._changed.wait()
            self._changed.clear()

    async def _serve(self, name: str) -> None:
        """One webhook, until it is taken from the settings."""
        wake = self._wakes[name]
        while (webhook := next((one for one in self._settings.webhooks if one.name == name), None)) is not None:
            wake.clear()
            promise_round(ROUND_SECONDS)
            pause = MINUTE_US / MICROSECONDS
            with self._guard.one(Part.DELIVERY, f"a round for {name}"):
                try:
                    pause = await self.round(webhook)
                except StoreError as error:
                    self._say(name, "news_wait", str(error))
                    pause = TROUBLE_SECONDS
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await wake.wait()

    async def round(self, webhook: WebhookSettings) -> float:
        """Sends what is due to one webhook, one message at most; how many seconds to wait then. Raises StoreError."""
        name = webhook.name
        await self._mark(name)
        first = await self._store.deliveries.waiting(name, 1)
        if not first:
            return POLL_SECONDS
        now = self._now()
        is_mended = name in self._mended
        not_before = 0 if is_mended else max(first[0].next_at, self._not_before.get(name, 0))
        rows = first if not_before > now else await self._store.deliveries.waiting(name, MOST_AT_ONCE)
        step = next_step(
            waiting=len(rows),
            oldest_next_at=not_before,
            sent_at=await self._posts_of(name, webhook.a_minute),
            a_minute=webhook.a_minute,
            now=now,
        )
        if step.wait_until is not None:
            return min(POLL_SECONDS, (step.wait_until - now) / MICROSECONDS)
        self._mended.discard(name)
        alone = self._one_by_one.pop(name, 0)
        if alone > 1:
            self._one_by_one[name] = alone - 1
        await self._post(webhook, rows[: 1 if alone else step.count])
        return 0.0

    async def _posts_of(self, name: str, a_minute: int) -> list[int]:
        """When a webhook was posted to last; after a restart as the store knows it."""
        if name not in self._posted:
            known = await self._store.deliveries.sent_since(name, self._now() - MINUTE_US)
            self._posted[name] = deque(known)
        posted = self._posted[name]
        while len(posted) > a_minute:
            posted.popleft()
        return list(posted)

    async def _post(self, webhook: WebhookSettings, rows: list[Delivery]) -> None:
        name, now = webhook.name, self._now()
        self._posted[name].append(now)
        try:
            answer = await self._send(webhook, _as_one(name, rows, now))
        except WebhookError as error:
            answer = Answer(fate=Fate.FAILED, text=str(error))
        except Exception as error:  # noqa: BLE001  # it costs one message, and its receiver no other
            await self._not_sendable(name, rows, error)
            return
        if answer.fate is Fate.TOLD:
            self._unmarked[name] = ([one.id for one in rows], self._now())
            self._not_before.pop(name, None)
            self._said.pop(name, None)
            _log.info("news_sent", webhook=name, kind=rows[0].message.kind, count=len(rows))
            await self._mark(name)
        else:
            await self._failed(name, rows, answer)

    async def _not_sendable(self, name: str, rows: list[Delivery], error: Exception) -> None:
        """One message is given up and set aside; several are sent one by one from now on, until that one is found."""
        if len(rows) > 1:
            self._one_by_one[name] = len(rows)
            return
        (one,) = rows
        self._guard.set_aside(Part.DELIVERY, error, about=one.id, content=written(one.message))
        reason = f"{type(error).__name__}: see `voicedesk quarantine list`"
        await self._store.deliveries.failed([(one, None)], at=self._now(), error=reason, counts=True)

    async def send_again(self, item: SetAside) -> str:
        """A message that was set aside is queued anew. Raises InputError where it is not among what was given up."""
        if not await self._store.deliveries.revive([item.about], self._now()):
            raise InputError(f"{item.about} is not in the list of what could not be told: see `voicedesk news list`")
        self._wake(self._wakes)
        return f"{item.about} is queued anew; if that fails it is set aside again"

    async def _mark(self, name: str) -> None:
        """Writes down what was sent; until that is done nothing else is sent there, so that nothing is sent twice."""
        if name in self._unmarked:
            ids, at = self._unmarked[name]
            await self._store.deliveries.sent(ids, at=at, in_digest=len(ids) > 1)
            del self._unmarked[name]

    async def _failed(self, name: str, rows: list[Delivery], answer: Answer) -> None:
        now = self._now()
        self._say(name, "news_not_sent", answer.text)
        tries = [(one, _again_at(one, answer, now)) for one in rows]
        later = [at for _, at in tries if at is not None]
        self._not_before[name] = min(later, default=now)
        counts = answer.fate is not Fate.TOO_FAST
        given_up = len(tries) - len(later)
        if given_up:
            _log.error("news_given_up", webhook=name, count=given_up, reason=answer.text)
        await self._store.deliveries.failed(tries, at=now, error=answer.text, counts=counts)

    def _wake(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._wakes:
                self._wakes[name].set()

    def _say(self, about: str, action: str, reason: str) -> None:
        """Said once for as long as it is the same."""
        if self._said.get(about) != reason:
            self._said[about] = reason
            _log.warning(action, about=about, reason=reason)


def _as_one(name: str, rows: list[Delivery], now: int) -> Message:
    """The message to send: the only one, or a digest, whose id is the same for the same news."""
    if len(rows) == 1:
        return rows[0].message
    digest_id = f"digest {delivery_id(name, ' '.join(one.id for one in rows))}"
    return digest([one.message for one in rows], digest_id=digest_id, at=now)


def _again_at(delivery: Delivery, answer: Answer, now: int) -> int | None:
    if answer.fate is Fate.TOO_FAST:
        is_old = now - delivery.queued_at >= PATIENCE_US
        return None if is_old else now + round(answer.wait_seconds * MICROSECONDS)
    refused = answer.fate is Fate.REFUSED
    return next_try(tries=delivery.tries + 1, queued_at=delivery.queued_at, now=now, refused=refused)
