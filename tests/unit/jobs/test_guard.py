"""The guard: one thing costs itself; noting it waits for nothing and never fails."""

import asyncio

import pytest
import structlog
from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.jobs import guard as guarding
from voicedesk.jobs.guard import Guard, Part, written


class Quarantine:
    def __init__(self) -> None:
        self.items, self.trouble = [], None

    async def add(self, items) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.items += items


class Store:
    def __init__(self) -> None:
        self.quarantine = Quarantine()


def fail(error: BaseException = RuntimeError("13812341234 does not fit")) -> None:  # noqa: B008  # never changed
    raise error


def test_what_is_raised_costs_the_one_thing_and_the_next_is_done():
    guard, done = Guard(lambda: 7), []
    for number in range(3):
        with guard.one(Part.ROW, f"row {number}", content=b"\x00\xff", pbx="main"):
            if number == 1:
                fail()
            done.append(number)
    assert done == [0, 2]
    (one,) = guard.waiting
    assert (one.about, one.pbx, one.content, one.at_us) == ("row 1", "main", b"\x00\xff", 7)
    assert "138****1234" in one.reason
    assert "1381234" not in one.reason


FAULTS = [MemoryError(), RecursionError(), StoreError("no"), ExceptionGroup("x", [ValueError()])]


@pytest.mark.parametrize("error", FAULTS)
def test_whatever_is_an_exception_costs_one_thing(error):
    guard = Guard()
    with guard.one(Part.ROW, "x"):
        fail(error)
    assert guard.counts == {Part.ROW: 1}


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), StoreUnavailable("away")])
def test_an_end_and_a_database_away_are_no_fault_of_the_thing_at_hand(error):
    guard = Guard()
    with pytest.raises(type(error)), guard.one(Part.ROW, "x"):
        fail(error)
    assert guard.waiting == ()


def test_each_kind_is_logged_once_and_then_ever_more_seldom():
    guard = Guard()
    with structlog.testing.capture_logs() as logs:
        for number in range(250):
            with guard.one(Part.ROW, f"row {number}"):
                fail()
    assert [entry["seen"] for entry in logs] == [1, 10, 100]


def test_memory_has_an_end_and_what_is_lost_is_counted():
    guard = Guard()
    for number in range(guarding.MOST_WAITING + 5):
        guard.set_aside(Part.ROW, ValueError(), about=str(number))
    assert (len(guard.waiting), guard.lost) == (guarding.MOST_WAITING, 5)


def test_half_a_character_is_written_out():
    assert written({"a": "\ud800"})() == b"{'a': '\\ud800'}"


def test_each_thing_but_the_bad_ones_is_taken_once_and_in_order():
    guard, taken, bad = Guard(), [], []

    def take(things) -> None:
        for thing in things:
            if thing % 3 == 0:
                raise ValueError(thing)
            taken.append(thing)

    guard.each(Part.EVENT, list(range(10)), take, lambda thing, _error: bad.append(thing))
    assert (taken, bad) == ([1, 2, 4, 5, 7, 8], [0, 3, 6, 9])


def test_who_raises_before_the_first_thing_is_not_asked_without_end():
    guard = Guard()
    guard.each(Part.EVENT, [1, 2], lambda _things: fail(), lambda *_: None)
    assert guard.counts == {Part.EVENT: 1}


async def test_what_the_database_does_not_take_waits_and_is_counted_together():
    guard, store = Guard(lambda: 1), Store()
    store.quarantine.trouble = StoreUnavailable("locked")
    for _ in range(2):
        with guard.one(Part.ROW, "x"):
            fail()
        with pytest.raises(StoreUnavailable):
            await guard.save(store)
    store.quarantine.trouble = None
    await guard.save(store)
    assert [(item.about, item.seen) for item in store.quarantine.items] == [("x", 2)]
    assert guard.waiting == ()


class Unsayable(Exception):
    def __init__(self, how: type[Exception]) -> None:
        self.how = how

    def __str__(self) -> str:
        raise self.how


class Unwritable:
    def __repr__(self) -> str:
        raise RecursionError


@pytest.mark.parametrize("how", [ValueError, RecursionError, MemoryError])
def test_an_error_that_cannot_even_be_read_is_set_aside_with_the_bytes_that_caused_it(how):
    guard = Guard(lambda: 7)
    with structlog.testing.capture_logs() as logs, guard.one(Part.EVENT, "channel 1", content=b"bytes"):
        fail(Unsayable(how))
    (one,) = guard.waiting
    assert (one.about, one.content, guard.lost) == ("channel 1", b"bytes", 0)
    assert one.reason.startswith("Unsayable: ")
    assert [(entry["event"], entry["about"]) for entry in logs] == [("set_aside", "channel 1")]


def test_a_thing_that_cannot_be_written_out_is_set_aside_without_it():
    guard = Guard(lambda: 7)
    with guard.one(Part.CALL, "call 1", content=written(Unwritable())):
        fail()
    (one,) = guard.waiting
    assert (one.about, guard.lost) == ("call 1", 0)


def test_the_name_of_a_thing_fills_no_log():
    guard = Guard(lambda: 7)
    with structlog.testing.capture_logs() as logs, guard.one(Part.EVENT, "x" * 10**6):
        fail()
    assert len(logs[0]["about"]) < 1000


def test_what_cannot_even_be_noted_is_counted_and_fills_no_log():
    def now() -> int:
        raise OverflowError

    guard = Guard(now)
    with structlog.testing.capture_logs() as logs:
        for number in range(200):
            with guard.one(Part.EVENT, f"channel {number}"):
                fail()
    assert guard.lost == 200
    assert [entry["lost"] for entry in logs if entry["event"] == "not_set_aside"] == [1, 10, 100]
