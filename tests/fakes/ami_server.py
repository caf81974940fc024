"""A scripted manager interface on loopback: it logs in, lists, stalls, drops, refuses and lies as a test tells it."""

import asyncio
import hashlib
import ssl
from collections.abc import Iterable

from voicedesk.clock import format_epoch, now_us

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
WORD = "193749823"


def block(*headers: tuple[str, object]) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in headers).encode() + b"\r\n"


def event(name: str, *headers: tuple[str, object], timestamp: str | None = "1795421354.134550") -> bytes:
    stamp = [("Timestamp", timestamp)] if timestamp else []
    return block(("Event", name), ("Privilege", "call,all"), *stamp, *headers)


def channel_headers(channel: str, uniqueid: str, *, number: str = "13800138000", state: str = "Ring"):
    return (
        ("Channel", channel),
        ("ChannelState", 4),
        ("ChannelStateDesc", state),
        ("CallerIDNum", number),
        ("CallerIDName", "<unknown>"),
        ("ConnectedLineNum", "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "en"),
        ("AccountCode", ""),
        ("Context", "from-trunk"),
        ("Exten", "4001"),
        ("Priority", 1),
        ("Uniqueid", uniqueid),
        ("Linkedid", uniqueid),
    )


def newstate(channel: str, uniqueid: str, **more) -> bytes:
    return event("Newstate", *channel_headers(channel, uniqueid, **more))


class FakeAmiServer:
    """One listening port. What it does is set by attributes, also while it runs.

    `refuse`: names of actions answered with Error. `silent`: actions never answered. `cut_lists`: lists whose end
    never comes. `chunk`: bytes per packet. `manner`: "talk", "close at once", "close after banner", "say nothing".
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.username, self.secret = "voicedesk", "s3cret"
        self.banner = BANNER
        self.manner = "talk"
        self.fully_booted = True
        self.startup = ("2026-11-23", "08:07:37")
        self.refuse: set[str] = set()
        self.silent: set[str] = set()
        self.cut_lists: set[str] = set()
        self.lists: dict[str, list[list[tuple[str, object]]]] = {
            "CoreShowChannels": [[("Event", "CoreShowChannel"), *channel_headers("PJSIP/trunk-1", "1.1")]],
            "QueueStatus": [[("Event", "QueueParams"), ("Queue", "hotline"), ("Calls", 0)]],
            "DeviceStateList": [[("Event", "DeviceStateChange"), ("Device", "PJSIP/agent1"), ("State", "NOT_INUSE")]],
        }
        self.before_list_end = b""
        self.chunk: int | None = None
        self.actions: list[dict[str, str]] = []
        self.sessions = 0
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> "FakeAmiServer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def names(self) -> list[str]:
        return [action["Action"] for action in self.actions]

    async def send(self, data: bytes) -> None:
        for writer in list(self._writers):
            await self._write(writer, data)

    def drop(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def reset(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.sessions += 1
        self._writers.append(writer)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            if writer in self._writers:  # whoever logged off is told nothing more
                self._writers.remove(writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.manner == "close at once":
            return
        if self.manner == "say nothing":
            await reader.read()
            return
        await self._write(writer, self.banner)
        if self.manner == "close after banner":
            await reader.readuntil(b"\r\n\r\n")
            return
        while True:
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
            action = dict(line.split(": ", 1) for line in text.split("\r\n") if line)
            self.actions.append(action)
            if action["Action"] not in self.silent:
                await self._write(writer, self._answer(action))
            if action["Action"] == "Logoff":
                return

    def _answer(self, action: dict[str, str]) -> bytes:
        name, named = action["Action"], ("ActionID", action["ActionID"])
        if name in self.refuse:
            return block(("Response", "Error"), named, ("Message", "Permission denied"))
        if name == "Challenge":
            return block(("Response", "Success"), named, ("Challenge", WORD))
        if name == "Login":
            return self._login(action, named)
        if name == "CoreStatus":
            date, time = self.startup
            return block(("Response", "Success"), named, ("CoreStartupDate", date), ("CoreStartupTime", time))
        if name == "CoreSettings":
            return block(("Response", "Success"), named, ("AsteriskVersion", "22.10.1"))
        if name in self.lists:
            return self._list(name, named)
        if name == "Ping":
            return block(("Response", "Success"), named, ("Ping", "Pong"), ("Timestamp", format_epoch(now_us())))
        return block(("Response", "Goodbye" if name == "Logoff" else "Success"), named)

    def _login(self, action: dict[str, str], named: tuple[str, str]) -> bytes:
        key = hashlib.md5((WORD + self.secret).encode()).hexdigest()
        proved = action.get("Key") == key or action.get("Secret") == self.secret
        if action["Username"] != self.username or not proved:
            return block(("Response", "Error"), named, ("Message", "Authentication failed"))
        booted = event("FullyBooted", ("Uptime", 97), ("Status", "Fully Booted"), timestamp=None)
        greeting = block(("Response", "Success"), named, ("Message", "Authentication accepted"))
        return greeting + (booted if self.fully_booted else b"")

    def _list(self, name: str, named: tuple[str, str]) -> bytes:
        said = block(("Response", "Success"), named, ("EventList", "start"), ("Message", "will follow"))
        for first, *rest in self.lists[name]:
            said += block(first, named, *rest)
        said += self.before_list_end
        if name in self.cut_lists:
            return said
        items = len(self.lists[name])
        return said + block(("Event", f"{name}Complete"), named, ("EventList", "Complete"), ("ListItems", items))

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for piece in self._pieces(data):
            writer.write(piece)
            await writer.drain()
            if self.chunk:
                await asyncio.sleep(0)

    def _pieces(self, data: bytes) -> Iterable[bytes]:
        size = self.chunk or len(data) or 1
        return (data[at : at + size] for at in range(0, len(data), size))
