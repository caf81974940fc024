"""Many calls at once by SIPp: callers on the trunk, staff phones at one address; when each rang is in its log."""

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.testbed.plan import Line, Plan
from tests.testbed.sip import SipMessage, number_of

SCENARIOS = Path(__file__).parent / "sipp"
EXTENSION = "4900"
_ENTRY = re.compile(rb"^-{20,} (\d{4}-\d\d-\d\d)\s(\d\d:\d\d:\d\d\.\d+)\r?\n.*\n\r?\n", re.MULTILINE)


def load_plan(phones: int) -> Plan:
    """One line whose queue rings that many phones, one call each."""
    members = tuple(f"load{number}" for number in range(1, phones + 1))
    line = Line(extension=EXTENSION, name="load", members=members, strategy="rrmemory", queue_seconds=60)
    return Plan(lines=(line,), staff=(), load_phones=phones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """When the phone that rang for a caller said 180 and 200, epoch seconds."""

    caller_number: str
    ringing: float
    answered: float

    @property
    def ring_ms(self) -> float:
        return (self.answered - self.ringing) * 1000


async def place_load(plan: Plan, folder: Path, *, calls: int, per_second: int) -> list[Rung]:
    """Places the calls and returns what the phones said, when all are over; `RuntimeError` if any call failed."""
    network = plan.network
    log = folder / "phones.log"
    phones_at = (f"{network.prefix}.2.1", network.phone_port)
    phones = await _sipp("load_phone.xml", phones_at, calls, "-trace_msg", "-message_file", str(log))
    try:
        callers = await _sipp(
            "load_caller.xml",
            (network.trunk, network.phone_port + 1),
            calls,
            *("-s", EXTENSION, "-r", str(per_second), f"{network.switch}:{network.sip_port}"),
        )
        await _finished(callers, "callers")
        await _finished(phones, "phones")
    finally:
        for process in (phones, callers):
            if process.returncode is None:
                process.kill()
                await process.wait()
    return read_log(log.read_bytes())


async def _sipp(scenario: str, at: tuple[str, int], calls: int, *more: str) -> asyncio.subprocess.Process:
    address, port = at
    return await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "TERM", "sipp", "-sf", str(SCENARIOS / scenario)),
        *("-i", address, "-p", str(port), "-mi", address, "-mp", str(port + 100), "-m", str(calls), "-nostdin", *more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TZ": "UTC", "TERM": "dumb"},
    )


async def _finished(process: asyncio.subprocess.Process, who: str) -> None:
    async with asyncio.timeout(150):
        _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"SIPp ({who}) ended with {process.returncode}: {errors.decode(errors='replace')[-500:]}")


def read_log(log: bytes) -> list[Rung]:
    """The 180s and 200s that SIPp's message log says were sent for INVITEs; one that is sent again says nothing new."""
    ringing: dict[str, float] = {}
    rung: dict[str, Rung] = {}
    bounds = [(found, found.end()) for found in _ENTRY.finditer(log)]
    for number, (found, start) in enumerate(bounds):
        end = bounds[number + 1][0].start() if number + 1 < len(bounds) else len(log)
        message = SipMessage.parse(log[start:end].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        if message.status is None or message.method != "INVITE":
            continue
        moment = datetime.fromisoformat(f"{found[1].decode()}T{found[2].decode()}").replace(tzinfo=UTC)
        at, call = moment.timestamp(), message.get("Call-ID")
        if message.status == 180:
            ringing.setdefault(call, at)
        elif message.status == 200 and call not in rung:
            caller = number_of(message.get("From"))
            rung[call] = Rung(caller_number=caller, ringing=ringing[call], answered=at)
    return list(rung.values())
