"""The stream of news to an open page: which topics changed, or the changed parts themselves where many see them."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voicedesk.desk.accounts import viewer_of
from voicedesk.web.board import Boards, Reader
from voicedesk.web.desk import Desk
from voicedesk.web.live import SEND_SECONDS, Live, Watcher
from voicedesk.web.today import TodayPages, seen_by

BEAT_SECONDS = 15.0
AGAIN_MS = 3000


class LivePages:
    """The stream."""

    def __init__(self, desk: Desk, live: Live, today: TodayPages) -> None:
        self._desk, self._live, self._today = desk, live, today
        self._boards = Boards(live, desk.now)

    async def live(self, request: Request) -> Response:
        """Server-sent events for whoever is signed in. They name topics, and the page asks for what changed.

        With `show=now` they bring the first page's parts as they change: these many look at, and most of them the same.
        """
        visitor, person = await self._desk.signed_in(request, is_by_itself=True)
        last_id = request.headers.get("last-event-id") or request.query_params.get("after", "")
        watcher = self._live.watch(person.session.token_hash, last_id, viewer_of(person.account))
        reader = None
        if request.query_params.get("show") == "now":
            reader = self._boards.join(seen_by(visitor, person), self._today.maker(visitor, person), watcher)
        return Stream(self._live, watcher, self._boards, reader)


class Stream(Response):
    """An answer that goes on until the page is closed, the session ends, or nobody takes what is sent."""

    def __init__(self, live: Live, watcher: Watcher, boards: Boards, reader: Reader | None) -> None:
        super().__init__(media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live, self._watcher, self._boards, self._reader = live, watcher, boards, reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # as ASGI calls it
        """Sends events."""
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.leave(self._watcher)
            if self._reader is not None:
                self._boards.leave(self._reader)
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
                await self._tell(send)
        await _sent(send, _body(_event("over"), is_last=True))

    async def _tell(self, send: Send) -> None:
        reader = self._reader
        if reader is not None and not reader.board.has_failed:
            self._watcher.news.clear()
            if parts := reader.board.take(reader):
                await _sent(send, _body(f"id: {reader.board.live_id}\nevent: parts\ndata: {parts}\n\n"))
            return
        topics = self._live.news(self._watcher)
        await _sent(send, _body(_event("changed", self._live.id, topics=topics)))
        await asyncio.sleep(self._live.pace.pause)


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
