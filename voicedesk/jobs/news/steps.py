"""What staff ask about news by a row in the store (`news retry`): what could not be told is queued again."""

from collections.abc import Callable

from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.hall.acting import acting
from voicedesk.settings import Settings
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.requests import Request
from voicedesk.store.store import Store
from voicedesk.webhooks import steps
from voicedesk.webhooks.steps import RetryNews


class NewsSteps:
    """Reads and carries out what rows of this kind ask."""

    def __init__(self, store: Store, settings: Callable[[], Settings], now: NowUs) -> None:
        self._store, self._settings, self._now = store, settings, now

    def read(self, request: Request) -> RetryNews:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, _step: RetryNews) -> bool:
        """No switch is asked."""
        return False

    def in_order(self, _step: RetryNews) -> frozenset[str]:
        """One after another: the second finds what the first left."""
        return frozenset({"news"})

    async def carry_out(self, step: RetryNews, request: Request) -> str:
        """How many were queued again. Raises InputError where the id is none's, several's, or of news that was told."""
        acting(step.by, request.asked_by, self._settings())
        ids = None if step.news is None else [await self._dead(step.news)]
        return f"queued again: {await self._store.deliveries.revive(ids, self._now())}"

    async def _dead(self, beginning: str) -> str:
        found = await self._store.deliveries.starting_with(beginning)
        if len(found) != 1:
            what = "more than one begins" if found else "none begins"
            raise InputError(f"{what} with {beginning!r}: see `voicedesk news list --dead`")
        if found[0].state is not DeliveryState.DEAD:
            raise InputError(f"{found[0].id}: only what could not be told is queued again")
        return found[0].id
