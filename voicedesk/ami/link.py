"""The one place where the manager interface touches the network: one connection, from connect to loss.

It never stops reading and never waits for anybody: what arrives is framed, screened and handed on at once.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from asterisk.ami.action import Action

from voicedesk.ami import actions
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import AmiProtocol, Answer, Credentials, LinkState
from voicedesk.bounds import whole_number
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import AmiError, AmiLinkLost, AmiProtocolError, reason_of

T = TypeVar("T")
USER_TIMEOUT_MS = 20_000
DAMAGE_SECONDS = 10.0
"""So long after something could not be believed the switch is asked again what is there, once for all that was damaged
meanwhile: who forges text must not have it list its channels without end. Chosen."""
_FAREWELL_SECONDS = 1
_FAREWELL_MOST_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiAddress:
    """Where a PBX is and how to log in; `pbx` is its name in the settings. With `tls` nothing goes in clear text."""

    pbx: str
    host: str
    port: int = 5038
    credentials: Credentials
    tls: ssl.SSLContext | None = None
    tls_server_name: str | None = None


class Link(asyncio.Protocol):
    """One connection. `deliver` gets each read's live events; `news` is set when the link opens, is lost, or boots."""

    def __init__(
        self,
        protocol: AmiProtocol,
        now: NowUs,
        deliver: Callable[[list[AmiEvent]], None],
        steady: NowUs | None = None,
    ) -> None:
        self.protocol = protocol
        self.news = asyncio.Event()
        self.has_booted = False
        self.started_us: int | None = None
        self._now = now
        self._steady = steady
        self._deliver = deliver
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._failure: AmiError | None = None
        self._closed = asyncio.Event()
        self._heard_at = 0.0
        self._damaged = 0
        self._looks_after_damage: asyncio.TimerHandle | None = None

    @property
    def distrusted(self) -> int:
        """Messages dropped because they could not be believed."""
        return self.protocol.screen.counters.distrusted

    @property
    def oversized(self) -> int:
        """Messages dropped because they were over a limit."""
        return self.protocol.framer.counters.dropped

    def raise_if_lost(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._closed.is_set():
            raise self._failure or AmiLinkLost("the connection was closed")

    async def wait_until_open(self) -> None:
        """Return when logged in; raises what ended the connection before."""
        while self.protocol.state is not LinkState.OPEN:
            self.raise_if_lost()
            self.news.clear()
            await self.news.wait()

    async def wait_until_booted(self) -> None:
        """Return when the switch has said that it is up; raises what ended the connection before."""
        while not self.has_booted:
            self.raise_if_lost()
            self.news.clear()
            await self.news.wait()

    def look_again(self) -> None:
        """Have what stands listed once more, as after the switch came up: events were missed."""
        self.has_booted = True
        self.news.set()

    async def ask(self, action: Action, timeout_seconds: float, *, most_seconds: float = 0) -> Answer:
        """Send an action once and wait for its answer.

        An answer comes after everything that the switch sent before. So with `most_seconds` the time begins again at
        every byte that arrives, up to so many seconds in all. A list that does not end in time is returned as far as it
        came, marked incomplete. Raises AmiLinkLost if the link is lost or no answer came in time, UnsafeValueError
        before anything is sent.
        """
        self.raise_if_lost()
        action_id = self.protocol.send_action(action)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[action_id] = answered
        self._flush()
        try:
            await self._wait_for(answered, timeout_seconds, most_seconds)
            if answered.done():
                return answered.result()
            partial = self.protocol.abandon(action_id)
            if partial is not None:
                return partial
            raise AmiLinkLost(f"no answer to {action.name} within {timeout_seconds:g} s")
        finally:
            self._waiting.pop(action_id, None)
            answered.cancel()

    async def _wait_for(self, awaited: asyncio.Future[T], quiet_seconds: float, most_seconds: float) -> None:
        """Return when it is done, when nothing arrived for `quiet_seconds`, or after `most_seconds` in all."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        last = begun + max(quiet_seconds, most_seconds)
        until = begun + quiet_seconds
        while (now := clock()) < until and not awaited.done():
            await asyncio.wait({awaited}, timeout=until - now)
            until = min(max(until, self._heard_at + quiet_seconds), last)

    async def log_off(self) -> None:
        """End the session in order: read on until the switch consents or is quiet, but not for long."""
        if self.protocol.state is LinkState.OPEN and not self._closed.is_set():
            self.protocol.send_action(actions.logoff())
            self._flush()
            closed = asyncio.ensure_future(self._closed.wait())
            try:
                await self._wait_for(closed, _FAREWELL_SECONDS, _FAREWELL_MOST_SECONDS)
            finally:
                closed.cancel()
        self.abort(AmiLinkLost("the link was closed"))
        if self._transport is not None:
            await self._closed.wait()

    def abort(self, error: AmiError | None = None) -> None:
        """Drop the connection now; `error` is what waiting actions are told."""
        self._failure = self._failure or error
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's call: the connection stands."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what create_connection promises
        self._transport = transport
        plain = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # pragma: no branch  # every Linux has it
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)

    def data_received(self, data: bytes) -> None:
        """Asyncio's call: take everything in, hand it on."""
        was = self.protocol.state
        self._heard_at = asyncio.get_running_loop().time()
        try:
            self.protocol.receive_data(data, self._now())
        except AmiError as error:
            self.abort(error)
        self._flush()
        for answer in self.protocol.take_answers():
            self._resolve(answer)
        events = self.protocol.take_events()
        if events:
            self._hand_on(events)
        self._note_damage()
        if self.protocol.state is not was:
            self.news.set()

    def eof_received(self) -> None:
        """Asyncio's call: the peer has ended; the transport closes by itself."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's call: it is over, for whatever reason."""
        if exc is not None and self.protocol.state is LinkState.OPEN:
            self._failure = self._failure or AmiLinkLost(f"the connection broke: {exc}")
        self._end()
        error = self._failure or AmiLinkLost("the switch closed the connection")
        self._failure = error
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(AmiLinkLost(f"{error}; whether the action was carried out is unknown"))
        if self._looks_after_damage is not None:
            self._looks_after_damage.cancel()
        self._closed.set()
        self.news.set()

    def _end(self) -> None:
        try:
            self.protocol.receive_eof()
        except AmiError as error:
            self._failure = self._failure or error

    def _flush(self) -> None:
        data = self.protocol.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _resolve(self, answer: Answer) -> None:
        answered = self._waiting.get(answer.action_id)
        if answered is not None and not answered.done():
            answered.set_result(answer)

    def _hand_on(self, events: list[AmiEvent]) -> None:
        for event in events:
            if event.name == "FullyBooted":
                self._note_boot(event)
        self._deliver(events)

    def _note_damage(self) -> None:
        """What was damaged may have been the end of a call: the list of what is there tells, a little later."""
        counters = self.protocol.screen.counters
        damaged = counters.orphans + counters.damaged + self.oversized
        if damaged > self._damaged and self._looks_after_damage is None:
            self._looks_after_damage = asyncio.get_running_loop().call_later(DAMAGE_SECONDS, self._look_after_damage)
        self._damaged = damaged

    def _look_after_damage(self) -> None:
        self._looks_after_damage = None
        self.look_again()

    def _note_boot(self, event: AmiEvent) -> None:
        """The switch is up; its uptime, in whole seconds, says since when (by a clock that nobody sets, if given)."""
        uptime = whole_number(event.get("Uptime"))
        if uptime is not None:
            now = event.arrived_us if self._steady is None else self._steady()
            self.started_us = now - uptime * MICROSECONDS
        self.look_again()


async def open_link(
    address: AmiAddress,
    protocol: AmiProtocol,
    now: NowUs,
    deliver: Callable[[list[AmiEvent]], None],
    *,
    timeout_seconds: float,
    steady: NowUs | None = None,
) -> Link:
    """Connect and log in. The name is looked up each time, over IPv6 and IPv4.

    Raises AmiLinkLost (not reachable, no answer in time), AmiProtocolError (no Asterisk, TLS not as it must be: there
    is no way back to clear text) and AmiAuthenticationError.
    """
    link = Link(protocol, now, deliver, steady)
    try:
        async with asyncio.timeout(timeout_seconds):
            connected = await _connect(address.host, address.port, timeout_seconds)
            await asyncio.get_running_loop().create_connection(
                lambda: link,
                sock=connected,
                ssl=address.tls,
                server_hostname=(address.tls_server_name or address.host) if address.tls else None,
            )
            await link.wait_until_open()
    except OSError as error:
        raise _mapped(error, timeout_seconds) from error
    finally:
        if protocol.state is not LinkState.OPEN:
            link.abort()
    return link


async def _connect(host: str, port: int, timeout_seconds: float) -> socket.socket:
    """A connected socket to the first address that answers; each gets its share of the time.

    Raises OSError, that of the last address where none answers.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, target in found:
        try:
            return await _connect_one(socket.socket(family, kind, protocol), target, timeout_seconds / len(found))
        except OSError as error:
            failure = error
    raise failure


async def _connect_one(trying: socket.socket, target: tuple[object, ...], timeout_seconds: float) -> socket.socket:
    try:
        trying.setblocking(False)
        async with asyncio.timeout(timeout_seconds):
            await asyncio.get_running_loop().sock_connect(trying, target)
    except BaseException:
        trying.close()
        raise
    return trying


def _mapped(error: OSError, timeout_seconds: float) -> AmiError:
    """Foreign errors of connecting as ours."""
    if isinstance(error, ssl.SSLError):
        return AmiProtocolError(f"TLS failed and nothing was sent: {error}")
    if isinstance(error, TimeoutError):
        return AmiLinkLost(f"no login within {timeout_seconds:g} s")
    return AmiLinkLost(f"cannot be reached: {reason_of(error)}")
