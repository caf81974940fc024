"""Queues of a house's own: each of its situations is told live, replayed and on the wire as the standard demands."""

import pytest
import pytest_asyncio
from tests.testbed.house_check import check_house
from tests.testbed.situations.queues import HOUSE

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wrong(tmp_path_factory):
    """All its situations, played at the same time on one switch: what was not told as it must be."""
    return await check_house(HOUSE, tmp_path_factory.mktemp(HOUSE.name))


@pytest.mark.parametrize("name", [one.name for one in HOUSE.situations])
async def test_a_house_with_queues_of_its_own_is_followed(wrong, name):
    assert name not in wrong, wrong[name]


async def test_what_a_situation_leaves_behind_does_not_change_the_next_one(tmp_path):
    names = ("paused_by_the_switch", "signs_on_meanwhile", "leaves_in_the_wrap_up")
    assert await check_house(HOUSE, tmp_path, *names, takes=2) == {}
