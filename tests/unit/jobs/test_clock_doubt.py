"""Nothing is deleted by a clock that may be wrong, and what is right is deleted in the end without a person."""

from pathlib import Path

import pytest
from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.replay import replay
from voicedesk.clock import MICROSECONDS, format_epoch
from voicedesk.doctor.clock import check_our_clock
from voicedesk.doctor.finding import Grade
from voicedesk.errors import InputError
from voicedesk.jobs.upkeep import retention
from voicedesk.jobs.upkeep.clock_doubt import doubt_of
from voicedesk.settings import Settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

CAPTURE = Path(__file__).parents[2] / "captures" / "a_answer_2rings.raw"
DAY = 24 * 3600 * MICROSECONDS
CALLED = 1_795_421_258 * MICROSECONDS
YEARS = 365 * DAY


class Clock:
    """By which the store commits; `at` is set by the test."""

    def __init__(self) -> None:
        self.at = CALLED

    def __call__(self) -> int:
        return self.at


COMMITTED = Clock()


@pytest.fixture
async def store(tmp_path):
    COMMITTED.at = CALLED
    async with Store.open(f"sqlite:///{tmp_path}/v.db", now=COMMITTED) as store:
        yield store


class Desk:
    """A store with a call three years old or so, and what was heard of switches."""

    def __init__(self, store: Store, tmp_path: Path):
        self.store = store
        self.settings = Settings.model_validate(
            {"store": {"url": f"sqlite:///{tmp_path}/v.db"}, "pbx": [], "recording": {"folder": str(tmp_path / "kept")}}
        )

    async def call(self):
        for call in replay(CAPTURE.read_bytes(), pbx="main").calls:
            self.store.writer.add("main", resume_from=1, calls=[call])
        await self.store.writer.flush()
        return self

    async def hear(self, at: int, *, behind: int | None = 0, pbx: str = "main"):
        """An event that arrives at `at` by our clock; `behind` None: it bears no stamp."""
        stamp = "" if behind is None else f"\r\nTimestamp: {format_epoch(max(at - behind, 0))}"
        raw = f"Event: DeviceStateChange\r\nPrivilege: call,all{stamp}\r\nDevice: PJSIP/agent1\r\nState: INUSE".encode()
        COMMITTED.at = at  # when it is committed by our clock
        mark = make_mark("VoicedeskLink", "up", at)
        self.store.writer.add(pbx, resume_from=1, events=[AmiEvent(raw, "DeviceStateChange", at), mark])
        await self.store.writer.flush()
        return self

    async def prune(self, now: int, **more) -> int:
        await retention.prune(self.store, self.settings, now, **more)
        return len(await self.store.calls.list(CallFilter()))


async def test_a_clock_years_ahead_deletes_nothing_and_says_what_to_do(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    for now in (CALLED + 10 * YEARS, CALLED + 40 * YEARS, CALLED + 1096 * DAY):
        with pytest.raises(InputError, match=r"nothing was deleted.*--now-is-right"):
            await desk.prune(now)
    assert len(await store.calls.list(CallFilter())) == 1
    assert await desk.prune(CALLED + 1096 * DAY, is_right=True) == 0


async def test_a_clock_years_ahead_deletes_nothing_though_events_arrive_by_it(store, tmp_path):
    """The service goes on all the while: its journal bears the wrong time too, but the switch's stamps do not."""
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    now = CALLED + 10 * YEARS
    for n in (0, 1, 15, 40):
        await desk.hear(now + n * DAY, behind=10 * YEARS)
        with pytest.raises(InputError, match="differ by 3650 days"):
            await desk.prune(now + n * DAY)


async def test_the_doctor_tells_of_a_clock_that_is_not_believed(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    (found,) = await check_our_clock(desk.settings, lambda: CALLED + 10 * YEARS)
    assert (found.grade, "no switch was heard for 3650 days" in found.what) == (Grade.BAD, True)
    assert await check_our_clock(desk.settings, lambda: CALLED + DAY) == []


async def test_a_clock_weeks_ahead_deletes_nothing_either(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    for n in range(30):
        await desk.hear(CALLED + n * DAY)
    await desk.hear(CALLED + 50 * DAY, behind=20 * DAY)
    assert await doubt_of(store, CALLED + 50 * DAY) is not None


async def test_a_clock_behind_deletes_nothing_that_a_right_one_would_keep(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    assert await desk.prune(CALLED - 20 * YEARS) == 1


async def test_without_any_journal_the_newest_call_tells(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    assert await desk.prune(CALLED + 44 * DAY) == 1
    with pytest.raises(InputError, match="the newest call is 3649 days old"):
        await desk.prune(CALLED + 10 * YEARS)


async def test_an_empty_database_holds_nothing_up(store, tmp_path):
    assert await Desk(store, tmp_path).prune(CALLED + 10 * YEARS) == 0


@pytest.mark.parametrize("closed", [11 * DAY, 40 * DAY, 4 * YEARS])
async def test_after_a_long_holiday_it_is_deleted_as_soon_as_the_switch_agrees(store, tmp_path, closed):
    """As is a database that was put back from an old copy."""
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    assert await doubt_of(store, CALLED + closed) is not None
    await desk.hear(CALLED + closed, behind=3600 * MICROSECONDS)
    assert await doubt_of(store, CALLED + closed + DAY) is None


async def test_a_weekend_or_a_week_of_holidays_is_no_doubt(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED)
    assert await doubt_of(store, CALLED + 9 * DAY) is None


@pytest.mark.parametrize("behind", [56 * YEARS, -30 * DAY, None])
async def test_a_switch_that_has_always_been_wrong_or_tells_no_time_holds_nothing_up_for_ever(store, tmp_path, behind):
    desk = await Desk(store, tmp_path).call()
    doubts = []
    for n in (0, 7, 13, 15, 30, 70, 150):
        await desk.hear(CALLED + n * DAY, behind=behind)
        doubts.append(await doubt_of(store, CALLED + n * DAY) is not None)
    assert doubts == [True, True, True, False, False, False, True]  # nothing was heard for eighty days at last
    assert await doubt_of(store, CALLED + 10 * YEARS) is not None


async def test_one_switch_that_agrees_is_enough(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    await desk.hear(CALLED, pbx="main")
    await desk.hear(CALLED, behind=56 * YEARS, pbx="second")
    assert await doubt_of(store, CALLED + DAY) is None


async def test_marks_of_our_own_vouch_for_nothing(store, tmp_path):
    desk = await Desk(store, tmp_path).call()
    store.writer.add("main", resume_from=1, events=[make_mark("VoicedeskLink", "lost", CALLED + 10 * YEARS)])
    await store.writer.flush()
    with pytest.raises(InputError, match="newest call"):
        await desk.prune(CALLED + 10 * YEARS)
