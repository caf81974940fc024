"""Logs news that commands wrote into the database, and gives up news for webhooks that were removed."""

import asyncio
from collections.abc import Callable

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import StoreError
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.news.news import log_line
from voicedesk.jobs.news.outbox import MOST_AT_ONCE, THE_STORE
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.store.deliveries import THE_LOG, Deliveries
from voicedesk.webhooks.pace import PATIENCE_US

LOG_SECONDS = 5.0
ROUND_SECONDS = 600.0
TIDY_US = 600 * MICROSECONDS


class NewsOfOthers:
    """Looks for them now and then; `webhooks` gives the names of the webhooks there are now."""

    def __init__(
        self,
        deliveries: Deliveries,
        now: NowUs,
        guard: Guard,
        troubles: Troubles,
        webhooks: Callable[[], list[str]],
    ) -> None:
        self._deliveries, self._now, self._guard, self._troubles = deliveries, now, guard, troubles
        self._webhooks = webhooks
        self._next_tidy = 0

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            promise_round(ROUND_SECONDS)
            with self._guard.one(Part.DELIVERY, "what other processes tell"):
                try:
                    await self.look()
                except StoreError as error:
                    self._troubles.say("news_wait", error, about=THE_STORE)
            await asyncio.sleep(LOG_SECONDS)

    async def look(self) -> None:
        """Logs what other processes left; gives up, now and then, what waits for webhooks that are gone.

        Raises StoreError: then it is done at the next look.
        """
        rows = await self._deliveries.waiting(THE_LOG, MOST_AT_ONCE)
        now = self._now()
        if rows:
            await self._deliveries.sent([one.id for one in rows], at=now)
        for told in (one.message for one in rows):
            log_line(kind=told.kind, news_id=told.id, title=told.title, fields=dict(told.fields))
        if now >= self._next_tidy:
            self._next_tidy = now + TIDY_US
            await self._deliveries.give_up_others(self._webhooks(), queued_before=now - PATIENCE_US, at=now)
