"""Runs the clients against the same stream in alternating order, each in its own process, and prints ratios.

python -m benchmarks.run [records|deliver|soak] [--runs N] [--events N] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from benchmarks import corpus, edges

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voicedesk" / "bench"
BASE = "panoramisk"
OURS = "voicedesk"
LIMIT_SECONDS = 120


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


def run_one(command: list[str], stream: Path, mode: str, times: int = 1) -> dict[str, Any]:
    """One client over one stream; its report."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE / 'clients'}"}
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", str(stream), str(times)],
        stdout=subprocess.PIPE, text=True, cwd=HERE.parent,
    )  # fmt: skip
    try:
        port = server.stdout.readline().strip()
        done = subprocess.run(
            [*command, port, mode],
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS * times,
            env=environment,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {"error": done.stderr.strip()[-300:] or "it said nothing"}
    except subprocess.TimeoutExpired:
        return {"error": "did not end in time"}
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def records(runs: int, events: int) -> list[dict[str, Any]]:
    """CPU and memory from the stream to call records."""
    made = corpus.make(events)
    clients = commands()
    reports: dict[str, list[dict[str, Any]]] = {name: [] for name in clients}
    with _Stream(made.data) as stream:
        for run in range(runs):
            for name in list(clients)[:: 1 if run % 2 == 0 else -1]:
                reports[name].append(run_one(clients[name], stream, "records"))
                print(f"run {run + 1}/{runs} {name}", flush=True)
    rows = [_row(name, told, made) for name, told in reports.items()]
    base = next((row["cpu"] for row in rows if row["client"] == BASE), None)
    for row in rows:
        row["ratio"] = round(base / row["cpu"], 1) if base and row["cpu"] else None
    return sorted(rows, key=lambda row: row["cpu"] or 1e9)


def _row(name: str, told: list[dict[str, Any]], made: corpus.Corpus) -> dict[str, Any]:
    good = [report for report in told if "cpu" in report and not report.get("stalled")]
    right = [sum(report["rings"].get(key) == ring for key, ring in made.truth.items()) for report in good]
    return {
        "client": name,
        "cpu": round(statistics.median(report["cpu"] for report in good) * 1e5 / made.events, 3) if good else None,
        "rate": round(statistics.median(made.events / report["wall"] for report in good)) if good else None,
        "grown_mib": round(statistics.median(report["grown_kib"] for report in good) / 1024, 1) if good else None,
        "right": f"{min(right)}/{len(made.truth)}" if right else told[-1].get("error", "stalled"),
    }


def deliver() -> list[dict[str, Any]]:
    """Awkward messages, each on a connection of its own: delivered exactly, and the event after it too?"""
    clients = commands()
    rows = []
    for name, command in clients.items():
        passed = []
        for case in edges.CASES:
            with _Stream(case.data + corpus.END) as stream:
                report = run_one(command, stream, "deliver")
            told = [one for one in report.get("delivered", []) if one.get("event") != ["FullyBooted"]]
            if case.is_met(told):
                passed.append(case.name)
        missed = [case.name for case in edges.CASES if case.name not in passed]
        rows.append({"client": name, "exact": f"{len(passed)}/{len(edges.CASES)}", "misses": ", ".join(missed) or "-"})
        print(f"{name}: {len(passed)}/{len(edges.CASES)}", flush=True)
    return rows


def soak(events: int) -> list[dict[str, Any]]:
    """Ours over ten times the stream: how much memory it grows by."""
    made = corpus.make(events)
    with _Stream(made.data) as stream:
        report = run_one([sys.executable, str(HERE / "clients" / "ours.py")], stream, "records", times=10)
    return [
        {
            "client": OURS,
            "events": events * 10,
            "seen": report["events"],
            "grown_mib": round(report["grown_kib"] / 1024, 1),
            "grown_after_warm_up_mib": round(report["grown_warm_kib"] / 1024, 1),
        }
    ]


class _Stream:
    """A stream as a file, removed afterwards."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __enter__(self) -> Path:
        with tempfile.NamedTemporaryFile(suffix=".ami", delete=False) as file:
            file.write(self._data)
        self._path = Path(file.name)
        return self._path

    def __exit__(self, *_: object) -> None:
        self._path.unlink()


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a markdown table."""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="records", choices=["records", "deliver", "soak"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    modes = {
        "records": lambda: records(options.runs, options.events),
        "deliver": deliver,
        "soak": lambda: soak(options.events),
    }
    rows = modes[options.mode]()
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
