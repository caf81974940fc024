"""What every client shares: counts, builds records, and reports its own CPU and memory as one JSON line."""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable

PORT = int(sys.argv[1])
MODE = sys.argv[2]  # records | paced | deliver | soak
STALL_SECONDS = 8


def cpu_seconds() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_kib() -> int:
    """The most memory this process ever held."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


class Records:
    """Call records from events, the same small builder for every peer: ring and answer by the phone's channel."""

    def __init__(self) -> None:
        self.calls: dict[str, dict] = {}
        self.done: dict[str, dict] = {}

    def feed(self, name: str, get: Callable[[str], str | None]) -> None:
        if name == "QueueCallerJoin":
            self.calls[get("Linkedid")] = {"number": get("CallerIDNum"), "queue": get("Queue")}
        elif name == "Newstate":
            call = self.calls.get(get("Linkedid"))
            if call is not None and get("Uniqueid") != get("Linkedid"):
                call[get("ChannelStateDesc")] = get("Timestamp")
        elif name == "DialEnd":
            call = self.calls.get(get("Linkedid"))
            if call is not None:
                call["phone"], call["status"] = get("DestChannel"), get("DialStatus")
        elif name == "AgentConnect":
            call = self.calls.get(get("Linkedid"))
            if call is not None:
                call["member"] = get("MemberName")
        elif name == "Hangup" and get("Uniqueid") == get("Linkedid"):
            call = self.calls.pop(get("Linkedid"), None)
            if call is not None:
                call["cause"] = get("Cause")
                self.done[get("Linkedid")] = call

    def rings(self) -> dict[str, int]:
        return {key: _us(call["Up"]) - _us(call["Ringing"]) for key, call in self.done.items() if "Up" in call}


def ring_log() -> Callable[[str, int], object]:
    """Writes rings to a file, so that the books the benchmark keeps do not count as memory of what it measures."""
    file = open(sys.argv[3], "w", buffering=1)  # noqa: SIM115  # until the process ends
    return lambda call, ring_us: file.write(f"{call} {ring_us}\n")


def _us(stamp: str) -> int:
    return int(stamp.replace(".", ""))


class Probe:
    """Takes what a library delivers; `event(name, get, all_of)` for each, and ends the process at the end mark."""

    def __init__(self) -> None:
        self.seen = 0
        self.records = Records()
        self.delivered: list[dict[str, list[str]]] = []
        self.late: list[float] = []
        self._cpu = self._peak = 0.0
        self._started = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def event(self, name: str, get: Callable[[str], str | None], everything: Callable[[], list]) -> None:
        if name == "UserEvent":
            self.finish(self.records.rings())
        if MODE == "deliver":
            self.delivered.append(_gathered(everything()))
            return
        if not self.seen:
            self.start()
        self.seen += 1
        self.records.feed(name, get)
        if MODE == "paced":
            self.note_delay(get("Timestamp"))

    def note_delay(self, stamp: str | None) -> None:
        """An event is done with: how long ago it was sent, in milliseconds."""
        if stamp is not None:
            self.late.append((time.time() - float(stamp)) * 1000)

    def start(self) -> None:
        """The first event came."""
        self._cpu, self._peak, self._started = cpu_seconds(), peak_kib(), time.perf_counter()

    def finish(self, rings: dict[str, int], **more: object) -> None:
        """Reports and ends the process at once."""
        report = {
            "events": self.seen,
            "cpu": cpu_seconds() - self._cpu,
            "wall": time.perf_counter() - self._started,
            "grown_kib": peak_kib() - self._peak,
            "rings": rings,
            "delivered": self.delivered,
            "p50_ms": _quantile(self.late, 0.50),
            "p99_ms": _quantile(self.late, 0.99),
            **more,
        }
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
        os._exit(0)

    def _watch(self) -> None:
        """A library that stopped delivering is reported as it stands."""
        last = -1
        while True:
            now = self.seen + len(self.delivered)
            if now == last:
                self.finish(self.records.rings(), stalled=True)
            last = now
            time.sleep(STALL_SECONDS)


def _quantile(values: list[float], share: float) -> float | None:
    return sorted(values)[int(len(values) * share)] if values else None


def _gathered(pairs: list) -> dict[str, list[str]]:
    """Headers as {lower-case key: [values]}, whatever shape a library keeps repeated ones in."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        if isinstance(value, dict):
            values = [f"{name}={one}" for name, one in value.items()]
        else:
            values = list(value) if isinstance(value, list) else [value]
        found.setdefault(key.lower(), []).extend(values)
    return found
