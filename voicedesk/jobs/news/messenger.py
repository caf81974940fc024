"""Tells people by webhooks: news are queued in the store, and a task for each receiver sends what waits for it.

To tell is never to wait: news stand in memory until the database has them, and a receiver that hangs, or is in
trouble, holds up nobody else.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError, StoreError
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.news.news import News, id_as_told, log_news, message_of
from voicedesk.jobs.news.of_others import NewsOfOthers
from voicedesk.jobs.news.outbox import TROUBLE_SECONDS, Outbox
from voicedesk.jobs.news.receivers import Send, concerned
from voicedesk.jobs.news.webhook_queue import WebhookQueue
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.settings import Settings, WebhookSettings
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.webhooks.message import Message
from voicedesk.webhooks.pace import MINUTE_US

ROUND_SECONDS = 600.0
LAST_SECONDS = 1.0


class Messenger:
    """Tells the log and every webhook that wants it. `send` posts one message; `tell` is the port for all others."""

    def __init__(self, store: Store, settings: Settings, now: NowUs, *, send: Send, guard: Guard | None = None) -> None:
        self._deliveries, self._settings, self._now, self._send = store.deliveries, settings, now, send
        self._guard = guard or Guard(now)
        self._troubles = Troubles(level="warning")
        self._changed = asyncio.Event()
        self._queues: dict[str, WebhookQueue] = {}
        of_all = (self._deliveries, now, self._guard, self._troubles, self._names)
        self._outbox = Outbox(*of_all, queued=self._wake)
        self._of_others = NewsOfOthers(*of_all)

    async def tell(self, news: News) -> None:
        """Logs news and hands them to every webhook that wants this kind; never waits, never fails.

        What corrects other news goes to the webhooks that were told of that.
        """
        await log_news(news)
        if news.corrects is not None:
            self._outbox.correct(id_as_told(news.corrects), self._message(news))
        elif names := concerned(self._settings, news.kind):
            self._outbox.add(names, self._message(news))

    def _message(self, news: News) -> Message:
        return message_of(news, self._settings.hall.spoken)

    def change_settings(self, settings: Settings) -> None:
        """Uses new webhooks from now on; one whose settings changed is tried at once."""
        before = {one.name: one for one in self._settings.webhooks}
        for one in settings.webhooks:
            if before.get(one.name) != one:
                self._queue_of(one.name).mend()
        self._settings = settings
        self._changed.set()
        self._wake(self._queues)

    async def run(self) -> None:
        """Sends until cancelled; what is in memory then is still written."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._outbox.run(), name="news kept")
                tasks.create_task(self._of_others.run(), name="news of others")
                await self._employ(tasks)
        finally:
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.keep()

    async def keep(self) -> None:
        """Puts what was told into the store. Raises StoreError: then the rest waits in memory."""
        await self._outbox.keep()

    async def round(self, webhook: WebhookSettings) -> float:
        """Sends what is due to one webhook, one message at most; how many seconds to wait then. Raises StoreError."""
        return await self._queue_of(webhook.name).round(webhook)

    async def send_again(self, item: SetAside) -> str:
        """A message that was set aside is queued anew. Raises InputError where it is not among what was given up."""
        if not await self._deliveries.revive([item.about], self._now()):
            raise InputError(f"{item.about} is not in the list of what could not be told: see `voicedesk news list`")
        self._wake(self._queues)
        return f"{item.about} is queued anew; if that fails it is set aside again"

    async def _employ(self, tasks: asyncio.TaskGroup) -> None:
        """A task for each webhook of the settings, also of those that come later; ends only by being cancelled."""
        working: dict[str, asyncio.Task[None]] = {}
        while True:
            for name in self._names():
                if name not in working or working[name].done():
                    working[name] = tasks.create_task(self._serve(name), name=f"webhook {name}")
            await self._changed.wait()
            self._changed.clear()

    async def _serve(self, name: str) -> None:
        """One webhook, until it is taken from the settings."""
        queue = self._queue_of(name)
        while (webhook := next((one for one in self._settings.webhooks if one.name == name), None)) is not None:
            promise_round(ROUND_SECONDS)
            pause = MINUTE_US / MICROSECONDS
            with self._guard.one(Part.DELIVERY, f"a round for {name}"):
                try:
                    pause = await queue.round(webhook)
                except StoreError as error:
                    self._troubles.say("news_wait", error, about=name)
                    pause = TROUBLE_SECONDS
            if pause > 0:
                await queue.wait(pause)

    def _queue_of(self, name: str) -> WebhookQueue:
        """The queue of a webhook: what it knows outlasts that the webhook is not in the settings for a while."""
        if name not in self._queues:
            self._queues[name] = WebhookQueue(
                name, self._deliveries, self._now, send=self._send, guard=self._guard, troubles=self._troubles
            )
        return self._queues[name]

    def _names(self) -> list[str]:
        return [one.name for one in self._settings.webhooks]

    def _wake(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._queues:
                self._queues[name].wake()
