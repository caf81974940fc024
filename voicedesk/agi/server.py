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
from typing import cast

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.protocol import AgiEnvironment, AgiProtocol, HungUp, Reply, to_command
from voicedesk.errors import AgiError, AgiHungUp, AgiProtocolError

Handler = Callable[[AgiCall], Awaitable[None]]
OK = 200
LAST_REPLY_SECONDS = 2.0
"""After a hang-up the switch still answers the command that was under way, with the place it was cut at."""
READ_BYTES = 4096
"""An environment is a quarter of it, a reply some twenty bytes."""
BACKLOG = 512
FULL_SECONDS = 1.0
"""Where the system has no file left for another connection, it is asked again so much later."""

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
        self._silent: dict[_Connection, float] = {}
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

    def _accept(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        """Takes in all who stand at the door."""
        for _ in range(BACKLOG):
            try:
                accepted, _ = door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("agi_cannot_accept", reason=error.strerror)
                loop.remove_reader(door)
                loop.call_later(FULL_SECONDS, self._open_again, loop, door)
                return
            accepted.setblocking(False)
            connection = _Connection(self, accepted, loop)
            if self.joined(connection, loop):
                connection.begin()
            else:
                connection.close()

    def _open_again(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        if door.fileno() >= 0:
            loop.add_reader(door, self._accept, loop, door)

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


class _Connection:
    """One call's connection; at most one command is under way.

    It reads and writes its socket by itself: of what asyncio's transports do beside that, a conversation of short lines
    needs nothing, and it is a third of what a call costs.
    """

    def __init__(self, server: AgiServer, accepted: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._protocol = AgiProtocol()
        self._loop = loop
        self._socket: socket.socket | None = accepted
        self._unsent = b""
        self._last_word: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._is_hung_up = False
        self.is_serving = False

    # --- the switch's side

    def begin(self) -> None:
        """Listens to the switch from now on."""
        if self._socket is not None:
            # by its number: of a socket itself asyncio writes out, and throws away, that it is not known yet
            self._loop.add_reader(self._socket.fileno(), self._read)

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            events = self._protocol.receive_data(data)
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

    def _write(self) -> None:
        """Sends what there is; the rest, which is rare, when the switch takes it."""
        if self._socket is None:
            return
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._write_on)

    def _write_on(self) -> None:
        if self._socket is not None:
            self._loop.remove_writer(self._socket.fileno())
            self._write()

    # --- the call's side

    def ask(self, name: str, *values: str | int) -> asyncio.Future[Reply]:
        """Sends a command; its reply is awaited."""
        command = to_command(name, *values)
        if self._is_hung_up:
            raise AgiHungUp
        self._waiting = reply = self._loop.create_future()
        self._unsent += command
        self._write()
        return reply

    def close(self) -> None:
        """Gives the call back to the switch."""
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket.fileno())
        if self._unsent:
            self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._server.left(self)
        if self._last_word is not None:
            self._last_word.cancel()
        if self._protocol.strays:
            _log.warning("agi_stray_lines", count=self._protocol.strays)
        self._is_hung_up = True
        self._gone()

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
            if self._is_hung_up and reply.code != OK:  # whatever it says: it is refused because the caller is gone
                waiting.set_exception(AgiHungUp())
            else:
                waiting.set_result(reply)
        else:
            self._protocol.strays += 1

    def _hung_up(self) -> None:
        self._is_hung_up = True
        self._last_word = self._loop.call_later(LAST_REPLY_SECONDS, self._gone)

    def _gone(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(AgiHungUp())


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
