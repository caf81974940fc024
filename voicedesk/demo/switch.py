"""A switch that only tells: it lets the service sign in, lists phones and queues, and tells the calls it is given."""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import format_epoch, now_us
from voicedesk.demo.hall import LINES, PEOPLE, USER

_BANNER = b"Asterisk Call Manager/9.0.0\r\n"
_END = b"\r\n\r\n"
_LONGEST_ACTION = 64 * 1024
Headers = tuple[tuple[str, object], ...]


class TellingSwitch:
    """The manager interface of a switch on a free port of this machine; use as `async with`.

    Whoever signs in with `secret` is told every event that `tell` is given. It answers for lists, and refuses whatever
    else is asked of it: it has no phones that could ring.
    """

    def __init__(self, secret: str) -> None:
        self.port = 0
        self._secret = secret
        self._word = secrets.token_hex(8)
        self._booted = now_us()
        self._listeners: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", limit=_LONGEST_ACTION)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None  # noqa: S101  # for the type checker
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    def tell(self, event: AmiEvent) -> None:
        """Tells one event to whoever listens."""
        for listener in self._listeners:
            listener.write(event.raw + _END)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101  # for the type checker
        self._talks.add(talk)
        try:
            # a talk that is cancelled ends as one that is over: asyncio's server would report it as a fault
            with contextlib.suppress(ConnectionError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            self._listeners.discard(writer)
            self._talks.discard(talk)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_BANNER)
        while True:
            lines = (await reader.readuntil(_END)).decode("utf-8", "replace").split("\r\n")
            asked = {key: value for key, _, value in (line.partition(": ") for line in lines if line)}
            writer.write(self._answer(asked, is_known=writer in self._listeners))
            name = asked.get("Action", "").lower()
            if name == "login" and self._is_right(asked):
                writer.write(
                    _block((("Event", "FullyBooted"), ("Privilege", "system,all"), ("Status", "Fully Booted")))
                )
                self._listeners.add(writer)
            elif name == "logoff":
                return
            await writer.drain()

    def _is_right(self, asked: dict[str, str]) -> bool:
        due = hashlib.md5((self._word + self._secret).encode(), usedforsecurity=False).hexdigest()
        return asked.get("Username") == USER and hmac.compare_digest(asked.get("Key", "").encode(), due.encode())

    def _answer(self, asked: dict[str, str], *, is_known: bool) -> bytes:
        name, named = asked.get("Action", "").lower(), ("ActionID", asked.get("ActionID", ""))
        if name == "login":
            done: Headers = (("Response", "Success" if self._is_right(asked) else "Error"), named)
            return _block(done)
        if name == "challenge":
            return _block((("Response", "Success"), named, ("Challenge", self._word)))
        if not is_known:
            return _block((("Response", "Error"), named, ("Message", "Permission denied")))
        if name in _LISTS:
            begun = _block((("Response", "Success"), named, ("EventList", "start")))
            items = [*_LISTS[name]()]
            listed = b"".join(_block((event, named, *rest)) for event, *rest in items)
            ended = (
                ("Event", f"{asked['Action']}Complete"),
                named,
                ("EventList", "Complete"),
                ("ListItems", len(items)),
            )
            return begun + listed + _block(ended)
        told: dict[str, Headers] = {
            "ping": (("Ping", "Pong"), ("Timestamp", format_epoch(now_us()))),
            "corestatus": (("CoreStartupDate", format_epoch(self._booted)), ("CoreStartupTime", "")),
            "coresettings": (("AsteriskVersion", "22.0.0 (retold)"),),
            "logoff": (),
        }
        if name not in told:
            return _block((("Response", "Error"), named, ("Message", "this switch only retells what was recorded")))
        return _block((("Response", "Goodbye" if name == "logoff" else "Success"), named, *told[name]))


def _nothing() -> Iterator[Headers]:
    return iter(())


def _members() -> Iterator[Headers]:
    for line in LINES:
        yield (("Event", "QueueParams"), ("Queue", line.queue), ("Calls", 0))
        for phone in line.phones:
            device = f"PJSIP/{phone}"
            member = (("Queue", line.queue), ("Name", phone), ("Location", device), ("StateInterface", device))
            yield (("Event", "QueueMember"), *member, ("Membership", "static"), ("Status", 1), ("Paused", 0))


def _devices() -> Iterator[Headers]:
    return ((("Event", "DeviceStateChange"), ("Device", f"PJSIP/{one}"), ("State", "NOT_INUSE")) for one in PEOPLE)


_LISTS: dict[str, Callable[[], Iterator[Headers]]] = {
    "coreshowchannels": _nothing,
    "queuestatus": _members,
    "devicestatelist": _devices,
    "extensionstatelist": _nothing,
}


def _block(headers: Headers) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in headers).encode() + b"\r\n"
