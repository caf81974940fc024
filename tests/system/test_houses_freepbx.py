"""A house of FreePBX's shape: each of its situations is told live, replayed and on the wire as the standard demands."""

import asyncio
import json
from pathlib import Path

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_saying
from tests.testbed.house_check import check_house
from tests.testbed.plan import Plan
from tests.testbed.service import RunningService
from tests.testbed.situations.freepbx import HOUSE
from tests.testbed.stage import Stage

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
RECORDED_LINE = """
[[lines]]
name = "recorded"
extensions = ["4018"]
queues = ["318"]
phones = ["PJSIP/1181"]
department = "{department}"
[[phones]]
endpoint = "PJSIP/1181"
extension = "1181"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wrong(tmp_path_factory):
    """All its situations, played at the same time on one switch: what was not told as it must be."""
    return await check_house(HOUSE, tmp_path_factory.mktemp(HOUSE.name))


@pytest.mark.parametrize("name", [one.name for one in HOUSE.situations])
async def test_a_house_of_freepbx_s_shape_is_followed(wrong, name):
    assert name not in wrong, wrong[name]


async def test_a_member_over_a_local_channel_is_recorded_and_its_greeting_judged(tmp_path):
    fixture = FIXTURES / "0001_compliant_linda_a_law.wav"
    due = json.loads(fixture.with_suffix(".json").read_text(encoding="utf-8"))
    data = fixture.read_bytes()
    plan = Plan(lines=(), house="freepbx", phones_dial_in="from-internal", staff=("1181",), recorded=True)
    line = RECORDED_LINE.format(department=due["department"])
    async with Stage(plan) as stage:
        recordings = stage.switch.run / "recordings"
        stage.phones["1181"].on_invite = answers_saying(data[data.index(b"data") + 8 :])
        async with RunningService(
            plan, tmp_path, recordings=recordings, more=line, departments=due["others"]
        ) as service:
            await asyncio.sleep(2)
            caller = await stage.call_in("4018")
            heard = await service.wait_for("greeting_judged", seconds=60)
            while not heard[-1]["is_final"]:
                heard = await service.wait_for("greeting_judged", count=len(heard) + 1, seconds=60)
            caller.bye()
            await stage.quiet()
    assert (heard[-1]["line"], heard[-1]["verdict"]) == ("recorded", "compliant")


async def test_what_a_situation_leaves_behind_does_not_change_the_next_one(tmp_path):
    names = ("queue_break", "queue_do_not_disturb", "queue_member_forwards")
    assert await check_house(HOUSE, tmp_path, *names, takes=2) == {}
