"""Many who ask at the same time: their answers share commits, their looks are one, and each is answered by itself."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs
from voicedesk.errors import StoreUnavailable
from voicedesk.run import answers as answering
from voicedesk.run.answers import Answers
from voicedesk.store import engine
from voicedesk.store.awaiting import Awaiting
from voicedesk.store.requests import Answer, RequestState
from voicedesk.store.store import Store


class Rows:
    """Takes answers; `refuses` says of each whether the database takes it, `broken` of which ones it raises."""

    def __init__(self, refuses=(), broken=()):
        self.refuses, self.broken, self.commits = list(refuses), broken, []

    async def finish_all(self, answers, *, owner):
        await asyncio.sleep(0)
        if self.refuses and self.refuses.pop(0):
            raise StoreUnavailable("the database is locked")
        if any(one.request_id in self.broken for one in answers):
            raise ZeroDivisionError
        self.commits.append([one.request_id for one in answers])

    async def finish(self, request_id, state, outcome, *, owner):
        await self.finish_all([Answer(request_id, state, outcome)], owner=owner)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(answering, "COLLECT_SECONDS", 0)
    monkeypatch.setattr(answering, "RETRY_SECONDS", 0)


def answer(request_id: str) -> Answer:
    return Answer(request_id, RequestState.DONE, "done")


async def test_answers_of_the_same_time_are_one_commit_and_what_comes_meanwhile_is_the_next():
    rows = Rows()
    written = Answers(rows, "we")
    first = [asyncio.create_task(written.write(answer(f"a{n}"))) for n in range(5)]
    await first[0]
    await asyncio.gather(*first, written.write(answer("b")))
    assert rows.commits == [["a0", "a1", "a2", "a3", "a4"], ["b"]]


async def test_an_answer_that_raises_costs_itself_and_is_told_to_who_waits_for_it():
    rows = Rows(broken=("a1",))
    written = Answers(rows, "we")
    told = await asyncio.gather(*(written.write(answer(f"a{n}")) for n in range(3)), return_exceptions=True)
    assert [type(one).__name__ for one in told] == ["NoneType", "ZeroDivisionError", "NoneType"]
    assert rows.commits == [["a0"], ["a2"]]


async def test_what_the_database_refuses_is_written_later_and_said_once_for_each():
    rows = Rows(refuses=[True] * 7)
    written = Answers(rows, "we")
    with capture_logs() as logs:
        await asyncio.gather(*(written.write(answer(f"a{n}")) for n in range(2)))
    assert sorted(one for some in rows.commits for one in some) == ["a0", "a1"]
    assert [one["request_id"] for one in logs if one["event"] == "answer_not_written"] == ["a0", "a1"]


async def test_closed_it_leaves_nobody_waiting_and_nothing_running():
    rows = Rows(refuses=[True] * 10_000)
    written = Answers(rows, "we")
    waiting = asyncio.create_task(written.write(answer("a")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await written.close()
    await asyncio.wait({waiting}, timeout=5)
    assert waiting.cancelled()


async def test_many_who_wait_look_together_and_each_hears_of_its_own():
    over, looks = set(), []

    async def ended(ids):
        looks.append(set(ids))
        await asyncio.sleep(0)
        return over & set(ids)

    awaiting = Awaiting(ended)
    waiting = {f"r{n}": asyncio.create_task(awaiting.end_of(f"r{n}")) for n in range(50)}
    twice = asyncio.create_task(awaiting.end_of("r7"))
    await asyncio.sleep(0.35)
    assert len(looks) <= 5, "not one look for each who waits"
    over |= {"r7", "r8"}
    await asyncio.wait_for(asyncio.gather(waiting.pop("r7"), waiting.pop("r8"), twice), 5)
    over |= set(waiting)
    await asyncio.wait_for(asyncio.gather(*waiting.values()), 5)
    assert looks[-1] <= set(waiting)


async def test_who_gives_up_waiting_takes_nobody_along():
    over = set()

    async def ended(ids):
        await asyncio.sleep(0.01)
        return over & set(ids)

    awaiting = Awaiting(ended)
    one, other = (asyncio.create_task(awaiting.end_of(name)) for name in ("one", "other"))
    await asyncio.sleep(0.005)
    one.cancel()
    over.add("other")
    await asyncio.wait_for(other, 5)


async def test_writers_of_one_process_come_in_their_order_and_one_that_writes_for_long_is_not_waited_for_forever(
    tmp_path, monkeypatch
):
    async with Store.open(f"sqlite:///{tmp_path}/voicedesk.db") as store:
        order = []

        async def write(n):
            async with store.database.write():
                order.append(n)
                await asyncio.sleep(0.001)

        await asyncio.gather(*(write(n) for n in range(10)))
        assert order == list(range(10))
        monkeypatch.setattr(engine, "LOCK_SECONDS", 0.1)
        monkeypatch.setattr(engine, "TURN_SECONDS", 0.1)
        async with store.database.write():
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="locked"):
                await write(11)
            assert time.monotonic() - began < 10
        await write(12)
        assert order[-1] == 12
