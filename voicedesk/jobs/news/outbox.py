"""News on their way from memory into the store: they stand here until the database has them.

Whoever brings news never waits. While the database is in trouble the newest `MOST_UNKEPT` are remembered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from voicedesk.clock import NowUs
from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.store.deliveries import Deliveries
from voicedesk.webhooks.message import Message

TROUBLE_SECONDS = 5.0
ROUND_SECONDS = 600.0
MOST_UNKEPT = 10_000
MOST_AT_ONCE = 500
THE_STORE = "the store"


class Outbox:
    """What is not in the store yet. `queued` is told for which webhooks something is there now.

    `webhooks` gives the names of the webhooks there are now.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        now: NowUs,
        guard: Guard,
        troubles: Troubles,
        webhooks: Callable[[], list[str]],
        *,
        queued: Callable[[Iterable[str]], None],
    ) -> None:
        self._deliveries, self._now, self._guard, self._troubles = deliveries, now, guard, troubles
        self._webhooks, self._queued = webhooks, queued
        self._unkept: deque[tuple[str, Message]] = deque(maxlen=MOST_UNKEPT)
        self._corrections: deque[tuple[str, Message]] = deque(maxlen=MOST_UNKEPT)
        self._arrived = asyncio.Event()

    def add(self, names: Iterable[str], message: Message) -> None:
        """Takes a message for some webhooks; where too many wait, the oldest are dropped. Never waits, never fails."""
        new = [(name, message) for name in names]
        if len(self._unkept) + len(new) > MOST_UNKEPT:
            why = "the database has taken none for long: the oldest are in the log only"
            self._troubles.say("news_dropped", why, about=THE_STORE)
        self._unkept.extend(new)
        self._arrived.set()

    def correct(self, corrected: str, message: Message) -> None:
        """Takes a message for the webhooks that were told the news `corrected`. Never waits, never fails."""
        self._corrections.append((corrected, message))
        self._arrived.set()

    async def run(self) -> None:
        """Puts into the store what comes, until it is cancelled."""
        while True:
            promise_round(None)
            await self._arrived.wait()
            self._arrived.clear()
            promise_round(ROUND_SECONDS)
            try:
                await self.keep()
            except StoreError as error:
                self._troubles.say("news_wait", error, about=THE_STORE)
                self._arrived.set()
                await asyncio.sleep(TROUBLE_SECONDS)

    async def keep(self) -> None:
        """Puts everything into the store. Raises StoreError: then the rest waits on."""
        while self._unkept:
            some = [self._unkept[n] for n in range(min(len(self._unkept), MOST_AT_ONCE))]
            await self._queue(some)
            for one in some:
                if self._unkept and self._unkept[0] is one:  # else it was pushed out meanwhile
                    self._unkept.popleft()
            self._troubles.over(THE_STORE)
            self._queued({name for name, _ in some})
        while self._corrections:
            corrected, message = first = self._corrections[0]
            with self._guard.one(Part.DELIVERY, f"{message.kind} {message.id}", content=written(message)):
                told = await self._deliveries.told(corrected, self._webhooks())
                await self._deliveries.queue([(name, message) for name in told], self._now())
                self._queued(told)
            if self._corrections and self._corrections[0] is first:
                self._corrections.popleft()

    async def _queue(self, some: list[tuple[str, Message]]) -> None:
        """Into the store, all at once; where one does not fit, the others one by one. Raises StoreUnavailable."""
        try:
            await self._deliveries.queue(some, self._now())
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # it is one of them
            for name, message in some:
                about = f"{message.kind} {message.id} for {name}"
                with self._guard.one(Part.DELIVERY, about, content=written(message)):
                    await self._deliveries.queue([(name, message)], self._now())
