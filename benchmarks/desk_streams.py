"""The desk as a process of its own with many open pages: its memory, the bytes of a first visit, from event to page."""

import asyncio
import json
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from voicedesk.access.roles import Role
from voicedesk.clock import now_us
from voicedesk.store.engine import database_file
from voicedesk.store.store import Store

from benchmarks.desk_hall import CACHE, hall, let_in
from benchmarks.desk_live import measure_live

STREAMS = 200
_OF_A_SESSION = 5


async def _open(port: int, token: str) -> asyncio.StreamReader:
    """One page that stays open: its stream of events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reader.held = writer  # type: ignore[attr-defined]  # whoever holds the one keeps the other open
    writer.write(f"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: desk={token}\r\n\r\n".encode())
    async with asyncio.timeout(30):
        told = await reader.readuntil(b"event: hello")
    if b" 200 " not in told.splitlines()[0]:
        raise SystemExit(f"no stream: {told[:200]!r}")
    return reader


def _memory(pid: int) -> dict[str, float]:
    """Memory of a process now, and at its peak, in MiB."""
    told = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {"now MiB": int(told["VmRSS"].split()[0]) / 1024, "peak MiB": int(told["VmHWM"].split()[0]) / 1024}


@asynccontextmanager
async def _copied(url: str, folder: Path) -> AsyncIterator[str]:
    """A database that may be written into: of SQLite a copy, of PostgreSQL the one there is."""
    file = database_file(url)
    if file is None:
        yield url
        return
    await asyncio.to_thread(shutil.copyfile, file, folder / "v.db")
    yield f"sqlite:///{folder / 'v.db'}"


@asynccontextmanager
async def _web(url: str) -> AsyncIterator[tuple[int, int]]:
    """The desk as a process of its own: its port and its process."""
    port = _free_port()
    settings = json.dumps(hall(url, f"127.0.0.1:{port}"))
    command = (sys.executable, "-m", "benchmarks.desk_serve", settings)
    web = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        await _answers(port)
        yield port, web.pid
    finally:
        web.terminate()
        await web.wait()


async def measure_events(url: str, seconds: float) -> dict[str, Any]:
    """From an event to a page, and what open pages cost the service: with none, one, and very many."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        async with _copied(url, Path(made)) as here:
            async with Store.open(here) as store:
                tokens = await let_in(store, "0001", Role.SUPERVISOR, None, now_us(), STREAMS // _OF_A_SESSION)
            for tabs in (0, 1, STREAMS):
                async with _web(here) as web:
                    found |= await measure_live(Path(made), here, web, tokens, tabs=tabs, seconds=seconds)
    return found


async def measure_streams(url: str) -> dict[str, Any]:
    """The desk as a process of its own, 200 open pages and everybody's first page over real sockets on loopback."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        async with _copied(url, Path(folder)) as here:
            async with Store.open(here) as store:
                tokens = await let_in(store, "0001", Role.SUPERVISOR, None, now_us(), STREAMS // _OF_A_SESSION)
            async with _web(here) as (port, pid):
                return await _asked(port, pid, tokens)


async def _asked(port: int, pid: int, tokens: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {f"before: {key}": value for key, value in _memory(pid).items()}
    held = [await _open(port, token) for token in tokens for _ in range(_OF_A_SESSION)]
    found["open pages"] = len(held)
    found |= {f"open: {key}": value for key, value in _memory(pid).items()}
    limits = httpx.Limits(max_connections=8)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=120) as client:
        for path in ("/", "/calls?period=all", "/review", "/todo"):
            answers = await asyncio.gather(*(client.get(path, headers={"cookie": f"desk={one}"}) for one in tokens))
            if any(one.status_code != 200 for one in answers):
                raise SystemExit(f"{path}: {answers[0].status_code}")
        found |= {f"all pages asked 40 times: {key}": value for key, value in _memory(pid).items()}
        export = await client.get("/calls.xlsx?period=week", headers={"cookie": f"desk={tokens[0]}"})
        if export.status_code != 200:
            raise SystemExit(f"no workbook: {export.status_code}")
        found["a week as .xlsx: KiB"] = len(export.content) // 1024
        found |= {f"a week as .xlsx: {key}": value for key, value in _memory(pid).items()}
        return found | await _first_visit(client, tokens[0])


async def _first_visit(client: httpx.AsyncClient, token: str) -> dict[str, Any]:
    """The bytes of a first page with all that it asks for, as they are sent."""
    headers = {"cookie": f"desk={token}"}
    page = await client.get("/", headers=headers)
    parts = {one.split("#")[0] for one in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)}
    sizes = {"/": len(page.content)}
    for part in sorted(parts):
        sizes[re.sub(r"\?.*", "", part)] = len((await client.get(part, headers=headers)).content)
    return {f"first visit: {name} KiB": size / 1024 for name, size in sizes.items()} | {
        "first visit: in all KiB": sum(sizes.values()) / 1024
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(port: int) -> None:
    async with asyncio.timeout(300), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while True:
            try:
                if (await client.get("/signin")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
