"""A PostgreSQL server that is restarted, crashes, or whose connections are cut: nothing lost, nothing doubled."""

import asyncio
import secrets
from dataclasses import replace

import pytest
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_store import LATE, event
from tests.testbed.postgres import Postgres
from tests.testbed.proxy import Proxy
from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.store import postgresql, writer
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

EVENTS = 120


@pytest.fixture(scope="module")
def server():
    """A server that keeps what it said it has kept, through a crash."""
    with Postgres(fsync=True) as running:
        yield running


@pytest.fixture
def name(server):
    made = f"faults_{secrets.token_hex(4)}"
    server.create(made)
    yield made
    server.drop(made)


async def write_events(store, meanwhile):
    """Hands one event after another to the writer while something happens; waits until all are committed."""
    task = asyncio.create_task(store.writer.run())
    other = asyncio.create_task(meanwhile)
    for number in range(EVENTS):
        store.writer.add("p", resume_from=1, events=[event(number)])
        await asyncio.sleep(0.01)
    await other
    async with asyncio.timeout(30):
        while (status := store.writer.status()).waiting_batches or status.trouble:
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait({task})


async def journalled(store):
    return [one.get("Uniqueid") async for _, one in store.journal.events("p")]


@pytest.mark.parametrize("at_once", [False, True])
async def test_fault_69_a_restart_of_the_server_loses_and_doubles_nothing(server, name, monkeypatch, at_once):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))

    async def restart():
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.stop, at_once=at_once)
        await asyncio.sleep(0.3)
        server.start()  # not in a thread: the server ends with the thread that began it

    async with Store.open(server.url(name)) as store:
        await write_events(store, restart())
        assert await journalled(store) == [f"1.{number}" for number in range(EVENTS)]
        assert await store.requests.lead("service", "me", 5)


async def test_fault_69_connections_ended_by_the_server_lose_and_double_nothing(server, name, monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))

    async def cut_often():
        for _ in range(12):
            await asyncio.sleep(0.08)
            await asyncio.to_thread(server.cut, name)

    async with Store.open(server.url(name)) as store:
        await write_events(store, cut_often())
        assert await journalled(store) == [f"1.{number}" for number in range(EVENTS)]


async def test_fault_69_a_commit_whose_answer_never_came_is_not_done_twice(server, name, monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))
    commits = 0

    def every_other_commit(data):
        nonlocal commits
        commits += b"COMMIT" in data
        return b"COMMIT" in data and commits % 2 == 1

    async with Store.open(server.url(name)):
        pass  # the tables are there before trouble begins
    async with (
        Proxy(server.port, every_other_commit) as proxy,
        Store.open(server.url(name, port=proxy.port), upgrade=False) as store,
    ):
        await write_events(store, asyncio.sleep(0))
        assert proxy.cuts >= 3
    async with Store.open(server.url(name)) as store:
        assert await journalled(store) == [f"1.{number}" for number in range(EVENTS)]


async def test_fault_69_who_waits_too_long_for_the_writers_lock_may_try_again(server, name, monkeypatch):
    monkeypatch.setitem(postgresql._SESSION, "lock_timeout", "200ms")
    async with Store.open(server.url(name)) as store, Store.open(server.url(name)) as other:
        async with store.database.write():
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await other.requests.lead("service", "me", 5)
        assert await other.requests.lead("service", "me", 5)


async def test_fault_69_a_server_that_cannot_be_reached_may_come_back_and_says_what_is_wrong(server, name):
    with pytest.raises(StoreUnavailable, match="does not exist"):
        async with Store.open(server.url("nowhere")):
            pass
    async with Proxy(1) as nothing_behind:
        with pytest.raises(StoreUnavailable):
            async with Store.open(server.url(name, port=nothing_behind.port)):
                pass


async def test_a_reader_sees_one_state_and_can_change_nothing(server, name):
    async with Store.open(server.url(name)) as store:
        async with store.database.read() as reading:
            before = await reading.exec_driver_sql("SELECT count(*) FROM calls")
            await store.calls.save([call_of(LATE)])
            after = await reading.exec_driver_sql("SELECT count(*) FROM calls")
            assert before.scalar() == after.scalar() == 0
        with pytest.raises(StoreError, match="read-only"):
            async with store.database.read() as reading:
                await reading.exec_driver_sql("DELETE FROM calls")
        assert len(await store.calls.list(CallFilter())) == 1


async def test_text_with_a_nul_is_kept_without_it(server, name):
    call = call_of(LATE)
    legs = tuple(replace(leg, endpoint="PJSIP/a\0b") for leg in call.facts.legs)
    async with Store.open(server.url(name)) as store:
        await store.calls.save([replace(call, facts=replace(call.facts, legs=legs))])
        assert len(await store.calls.list(CallFilter(endpoint="PJSIP/a\ufffdb"))) == 1


async def test_fault_70_one_leads_on_a_server_and_the_next_takes_over(server, name):
    async with Store.open(server.url(name)) as one, Store.open(server.url(name)) as other:
        asked = [store.requests.lead("service", str(n), 0.3) for n, store in enumerate((one, other) * 5)]
        took = await asyncio.gather(*asked)
        assert sum(took) == 1
        gone = await other.requests.lease("service")
        takes = [store.requests.lead("service", f"next {n}", 5, over=gone) for n, store in enumerate((one, other) * 5)]
        assert sum(await asyncio.gather(*takes)) == 1
        assert (await one.requests.holder("service")).startswith("next")
