"""A reader beside the service: it sees what is committed, changes nothing, and may ask."""

import pytest
from sqlalchemy import insert, text, update
from tests.contracts.store.conftest import call_of
from voicedesk.errors import StoreError
from voicedesk.store.calls import CallFilter
from voicedesk.store.requests import RequestState
from voicedesk.store.store import Store
from voicedesk.store.tables import calls, outages

CALL = "b_answer_17s"


@pytest.fixture
async def reader(store, store_url, clock):
    """A store opened to read, beside one that writes."""
    async with Store.open(store_url, may_write=False, now=clock) as opened:
        yield opened


async def test_a_reader_sees_what_the_writer_commits(store, reader):
    assert await reader.calls.count(CallFilter()) == 0
    await store.calls.save([call_of(CALL)])
    (seen,) = await reader.calls.list(CallFilter())
    assert seen.call == call_of(CALL)


@pytest.mark.database_file
async def test_a_reader_s_connections_hold_few_pages_each_and_a_writer_s_as_many_as_ever(store, reader):
    async with reader.database.read() as one, store.database.read() as other:
        held = [(await each.exec_driver_sql("PRAGMA cache_size")).scalar_one() for each in (one, other)]
    assert held == [-512, -2000]


WRITES = {
    "a call": lambda store: store.calls.save([call_of(CALL)]),
    "an outage": lambda store: store.outages.start("坏了", line=None, at=1, by="a"),
    "news again": lambda store: store.deliveries.revive(None, 1),
    "what was set aside": lambda store: store.quarantine.delete(["x"]),
    "the lease": lambda store: store.requests.lead("service", "a", 10),
    "an answer": lambda store: store.requests.finish("1", RequestState.DONE, "", owner="a"),
    "pruning": lambda store: store.retention.prune(calls_before=1, journal_before=1),
    "scrubbing": lambda store: store.database.scrub(),
}


@pytest.mark.parametrize("what", WRITES)
async def test_whatever_a_reader_would_change_is_refused_and_says_whom_to_ask(store, reader, what):
    with pytest.raises(StoreError, match=r"opened the database to read: .* asked of the running service"):
        await WRITES[what](reader)
    assert await store.calls.count(CallFilter()) == 0
    assert await store.outages.current() == []


@pytest.mark.parametrize("statement", [insert(outages), update(calls).values(verdict="late"), text("DROP TABLE calls")])
async def test_the_database_itself_refuses_it_on_every_connection_of_a_reader(store, reader, statement):
    await store.calls.save([call_of(CALL)])
    row = {"id": "1", "text": "x", "started_at": 1, "started_by": "a"}
    with pytest.raises(StoreError, match="opened the database to read"):
        async with reader.database.read() as connection:
            await connection.execute(statement, row if getattr(statement, "is_insert", False) else {})
    async with reader.database.engine.connect() as connection:
        with pytest.raises(Exception, match=r"read-?only"):
            await connection.execute(statement, row if getattr(statement, "is_insert", False) else {})
    assert (await store.calls.list(CallFilter()))[0].call == call_of(CALL)


async def test_a_reader_asks_of_the_service_hears_the_answer_and_may_take_back_what_waits(store, reader):
    first = await reader.requests.ask("ticket", {"do": "x"}, asked_by="web")
    second = await reader.requests.ask("ticket", {"do": "y"}, asked_by="web")
    assert await reader.requests.withdraw(second)
    assert await store.requests.lead("service", "s", 10)
    assert await store.requests.start([first, second], "s", 10) == {first}
    await store.requests.finish(first, RequestState.DONE, "done", owner="s")
    assert (await reader.requests.wait_for(first, 1)).outcome == "done"
    assert (await reader.requests.get(second)).state is RequestState.FAILED


async def test_a_reader_makes_no_database_and_upgrades_none(tmp_path):
    url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(StoreError, match="there is no database"):
        async with Store.open(url, may_write=False):
            pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "none.db").touch()
    with pytest.raises(StoreError, match="empty"):
        async with Store.open(url, may_write=False):
            pass
    assert (tmp_path / "none.db").stat().st_size == 0


@pytest.mark.database_file
async def test_a_reader_reads_while_nobody_writes_and_leaves_the_call_as_it_was(store_url):
    async with Store.open(store_url) as store:
        await store.calls.save([call_of(CALL)])
    for _ in range(2):
        async with Store.open(store_url, may_write=False) as reader:
            assert await reader.calls.count(CallFilter()) == 1
