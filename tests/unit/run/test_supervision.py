"""A part that fails, or hangs, is begun again alone; what is meant to end more ends more."""

import asyncio
import gc
import socket
import weakref

import pytest
from voicedesk.errors import JournalTaken, VoicedeskError
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.rounds import Rounds, promise_round
from voicedesk.run import supervision
from voicedesk.run.supervision import Supervisor
from voicedesk.run.systemd import ServiceManager


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that are made; they take no time."""
    made, sleep = [], asyncio.sleep

    async def pause(seconds: float) -> None:
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr(supervision.asyncio, "sleep", pause)
    return made


class Work:
    """A part that ends so, time after time."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)

    async def work(self) -> None:
        end = self.ends.pop(0)
        if end is not None:
            raise end


async def test_a_fault_is_set_aside_and_the_work_begun_again_after_growing_pauses(pauses):
    guard = Guard()
    part = Work(*(RuntimeError(str(n)) for n in range(9)), None)
    await Supervisor(guard).keep("tickets", part.work)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert {(item.part, item.about) for item in guard.waiting} == {(Part.TASK, "tickets")}
    assert all(b"Traceback" in item.content for item in guard.waiting)


class Row:
    """Something that a part has in hand, with a caller's number, say."""


async def test_what_a_part_had_in_hand_when_it_failed_is_let_go_when_it_begins_again(pauses):
    had, left = [], []

    async def work() -> None:
        if not had:
            row = Row()
            had.append(weakref.ref(row))
            raise RuntimeError("odd")
        gc.collect()  # an error and the place where it was raised hold each other
        left.append(had[0]())

    await Supervisor(Guard()).keep("tickets", work)
    assert left == [None]


async def test_a_fault_in_one_of_its_tasks_is_a_fault_of_the_part(pauses):
    guard = Guard()
    part = Work(ExceptionGroup("tasks", [ValueError("odd")]), None)
    await Supervisor(guard).keep("news", part.work)
    assert b"ValueError: odd" in guard.waiting[0].content


@pytest.mark.parametrize("error", [JournalTaken("x"), ExceptionGroup("tasks", [JournalTaken("x")])])
async def test_what_is_meant_to_end_the_service_ends_it(error):
    with pytest.raises(JournalTaken):
        await Supervisor(Guard()).keep("follow", Work(error).work)


async def test_a_lost_lead_ends_the_service():
    with pytest.raises(VoicedeskError):
        await Supervisor(Guard()).keep("lease", Work(VoicedeskError("x")).work, ends=(VoicedeskError,))


async def test_a_part_that_is_told_to_stop_stops_and_its_last_words_are_kept():
    guard = Guard()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("at the end")

    task = asyncio.create_task(Supervisor(guard).keep("follow", work))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert guard.waiting[0].about == "follow, as it ended"


async def test_a_part_whose_loop_does_not_come_round_is_ended_and_begun_again(monkeypatch, pauses):
    monkeypatch.setattr(supervision, "LOOK_SECONDS", 0.01)
    guard, times = Guard(), []

    async def work() -> None:
        times.append(1)
        promise_round(0)
        if len(times) < 3:
            await asyncio.Event().wait()

    await Supervisor(guard).keep("tickets", work)
    assert len(times) == 3
    assert "did not come round in time" in guard.waiting[0].reason


async def test_who_waits_for_something_to_do_does_not_hang(monkeypatch):
    monkeypatch.setattr(supervision, "LOOK_SECONDS", 0.01)
    guard, arrived = Guard(), asyncio.Event()

    async def work() -> None:
        promise_round(0)
        promise_round(None)
        asyncio.get_running_loop().call_later(0.05, arrived.set)
        await arrived.wait()

    await Supervisor(guard).keep("news", work)
    assert guard.waiting == ()


async def test_a_standstill_of_the_whole_process_is_no_parts_fault():
    rounds, task = Rounds(), asyncio.current_task()
    rounds.promise(task, 10.0)
    rounds.postpone(30.0)
    assert (rounds.late(39.0), rounds.late(41.0)) == (None, task)


def test_outside_of_the_service_a_promise_costs_nothing():
    async def work() -> None:
        promise_round(0)

    asyncio.run(work())


async def test_the_service_manager_is_told_that_the_loop_turns(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "notify"))
        door.setblocking(False)
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"})
        manager.tell("READY=1", "STATUS=leading")
        alive = asyncio.create_task(manager.keep_alive())
        await asyncio.sleep(0)
        alive.cancel()
        await asyncio.wait({alive})
        assert [door.recv(100), door.recv(100)] == [b"READY=1\nSTATUS=leading", b"WATCHDOG=1"]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "1" * 40},
        {"NOTIFY_SOCKET": "x" * 500, "WATCHDOG_USEC": "-1"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_PID": "1", "WATCHDOG_USEC": "1000000"},
    ],
)
async def test_without_a_service_manager_nothing_is_told(environ):
    manager = ServiceManager(environ)
    manager.tell("READY=1")
    async with asyncio.timeout(5):
        await manager.keep_alive()
    assert manager.watchdog_seconds == 0
