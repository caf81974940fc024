"""Fifty calls at once through a real Asterisk: every one recorded, every ring timed as on the wire."""

import asyncio
import statistics
import sys
from collections import Counter

import pytest
from tests.testbed.asterisk import Asterisk
from tests.testbed.load import Rung, load_plan, place_load
from tests.testbed.service import RunningService

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600, func_only=True),
]

CALLS = 50
PER_SECOND = 25
TOLERANCE_MS = 5
TRIES = 3
"""The machine may give the CPU to others between the wire and the switch's stamp; times that are wrong stay wrong.

How long it keeps somebody waiting who does nothing is measured beside the calls, and is no error of ours. It may do so
several times within one ring, to the phone, the switch and the service: one time of ten may be further off.
"""


async def test_fifty_calls_at_once_are_all_recorded_and_timed_to_5_ms(tmp_path):
    told = []
    for number in range(TRIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        errors, stall_ms = await worst_errors(folder)
        middle, most = statistics.median(errors), statistics.quantiles(errors, n=10)[-1]
        if middle <= TOLERANCE_MS and most <= TOLERANCE_MS + stall_ms:
            return
        told.append(
            f"nine of ten by up to {most:.1f} ms, in the middle {middle:.1f} ms, all by up to {max(errors):.1f}, "
            f"where the machine stood for {stall_ms:.1f}"
        )
    raise AssertionError(f"ring starts and ring times differ from the wire: {told}")


async def worst_errors(folder) -> tuple[list[float], float]:
    """Runs the load; checks that all calls are there; the errors of ring starts and ring times, and of the machine.

    The last is the longest wait of a program that does nothing; all are in ms.
    """
    plan = load_plan(CALLS)
    async with Asterisk(plan) as switch, RunningService(plan, folder) as service:
        idle = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "tests.soak.watch"),
            stdout=asyncio.subprocess.PIPE,
        )
        rung = await place_load(plan, folder, calls=CALLS, per_second=PER_SECOND)
        idle.terminate()
        stall_ms = float((await idle.communicate())[0])
        await service.wait_for("call_judged", count=CALLS)
        await service.stop()
        calls = await service.calls()
        records = switch.call_records()
    assert len(rung) == CALLS
    assert at_once(rung) >= 40
    assert Counter(call["verdict"] for call in calls) == {"on_time": CALLS}
    assert sorted(call["caller_number"] for call in calls) == sorted(one.caller_number for one in rung)
    assert {call["linkedids"][0] for call in calls} == {record[12] for record in records}
    assert len(records) == CALLS
    return [error for one in rung for error in errors_of(one, calls)], stall_ms


def errors_of(one: Rung, calls: list[dict]) -> tuple[float, float]:
    (call,) = [call for call in calls if call["caller_number"] == one.caller_number]
    (leg,) = call["legs"]
    return abs(leg["ringing_at"] - one.ringing) * 1000, abs(leg["ring_ms"] - one.ring_ms)


def at_once(rung: list[Rung]) -> int:
    """How many phones were ringing or in a call (of 4 s) at the busiest moment."""
    return max(sum(other.ringing <= one.answered < other.answered + 4 for other in rung) for one in rung)
