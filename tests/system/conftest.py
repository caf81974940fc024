"""One Asterisk with its phones for the whole session, and the service beside it; each test waits until it is quiet."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.testbed.callers import built_prompts
from tests.testbed.plan import LINES, Plan
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from voicedesk.prompts.book import PromptBook


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No coverage is measured: the service is another process, and the phones of this one must keep time."""
    for item in items:
        if item.get_closest_marker("system"):
            item.add_marker(pytest.mark.no_cover)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_stage() -> AsyncIterator[Stage]:
    async with Stage(Plan(lines=LINES)) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(shared_stage: Stage) -> AsyncIterator[Stage]:
    """The shared switch as it was at first, with phones that know nothing yet, whatever other tests left behind."""
    await shared_stage.begin_again()
    yield shared_stage
    await shared_stage.quiet()
    shared_stage.check()


@pytest_asyncio.fixture(loop_scope="session")
async def service(stage: Stage, tmp_path: Path) -> AsyncIterator[RunningService]:
    """`voicedesk run` on an empty database, linked to the shared switch."""
    async with RunningService(stage.switch.plan, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def book() -> PromptBook:
    """The prompts of the hall that is called, spoken once."""
    return built_prompts()
