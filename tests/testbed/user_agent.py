"""A scriptable SIP phone on loopback: one UDP socket, no registration; every SIP message is kept with its time.

What it does with a call that comes in is a coroutine (`tests.testbed.behaviours` has the usual ones); calls out are
`await phone.dial(...)`. It answers retransmissions but sends none of its own: on loopback nothing is lost.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from tests.testbed.call import Call
from tests.testbed.sip import SipMessage, response, tag_of

Behaviour = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Logged:
    """One SIP message: epoch seconds, whether we sent it, first line, method, Call-ID."""

    at: float
    sent: bool
    first: str
    method: str
    call_id: str


class UserAgent(asyncio.DatagramProtocol):
    """A phone `name` at `address`:`port` whose switch is `server`; use as `async with`."""

    def __init__(self, name: str, address: str, port: int, server: tuple[str, int]) -> None:
        self.name, self.address, self.port, self.server = name, address, port, server
        self.on_invite: Behaviour | None = None
        self.log: list[Logged] = []
        self.calls: dict[str, Call] = {}
        self.failures: list[BaseException] = []
        self._answered: dict[tuple[str, str, str], bytes | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "UserAgent":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.calls.values():
            call.close_media()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def contact(self) -> str:
        return f"<sip:{self.name}@{self.address}:{self.port}>"

    async def dial(self, number: str, *, caller: str | None = None) -> Call:
        """Calls a number of the switch; `caller` is the number (or whole From value) we say we are."""
        origin = caller if caller and "<" in caller else f"<sip:{caller or self.name}@{self.address}>"
        call = Call.outgoing(self, f"<sip:{number}@{self.server[0]}:{self.server[1]}>", origin)
        self.calls[call.id] = call
        call.invite()
        return call

    def send(self, message: SipMessage) -> None:
        """Puts a message on the wire and keeps its time."""
        data = message.encode()
        if message.status is not None:
            self._answered[message.transaction] = data
        self._note(message, sent=True)
        self._transport.sendto(data, self.server)

    def _note(self, message: SipMessage, *, sent: bool) -> None:
        self.log.append(Logged(time.time(), sent, message.first, message.method, message.get("Call-ID")))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 8:  # a keep-alive
            return
        message = SipMessage.parse(data)
        if message.status is None and message.method != "ACK" and message.transaction in self._answered:
            answer = self._answered[message.transaction]
            if answer:
                self._transport.sendto(answer, addr)
            return
        self._note(message, sent=False)
        call = self.calls.get(message.get("Call-ID"))
        if message.status is not None:
            if call:
                call.receive_response(message)
        elif call:
            self._answered.setdefault(message.transaction, None)
            call.receive_request(message)
        else:
            self._unknown_request(message)

    def _unknown_request(self, request: SipMessage) -> None:
        self._answered.setdefault(request.transaction, None)
        if request.method == "INVITE":
            call = Call.incoming(self, request)
            self.calls[call.id] = call
            self.start(self._behave(call))
        elif request.method == "OPTIONS":
            self.send(response(request, "200 OK", tag=tag_of(request.get("To")) or "options"))
        elif request.method != "ACK":
            self.send(response(request, "481 Call/Transaction Does Not Exist", tag="none"))

    def start(self, work: Awaitable[None]) -> None:
        """Runs something until the phone is closed; what goes wrong is kept in `failures`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(error)

    async def _behave(self, call: Call) -> None:
        call.reply("100 Trying")
        if self.on_invite is None:
            call.reply("404 Not Found")
        else:
            await self.on_invite(call)
