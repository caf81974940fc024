"""The FastAGI server: accepts connections and runs each call. Only it and `connection` touch the network here.

A connection must say within `environment_seconds` what its call is; otherwise it is closed. When `sessions` calls are
served already, a further one is closed at once. A closed connection lets the switch's dialplan go on: no caller is kept
waiting. Connections that say nothing, or stop answering, keep no caller out: where room is short they are closed first.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.complaints import Complaints
from voicedesk.agi.connection import Connection
from voicedesk.errors import AgiError, AgiHungUp, reason_of

Handler = Callable[[AgiCall], Awaitable[None]]
BACKLOG = 512
LOOK_SECONDS = 1.0
FULL_SECONDS = 1.0
"""Where the system has no file left for another connection, it is asked again so much later."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """How much is taken at a time: calls, and connections that did not say yet what they are, in all and per address.

    A reply may come `reply_seconds` later than what was asked for takes; after that the switch counts as gone.
    """

    sessions: int = 200
    environment_seconds: float = 2.0
    reply_seconds: float = 30.0
    silent: int = 256
    silent_per_peer: int = 128


@dataclass(slots=True)
class AgiCounts:
    """What came: calls served, connections refused because there were too many, and those that were no call."""

    served: int = 0
    refused: int = 0
    broken: int = 0


class AgiServer:
    """Serves each call by `handler`, in a task of its own."""

    def __init__(self, handler: Handler, limits: AgiLimits | None = None) -> None:
        self._handler = handler
        self.limits = limits or AgiLimits()
        self.counts = AgiCounts()
        self.connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: dict[Connection, float] = {}
        self._serving: set[Connection] = set()
        self._complaints = Complaints()
        self._watch: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listens on an address; gives the port. At the end the calls are given back to the switch."""
        loop = asyncio.get_running_loop()
        doors = await _doors(loop, host, port)
        for door in doors:
            loop.add_reader(door, self._accept, loop, door)
        try:
            yield doors[0].getsockname()[1]
        finally:
            for door in doors:
                loop.remove_reader(door)
                door.close()
            for connection in list(self.connections):
                connection.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._watch is not None:
                self._watch.cancel()
            self._complaints.close()

    def _accept(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        """Takes in all who stand at the door."""
        for _ in range(BACKLOG):
            try:
                accepted, peer = door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self.complain("agi_cannot_accept", level="error", reason=reason_of(error))
                loop.remove_reader(door)
                loop.call_later(FULL_SECONDS, self._open_again, loop, door)
                return
            accepted.setblocking(False)
            connection = Connection(self, accepted, str(peer[0]), loop)
            self._join(connection, loop)
            connection.begin()

    def _open_again(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        if door.fileno() >= 0:
            loop.add_reader(door, self._accept, loop, door)

    # --- who is here

    def _join(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Takes a connection in, which has its time to say what the call is."""
        self._make_room(connection.peer)
        self.connections.add(connection)
        self._silent[connection] = loop.time() + self.limits.environment_seconds
        self._look_later(loop)

    def _make_room(self, peer: str) -> None:
        """Where too many said nothing yet, the oldest goes: of this address, or of the address that has most."""
        if len(self._silent) < min(self.limits.silent_per_peer, self.limits.silent):
            return
        peers = Counter(one.peer for one in self._silent)
        while peers[peer] >= self.limits.silent_per_peer or peers.total() >= self.limits.silent:
            whose = peer if peers[peer] >= self.limits.silent_per_peer else peers.most_common(1)[0][0]
            oldest = next(one for one in self._silent if one.peer == whose)
            oldest.read()  # it may have said it meanwhile, and nobody had the time to look
            if oldest in self._silent:
                oldest.broken("it said nothing, and others wait")
            peers[whose] -= 1

    def left(self, connection: Connection) -> None:
        """A connection is no more."""
        self.connections.discard(connection)
        self._serving.discard(connection)
        self.counts.broken += self._silent.pop(connection, None) is not None

    def serve(self, call: AgiCall, connection: Connection, now: float) -> None:
        """Begins to serve a call, if there is a place for it, or one that is held by who does not answer."""
        self._silent.pop(connection, None)
        if len(self._serving) >= self.limits.sessions and not self._freed(now):
            self.counts.refused += 1
            self.complain("agi_too_many_calls", sessions=len(self._serving))
            connection.close()
            return
        self.counts.served += 1
        self._serving.add(connection)
        self._tasks.add(asyncio.create_task(self._serve(call, connection), name="agi call"))

    def _freed(self, now: float) -> bool:
        """Ends the call whose switch owes a reply for longest, if one does."""
        overdue = {one: late for one in self._serving if (late := one.overdue_seconds(now) - one.patience_seconds) > 0}
        if not overdue:
            return False
        max(overdue, key=overdue.__getitem__).broken("it does not answer, and others wait")
        return True

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._watch is None:
            seconds = min(LOOK_SECONDS, self.limits.environment_seconds, self.limits.reply_seconds)
            self._watch = loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Closes who did not say in time what the call is, or owes a reply: one clock for all, for nearly none does."""
        self._watch = None
        now = loop.time()
        for connection in [one for one, until in self._silent.items() if until <= now]:
            connection.broken("it did not say in time what the call is")
        for connection in [one for one in self._serving if one.overdue_seconds(now) > self.limits.reply_seconds]:
            connection.broken("it does not answer")
        self._complaints.look(now)
        if self.connections or self._complaints.is_holding:
            self._look_later(loop)

    def complain(self, event: str, *, level: str = "warning", reason: str = "", **fields: object) -> None:
        """Logs what went wrong, once a minute for each kind, with how often."""
        told = {**fields, "reason": reason} if reason else fields
        kind = f"{event} {reason.partition(':')[0]}"
        self._complaints.add(
            kind, asyncio.get_running_loop().time(), lambda count: getattr(_log, level)(event, **told, count=count)
        )

    # --- a call

    async def _serve(self, call: AgiCall, connection: Connection) -> None:
        try:
            await self._handler(call)
        except AgiHungUp:
            pass
        except AgiError as error:
            self.complain("agi_call_ended", uniqueid=call.environment.uniqueid, reason=str(error))
        except Exception as error:  # noqa: BLE001 -- whatever goes wrong in one call, the others are served
            self.failed("agi_call_failed", error, uniqueid=call.environment.uniqueid)
        finally:
            connection.close()
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def failed(self, event: str, error: Exception, **fields: object) -> None:
        """Logs a mistake of ours with its place."""
        self.complain(event, level="error", reason=type(error).__name__, exc_info=error, **fields)


async def _doors(loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of a host. Raises OSError where one cannot be had."""
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as undone:
        doors = []
        for family, *_, address in dict.fromkeys(found):
            door = undone.enter_context(socket.create_server(address, family=family, backlog=BACKLOG))
            door.setblocking(False)
            _set_up(door)
            doors.append(door)
        undone.pop_all()
    return doors


def _set_up(door: socket.socket) -> None:
    """What is accepted inherits it: no line waits for another, a switch that vanished is noticed in a minute."""
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError):
        door.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
