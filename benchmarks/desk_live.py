"""From an event of the switch to an open page: a running service, a running desk, and pages that go on by themselves.

A switch of ours tells 50 calls at a time; `voicedesk run` and the desk are processes of their own. A page does as the
script of the desk does: it hears the stream, which brings the parts that changed.
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
MIXED_EVENTS, MIXED_A_SECOND = 2500, 250
"""The first calls begin together: told so fast at first, they soon are at every place of a call."""
WARM_SECONDS = 25.0
GOAL_P95_MS = 300.0
_STAMP = b"\r\nTimestamp: "
_RINGS = re.compile(r"data-ringing .*?<b>([^<]+)</b>", re.DOTALL)
_NO_PLACE = re.compile(r'<li class="spare">[^<]*\d')
"""The page shows so many calls that ring or wait, and how many more there are: the newest of them have no place."""
_LONGEST_LINE = 4 * 1024 * 1024


@dataclass(slots=True)
class Told:
    """When the switch said that a call rings, by its number as pages show it, and when a page showed it.

    `full`: the first calls of this moment that came after it had no place for it.
    """

    said: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    full: set[str] = field(default_factory=set)
    since: float = 0.0

    def showed(self, html: str) -> None:
        """A page got its calls of this moment."""
        now = time.monotonic()
        for number in _RINGS.findall(html):
            self.shown.setdefault(number, now)
        if _NO_PLACE.search(html):
            self.full |= {one for one in self.said if one not in self.shown}

    def figures(self) -> dict[str, Any]:
        """Milliseconds from the event to the page that shows it, its last byte read."""
        known = [one for one, at in self.said.items() if at >= self.since]
        there = [one for one in known if one in self.shown and one not in self.full]
        found: dict[str, Any] = {"calls that rang": len(known), "of them without a place": len(self.full & set(known))}
        found["of the others shown"] = len(there)
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
            told.said.setdefault(mask(headers["ConnectedLineNum"]), time.monotonic())
        await server.send(one.block[:start] + stamp + one.block[one.block.index(b"\r\n", start) :])


class Tab:
    """One open page. With `told` it notes what it shows."""

    def __init__(self, port: int, token: str, told: Told | None = None) -> None:
        self._port, self._told = port, told
        self._head = f"Host: localhost\r\nCookie: desk={token}\r\nDesk-By-Itself: 1\r\n\r\n"
        self.parts, self.octets = 0, 0

    async def live(self) -> None:
        """Until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_LONGEST_LINE)
        writer.write(f"GET /live?show=now HTTP/1.1\r\n{self._head}".encode())
        are_parts = False
        try:
            while line := await reader.readline():
                self.octets += len(line)
                if line.startswith(b"event: "):
                    are_parts = line.startswith(b"event: parts")
                elif are_parts and line.startswith(b"data: "):
                    self.parts += 1
                    if self._told is not None and b'data-live=\\"calls' in line:
                        self._told.showed("".join(one["html"] for one in json.loads(line[6:])["parts"]))
        finally:
            writer.close()


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
            told.since, before, parts = time.monotonic(), _worked(pid), sum(one.parts for one in pages)
            octets = sum(one.octets for one in pages)
            await asyncio.sleep(seconds)
            spent, parts = _worked(pid) - before, sum(one.parts for one in pages) - parts
            octets = sum(one.octets for one in pages) - octets
            if failed := [one for one in tasks if one.done()]:
                failed[0].result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    figures = told.figures() if tabs else {}
    figures |= {"parts sent a second": parts / seconds, "KiB sent a second": octets / seconds / 1024}
    figures |= {"the desk's CPU %": 100 * spent / seconds}
    figures |= {"run: loop held ms": cost["held_ms"], "run: of it worked ms": cost["worked_ms"]}
    figures["run: CPU %"] = 100 * cost["cpu_seconds"] / seconds
    return {f"{tabs} pages: {name}": value for name, value in figures.items()}
