"""What open pages are sent without asking: the parts that changed, made once for all who see the same."""

import asyncio
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from tests.unit.web.test_live import Page, journaled, watched  # noqa: F401  # a fixture
from tests.unit.web.test_today_page import SECOND, keep, open_call
from voicedesk.access.moves import Move
from voicedesk.access.roles import Role
from voicedesk.errors import StoreUnavailable
from voicedesk.web.board import Made, parts_of


@asynccontextmanager
async def looking(house, browser, *, is_new: bool = True):
    """An open first page; a new one knows nothing yet, another was made just now."""
    page = Page(house, browser, "" if is_new else house.app.live.id, query="show=now")
    try:
        name, page.id, _ = await page.next()
        assert name == "hello"
        yield page
    finally:
        page.takes.set()
        await page.close()


async def parts(page) -> dict[str, str]:
    """The next parts that come, by their names."""
    name, page.id, data = await page.next()
    assert name == "parts"
    assert all(one["at"] <= data["now"] for one in data["parts"])
    found = {re.search(r'data-live="(\w+)"', one["html"])[1]: one["html"] for one in data["parts"]}
    assert len(found) == len(data["parts"])
    return found


@pytest.fixture
def moments(monkeypatch):
    """All of a page is made once; after that the calls of this moment alone, however long the test takes."""
    monkeypatch.setattr("voicedesk.web.board.WHOLE_SECONDS", 3600.0)


async def test_a_page_is_sent_all_parts_once_and_then_what_changed_alone(watched, moments):  # noqa: F811
    boss = await watched.inside("0001", Role.SUPERVISOR)
    async with looking(watched, boss) as page:
        assert {"strips", "day", "calls", "phones", "todo", "latest"} == set(await parts(page))
        assert page.id == watched.app.live.id
        await keep(watched, open_call(1, watched.clock.us, rings_us=SECOND))
        await watched.app.live.look()
        came = await parts(page)
        assert set(came) == {"calls"}
        assert "data-ringing" in came["calls"]
        assert page.id == watched.app.live.id


async def test_what_a_page_counts_on_by_itself_is_not_sent_again(watched, moments):  # noqa: F811
    boss = await watched.inside("0001", Role.SUPERVISOR)
    await keep(watched, open_call(1, watched.clock.us, rings_us=SECOND))
    await watched.app.live.look()
    async with looking(watched, boss) as page:
        await parts(page)
        watched.clock.us += 4 * SECOND
        await journaled(watched)
        await watched.app.live.look()
        await keep(watched, open_call(2, watched.clock.us, rings_us=SECOND))
        await journaled(watched)
        await watched.app.live.look()
        came = await parts(page)
        assert set(came) == {"calls"}
        assert came["calls"].count("data-ringing") == 2


async def test_all_who_see_the_same_get_parts_that_are_made_once_and_nobody_gets_another_s(watched, monkeypatch):  # noqa: F811
    bosses = [await watched.inside(f"000{n}", Role.SUPERVISOR) for n in (1, 2, 3)]
    zhang = await watched.inside("0101", agent="zhang")
    auditor = await watched.inside("0009", Role.AUDITOR)
    await keep(watched, open_call(1, watched.clock.us, rings_us=SECOND))
    await watched.app.live.look()
    made, asked = [], watched.app.keeper.store.journal.heard_until

    async def counted():
        made.append(1)
        return await asked()

    monkeypatch.setattr(watched.app.keeper.store.journal, "heard_until", counted)
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(looking(watched, one, is_new=False)) for one in (*bosses, zhang, auditor)
        ]
        await journaled(watched)
        await watched.app.live.look()
        first, *others, own, none = [await parts(one) for one in opened]
        assert all(one == first for one in others)
        assert "data-ringing" in first["calls"]
        assert "data-ringing" not in own["calls"]
        assert "calls" not in none
        assert len(made) == 3


async def test_a_slow_page_holds_nothing_up_and_gets_the_newest_alone(watched, moments):  # noqa: F811
    bosses = [await watched.inside(f"000{n}", Role.SUPERVISOR) for n in (1, 2)]
    async with looking(watched, bosses[0]) as slow, looking(watched, bosses[1]) as quick:
        await parts(slow)
        await parts(quick)
        slow.takes.clear()
        for number in (1, 2, 3):
            await keep(watched, open_call(number, watched.clock.us, rings_us=SECOND))
            await journaled(watched)
            await watched.app.live.look()
            assert (await parts(quick))["calls"].count("data-ringing") == number
        slow.takes.set()
        counts = [(await parts(slow))["calls"].count("data-ringing")]
        if counts != [3]:  # what was on its way already came first
            counts.append((await parts(slow))["calls"].count("data-ringing"))
        assert counts[-1] == 3
        assert slow.events.empty()


async def test_a_database_that_is_away_is_told_by_topic_and_all_parts_come_when_it_is_back(watched, monkeypatch):  # noqa: F811
    boss = await watched.inside("0001", Role.SUPERVISOR)

    async def away(*_):
        raise StoreUnavailable("gone")

    async with looking(watched, boss) as page:
        await parts(page)
        with monkeypatch.context() as patch:
            patch.setattr(watched.app.keeper.store.changes, "signs", away)
            patch.setattr(watched.app.keeper.store.requests, "holder", away)
            await watched.app.live.look()
            assert (await page.next())[0] == "changed"
        await watched.app.live.look()
        assert {"strips", "calls", "day"} < set(await parts(page))


async def test_a_page_ends_when_its_person_may_see_something_else(watched):  # noqa: F811
    zhang = await watched.inside("0101", agent="zhang")
    async with looking(watched, zhang, is_new=False) as page:
        account = await watched.store.accounts.get("0101")
        await watched.store.accounts.step("0101", lambda _: Move(account=replace(account, agent="li")))
        await watched.app.live.end_with_sessions()
        assert (await page.next())[0] == "over"


async def test_a_board_that_nobody_looks_at_ends(watched):  # noqa: F811
    boss = await watched.inside("0001", Role.SUPERVISOR)
    async with looking(watched, boss), looking(watched, boss):
        assert len(watched.app.live.boards) == 1
    assert not watched.app.live.boards
    assert not [one for one in asyncio.all_tasks() if "Board.work" in repr(one) and not one.cancelling()]


def test_parts_are_told_apart_by_what_a_page_does_not_count_by_itself():
    def calls(ms, at, more=""):
        text = f'<section class="x" data-live="calls"><li data-ms="{ms}"><b data-ring>{ms}</b>{more}</li></section>'
        return parts_of(Made(f'<p>a</p>{text}<div data-live="strips" data-made="{at}"></div>', at * 1000, "x-1"))

    first, later = calls(1000, 5000), calls(3000, 7000)
    assert set(first) == {"calls", "strips"}
    assert [first[one][1] for one in first] == [later[one][1] for one in later]
    assert first["calls"][0].endswith("</section>")
    assert calls(3000, 7500)["calls"][1] != first["calls"][1]
    assert calls(3000, 7000, "over")["calls"][1] != first["calls"][1]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('data-since="1000">0:01<', 'data-since="61000">1:01<', True),
        ('data-since="1">2 h<', 'data-since="2">3 h<', False),
    ],
)
def test_hours_are_sent_again_and_seconds_are_counted_by_the_page(one, other, is_same):
    signs = [
        parts_of(Made(f'<section data-live="phones"><span {text}/span></section>', 0, ""))["phones"][1]
        for text in (one, other)
    ]
    assert (signs[0] == signs[1]) is is_same
