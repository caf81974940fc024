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
from typing import Any, cast

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.protocol import AgiEnvironment, AgiProtocol, HungUp, Reply, to_command
from voicedesk.errors import AgiError, AgiHungUp, AgiProtocolError

Handler = Callable[[AgiCall], Awaitable[None]]
LAST_REPLY_SECONDS = 2.0
"""After a hang-up the switch still answers the command that was under way, with the place it was cut at."""
READ_BYTES = 4096
"""An environment is a quarter of it, a reply some twenty bytes."""

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
        self.incoming = memoryview(bytearray(READ_BYTES))
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: dict[_Connection, float] = {}
        self._watch: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listens on an address; gives the port. At the end the calls are given back to the switch."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self, loop), host, port, backlog=512)
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
            if self._watch is not None:
                self._watch.cancel()

    def joined(self, connection: "_Connection", loop: asyncio.AbstractEventLoop) -> bool:
        """Takes a connection in, which has its time to say what the call is; False if there are too many."""
        if len(self.connections) >= self.limits.sessions:
            self.counts.refused += 1
            _log.warning("agi_too_many_calls", sessions=len(self.connections))
            return False
        self.connections.add(connection)
        until = self._silent[connection] = loop.time() + self.limits.environment_seconds
        if self._watch is None:
            self._watch = loop.call_at(until, self._look, loop)
        return True

    def left(self, connection: "_Connection") -> None:
        """A connection is no more."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._silent.pop(connection, None)
            self.counts.broken += not connection.is_serving

    def serve(self, call: AgiCall, connection: "_Connection") -> None:
        """Begins to serve a call."""
        self.counts.served += 1
        self._silent.pop(connection, None)
        self._tasks.add(asyncio.create_task(self._serve(call, connection), name="agi call"))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Closes who did not say in time what the call is: one clock for all, for nearly all say it at once."""
        for connection, until in list(self._silent.items()):
            if until > loop.time():
                self._watch = loop.call_at(until, self._look, loop)
                return
            del self._silent[connection]
            connection.broken("it did not say in time what the call is")
        self._watch = None

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
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))


class _Connection(asyncio.BufferedProtocol):
    """One call's connection; at most one command is under way.

    All read into one buffer of the server's, for what is read is taken out of it at once: an asyncio.Protocol is given
    each reply in a new one of 256 KiB, which takes the system three calls to map and unmap, more than all else that a
    command costs it.
    """

    def __init__(self, server: AgiServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._protocol = AgiProtocol()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._last_word: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._is_hung_up = False
        self.is_serving = False

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):  # pragma: no cover -- asyncio gives no other
            return
        self._transport = transport
        if not self._server.joined(self, self._loop):
            transport.close()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 -- it is read piece by piece
        return self._server.incoming

    def buffer_updated(self, nbytes: int) -> None:
        try:
            events = self._protocol.receive_data(bytes(self._server.incoming[:nbytes]))
        except AgiProtocolError as error:
            self.broken(str(error))
            return
        for event in events:
            if isinstance(event, Reply):
                self._answered(event)
            elif isinstance(event, HungUp):
                self._hung_up()
            else:
                self._begin(event)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- however it ended
        self._server.left(self)
        if self._last_word is not None:
            self._last_word.cancel()
        if self._protocol.strays:
            _log.warning("agi_stray_lines", count=self._protocol.strays)
        self._is_hung_up = True
        self._gone()
        self._transport = None

    # --- the call's side

    def ask(self, name: str, *values: str | int) -> asyncio.Future[Reply]:
        """Sends a command; its reply is awaited."""
        command = to_command(name, *values)
        transport = self._transport
        if self._is_hung_up or transport is None or transport.is_closing():
            raise AgiHungUp
        self._waiting = reply = self._loop.create_future()
        transport.write(command)
        return reply

    def close(self) -> None:
        """Gives the call back to the switch."""
        if self._transport is not None:
            self._transport.close()

    def broken(self, why: str) -> None:
        """Gives it back for a reason that is told."""
        _log.info("agi_connection_closed", reason=why)
        self.close()

    # --- within

    def _begin(self, environment: AgiEnvironment) -> None:
        self.is_serving = True
        if environment.is_doubtful:
            _log.warning("agi_environment_doubtful", uniqueid=environment.uniqueid)
        self._server.serve(AgiCall(environment, self), self)

    def _answered(self, reply: Reply) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
        else:
            self._protocol.strays += 1

    def _hung_up(self) -> None:
        self._is_hung_up = True
        self._last_word = self._loop.call_later(LAST_REPLY_SECONDS, self._gone)

    def _gone(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(AgiHungUp())


def _keep_alive(listening: Any) -> None:
    """A switch that vanished without a word is noticed within a minute: what is accepted inherits it."""
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
