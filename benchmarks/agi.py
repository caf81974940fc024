"""FastAGI servers against each other: CPU a call, calls a second, delay; the same call in each.

python -m benchmarks.agi [--runs N] [--calls N] [--at-once N] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.run import BASE, CACHE, HERE, OURS, Row, python_of, table

PEERS = {"panoramisk": "1.4", "pystrix": "1.3.0", "pyst2": "0.5.1", "starpy": "1.0.2"}
START_SECONDS = 20
COMMANDS = 6
_TICKS = os.sysconf("SC_CLK_TCK")
_LINES = {
    "agi_network": "yes",
    "agi_network_script": "ivr",
    "agi_request": "agi://127.0.0.1/ivr",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "zh_CN",
    "agi_type": "PJSIP",
    "agi_uniqueid": "pbx-1795421286.6",
    "agi_version": "22.10.1",
    "agi_callerid": "13800138000",
    "agi_calleridname": "王小明",
    **dict.fromkeys(("agi_callingpres", "agi_callingani2", "agi_callington", "agi_callingtns"), "0"),
    "agi_dnid": "4001",
    "agi_rdnis": "unknown",
    "agi_context": "ivr",
    "agi_extension": "4001",
    "agi_priority": "3",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "140223344556677",
    "agi_arg_1": "main",
    "agi_arg_2": "zh",
}
ENVIRONMENT = "".join(f"{key}: {value}\n" for key, value in _LINES.items()).encode() + b"\n"
ANSWERS = {b"STREAM": b"200 result=0 endpos=8000\n", b"GET": b"200 result=12\n", b"HANGUP": b"200 result=1\n"}


class Caller(asyncio.Protocol):
    """The switch's side of one call: answers each command at once."""

    def __init__(self, over: asyncio.Future) -> None:
        self._over, self._buffer, self.commands = over, b"", 0
        self._began = time.perf_counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(ENVIRONMENT)

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in filter(None, lines):
            self.commands += 1
            name = line.split(None, 1)[0].upper()
            self._transport.write(ANSWERS.get(name, b"200 result=0\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over.done():
            self._over.set_result((self.commands == COMMANDS, time.perf_counter() - self._began))


async def _one(port: int, room: asyncio.Semaphore) -> tuple[bool, float]:
    async with room:
        loop = asyncio.get_running_loop()
        over: asyncio.Future = loop.create_future()
        await loop.create_connection(lambda: Caller(over), "127.0.0.1", port)
        return await over


async def load(port: int, calls: int, at_once: int) -> tuple[int, float, list[float]]:
    """How many calls were served whole, in how many seconds, and how long each took."""
    room = asyncio.Semaphore(at_once)
    began = time.perf_counter()
    done = await asyncio.gather(*(_one(port, room) for _ in range(calls)))
    return sum(good for good, _ in done), time.perf_counter() - began, sorted(seconds for _, seconds in done)


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / _TICKS


def measure(python: str, name: str, calls: int, at_once: int) -> Row:
    """One server under load."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent) if name == OURS else ""}
    server = subprocess.Popen([python, str(HERE / "clients" / "agi_servers.py"), name, str(port)], env=environment)
    try:
        _wait(port)
        asyncio.run(load(port, min(calls, 200), at_once))
        before = _cpu(server.pid)
        good, wall, delays = asyncio.run(load(port, calls, at_once))
        time.sleep(0.3)
        cpu = _cpu(server.pid) - before
    finally:
        server.kill()
        server.wait()
    return {"good": good, "cpu": cpu / calls, "rate": calls / wall, "p99": delays[int(len(delays) * 0.99)]}


def _wait(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text():
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def run(runs: int, calls: int, at_once: int) -> list[Row]:
    """Every server, one after the other, every second time in the opposite order; medians.

    The share is that of each run, for the machine's own speed changes from one to the next.
    """
    pythons = {OURS: sys.executable}
    for name, version in PEERS.items():
        try:
            pythons[name] = str(python_of(name, version))
        except subprocess.SubprocessError as error:
            print(f"left out: {name} cannot be installed ({error})", flush=True)
    told: dict[str, list[Row]] = {name: [] for name in pythons}
    for number in range(runs):
        for name in list(pythons)[:: 1 if number % 2 == 0 else -1]:
            told[name].append(measure(pythons[name], name, calls, at_once))
            print(f"run {number + 1}/{runs} {name}", flush=True)
    rows = []
    for name, rows_of in told.items():
        cpu = statistics.median(one["cpu"] for one in rows_of)
        share = statistics.median(one["cpu"] / base["cpu"] for one, base in zip(rows_of, told[BASE], strict=True))
        rows.append(
            {
                "server": name,
                "cpu_ms_a_call": round(cpu * 1000, 3),
                f"of_{BASE}": f"{share:.0%}",
                "calls_a_second": round(statistics.median(one["rate"] for one in rows_of)),
                "p99_ms": round(statistics.median(one["p99"] for one in rows_of) * 1000, 1),
                "whole": f"{min(one['good'] for one in rows_of)}/{calls}",
            }
        )
    return sorted(rows, key=lambda row: row["cpu_ms_a_call"])


def main() -> None:
    """Runs it and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    rows = run(options.runs, options.calls, options.at_once)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
