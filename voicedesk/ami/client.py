"""A client that keeps a link to one PBX up.

It reconnects by itself. Every consumer is told what happened to the link by marks in the stream (`VoicedeskLink`,
`VoicedeskSnapshot`). On each connection the lists of what is there come first, then the live events that came
meanwhile. No action is sent twice but by `ask`, which takes only actions that change nothing.
"""

import asyncio
import contextlib
import math
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Never, Self

from asterisk.ami.action import Action
from asterisk.ami.event import EventListener

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress, Link, open_link
from voicedesk.ami.listeners import Listeners
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import AmiProtocol, Answer
from voicedesk.ami.reconnect import LinkTimes, Reconnect
from voicedesk.ami.reports import LinkReports, LinkStatus
from voicedesk.ami.resync import Resync, Run
from voicedesk.ami.standing import Standing
from voicedesk.ami.stream import EventStream
from voicedesk.clock import MICROSECONDS, NowUs, now_us, steady_us
from voicedesk.errors import AmiActionError, AmiError, AmiLinkLost

BATCH = 500


class AmiClient:
    """A link to one PBX that is kept up.

    `async with AmiClient(address) as client: async for events in client.batches(): …` gives every event in order.
    `wanted` names the live events to keep (None: all). Clock, sleep and randomness can be passed in.
    """

    def __init__(
        self,
        address: AmiAddress,
        *,
        wanted: Iterable[str] | None = None,
        times: LinkTimes | None = None,
        max_events: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        now: NowUs = now_us,
        steady: NowUs = steady_us,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._address = address
        self._wanted = None if wanted is None else frozenset(wanted) | {"FullyBooted"}
        self._times = times or LinkTimes()
        self._steady = steady
        self._sleep = sleep
        self._reconnect = Reconnect(self._times, uniform)
        self._reports = LinkReports(address.pbx)
        self._stream = EventStream(
            address.pbx,
            self._reports,
            self._look_again,
            max_events=max_events,
            max_bytes=max_bytes,
            now=now,
            steady=steady,
        )
        self._resync = Resync(self._stream, self._times, self._reports, self._came_up)
        self._standing = Standing()
        self._listeners = Listeners(self._reports)
        self._is_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name=f"ami {self._address.pbx}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Log off and end; what was handed over before can still be taken."""
        task, self._task = self._task, None
        if task is not None:
            await _end(task)
        self._finish()

    async def run(self) -> None:
        """Keep the link up until cancelled; then log off, and let `batches` come to its end."""
        try:
            while True:
                error = await self._live_through_one_link()
                await self._sleep(self._reconnect.next_wait_seconds(error))
        finally:
            if self._link is not None:
                await self._link.log_off()
                self._end_link()
            self._finish()

    async def batches(self) -> AsyncIterator[list[AmiEvent]]:
        """Lists of events in order, as they come; ends after the client was closed. For one consumer only."""
        while (events := await self._stream.next_batch(BATCH)) is not None:
            self._listeners.tell(events, source=self)
            yield events
            await asyncio.sleep(0)

    async def action(self, action: Action, *, timeout: float = 10) -> Answer:  # noqa: ASYNC109  # a link's own limit
        """Send an action once and wait for its answer, with all items if it is a list.

        Raises UnsafeValueError before anything is sent, AmiActionError where the switch refuses, and AmiLinkLost where
        there is no link, it is lost, or no answer comes in time: then nobody knows whether it was carried out.
        """
        if self._link is None:
            raise AmiLinkLost("there is no open link to the switch: the action was not sent")
        answer = await self._link.ask(action, timeout)
        if answer.response.is_error():
            raise AmiActionError(f"{action.name} was refused: {answer.response.message or 'no reason given'}")
        return answer

    async def ask(self, action: Action, *, timeout: float = 30) -> Answer:  # noqa: ASYNC109  # over all its tries
        """Like `action`, for actions that change nothing: waits for the link, and asks again after a loss.

        Raises ValueError for any other action, TimeoutError where no try came through in time.
        """
        if action.name not in actions.IDEMPOTENT:
            raise ValueError(f"{action.name} may change something and is never sent again")
        async with asyncio.timeout(timeout):
            while True:
                await self._is_up.wait()
                try:
                    return await self.action(action, timeout=timeout)
                except AmiLinkLost:
                    await asyncio.sleep(0)

    def add_event_listener(self, listener: EventListener) -> EventListener:
        """Call an asterisk-ami listener with every event, before `batches` gives it; one that raises is logged."""
        self._listeners.add(listener)
        return listener

    def remove_event_listener(self, listener: EventListener) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def status(self) -> LinkStatus:
        """How the link stands now."""
        return self._standing.status(self._stream, self._link, self._listeners.errors)

    async def _live_through_one_link(self) -> AmiError:
        """Connect, give the snapshot, stay; returns what ended it."""
        try:
            protocol = AmiProtocol(self._address.credentials, wanted=self._wanted, seed=secrets.token_hex(8))
            self._stream.hold()
            self._link = await open_link(
                self._address,
                protocol,
                self._stream.now,
                self._stream.receive,
                timeout_seconds=self._times.connect_seconds,
                steady=self._steady,
            )
            self._standing.links += 1
            await self._serve(self._link)
        except AmiError as error:
            self._lose(error)
            return error
        raise AssertionError("a link ends only by an error")  # pragma: no cover

    async def _serve(self, link: Link) -> Never:
        """Snapshot, then live, and again when only now the switch is up or events were dropped; ends by raising."""
        self._standing.connected_us = since_us = self._stream.now()
        await self._wait_fully_booted(link)
        async with _alongside(self._keep_alive(link)):
            while True:
                link.has_booted = False
                await self._resync.run(link, since_us)
                await link.wait_until_booted()
                self._stream.hold()
                since_us = self._stream.now()

    async def _wait_fully_booted(self, link: Link) -> None:
        """Not every switch tells everybody that it is up: after a while go on without."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._times.fully_booted_seconds):
                await link.wait_until_booted()

    async def _keep_alive(self, link: Link) -> None:
        """A link on which nothing comes after a Ping is dead, whatever TCP says; one that brings events is not."""
        while True:
            await self._sleep(self._times.ping_every_seconds)
            try:
                await link.ask(actions.ping(), self._times.ping_deadline_seconds, most_seconds=math.inf)
            except AmiLinkLost as error:
                link.abort(error)
                return

    def _came_up(self, run: Run) -> None:
        """The switch has said which run of it this is: actions may be sent."""
        self._standing.came_up(run.version)
        self._is_up.set()

    def _look_again(self) -> None:
        if self._link is not None:
            self._link.look_again()

    def _finish(self) -> None:
        """The last word in the stream, once."""
        if not self._stream.is_over:
            if self._standing.state == "up":
                self._stream.release()
            self._standing.state = "closed"
            self._stream.end()

    def _lose(self, error: AmiError) -> None:
        """Record the loss: once in the log, and in the stream if consumers believed the link up."""
        was_up, self._standing.state = self._standing.state == "up", "lost"
        if self._standing.connected_us is not None:
            self._reconnect.held_for((self._stream.now() - self._standing.connected_us) / MICROSECONDS)
        self._end_link()
        self._standing.last_error = str(error)
        if was_up:
            self._stream.release()
            self._stream.mark("VoicedeskLink", "lost", Reason=str(error))
        self._stream.discard_held()
        self._reports.lost(error)

    def _end_link(self) -> None:
        """Forget the link, keep its counts."""
        link, self._link = self._link, None
        self._is_up.clear()
        self._standing.ended(link)


@contextlib.asynccontextmanager
async def _alongside(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run `work` beside the body, and end it with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await _end(task)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end; raises what it failed with before, if it did."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
