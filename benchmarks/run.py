"""Runs the clients against the same stream in alternating order, each in its own process, and prints ratios.

python -m benchmarks.run [all|records|paced|deliver|soak] [--runs N] [--events N] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import corpus, edges

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voicedesk" / "bench"
BASE = "panoramisk"
OURS = "voicedesk"
LIMIT_SECONDS = 120

Report = dict[str, Any]
Row = dict[str, Any]


def peers() -> dict[str, str]:
    """Name and version of each peer."""
    lines = (HERE / "peers.txt").read_text().split()
    return dict(line.split("==") for line in lines)


def python_of(peer: str, version: str) -> Path:
    """The Python of a peer's own virtual environment, made when it is missing."""
    home = CACHE / f"{peer}-{version}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing {peer} {version}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"{peer}=={version}"], check=True, timeout=300)
        (home / "ready").touch()
    return python


def commands() -> dict[str, list[str]]:
    """How each client is started; a peer that cannot be installed is left out and said so."""
    found = {OURS: [sys.executable, str(HERE / "clients" / "ours.py")]}
    for peer, version in peers().items():
        client = HERE / "clients" / f"{peer.replace('-', '_')}_client.py"
        try:
            found[peer] = [str(python_of(peer, version)), str(client)]
        except subprocess.SubprocessError as error:
            print(f"left out: {peer} cannot be installed ({error})", flush=True)
    return found


def run_one(command: list[str], serve: list[str], mode: str, *options: str, limit: float = LIMIT_SECONDS) -> Report:
    """One client against a server that sends what `serve` says; its report."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE / 'clients'}"}
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *serve], stdout=subprocess.PIPE, text=True, cwd=HERE.parent
    )
    try:
        port = server.stdout.readline().strip()
        client = [*command, port, mode, *options]
        done = subprocess.run(client, check=False, capture_output=True, text=True, timeout=limit, env=environment)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            return {"error": done.stderr.strip()[-300:] or "it said nothing"}
        return json.loads(lines[-1])
    except subprocess.TimeoutExpired:
        return {"error": "did not end in time"}
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def in_turn(serve: list[str], mode: str, runs: int) -> dict[str, list[Report]]:
    """The reports of every client, run one after the other, every second time in the opposite order."""
    clients = commands()
    reports: dict[str, list[Report]] = {name: [] for name in clients}
    for run in range(runs):
        for name in list(clients)[:: 1 if run % 2 == 0 else -1]:
            reports[name].append(run_one(clients[name], serve, mode))
            print(f"run {run + 1}/{runs} {name}", flush=True)
    return reports


def records(runs: int, events: int) -> list[Row]:
    """CPU and memory from the stream to call records."""
    made = corpus.make(events)
    with _file_of(made.data) as path:
        reports = in_turn(["file", str(path)], "records", runs)
    rows = [_row(name, told, made) for name, told in reports.items()]
    base = next((row["cpu"] for row in rows if row["client"] == BASE), None)
    for row in rows:
        row["ratio"] = round(base / row["cpu"], 1) if base and row["cpu"] else None
    return sorted(rows, key=lambda row: row["cpu"] or 1e9)


def _row(name: str, told: list[Report], made: corpus.Corpus) -> Row:
    good = [report for report in told if "cpu" in report and not report.get("stalled")]
    if not good:
        return {"client": name, "cpu": None, "rate": None, "grown_mib": None, "right": told[-1].get("error", "stalled")}
    right = min(sum(report["rings"].get(key) == ring for key, ring in made.truth.items()) for report in good)
    return {
        "client": name,
        "cpu": round(_median(good, "cpu") * 1e5 / made.events, 3),
        "rate": round(made.events / _median(good, "wall")),
        "grown_mib": round(_median(good, "grown_kib") / 1024, 1),
        "right": f"{right}/{len(made.truth)}",
    }


def _median(reports: list[Report], key: str) -> float:
    return statistics.median(report[key] for report in reports)


def paced(runs: int, rate: int = 2000, seconds: int = 3) -> list[Row]:
    """Events one by one as they happen: what each costs, and how long it takes to be a record."""
    reports = in_turn(["paced", str(rate), str(rate * seconds)], "paced", runs)
    rows = []
    for name, told in reports.items():
        good = [report for report in told if report.get("p50_ms") is not None and not report.get("stalled")]
        row: Row = {"client": name, "cpu_us_per_event": None, "p50_ms": None, "p99_ms": None}
        if good:
            row["cpu_us_per_event"] = round(_median(good, "cpu") / (rate * seconds) * 1e6, 1)
            row["p50_ms"] = round(_median(good, "p50_ms"), 3)
            row["p99_ms"] = round(_median(good, "p99_ms"), 3)
        rows.append(row)
    return sorted(rows, key=lambda row: row["cpu_us_per_event"] or 1e9)


def deliver(events: int = 2000) -> list[Row]:
    """Each header of a stream against the truth, then awkward messages, each on a connection of its own."""
    truth = [_gathered(told.headers) for told in corpus.stream(events)]
    rows = []
    with _file_of(corpus.make(events).data) as path:
        for name, command in commands().items():
            got = _delivered(run_one(command, ["file", str(path)], "deliver"))
            exact = sum(one.items() <= other.items() for one, other in zip(truth, got, strict=False))
            missed = [
                case.name
                for case in edges.CASES
                if not case.is_met(_delivered(run_one(command, ["case", case.name], "deliver")))
            ]
            row = {
                "client": name,
                "events": f"{len(got)}/{events}",
                "exact": f"{exact}/{events}",
                "awkward": f"{len(edges.CASES) - len(missed)}/{len(edges.CASES)}",
                "misses": ", ".join(missed) or "-",
            }
            rows.append(row)
            print(f"{name}: {row['exact']}, {row['awkward']}", flush=True)
    return rows


def _delivered(report: Report) -> list[dict[str, list[str]]]:
    return [one for one in report.get("delivered", []) if one.get("event") != ["FullyBooted"]]


def _gathered(headers: corpus.Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in headers:
        found.setdefault(key.lower(), []).append(value)
    return found


def soak(events: int) -> list[Row]:
    """Ours over a long stream in which nothing comes twice: how much memory it grows by."""
    ours = [sys.executable, str(HERE / "clients" / "ours.py")]
    with _file_of(b"") as path:
        report = run_one(ours, ["live", str(events)], "soak", str(path), limit=600)
        rings = dict(line.split() for line in path.read_text().splitlines())
    truth = {told.ring[0]: str(told.ring[1]) for told in corpus.stream(events) if told.ring}
    right = sum(rings.get(call) == ring for call, ring in truth.items())
    row = {"client": OURS, "events": events, "wanted": report.get("events"), "right": f"{right}/{len(truth)}"}
    if report.get("stalled") or "error" in report:
        row["right"] += f" ({report.get('error', 'stalled')})"
    for key in ("grown", "grown_warm"):
        row[f"{key}_mib"] = round(report[f"{key}_kib"] / 1024, 1) if f"{key}_kib" in report else None
    return [row]


@contextlib.contextmanager
def _file_of(data: bytes) -> Iterator[Path]:
    """A file with these bytes, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="voicedesk-bench-") as directory:
        path = Path(directory) / "stream.ami"
        path.write_bytes(data)
        yield path


def table(rows: list[Row]) -> str:
    """Rows as a markdown table."""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


MODES: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "records": lambda options: records(options.runs, options.events or 100_000),
    "paced": lambda options: paced(options.runs),
    "deliver": lambda _: deliver(),
    "soak": lambda options: soak(options.events or 1_000_000),
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="all", choices=["all", *MODES])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, help="100,000, for soak 1,000,000")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    for mode in MODES if options.mode == "all" else (options.mode,):
        found[mode] = MODES[mode](options)
        print(f"\n{mode}\n\n{table(found[mode])}\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
