"""One call's FastAGI connection: reads what the switch says, sends commands, and waits for their replies."""

import asyncio
import socket
from typing import Protocol

from voicedesk.agi.call import AgiCall
from voicedesk.agi.protocol import AgiEnvironment, AgiEvent, AgiProtocol, HungUp, Reply, to_command
from voicedesk.errors import AgiHungUp, AgiProtocolError

OK = 200
LAST_REPLY_SECONDS = 2.0
"""After a hang-up the switch still answers the command that was under way, with the place it was cut at."""
READ_BYTES = 4096
"""An environment is a quarter of it, a reply some twenty bytes."""
NEW_OVERDUE_SECONDS, OVERDUE_SECONDS = 2.0, 8.0
"""A reply is overdue this long after it was due: before the switch's first reply on a connection, and later.

A switch that never replied yet may be no switch at all, so it gets less time.
"""


class Server(Protocol):
    """What a connection tells the server that accepted it."""

    def serve(self, call: AgiCall, connection: "Connection", now: float) -> None:
        """The connection has said what its call is."""

    def left(self, connection: "Connection") -> None:
        """The connection is closed."""

    def complain(self, event: str, *, level: str = "warning", reason: str = "", **fields: object) -> None:
        """Something was wrong that the log must tell."""

    def failed(self, event: str, error: Exception, **fields: object) -> None:
        """A mistake of ours."""


class Connection:
    """One call's connection; at most one command is under way.

    It reads and writes its socket by itself: of what asyncio's transports do beside that, a conversation of short lines
    needs nothing, and it is a third of what a call costs.
    """

    def __init__(self, server: Server, accepted: socket.socket, peer: str, loop: asyncio.AbstractEventLoop) -> None:
        self.peer = peer
        self.patience_seconds = NEW_OVERDUE_SECONDS
        self._server = server
        self._protocol = AgiProtocol()
        self._loop = loop
        self._socket: socket.socket | None = accepted
        self._unsent = b""
        self._last_word: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._due: float | None = None
        self._is_hung_up = False

    # --- the switch's side

    def begin(self) -> None:
        """Listens to the switch from now on."""
        if self._socket is not None:
            # by its number: of a socket itself asyncio writes out, and throws away, that it is not known yet
            self._loop.add_reader(self._socket.fileno(), self.read)

    def read(self) -> None:
        """Takes what the switch has sent, if anything. Whatever is wrong with it costs this connection only."""
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
            self._take(self._protocol.receive_data(data))
        except AgiProtocolError as error:
            self.broken(str(error))
        except Exception as error:  # noqa: BLE001 -- nobody else would end this connection, and the switch would wait
            self._server.failed("agi_connection_failed", error)
            self.close()

    def _take(self, events: list[AgiEvent]) -> None:
        for event in events:
            if self._socket is None:
                return
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

    def ask(self, name: str, *values: str | int, seconds: float = 0.0) -> asyncio.Future[Reply]:
        """Sends a command, for which the switch may need `seconds`; its reply is awaited."""
        command = to_command(name, *values)
        if self._is_hung_up:
            raise AgiHungUp
        self._waiting = reply = self._loop.create_future()
        self._due = self._loop.time() + seconds
        self._unsent += command
        self._write()
        return reply

    def overdue_seconds(self, now: float) -> float:
        """For how long a reply has been owed; 0 where none is."""
        return max(now - self._due, 0.0) if self._due is not None else 0.0

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
            self._server.complain("agi_stray_lines", lines=self._protocol.strays)
        self._is_hung_up = True
        self._gone()

    def broken(self, why: str) -> None:
        """Gives it back for a reason that is told."""
        self._server.complain("agi_connection_closed", level="info", reason=why, peer=self.peer)
        self.close()

    # --- within

    def _begin(self, environment: AgiEnvironment) -> None:
        if environment.is_doubtful:
            self._server.complain("agi_environment_doubtful", uniqueid=environment.uniqueid)
        self._server.serve(AgiCall(environment, self), self, self._loop.time())

    def _answered(self, reply: Reply) -> None:
        waiting, self._waiting = self._waiting, None
        self._due = None
        self.patience_seconds = OVERDUE_SECONDS
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
