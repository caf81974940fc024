"""A scripted switch tells an accelerated day to a service of its own process, while reports run beside it."""

import asyncio
import contextlib
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.ami_server import FakeAmiServer
from tests.soak.traffic import Day
from voicedesk.clock import now_us
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

SETTINGS = """
[store]
url = "sqlite:///{folder}/voicedesk.db"

[[pbx]]
name = "main"
host = "127.0.0.1"
port = {port}
username = "voicedesk"
secret = "s3cret"

[[lines]]
name = "hotline"
extensions = ["4001", "4003", "4101"]
queues = ["hotline", "solo", "group"]

[[phones]]
endpoint = "PJSIP/agent1"

[[phones]]
endpoint = "PJSIP/agent2"

[[phones]]
endpoint = "PJSIP/agent3"
"""
REPORTS = (
    ("calls", "list", "--csv", "--limit", "2000"),
    ("calls", "list", "--verdict", "missed", "--json", "--limit", "1000"),
    ("db", "prune"),
)
BEAT_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """What a day showed: what was told and stored, and the samples the service took of itself."""

    told: int
    events: int
    seconds: float
    stored: int
    ghosts: int
    reports: int
    idle_stall_ms: float
    samples: list[dict[str, float]]

    def steady(self, key: str, warm_up: float = 0.3) -> list[float]:
        """The samples of one figure after the warm-up, while calls came."""
        values = [sample[key] for sample in self.samples if sample["open"] > 0]
        return values[int(len(values) * warm_up) :]

    def spread(self, key: str) -> float:
        """By how much of their middle the samples of a figure lie apart from it at most."""
        values = self.steady(key)
        middle = statistics.median(values)
        return max(max(values) - middle, middle - min(values)) / middle

    def drift(self, key: str) -> float:
        """By how much the last fifth of a figure's samples lies above the first fifth after the warm-up."""
        values = self.steady(key)
        some = max(len(values) // 5, 1)
        first, last = statistics.median(values[:some]), statistics.median(values[-some:])
        return (last - first) / first


async def soak(folder: Path, *, calls: int, calls_per_second: float, faster: int = 20, beside: bool = False) -> Soak:
    """Runs a day of so many calls, with reports `beside` it if asked for; files are left in `folder`."""
    async with FakeAmiServer() as switch, contextlib.AsyncExitStack() as stack:
        switch.lists["CoreShowChannels"] = []
        config, samples = folder / "voicedesk.toml", folder / "samples.jsonl"
        config.touch(mode=0o600)
        config.write_text(SETTINGS.format(folder=folder, port=switch.port), encoding="utf-8")
        service = await stack.enter_async_context(_program("tests.soak.service", config, samples))
        idle = await stack.enter_async_context(_program("tests.soak.watch"))
        await _until(lambda: switch.names()[-1:] == ["DeviceStateList"])
        day = Day(calls=calls, calls_per_second=calls_per_second, faster=faster, start_us=now_us())
        done: list[str] = []
        reporting = asyncio.create_task(_report(config, done) if beside else asyncio.sleep(0))
        began = time.monotonic()
        await _tell(switch, day)
        seconds = time.monotonic() - began
        reporting.cancel()
        await asyncio.wait({reporting})
        await _all_over(folder / "voicedesk.db", day.told)
        idle.terminate()
        idle_stall_ms = float((await idle.communicate())[0])
        service.terminate()
        await service.wait()
    async with Store.open(f"sqlite:///{folder}/voicedesk.db") as store:
        stored = [call.call.facts.ended_at async for call in store.calls.each(CallFilter())]
        ghosts = len(await store.calls.open_ids("main"))
    return Soak(
        told=day.told,
        events=day.events,
        seconds=seconds,
        stored=len(stored),
        ghosts=ghosts,
        reports=len(done),
        idle_stall_ms=idle_stall_ms,
        samples=[json.loads(line) for line in samples.read_text(encoding="ascii").splitlines()],
    )


@contextlib.asynccontextmanager
async def _program(module: str, *arguments: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python program of ours, ended with the block at the latest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _tell(switch: FakeAmiServer, day: Day) -> None:
    while not day.is_over:
        said = day.due(now_us())
        if said:
            await switch.send(said)
        await asyncio.sleep(BEAT_SECONDS)


async def _report(config: Path, done: list[str]) -> None:
    """One report after the other, each a process of its own, until cancelled."""
    while True:
        for command in REPORTS:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "voicedesk", *command, "--config", str(config)),
                stdout=asyncio.subprocess.DEVNULL,
            )
            try:
                assert await process.wait() == 0, command
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
            done.append(command[0])
            await asyncio.sleep(0.5)


async def _all_over(database: Path, calls: int) -> None:
    """Until so many calls are stored and none is open; what is missing after two minutes is for others to judge."""
    over = "SELECT count(*) = ? AND count(*) = count(ended_at) FROM calls"
    with contextlib.suppress(TimeoutError), contextlib.closing(sqlite3.connect(database, timeout=30)) as opened:
        async with asyncio.timeout(120):
            while opened.execute(over, (calls,)).fetchone() != (1,):
                await asyncio.sleep(0.2)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            await asyncio.sleep(0.05)
