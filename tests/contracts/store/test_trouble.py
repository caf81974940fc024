"""A database that refuses, is locked or slow: what was received is in the spill file in time, and nothing is lost."""

import asyncio
import contextlib
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_store import LATE, MISSED, event
from voicedesk.ami.message import make_mark
from voicedesk.calls.model import Gap, GapReason
from voicedesk.errors import JournalTaken, SpillRefused, StoreUnavailable
from voicedesk.store import backlog, writer
from voicedesk.store.batch import unpack_batch
from voicedesk.store.calls import CallFilter
from voicedesk.store.spill import Spill
from voicedesk.store.store import Store


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))
    monkeypatch.setattr(writer, "SPILL_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(writer, "FINISH_SECONDS", 0.1)


@pytest.fixture
def spill_path(tmp_path):
    return tmp_path / "v.spill"


@pytest.fixture
def spilling(store_url, spill_path, clock):
    """A store whose writer runs and may spill; entered anew it is the next run of the service."""

    @asynccontextmanager
    async def run():
        spill = Spill(spill_path, reserve_bytes=4096)
        async with Store.open(store_url, now=clock, spill=spill) as store:
            await store.writer.take_up()
            position = await store.journal.position("p")
            store.writer.begin("p", position.sequence if position else 0)
            task = asyncio.create_task(store.writer.run())
            await asyncio.sleep(0)
            try:
                yield store
            finally:
                task.cancel()
                await asyncio.wait({task})
                spill.close()

    return run


@contextlib.contextmanager
def refusing(store, error="the database is locked"):
    """While it lasts, nothing can be written."""

    @asynccontextmanager
    async def refuse():
        raise StoreUnavailable(error)
        yield

    store.database.write = refuse
    try:
        yield
    finally:
        del store.database.write


async def until(condition, seconds=10):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def spilled(path: Path) -> list[str]:
    reader = Spill(path, reserve_bytes=4096)
    reader.open()
    batches = [unpack_batch(payload) for _, payload in reader.records()]
    reader.close()
    lines = [line for batch in batches for raw in batch.reduced for line in raw.split(b"\r\n")]
    return [line.decode() for line in lines if line.startswith(b"Uniqueid")]


async def numbers(store):
    return [int(one.get("Uniqueid").partition(".")[2]) async for _, one in store.journal.events("p") if one.uniqueid]


async def test_fault_68_what_a_locked_database_does_not_take_is_in_the_spill_file_and_then_in_the_database(
    spilling, spill_path
):
    async with spilling() as store:
        with structlog.testing.capture_logs() as logs, refusing(store):
            for n in range(5):
                store.writer.add("p", resume_from=1, events=[event(n)], calls=[call_of(LATE)])
                await until(lambda n=n: f"Uniqueid: 1.{n}" in spilled(spill_path))
            assert store.writer.status().trouble is not None
        with structlog.testing.capture_logs() as later:
            await until(lambda: not store.writer.status().waiting_batches and store.writer.status().trouble is None)
            await until(lambda: store.writer.status().spilled_bytes == 0)
        assert [one["event"] for one in logs] == ["store_unavailable"]
        assert [one["event"] for one in later] == ["store_available"]
        assert await numbers(store) == [0, 1, 2, 3, 4]
        assert [one.call for one in await store.calls.list(CallFilter())] == [call_of(LATE)]
    assert spilled(spill_path) == []


async def test_fault_67_what_only_the_spill_file_has_is_in_the_database_after_the_next_start(spilling, spill_path):
    async with spilling() as store:
        store.writer.add("p", resume_from=1, events=[event(0)])
        await until(lambda: store.writer.status().committed)
        refuse = refusing(store)
        refuse.__enter__()
        store.writer.add("p", resume_from=1, events=[event(1)], calls=[call_of(LATE)])
        await until(lambda: spilled(spill_path))
        store.writer.add("p", resume_from=1, events=[event(2)], calls=[call_of(MISSED)], merged=[("gone", "kept")])
    assert spilled(spill_path) == ["Uniqueid: 1.1", "Uniqueid: 1.2"]
    for _ in range(2):
        async with spilling() as store:
            assert await numbers(store) == [0, 1, 2]
            assert len(await store.calls.list(CallFilter())) == 2
            store.writer.add("p", resume_from=1)
    assert spilled(spill_path) == []


async def test_a_spill_file_that_was_taken_up_but_not_emptied_changes_nothing(spilling, spill_path):
    async with spilling() as store:
        refuse = refusing(store)
        refuse.__enter__()
        store.writer.add("p", resume_from=1, events=[event(1)], calls=[call_of(LATE)])
    kept = spill_path.read_bytes()
    async with spilling() as store:
        store.writer.add("p", resume_from=1, events=[event(2)])
        await store.writer.flush()
    spill_path.write_bytes(kept)
    async with spilling() as store:
        assert await numbers(store) == [1, 2]


async def test_fault_70_entries_of_another_instance_are_never_overwritten(spilling, spill_path, store_url, clock):
    async with spilling() as store:
        refuse = refusing(store)
        refuse.__enter__()
        store.writer.add("p", resume_from=1, events=[event(1)])
    clock.us += 1_000_000
    async with Store.open(store_url, now=clock) as other:
        other.writer.add("p", resume_from=1, events=[event(7)])
        await other.writer.flush()
    clock.us += 1_000_000
    with structlog.testing.capture_logs() as logs:
        async with spilling() as store:
            assert await numbers(store) == [7]
            one = Store(store.database, clock)
            one.writer.add("p", resume_from=1, events=[event(8)])
            with pytest.raises(JournalTaken):
                await one.writer.run()
    assert logs[0]["event"] == "spill_set_aside"
    assert spilled(next(spill_path.parent.glob("*.aside-*"))) == ["Uniqueid: 1.1"]


async def test_a_hole_in_the_entries_is_a_gap_in_the_journal(store):
    store.writer.add("p", resume_from=1, events=[event(1)])
    await store.writer.flush()
    store.writer.begin("p", 5)
    store.writer.add("p", resume_from=1, events=[event(2)])
    await store.writer.flush()
    await store.writer.flush()
    names = [(one.name, one.get("State")) async for _, one in store.journal.events("p")]
    assert names == [("Newstate", None), ("VoicedeskLink", "dropped"), ("Newstate", None)]
    assert await gaps(store) == [GapReason.EVENTS_DROPPED.value]


@pytest.mark.parametrize("is_committed_before", [True, False])
async def test_a_hole_begins_with_what_was_heard_last_not_with_when_it_was_written(store, clock, is_committed_before):
    """What the switch had told by then may not have been read yet."""
    clock.us += 5_000_000  # events are stamped from 1800000000.000000 on, and so long they were on their way
    store.writer.add("p", resume_from=1, events=[event(7), make_mark("VoicedeskSnapshot", "begin", clock.us)])
    if is_committed_before:
        await store.writer.flush()
    else:
        store.writer.seal()
    clock.us += 1_000_000
    store.writer.begin("p", 5)
    store.writer.add("p", resume_from=1, events=[event(9)])
    await store.writer.flush()
    await store.writer.flush()
    (gap,) = await store.journal.gaps("p")
    assert (gap.gap.from_at, gap.gap.to_at) == (1_800_000_000_000_007, clock.us)


async def gaps(store):
    async with store.database.read() as connection:
        return list((await connection.exec_driver_sql("SELECT reason FROM gaps")).scalars())


async def test_fault_66_memory_holds_a_part_of_what_is_in_the_spill_file(spilling, monkeypatch):
    monkeypatch.setattr(backlog, "KEEP_BYTES", 2000)
    monkeypatch.setattr(backlog, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(writer, "CHUNK_BYTES", 1000)
    async with spilling() as store:
        with refusing(store, "disk is full"):
            for n in range(30):
                store.writer.add("p", resume_from=1, events=[event(3 * n + k) for k in range(3)])
                used = store.writer.status().spilled_bytes
                await until(lambda used=used: store.writer.status().spilled_bytes > used)
            assert store.writer.status().waiting_bytes < 4000
        store.writer.add("p", resume_from=1, events=[event(90)])
        await until(lambda: store.writer.status().waiting_batches == 0 and not store.writer.status().spilled_bytes)
        assert await numbers(store) == list(range(91))
        assert store.writer.status().waiting_bytes == 0


async def test_fault_66_where_neither_takes_anything_events_are_dropped_counted_and_marked(
    spilling, monkeypatch, clock
):
    clock.us += 5_000_000  # so long events were on their way
    monkeypatch.setattr(backlog, "MAX_WAITING_BYTES", 3000)

    def full(self, payloads):
        raise SpillRefused("No space left on device")

    with structlog.testing.capture_logs() as logs:
        async with spilling() as store:
            with monkeypatch.context() as trouble, refusing(store, "disk is full"):
                trouble.setattr(Spill, "append", full)
                for n in range(60):
                    store.writer.add("p", resume_from=1, events=[event(n)], calls=[call_of(LATE, pbx=f"p{n}")])
                await until(lambda: "spill_refused" in {one["event"] for one in logs})
                await asyncio.sleep(0.2)
                status = store.writer.status()
                assert status.dropped_events > 20
                assert status.dropped_calls > 20
            await until(lambda: store.writer.status().waiting_batches == 0)
            store.writer.add("p", resume_from=1, events=[event(99)])
            await until(lambda: store.writer.status().waiting_batches == 0)
            told = [one async for _, one in store.journal.events("p")]
            assert [one.get("Dropped") for one in told if one.name == "VoicedeskLink"] == [str(status.dropped_events)]
            kept = await numbers(store)
            assert kept[-1] == 99
            (gap,) = await store.journal.gaps("p")
            first_lost = next(n for n in range(60) if n not in kept)
            assert gap.gap == Gap(
                from_at=1_800_000_000_000_000 + first_lost, to_at=clock.us, reason=GapReason.EVENTS_DROPPED
            )
    assert [one["event"] for one in logs].count("spill_refused") == 1
    (over,) = (one for one in logs if one["event"] == "store_available")
    assert (over["dropped_events"], over["dropped_calls"]) == (status.dropped_events, status.dropped_calls)


@pytest.mark.database_file
async def test_a_service_begins_without_its_spill_file_where_that_cannot_be_opened(store_url, tmp_path, clock):
    spill = Spill(tmp_path / "no such folder" / "v.spill")
    with structlog.testing.capture_logs() as logs:
        async with Store.open(store_url, now=clock, spill=spill) as store:
            await store.writer.take_up()
            store.writer.add("p", resume_from=1, events=[event(1)])
            await store.writer.flush()
            assert await numbers(store) == [1]
    assert [one["event"] for one in logs] == ["spill_refused"]
    assert "No such file" in logs[0]["reason"]


async def test_fault_21_a_slow_database_delays_nothing_and_is_told_of_once(spilling, spill_path, monkeypatch):
    monkeypatch.setattr(writer, "SLOW_SECONDS", 0.15)
    async with spilling() as store:
        real = store.database.write

        @asynccontextmanager
        async def slow():
            await asyncio.sleep(0.3)
            async with real() as connection:
                yield connection

        with structlog.testing.capture_logs() as logs:
            store.database.write = slow
            for n in range(8):
                store.writer.add("p", resume_from=1, events=[event(n)])
                await until(lambda n=n: f"Uniqueid: 1.{n}" in spilled(spill_path) or not waiting(store))
            del store.database.write
            store.writer.add("p", resume_from=1, events=[event(8)])
            await until(lambda: not waiting(store) and store.writer.status().trouble is None)
        assert await numbers(store) == list(range(9))
        assert [one["event"] for one in logs] == ["store_unavailable", "store_available"]


def waiting(store):
    return store.writer.status().waiting_batches


@pytest.mark.database_file
async def test_fault_68_another_process_that_holds_the_lock_costs_nothing(spilling, spill_path, store_url):
    async with spilling() as store:
        other = sqlite3.connect(store_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.writer.add("p", resume_from=1, events=[event(1)])
        await until(lambda: spilled(spill_path) == ["Uniqueid: 1.1"])
        await until(lambda: store.writer.status().trouble is not None)
        other.execute("COMMIT")
        other.close()
        await until(lambda: not waiting(store))
        assert await numbers(store) == [1]
