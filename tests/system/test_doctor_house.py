"""The doctor at a real switch: wrong names, own dialplans, FreePBX's members, recordings that never begin; and --discover."""

import asyncio
import json

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_after
from tests.testbed.configuration import AMI_SECRET, AMI_USER
from tests.testbed.plan import Line, Plan
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from voicedesk.clock import now_us
from voicedesk.settings import load_settings
from voicedesk.store.store import Store

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]

LINES = (
    Line(extension="88012345", name="shebao", members=("agent1",), queue_seconds=20),
    Line(extension="88012346", name="yibao", members=("agent2",), queue_seconds=9),
)
PLAN = Plan(lines=LINES, staff=("agent1", "agent2", "agent3"))
HOUSE = (  # what an own house has beside our files: numbers, hints, FreePBX's database, a hotline without a queue
    "dialplan add extension 201,hint,PJSIP/agent3 into ext-local",
    "dialplan add extension 201,1,Dial,PJSIP/agent3 into from-queue",
    "dialplan add extension 5551000,1,Dial,PJSIP/agent2&PJSIP/agent3 into direct",
    "database put DEVICE/201 dial PJSIP/agent3",
    'database put AMPUSER/201 cidname "Li Si"',
)


async def tell(stage, command):
    await stage.control.action("Command", Command=command)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house():
    async with Stage(PLAN) as stage:
        for command in HOUSE:
            await tell(stage, command)
        await stage.control.action(
            "QueueAdd",
            Queue="shebao",
            Interface="Local/201@from-queue/n",
            StateInterface="hint:201@ext-local",
            MemberName="Li Si",
            Penalty="9",
        )
        stage.set(agent1=answers_after(0.2), agent2=answers_after(0.2), agent3=answers_after(0.2))
        yield stage
        stage.check()


def text_of(lines: str) -> str:
    """Settings of an own hall; the switch's address and secret stand before."""
    return f"\n{lines}\n"


async def doctor(service) -> dict[str, list[dict[str, str]]]:
    """The findings by their checks."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in json.loads(await service.command("doctor", "--json", "--listen", "0", allowed=(0, 1))):
        found.setdefault(one["check"], []).append(one)
    return found


def served(plan, folder, lines: str) -> RunningService:
    """A service for the switch of a plan, with lines of the test's own."""
    return RunningService(Plan(network=plan.network, lines=(), staff=()), folder, more=text_of(lines))


async def call(stage, number: str) -> None:
    placed = await stage.call_in(number)
    await asyncio.wait_for(placed.answered.wait(), 20)
    await placed.hang_up()
    await stage.quiet()


async def stored(service, calls: int) -> None:
    """Waits until so many calls are in the store, whole."""
    async with Store.open(f"sqlite:///{service.config.parent / 'voicedesk.db'}", upgrade=False) as store:
        async with asyncio.timeout(20):
            while True:
                found = [one async for one in store.calls.each(EVERY)]
                if len([one for one in found if one.call.facts.ended_at]) >= calls:
                    return
                await asyncio.sleep(0.1)
