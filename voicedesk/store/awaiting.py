"""Waits for the end of requests: one look at the database for everybody of this process who waits, however many."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

POLL_SECONDS = 0.1

EndedOf = Callable[[Collection[str]], Awaitable[set[str]]]
"""Which of some requests are over. Raises StoreError."""


class Awaiting:
    """Who waits for which request. No task looks: whoever waits and finds that a look is due looks for all of them."""

    def __init__(self, ended_of: EndedOf) -> None:
        self._ended_of = ended_of
        self._waiting: dict[str, list[asyncio.Event]] = {}
        self._is_looking = False
        self._next_look = 0.0

    async def end_of(self, request_id: str) -> None:
        """Returns once the request is over. Raises StoreError where this one looked and the database was in trouble."""
        clock = asyncio.get_running_loop().time
        over = asyncio.Event()
        self._waiting.setdefault(request_id, []).append(over)
        try:
            while not over.is_set():
                if not self._is_looking and clock() >= self._next_look:
                    await self._look()
                    self._next_look = clock() + POLL_SECONDS
                    continue
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await over.wait()
                except TimeoutError:
                    pass
        finally:
            self._waiting[request_id].remove(over)
            if not self._waiting[request_id]:
                del self._waiting[request_id]

    async def _look(self) -> None:
        self._is_looking = True
        try:
            for request_id in await self._ended_of(tuple(self._waiting)):
                for over in self._waiting.get(request_id, ()):
                    over.set()
        finally:
            self._is_looking = False
