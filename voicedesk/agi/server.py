"""The FastAGI server: the only module of this room that touches the network.

Whoever connects has `environment_seconds` to say what the call is, and is closed otherwise; over `sessions` at a time
one is closed at once. A closed connection lets the switch's dialplan go on: it never keeps a caller waiting.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.protocol import AgiEnvironment, AgiProtocol, HungUp, Reply, to_command
from voicedesk.errors import AgiError, AgiHungUp, AgiProtocolError

Handler = Callable[[AgiCall], Awaitable[None]]
LAST_REPLY_SECONDS = 2.0
"""After a hang-up the switch still answers the command that was under way, with the place it was cut at."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """How much is taken at a time."""

    sessions: int = 200
    environment_seconds: float = 2.0


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
        self.connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listens on an address; gives the port. At the end the calls are given back to the switch."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), host, port, backlog=512)
        for listening in server.sockets:
            _keep_alive(listening)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for connection in list(self.connections):
                connection.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def serve(self, call: AgiCall, connection: "_Connection") -> None:
        """Begins to serve a call."""
        self.counts.served += 1
        task = asyncio.create_task(self._serve(call, connection), name="agi call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, call: AgiCall, connection: "_Connection") -> None:
        try:
            await self._handler(call)
        except AgiHungUp:
            pass
        except AgiError as error:
            _log.warning("agi_call_ended", uniqueid=call.environment.uniqueid, reason=str(error))
        except Exception:  # noqa: BLE001 -- whatever goes wrong in one call, the others are served
            _log.exception("agi_call_failed", uniqueid=call.environment.uniqueid)
        finally:
            connection.close()


class _Connection(asyncio.Protocol):
    """One call's connection; at most one command is under way."""

    def __init__(self, server: AgiServer) -> None:
        self._server = server
        self._protocol = AgiProtocol()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._is_hung_up = False
        self._is_serving = False

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):  # pragma: no cover -- asyncio gives no other
            return
        self._transport = transport
        if len(self._server.connections) >= self._server.limits.sessions:
            self._server.counts.refused += 1
            _log.warning("agi_too_many_calls", sessions=len(self._server.connections))
            transport.close()
            return
        self._server.connections.add(self)
        self._deadline = self._loop.call_later(self._server.limits.environment_seconds, self._too_late)

    def data_received(self, data: bytes) -> None:
        try:
            events = self._protocol.receive_data(data)
        except AgiProtocolError as error:
            self._broken(str(error))
            return
        for event in events:
            if isinstance(event, Reply):
                self._answered(event)
            elif isinstance(event, HungUp):
                self._hung_up()
            else:
                self._begin(event)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- however it ended
        self._server.counts.broken += self in self._server.connections and not self._is_serving
        self._server.connections.discard(self)
        self._stop_clock()
        if self._protocol.strays:
            _log.warning("agi_stray_lines", count=self._protocol.strays)
        self._is_hung_up = True
        self._gone()

    # --- the call's side

    async def ask(self, *words: str | int) -> Reply:
        """Sends a command and waits for its reply."""
        command = to_command(*words)
        transport = self._transport
        if self._is_hung_up or transport is None or transport.is_closing():
            raise AgiHungUp
        self._waiting = self._loop.create_future()
        transport.write(command)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        """Gives the call back to the switch."""
        if self._transport is not None:
            self._transport.close()

    # --- within

    def _begin(self, environment: AgiEnvironment) -> None:
        self._stop_clock()
        self._is_serving = True
        if environment.is_doubtful:
            _log.warning("agi_environment_doubtful", uniqueid=environment.uniqueid)
        self._server.serve(AgiCall(environment, self), self)

    def _answered(self, reply: Reply) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)
        else:
            self._protocol.strays += 1

    def _hung_up(self) -> None:
        self._is_hung_up = True
        self._deadline = self._loop.call_later(LAST_REPLY_SECONDS, self._gone)

    def _gone(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(AgiHungUp())

    def _too_late(self) -> None:
        self._broken("it did not say in time what the call is")

    def _broken(self, why: str) -> None:
        _log.info("agi_connection_closed", reason=why)
        self.close()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _keep_alive(listening: Any) -> None:
    """A switch that vanished without a word is noticed within a minute: what is accepted inherits it."""
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
