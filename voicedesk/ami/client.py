"""A client that keeps a link to one PBX up.

It reconnects by itself. It tells every consumer what happened to the link, by pseudo events in the stream
(`VoicedeskLink`, `VoicedeskSnapshot`). After each connection it first gives the lists of what exists, then the live
events that came meanwhile. It never sends an action twice by itself: only `ask` does, with actions that change nothing.
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
from voicedesk.ami.handover import HandOver
from voicedesk.ami.link import AmiAddress, Link, open_link
from voicedesk.ami.message import AmiEvent, Origin, make_mark
from voicedesk.ami.protocol import AmiProtocol, Answer
from voicedesk.ami.reconnect import LinkTimes, Reconnect
from voicedesk.ami.reports import LinkReports, LinkStatus
from voicedesk.ami.resync import KnownRun, Snapshot, ask_run, ask_snapshot
from voicedesk.clock import MICROSECONDS, NowUs, now_us, steady_us
from voicedesk.errors import AmiActionError, AmiError, AmiLinkLost

BATCH = 500
CLOCK_SET_US = 2 * MICROSECONDS
"""Our clock was set if it is suddenly further than this from one that nobody sets."""


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
        self._wall, self._steady = now, steady
        self._apart = now() - steady()
        self._sleep = sleep
        self._reconnect = Reconnect(self._times, uniform)
        self._handover = HandOver(max_events, max_bytes, self._dropped_mark)
        self._arrived = asyncio.Event()
        self._is_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._listeners: list[EventListener] = []
        self._origin = Origin(pbx=address.pbx)
        self._known_run = KnownRun()
        self._reports = LinkReports(address.pbx)
        self._state = "connecting"
        self._version = ""
        self._connected_us: int | None = None
        self._counts = {"links": 0, "distrusted": 0, "oversized": 0, "listener_errors": 0}
        self._last_error: str | None = None
        self._last_event_us: int | None = None
        self._lag_us: int | None = None

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
        while True:
            while not self._handover.has_ready:
                if self._state == "closed":
                    return
                self._arrived.clear()
                await self._arrived.wait()
            events = self._handover.take(BATCH)
            for listener in self._listeners:
                self._tell_listener(listener, events)
            yield events
            await asyncio.sleep(0)

    async def action(self, action: Action, *, timeout: float = 10) -> Answer:  # noqa: ASYNC109  # a link's own limit
        """Send an action once and wait for its answer, with all items if it is a list.

        Raises UnsafeValueError before anything is sent, AmiActionError if the switch refuses, and AmiLinkLost if there
        is no link, it is lost, or no answer comes in time: then nobody knows whether the action was carried out.
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
        self._listeners.append(listener)
        return listener

    def remove_event_listener(self, listener: EventListener) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def status(self) -> LinkStatus:
        """How the link stands now."""
        link = self._link
        return LinkStatus(
            pbx=self._address.pbx,
            state=self._state,
            boot=self._origin.boot,
            version=self._version,
            connected_since_us=self._connected_us,
            last_event_us=self._last_event_us,
            lag_us=self._lag_us,
            waiting=len(self._handover),
            links=self._counts["links"],
            dropped=self._handover.dropped_total,
            distrusted=self._counts["distrusted"] + (link.distrusted if link else 0),
            oversized=self._counts["oversized"] + (link.oversized if link else 0),
            listener_errors=self._counts["listener_errors"],
            last_error=self._last_error,
        )

    async def _live_through_one_link(self) -> AmiError:
        """Connect, give the snapshot, stay; returns what ended it."""
        try:
            protocol = AmiProtocol(self._address.credentials, wanted=self._wanted, seed=secrets.token_hex(8))
            self._handover.hold()
            self._link = await open_link(
                self._address,
                protocol,
                self._now,
                self._receive,
                timeout_seconds=self._times.connect_seconds,
                steady=self._steady,
            )
            self._counts["links"] += 1
            await self._serve(self._link)
        except AmiError as error:
            self._lose(error)
            return error
        raise AssertionError("a link ends only by an error")  # pragma: no cover

    async def _serve(self, link: Link) -> Never:
        """Snapshot, then live, and again when only now the switch is up or events were dropped; ends by raising."""
        self._connected_us = since_us = self._now()
        await self._wait_fully_booted(link)
        async with _alongside(self._keep_alive(link)):
            while True:
                link.has_booted = False
                await self._synchronise(link, since_us)
                await link.wait_until_booted()
                self._handover.hold()
                since_us = self._now()

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

    async def _synchronise(self, link: Link, since_us: int) -> None:
        """Tell which run of the switch this is, give what is there, then let the live events follow.

        Since `since_us` no event was missed: the live events are held back meanwhile. So a call that began after it
        lies in no gap, however long the switch and this machine take.
        """
        run = await ask_run(link, self._times)
        restarted = self._known_run.is_restarted_as(run)
        self._origin = link.protocol.origin = Origin(pbx=self._address.pbx, boot=run.boot)
        self._version = run.version
        self._reports.up(run.version, restarted)
        self._state, self._last_error = "up", None
        self._is_up.set()
        told = {"Boot": run.boot, "Restarted": int(restarted), "Version": run.version}
        self._handover.put_mark(make_mark("VoicedeskLink", "up", since_us, origin=self._origin, **told))
        self._mark("VoicedeskSnapshot", "begin")
        is_complete, missing = False, ""
        try:
            snapshot = await ask_snapshot(link, self._times)
            is_complete, missing = self._give_items(snapshot)
        finally:
            self._mark("VoicedeskSnapshot", "end", Complete=int(is_complete), Missing=missing or None)
            self._handover.release(self._origin)
            self._arrived.set()

    def _give_items(self, snapshot: Snapshot) -> tuple[bool, str]:
        """Hand the snapshot's items over; returns whether it is whole, and the names of the lists it lacks."""
        for event in snapshot.items:
            event.origin = self._origin
        missing = ",".join(snapshot.missing)
        self._reports.lists_missing(missing)
        return self._handover.put_now(snapshot.items) and snapshot.is_complete, missing

    def _receive(self, events: list[AmiEvent]) -> None:
        """Called by the reader with what came in one read."""
        last = events[-1]
        stamp = last.timestamp_us
        self._last_event_us = last.arrived_us
        self._lag_us = None if stamp is None else last.arrived_us - stamp
        self._handover.put(events)
        self._arrived.set()

    def _finish(self) -> None:
        """The last word in the stream, once."""
        if self._state != "closed":
            if self._state == "up":
                self._handover.release(self._origin)
            self._handover.discard_held()
            self._state = "closed"
            self._mark("VoicedeskLink", "closed")

    def _lose(self, error: AmiError) -> None:
        """Record the loss: once in the log, and in the stream if consumers believed the link up."""
        was_up, self._state = self._state == "up", "lost"
        if self._connected_us is not None:
            self._reconnect.held_for((self._now() - self._connected_us) / MICROSECONDS)
        self._end_link()
        self._last_error = str(error)
        if was_up:
            self._handover.release(self._origin)
            self._mark("VoicedeskLink", "lost", Reason=str(error))
        self._handover.discard_held()
        self._reports.lost(error)

    def _end_link(self) -> None:
        """Forget the link, keep its counts."""
        link, self._link = self._link, None
        self._is_up.clear()
        self._connected_us = None
        if link is not None:
            self._counts["distrusted"] += link.distrusted
            self._counts["oversized"] += link.oversized

    def _now(self) -> int:
        """Our clock; that somebody set it is told in the stream, before what comes next."""
        now = self._wall()
        apart = now - self._steady()
        ahead, self._apart = apart - self._apart, apart
        if abs(ahead) > CLOCK_SET_US:
            self._handover.put_mark(make_mark("VoicedeskClock", "set", now, origin=self._origin, Ahead=ahead))
            self._arrived.set()
            self._reports.clock_set(ahead)
        return now

    def _mark(self, name: str, state: str, **headers: object) -> None:
        """Put a pseudo event of ours into the stream."""
        self._handover.put_mark(make_mark(name, state, self._now(), origin=self._origin, **headers))
        self._arrived.set()

    def _dropped_mark(self, count: int) -> AmiEvent:
        self._reports.dropped(count)
        if self._link is not None:
            self._link.look_again()
        return make_mark("VoicedeskLink", "dropped", self._now(), origin=self._origin, Dropped=count)

    def _tell_listener(self, listener: EventListener, events: list[AmiEvent]) -> None:
        for event in events:
            try:
                listener(event=event, source=self)
            except Exception:  # noqa: BLE001  # a listener is foreign code: its failure is its own, the link goes on
                self._counts["listener_errors"] += 1
                self._reports.listener_failed(event.name)


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
