"""The running service beside a real Asterisk: calls as they were on the wire, through crashes on either side."""

import asyncio
import json

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_after, forwards_to, is_busy, rejects_after, rings_on
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400, func_only=True),
]

TOLERANCE_MS = 20
"""These tests share the machine; that times are exact to 5 ms is shown under load (test_load.py)."""
TRIES = 5
"""The machine may give the CPU to others between the wire and the switch's stamp; times that are wrong stay wrong."""


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def free_phones(stage):
    await stage.free()


async def answered(caller, *, talks: float = 0.5) -> None:
    """Waits for the answer, talks, and the caller hangs up."""
    async with asyncio.timeout(90):
        await caller.answered.wait()
    await asyncio.sleep(talks)
    caller.bye()


async def judged(service, number: str, *, when: str = "ended_at") -> dict:
    """The call of a number, when it is over and saved; or when what is saved of it has something else."""
    for _ in range(60):
        found = [call for call in await service.calls() if call["caller_number"] == number]
        if found and all(call[when] for call in found):
            assert len(found) == 1
            return found[0]
        await asyncio.sleep(0.2)
    raise AssertionError(f"no call of {number} had {when} in time:\n{service.tail()}")


async def test_a_call_on_time_is_recorded_as_it_was_on_the_wire(stage, service):
    stage.set(agent1=answers_after(3))
    for number in range(TRIES):
        await stage.free()
        await answered(await stage.call_in("4001", number=f"138100001{number:02}"))
        call = await judged(service, f"138100001{number:02}")
        (leg,) = call["legs"]
        truth = next(one for one in reversed(stage.truth()) if one["role"] == "phone")
        late_ms = abs(leg["ringing_at"] - truth["ringing"]) * 1000
        if late_ms <= TOLERANCE_MS and abs(leg["ring_ms"] - truth["ring_ms"]) <= TOLERANCE_MS:
            break
    assert (call["verdict"], call["disposition"], call["answered_by"]) == ("on_time", "answered", "PJSIP/agent1")
    assert (call["line"], call["direction"]) == ("hotline", "inbound")
    assert (call["started_at_source"], call["gaps"], call["doubtful"]) == ("userevent", [], False)
    assert leg["ringing_at"] == pytest.approx(truth["ringing"], abs=TOLERANCE_MS / 1000)
    assert leg["ring_ms"] == pytest.approx(truth["ring_ms"], abs=TOLERANCE_MS)


async def test_calls_at_the_same_time_on_different_lines_do_not_mix(stage, service):
    stage.set(agent1=rejects_after(1, "603 Decline"), agent2=answers_after(2), agent3=rings_on)
    first = await stage.call_in("4001", number="13810000011")
    await asyncio.sleep(0.5)
    internal = await stage.phones["agent5"].dial("6004")
    stage.set(agent4=answers_after(1))
    await asyncio.gather(answered(first), answered(internal))
    call = await judged(service, "13810000011")
    assert [(leg["endpoint"], leg["outcome"]) for leg in call["legs"]] == [
        ("PJSIP/agent1", "declined"),
        ("PJSIP/agent2", "answered"),
    ]
    inside = await judged(service, "6005")
    assert (inside["direction"], inside["verdict"], inside["reason"]) == ("internal", "not_judged", "internal")


async def test_a_forwarded_and_a_busy_phone_end_at_the_colleague_who_answers(stage, service):
    stage.set(agent1=forwards_to("6003"), agent3=answers_after(1))
    await answered(await stage.call_in("4001", number="13810000021"))
    await stage.free()
    stage.set(agent1=is_busy, agent2=answers_after(1))
    await answered(await stage.call_in("4001", number="13810000022"))
    forwarded = await judged(service, "13810000021")
    assert (forwarded["verdict"], forwarded["answered_by"]) == ("on_time", "PJSIP/agent3")
    busy = await judged(service, "13810000022")
    assert [leg["outcome"] for leg in busy["legs"]] == ["busy", "answered"]


async def test_killed_in_the_middle_of_a_call_it_goes_on_with_one_call_and_a_gap(stage, service):
    stage.set(agent1=answers_after(1))
    caller = await stage.call_in("4001", number="13810000031")
    await caller.answered.wait()
    await judged(service, "13810000031", when="answered_by")
    await service.stop(kill=True)
    await service.restart()
    caller.bye()
    call = await judged(service, "13810000031")
    assert (call["verdict"], call["answered_by"]) == ("on_time", "PJSIP/agent1")
    assert [gap["reason"] for gap in call["gaps"]] == ["link_lost"]


async def test_phones_ring_and_are_answered_while_the_service_is_dead(stage, service):
    await service.stop(kill=True)
    stage.set(agent1=answers_after(0.5))
    await answered(await stage.call_in("4001", number="13810000041"))


async def test_the_doctor_finds_nothing_bad_in_an_installation_made_from_our_files(stage, service):
    report = json.loads(await service.command("doctor", "--json", allowed=(0, 1)))
    found = report if isinstance(report, list) else report["findings"]
    assert [finding for finding in found if finding["grade"] == "bad"] == []
    assert [finding["grade"] for finding in found if finding["check"] == "pauser"] == ["good"]
    assert [finding["grade"] for finding in found if finding["check"] == "callbacks"] == ["good"]


async def test_stopped_and_started_anew_the_switch_ends_open_calls_and_serves_new_ones(tmp_path):
    """With a switch of its own, since it dies."""
    async with Stage() as stage, RunningService(stage.switch.plan, tmp_path) as service:
        stage.set(agent1=rings_on)
        await stage.call_in("4001", number="13810000051")
        await (await stage.call_at("agent1")).ringing.wait()
        await judged(service, "13810000051", when="legs")
        stage.control.send("Command", Command="core stop now")
        await stage.switch.ended()
        await stage.switch.start()
        await service.wait_for("ami_link_up", count=2)
        stage.set(agent1=answers_after(1))
        await answered(await stage.call_in("4001", number="13810000052"))
        cut = await judged(service, "13810000051")
        assert (cut["verdict"], cut["reason"]) == ("cannot_tell", "gap")
        after = await judged(service, "13810000052")
        assert (after["verdict"], after["gaps"]) == ("on_time", [])


async def test_every_call_the_switch_recorded_is_in_the_database(stage, service):
    before = _recorded(stage)
    stage.set(agent1=answers_after(0.3), agent2=rings_on)
    for number in range(61, 65):
        caller = await stage.call_in("4001", number=f"138100000{number}")
        await answered(caller, talks=0.1)
        await stage.free()
    async with asyncio.timeout(60):
        while len(_recorded(stage) - before) < 4:  # the switch writes its records after the channels are gone
            await asyncio.sleep(0.1)
    calls = [await judged(service, f"138100000{number}") for number in range(61, 65)]
    assert {linkedid for call in calls for linkedid in call["linkedids"]} == _recorded(stage) - before


def _recorded(stage: Stage) -> set[str]:
    """The linkedids in the switch's own call records."""
    return {row[12] for row in stage.switch.call_records()}
