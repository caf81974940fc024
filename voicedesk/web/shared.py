"""What many open pages ask for in the same second is made once for all who see the same."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from voicedesk.clock import NowUs

KEPT_US = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    """What was made, or is being made."""

    made_at: int
    task: asyncio.Task[T]

    def is_fresh(self, now: int) -> bool:
        failed = self.task.done() and (self.task.cancelled() or self.task.exception() is not None)
        return 0 <= now - self.made_at < KEPT_US and not failed


class Shared(Generic[T]):
    """Keeps each thing for a second. Its key must say all that decides what is seen: who looks, in which language."""

    def __init__(self, now: NowUs) -> None:
        self._now = now
        self._kept: dict[Hashable, _Made[T]] = {}

    async def of(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The thing under a key, made anew where it is a second old. What one asker gives up others still get."""
        now = self._now()
        kept = self._kept.get(key)
        if kept is None or not kept.is_fresh(now):
            self._kept = {key: one for key, one in self._kept.items() if one.is_fresh(now)}
            kept = self._kept[key] = _Made(now, asyncio.ensure_future(_awaited(make)))
        return await asyncio.shield(kept.task)


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
