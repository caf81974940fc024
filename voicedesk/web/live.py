"""What pages that stay open are told: that something changed, never what. One reader asks for all of them."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voicedesk.clock import MICROSECONDS
from voicedesk.errors import StoreError
from voicedesk.store.changes import Signs
from voicedesk.web import pages
from voicedesk.web.desk import Desk, Refused

ASK_SECONDS = 0.1
BEAT_SECONDS = 15.0
SEND_SECONDS = 20.0
"""Who does not take what is sent for so long is let go; the browser comes again by itself."""
SESSIONS_SECONDS = 15.0
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
"""A page is told no more often: what happens meanwhile is told together. The more pages ask, the longer."""
MOST_BUSY, LITTLE_BUSY = 0.5, 0.3
"""Shares of a processor that this process takes: above the one pages are told less often, below the other more."""
AGAIN_MS = 3000
MOST_OF_A_SESSION = 6
MOST_AT_ONCE = 600
TOPICS = tuple(one.name for one in fields(Signs))
_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Watcher:
    """One open page. It holds no news, only up to where it was told: however slow it is, it needs no more memory."""

    token_hash: str
    told: int
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False


class Pace:
    """How long a page waits for its next news: longer while this process has much to do, for pages are its work.

    `clock` and `worked` give seconds: of a clock, and of the processor's time that was taken.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, worked: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._worked = clock, worked
        self._seen = clock(), worked()
        self.pause = PAUSE_SECONDS

    def look(self) -> None:
        """Looks at the last second, once it is over."""
        at, worked = self._clock(), self._worked()
        span = at - self._seen[0]
        if span < 1:
            return
        busy = (worked - self._seen[1]) / span
        self._seen = at, worked
        if busy > MOST_BUSY:
            self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 1.5)
        elif busy < LITTLE_BUSY:
            self.pause = max(PAUSE_SECONDS, self.pause / 1.2)


class Live:
    """Knows what changed when, in its own counting. `id` names a point of it: a page made now shows what was then."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._run = secrets.token_hex(4)
        self._sequence = 0
        self._changed = dict.fromkeys(TOPICS, 0)
        self._signs: Signs | None = None
        self._is_away = False
        self._watchers: set[Watcher] = set()
        self._wanted = asyncio.Event()
        self.pace = Pace()

    @property
    def id(self) -> str:
        """The point that is reached."""
        return f"{self._run}-{self._sequence}"

    def last(self, topic: str) -> str:
        """The point at which something of a topic changed last: a part of that topic alone is the same since."""
        return f"{self._run}-{self._changed[topic]}"

    def watch(self, token_hash: str, last_id: str) -> Watcher:
        """A new page that knows everything up to a point. Raises Refused where there are too many."""
        of_session = sum(one.token_hash == token_hash for one in self._watchers)
        if of_session >= MOST_OF_A_SESSION or len(self._watchers) >= MOST_AT_ONCE:
            raise Refused(pages.too_often(int(SEND_SECONDS)))
        watcher = Watcher(token_hash, self._point(last_id))
        if watcher.told < self._sequence:
            watcher.news.set()
        self._watchers.add(watcher)
        self._wanted.set()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """A page is gone."""
        self._watchers.discard(watcher)
        if not self._watchers:
            self._wanted.clear()

    def news(self, watcher: Watcher) -> list[str]:
        """The topics that changed since this page was told last."""
        changed = [topic for topic, at in self._changed.items() if at > watcher.told]
        watcher.told = self._sequence
        watcher.news.clear()
        return changed

    def end(self, watchers: Iterable[Watcher]) -> None:
        """These pages are told that it is over."""
        for one in watchers:
            one.is_over = True
            one.news.set()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Reads within the block, while anybody looks on."""
        reading = asyncio.create_task(self._read())
        try:
            yield
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def _read(self) -> None:
        next_check = 0
        while True:
            await self._wanted.wait()
            self.pace.look()
            try:
                await self.look()
                if self._desk.now() >= next_check:
                    await self.end_with_sessions()
                    next_check = self._desk.now() + round(SESSIONS_SECONDS * MICROSECONDS)
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not leave all pages without news
                _log.error("web_live_failed", exc_info=error)
            await asyncio.sleep(ASK_SECONDS)

    async def look(self) -> None:
        """Asks once what changed. A database that is away ends nothing: pages hear that, and that it is back."""
        keeper = self._desk.keeper
        try:
            signs = await keeper.store.changes.signs()
        except StoreError as error:
            keeper.missed(error)
            self._tell(() if self._is_away else ("hall",))
            self._is_away = True
            return
        before, self._signs = self._signs, signs
        changed = [topic for topic in TOPICS if before is None or getattr(before, topic) != getattr(signs, topic)]
        self._tell(TOPICS if self._is_away else changed)
        self._is_away = False

    async def end_with_sessions(self) -> None:
        """Ends the pages whose session is over: signed out, locked, of another role, or idle for too long."""
        asked = list(self._watchers)
        try:
            alive = await self._desk.doorkeeper.alive({one.token_hash for one in asked})
        except StoreError:
            return
        self.end(one for one in asked if one.token_hash not in alive)

    def _tell(self, topics: Iterable[str]) -> None:
        changed = tuple(topics)
        if not changed:
            return
        self._sequence += 1
        for topic in changed:
            self._changed[topic] = self._sequence
        for one in self._watchers:
            one.news.set()

    def _point(self, last_id: str) -> int:
        """How far a page was told; what names no point of this run was told nothing."""
        run, _, number = last_id.partition("-")
        if run != self._run or not (number.isascii() and number.isdigit() and len(number) < 16):
            return -1
        return int(number) if int(number) <= self._sequence else -1


class LivePages:
    """The stream."""

    def __init__(self, desk: Desk, live: Live) -> None:
        self._desk, self._live = desk, live

    async def live(self, request: Request) -> Response:
        """Server-sent events for whoever is signed in. Events name topics: what changed is asked for by the page."""
        _, person = await self._desk.signed_in(request, is_by_itself=True)
        last_id = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return Stream(self._live, self._live.watch(person.session.token_hash, last_id))


class Stream(Response):
    """An answer that goes on until the page is closed, the session ends, or nobody takes what is sent."""

    def __init__(self, live: Live, watcher: Watcher) -> None:
        super().__init__(media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live, self._watcher = live, watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # as ASGI calls it
        """Sends events."""
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.leave(self._watcher)
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        watcher = self._watcher
        await _sent(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _sent(send, _body(f"retry: {AGAIN_MS}\n\n{_event('hello', self._live.id)}"))
        while not watcher.is_over:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await watcher.news.wait()
            except TimeoutError:
                await _sent(send, _body(_event("beat")))
                continue
            if not watcher.is_over:
                topics = self._live.news(watcher)
                await _sent(send, _body(_event("changed", self._live.id, topics=topics)))
                await asyncio.sleep(self._live.pace.pause)
        await _sent(send, _body(_event("over"), is_last=True))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sent(send: Send, message: dict[str, Any]) -> None:
    """Sends. Raises TimeoutError where the other side does not take it."""
    async with asyncio.timeout(SEND_SECONDS):
        await send(message)


def _body(text: str, *, is_last: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": not is_last}


def _event(name: str, event_id: str = "", **data: Any) -> str:
    """One event. Its id is where the page goes on from when it comes again."""
    named = f"id: {event_id}\n" if event_id else ""
    return f"{named}event: {name}\ndata: {json.dumps(data)}\n\n"
