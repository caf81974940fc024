"""A scripted HTTP server on loopback: answers what it is told to, late, cut, without end, or never."""

import asyncio
import ssl
from dataclasses import dataclass, field

OK = b'{"errcode":0,"errmsg":"ok"}'
HANG = None
"""In place of an answer: the connection stays open and says nothing."""


def answer(body: bytes = OK, status: int = 200, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(kw_only=True)
class Asked:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class HttpServer:
    """`answers` are given in turn, then `answer()` for ever; `asked` is what came."""

    tls: ssl.SSLContext | None = None
    answers: list[bytes | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task] = field(default_factory=set)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error):
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._open.add(task)
        self.connections += 1
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # who asked went away, or the test is over
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append(Asked(line=head[0], headers=headers, body=body))
        given = self.answers.pop(0) if self.answers else answer()
        if given is HANG:
            await asyncio.sleep(600)
        writer.write(given)
        await writer.drain()
