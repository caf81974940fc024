"""Rows that the database does not take now: said once, saved later, the newest of each, and none for ever."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.jobs import unsaved
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.trouble import Troubles
from voicedesk.jobs.unsaved import RowOf, Unsaved, saved_again
from voicedesk.jobs.upkeep.forgetting import forget_in
from voicedesk.phone_traces import PhoneTraces
from voicedesk.store.quarantine import Part, set_aside


class Table:
    """Saves rows; refuses while it is told to, and holds those in `held` back until they are let go."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.error: StoreError | None = None
        self.held: set[str] = set()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def save(self, row: str, /) -> None:
        self.asked.set()
        if row in self.held:
            await self.go.wait()
        if self.error is not None:
            raise self.error
        self.saved.append(row)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def guard():
    return Guard(lambda: 1)


@pytest.fixture
def rows(table, guard, monkeypatch):
    monkeypatch.setattr(unsaved, "SAVE_AGAIN_SECONDS", 0)
    return Unsaved[str](table, guard, event="rows_unsaved", named=lambda row: ("main", f"row {row}"))


@contextlib.asynccontextmanager
async def running(rows: Unsaved[str]) -> AsyncIterator[None]:
    task = asyncio.create_task(rows.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def emptied(rows: Unsaved[str]) -> None:
    while len(rows):
        await asyncio.sleep(0)


async def test_a_row_is_saved_at_once_and_nothing_waits(rows, table):
    await rows.save("a", "a1")
    assert (table.saved, len(rows), rows.get("a")) == (["a1"], 0, None)


async def test_a_database_in_trouble_is_said_once_and_gets_the_newest_of_each_when_it_is_back(rows, table):
    table.error = StoreUnavailable("locked")
    with capture_logs() as logs:
        async with running(rows):
            await rows.save("a", "a1")
            await rows.save("b", "b1")
            rows.keep("a", "a2")
            for _ in range(50):
                await asyncio.sleep(0)
            assert (table.saved, rows.get("a")) == ([], "a2")
            table.error = None
            await emptied(rows)
            assert table.saved == ["a2", "b1"]
            table.error = StoreUnavailable("locked")
            await rows.save("a", "a3")
    assert [(log["event"], log["count"], log["reason"]) for log in logs] == [("rows_unsaved", 1, "locked")] * 2


async def test_while_the_database_is_known_to_be_in_trouble_nobody_waits_for_it(rows, table):
    table.error = StoreUnavailable("locked")
    await rows.save("a", "a1")
    table.asked.clear()
    await rows.save("b", "b1")
    assert not table.asked.is_set()
    assert len(rows) == 2


async def test_a_row_that_is_refused_for_good_is_set_aside_holds_up_no_other_and_can_be_saved_again(rows, table, guard):
    table.error = StoreError("bytes that no text may hold")
    await rows.save("a", "a1")
    (item,) = guard.waiting
    assert (item.pbx, item.about, len(rows)) == ("main", "row a1", 0)
    table.error = None
    await rows.save("b", "b1")
    assert await rows.save_again(item) == "row a1 is saved"
    assert table.saved == ["b1", "a1"]
    for unknown in (item, replace(item, pbx="branch")):
        with pytest.raises(InputError, match="not in memory any more"):
            await rows.save_again(unknown)


async def test_an_older_row_whose_saving_is_under_way_or_waits_never_replaces_the_last_one(rows, table):
    table.held = {"a1"}
    rows.keep("a", "a1")
    rows.keep("b", "b1")
    async with running(rows):
        await table.asked.wait()
        last = [asyncio.create_task(rows.save_last(key, f"{key}-last")) for key in ("a", "b")]
        for _ in range(10):
            await asyncio.sleep(0)
        table.go.set()
        await asyncio.gather(*last)
        await emptied(rows)
    assert table.saved == ["a1", "a-last", "b-last"]


async def test_where_the_last_row_cannot_be_saved_the_earlier_one_still_waits(rows, table):
    rows.keep("a", "a1")
    table.error = StoreUnavailable("locked")
    with pytest.raises(StoreUnavailable):
        await rows.save_last("a", "a-last")
    assert rows.get("a") == "a1"


async def test_a_row_that_comes_while_an_older_one_is_saved_is_saved_too(rows, table):
    table.held = {"a1"}
    rows.keep("a", "a1")
    async with running(rows):
        await table.asked.wait()
        rows.keep("a", "a2")
        table.go.set()
        await emptied(rows)
    assert table.saved == ["a1", "a2"]


def test_a_number_is_forgotten_in_the_rows_that_wait(rows):
    rows.keep(("main", "1.1"), "13812341234 read aloud")
    forget_in(rows, PhoneTraces("13812341234"))
    assert "13812341234" not in (rows.get(("main", "1.1")) or "13812341234")


def test_a_trouble_is_said_again_only_if_its_reason_changes_or_it_was_over() -> None:
    troubles = Troubles(level="warning")
    with capture_logs() as logs:
        for reason in ("locked", "locked", "full"):
            with troubles.waiting("parts_wait"):
                raise StoreUnavailable(reason)
        with troubles.waiting("parts_wait"):
            pass
        troubles.say("parts_wait", "full")
        troubles.say("parts_wait", "full", about="another")
    assert [log["reason"] for log in logs] == ["locked", "full", "full", "full"]
    assert [log.get("about") for log in logs] == [None, None, None, "another"]
    assert {log["log_level"] for log in logs} == {"warning"}


def test_what_is_no_trouble_that_was_named_goes_further() -> None:
    with pytest.raises(ValueError, match="a fault"), Troubles().waiting("parts_wait"):
        raise ValueError("a fault")


async def test_a_row_that_was_set_aside_is_saved_again_by_whoever_keeps_such_rows():
    def way(keeper):
        async def save_again(item):
            return f"{keeper}: {item.about}"

        return save_again

    again = saved_again({RowOf.GREETING: way("hearing"), RowOf.CONSULTATION: way("ivr")})

    def aside(about):
        return set_aside(Part.ROW, at_us=1, about=about, reason="r")

    assert await again(aside(RowOf.GREETING.called("1.1"))) == "hearing: greeting 1.1"
    assert await again(aside(RowOf.CONSULTATION.called("12345671"))) == "ivr: consultation 12345671"
    for about in ("greetings main 1.1", "break b1", "x"):
        with pytest.raises(InputError, match="belongs to no part"):
            await again(aside(about))
