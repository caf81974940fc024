"""From an event of the switch to an open page: a running service, a running desk, and pages that go on by themselves.

A switch of ours tells 50 calls at a time; `voicedesk run` and the desk are processes of their own. A page does as the
script of the desk does: it hears the stream, and asks for what rings with every news, for all else once a second.
"""

import asyncio
import contextlib
import json
import re
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.ami_server import FakeAmiServer
from voicedesk.phone_numbers import mask

from benchmarks import corpus
from benchmarks.desk_history import LINES

EVENTS_A_SECOND = 25
"""A call has 29 events: of 50 at a time each lasts about a minute, and nearly one begins in every second."""
MOMENT_SECONDS, ALL_SECONDS = 0.15, 1.0
"""As in the desk's script: `MOMENT_MS`, `LEAST_MS`."""
MIXED_EVENTS, MIXED_A_SECOND = 2500, 250
"""The first calls begin together: told so fast at first, they soon are at every place of a call."""
WARM_SECONDS = 25.0
GOAL_P95_MS = 300.0
_STAMP = b"\r\nTimestamp: "
_RINGS = re.compile(r"data-ringing .*?<b>([^<]+)</b>", re.DOTALL)


@dataclass(slots=True)
class Told:
    """When the switch said that a call rings, by its number as pages show it, and when a page showed it."""

    said: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    since: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Milliseconds from the event to the page that shows it, its last byte read."""
        known = [one for one, at in self.said.items() if at >= self.since]
        there = [one for one in known if one in self.shown]
        found: dict[str, Any] = {"calls that rang": len(known), "of them shown": len(there)}
        if len(there) < 2:
            return found
        spent = [(self.shown[one] - self.said[one]) * 1000 for one in there]
        found["event to page: p50 ms"] = statistics.median(spent)
        found["event to page: p95 ms"] = statistics.quantiles(spent, n=20)[18]
        return found


async def _switch(server: FakeAmiServer, told: Told) -> None:
    """Tells events one by one, as they happen."""
    begun, now = time.monotonic(), time.time_ns() // 1000  # no call of an earlier span comes again
    for number, one in enumerate(corpus.stream(10**9, seed=now, start_us=now)):
        due = min(number, MIXED_EVENTS) / MIXED_A_SECOND + max(0, number - MIXED_EVENTS) / EVENTS_A_SECOND
        await asyncio.sleep(max(0.0, begun + due - time.monotonic()))
        start = one.block.index(_STAMP) + len(_STAMP)
        stamp = f"{time.time():.6f}".encode()
        headers = dict(one.headers)
        if headers["Event"] == "Newstate" and headers["ChannelStateDesc"] == "Ringing":
            told.said[mask(headers["ConnectedLineNum"])] = time.monotonic()
        await server.send(one.block[:start] + stamp + one.block[one.block.index(b"\r\n", start) :])


class Tab:
    """One open page. With `told` it notes what it shows."""

    def __init__(self, port: int, token: str, told: Told | None = None) -> None:
        self._port, self._told = port, told
        self._head = f"Host: localhost\r\nCookie: desk={token}\r\nDesk-By-Itself: 1\r\n\r\n"
        self._news = asyncio.Event()
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.asked = 0

    async def live(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._hear())
            both.create_task(self._ask())

    async def _hear(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"GET /live HTTP/1.1\r\n{self._head}".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"event: changed"):
                    self._news.set()
        finally:
            writer.close()

    async def _ask(self) -> None:
        whole_at = moment_at = 0.0
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(max(0.0, moment_at + MOMENT_SECONDS - time.monotonic()))
            moment_at = time.monotonic()
            is_whole = moment_at - whole_at >= ALL_SECONDS
            whole_at = moment_at if is_whole else whole_at
            text = await self._part("/?part" if is_whole else "/?part=calls")
            if self._told is not None:
                for number in _RINGS.findall(text):
                    self._told.shown.setdefault(number, time.monotonic())

    async def _part(self, path: str) -> str:
        self.asked += 1
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._line
        try:
            writer.write(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(found[1]) if found else 0)
        except (ConnectionError, asyncio.IncompleteReadError):  # an idle line was closed meanwhile
            self._line = None
            return ""
        if b" 200 " not in head.splitlines()[0]:
            raise SystemExit(f"{path}: {head[:200]!r}")
        return body.decode()


def _settings(folder: Path, url: str, port: int) -> Path:
    """A settings file of the service, beside a switch at a port."""
    file = folder / "voicedesk.toml"
    file.touch(mode=0o600)
    phones = "".join(f'[[phones]]\nendpoint = "PJSIP/{n}"\nextension = "{n}"\n' for n in range(800, 860))
    file.write_text(
        f'[store]\nurl = "{url}"\n[hall]\ntimezone = "Asia/Shanghai"\n[log]\nlevel = "error"\n'
        f'[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nport = {port}\nusername = "voicedesk"\nsecret = "s3cret"\n'
        f'[[lines]]\nname = "{LINES[0]}"\nextensions = ["4001"]\n{phones}',
        encoding="utf-8",
    )
    return file


@asynccontextmanager
async def _service(config: Path, cost: dict[str, Any]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`voicedesk run` with a watch on its loop; at the end `cost` is what it took since SIGUSR1."""
    command = (sys.executable, "-m", "benchmarks.clerks", "--serve", str(config))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        printed, _ = await process.communicate()
        with contextlib.suppress(IndexError):
            cost.update(json.loads(printed.splitlines()[-1]))


def _worked(pid: int) -> float:
    """Seconds of a processor's time that a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def measure_live(
    folder: Path, url: str, web: tuple[int, int], tokens: list[str], *, tabs: int, seconds: float
) -> dict[str, Any]:
    """One span with so many open pages; `web` is the desk's port and process. `tokens` are of sessions."""
    told, cost = Told(), {}
    port, pid = web
    async with FakeAmiServer() as server, contextlib.AsyncExitStack() as stack:
        server.lists = {name: [] for name in server.lists}
        service = await stack.enter_async_context(_service(_settings(folder, url, server.port), cost))
        async with asyncio.timeout(180):
            while "DeviceStateList" not in server.names():  # noqa: ASYNC110  # another process asks
                await asyncio.sleep(0.1)
        pages = [Tab(port, tokens[n % len(tokens)], told if n == 0 else None) for n in range(tabs)]
        tasks = [asyncio.create_task(_switch(server, told)), *(asyncio.create_task(one.live()) for one in pages)]
        try:
            await asyncio.sleep(WARM_SECONDS)
            service.send_signal(signal.SIGUSR1)
            told.since, before, asked = time.monotonic(), _worked(pid), sum(one.asked for one in pages)
            await asyncio.sleep(seconds)
            spent, asked = _worked(pid) - before, sum(one.asked for one in pages) - asked
            if failed := [one for one in tasks if one.done()]:
                failed[0].result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    figures = told.figures() if tabs else {}
    figures |= {"parts asked a second": asked / seconds, "the desk's CPU %": 100 * spent / seconds}
    figures |= {"run: loop held ms": cost["held_ms"], "run: of it worked ms": cost["worked_ms"]}
    figures["run: CPU %"] = 100 * cost["cpu_seconds"] / seconds
    return {f"{tabs} pages: {name}": value for name, value in figures.items()}
