"""What every store promises: nothing lost, nothing doubled, a person's decision kept, numbers forgotten."""

import ast
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import voicedesk.calls
from alembic import command
from tests.contracts.store.conftest import CAPTURES, call_of
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.calls.model import Gap, GapReason, Verdict
from voicedesk.calls.replay import replay
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.doctor.examine import check_database
from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.jobs.following.rejudge import rejudge_calls
from voicedesk.store import backlog, postgresql, schema, sqlite, writer
from voicedesk.store.calls import CallFilter, CallOrder, HumanDecision
from voicedesk.store.copying import copy_database
from voicedesk.store.engine import Database
from voicedesk.store.packing import KEPT_HEADERS, pack_facts, reduce_event, restore_event, unpack_facts
from voicedesk.store.requests import RequestState
from voicedesk.store.store import Store

LATE, MISSED, GAVE_UP = "b_answer_17s", "c_no_answer_queue_timeout", "d_caller_abandons"


def event(n: int, number: str = "13800138000") -> AmiEvent:
    headers = {"Privilege": "call,all", "Timestamp": f"1800000000.{n:06d}", "Channel": "PJSIP/t-1"}
    return make_event("Newstate", {**headers, "Uniqueid": f"1.{n}", "CallerIDNum": number}, arrived_us=n + 1)


async def test_a_call_comes_back_as_it_was_saved(store):
    call = call_of(LATE)
    await store.calls.save([call])
    assert (await store.calls.get(call.facts.id)).call == call
    assert await store.calls.get("nothing") is None


async def test_saving_the_same_call_again_changes_nothing(store):
    for _ in range(3):
        await store.calls.save([call_of(LATE)])
    assert len(await store.calls.list(CallFilter())) == 1


async def test_the_beginning_of_an_id_is_enough_if_it_is_the_only_one(store):
    calls = [call_of(LATE), call_of(MISSED)]
    await store.calls.save(calls)
    assert (await store.calls.get(calls[0].facts.id[:6])).call == calls[0]
    with pytest.raises(InputError, match="more than one"):
        await store.calls.get("")


async def test_a_persons_decision_is_never_overwritten(store):
    call = call_of(LATE)
    await store.calls.save([call])
    decision = HumanDecision(verdict=Verdict.ON_TIME, by="wang", reason="the clock on the wall", at=7)
    await store.calls.decide(call.facts.id, decision)
    await store.calls.save([call])
    await rejudge_calls(store.calls, CallFilter(), hall=None, dry_run=False)
    stored = await store.calls.get(call.facts.id)
    assert (stored.human, stored.call.judgement.verdict) == (decision, Verdict.LATE)


FILTERS = {
    "line": (CallFilter(line="4001"), 3),
    "another line": (CallFilter(line="x"), 0),
    "verdict": (CallFilter(verdict="late"), 1),
    "cause": (CallFilter(cause="person"), 2),
    "direction": (CallFilter(direction="inbound"), 3),
    "a phone that rang": (CallFilter(endpoint="PJSIP/agent1"), 3),
    "number": (CallFilter(caller_numbers=("13800138000",)), 3),
    "agent": (CallFilter(agent="nobody"), 0),
    "doubtful": (CallFilter(doubtful=True), 0),
    "gap": (CallFilter(has_gap=False), 3),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_calls_are_found_by(store, name):
    which, count = FILTERS[name]
    await store.calls.save([call_of(LATE), call_of(MISSED), call_of(GAVE_UP)])
    assert len(await store.calls.list(which)) == count


async def test_calls_are_listed_by_time_and_page_by_page(store):
    calls = sorted([call_of(LATE), call_of(MISSED), call_of(GAVE_UP)], key=lambda call: call.facts.started_at)
    await store.calls.save(calls)
    newest = await store.calls.list(CallFilter(), limit=2)
    rest = await store.calls.list(
        CallFilter(), limit=2, after=(newest[-1].call.facts.started_at, newest[-1].call.facts.id)
    )
    assert [one.call for one in newest + rest] == calls[::-1]
    assert [one.call async for one in store.calls.each(CallFilter(), page=1)] == calls
    between = CallFilter(from_at=calls[1].facts.started_at, to_at=calls[2].facts.started_at)
    assert [one.call for one in await store.calls.list(between, order=CallOrder.OLDEST)] == calls[1:2]


async def test_rejudging_tells_what_would_change_and_then_changes_it(store):
    from voicedesk.calls.model import Hall, Line

    call = call_of(LATE)
    await store.calls.save([call])
    hall = Hall(lines=(Line(name="4001", limit_us=20_000_000),))
    told = await rejudge_calls(store.calls, CallFilter(), hall=hall, dry_run=True)
    assert [(one.before, one.after) for one in told.changes] == [("late", "on_time")]
    assert (await store.calls.get(call.facts.id)).verdict == "late"
    await rejudge_calls(store.calls, CallFilter(), hall=hall, dry_run=False)
    stored = await store.calls.get(call.facts.id)
    assert (stored.verdict, stored.call.facts.limit_us) == ("on_time", 20_000_000)
    again = await rejudge_calls(store.calls, CallFilter(), hall=None, dry_run=False)
    assert (again.judged, again.changes) == (1, [])


# --- journal and writer


async def test_what_belongs_together_is_committed_together_and_in_order(store):
    call = call_of(LATE)
    store.writer.add("p", resume_from=1, events=[event(1), event(2)], calls=[call])
    store.writer.add("p", resume_from=1, events=[event(3)])
    await store.writer.flush()
    store.writer.add("p", resume_from=2, events=[event(4)], gaps=[Gap(from_at=1, to_at=2, reason=GapReason.LINK_LOST)])
    await store.writer.flush()
    journal = [(entry, one.get("Uniqueid")) async for entry, one in store.journal.events("p")]
    assert journal == [(1, "1.1"), (1, "1.2"), (1, "1.3"), (2, "1.4")]
    assert [one.get("Uniqueid") async for _, one in store.journal.events("p", since=2)] == ["1.4"]
    position = await store.journal.position("p")
    assert (position.sequence, position.resume_from) == (2, 2)
    assert await store.journal.position("q") is None
    assert await store.journal.names() == ["p"]


async def test_a_call_that_became_part_of_another_has_no_row_of_its_own(store):
    gone, kept = call_of(LATE), call_of(MISSED)
    await store.calls.save([gone])
    store.writer.add("p", resume_from=1, calls=[gone, kept], merged=[(gone.facts.id, kept.facts.id)])
    await store.writer.flush()
    assert [one.call for one in await store.calls.list(CallFilter())] == [kept]


async def test_a_journal_longer_than_a_page_is_read_to_its_end(store, monkeypatch):
    monkeypatch.setattr("voicedesk.store.journal.PAGE", 2)
    for n in range(5):
        store.writer.add("p", resume_from=1, events=[event(n)])
        await store.writer.flush()
    assert len([one async for one in store.journal.events("p")]) == 5


async def test_the_writer_commits_by_itself_and_at_its_end(store):
    task = asyncio.create_task(store.writer.run())
    store.writer.add("p", resume_from=1, events=[event(1)])
    async with asyncio.timeout(5):
        while store.writer.status().committed == 0:
            await asyncio.sleep(0.01)
    store.writer.add("p", resume_from=1, events=[event(2)])
    task.cancel()
    await asyncio.wait({task})
    assert len([one async for one in store.journal.events("p")]) == 2


async def test_fault_68_a_locked_database_delays_and_loses_nothing(store, monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))
    real = store.database.write

    def refuse():
        raise StoreUnavailable("the database is locked")

    monkeypatch.setattr(store.database, "write", refuse)
    task = asyncio.create_task(store.writer.run())
    store.writer.add("p", resume_from=1, events=[event(1)])
    async with asyncio.timeout(5):
        while store.writer.status().trouble is None:
            await asyncio.sleep(0.01)
    store.writer.add("p", resume_from=1, events=[event(2)])
    monkeypatch.setattr(store.database, "write", real)
    async with asyncio.timeout(5):
        while store.writer.status().trouble is not None or store.writer.status().waiting_batches:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert [one.get("Uniqueid") async for _, one in store.journal.events("p")] == ["1.1", "1.2"]


async def test_what_waits_for_the_database_is_bounded_and_counted(store, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_WAITING_BYTES", 500)
    store.writer.add("p", resume_from=1, events=[event(n) for n in range(100)])
    status = store.writer.status()
    assert status.waiting_bytes <= 500
    assert status.dropped_events > 90


def test_an_event_comes_back_from_the_journal_with_all_that_matters():
    one = event(5)
    one.doubtful = True
    again = restore_event(reduce_event(one))
    assert (again.name, again.timestamp_us, again.arrived_us, again.doubtful) == ("Newstate", one.timestamp_us, 6, True)
    assert {key: again.get(key) for key in ("Channel", "Uniqueid", "CallerIDNum")} == {
        "Channel": "PJSIP/t-1",
        "Uniqueid": "1.5",
        "CallerIDNum": "13800138000",
    }
    assert "AccountCode" not in KEPT_HEADERS


HOUSES = sorted((CAPTURES / "houses").glob("*.raw"))


@pytest.mark.parametrize("path", HOUSES, ids=lambda path: path.stem)
def test_calls_made_from_the_journal_are_the_calls_made_of_what_was_received(path):
    """But for gaps, of which a capture knows by what no journal keeps."""
    raw = path.read_bytes()
    events = RecordedConversation(WANTED_EVENTS).receive_data(raw)
    for one in events:
        one.arrived_us = 0
    exported = b"\r\n\r\n".join(reduce_event(one) for one in events) + b"\r\n\r\n"
    again, made = ([replace(call.facts, gaps=()) for call in replay(data).calls] for data in (exported, raw))
    assert again == made


FROM_LOGS_ONLY = {"Presumed", "Unseen"}
OF_CAPTURES_ONLY = {"Arrived", "Uptime"}


def test_the_journal_keeps_every_header_a_tracker_reads():
    """Also those of events that no capture has."""
    read = set()
    for path in Path(voicedesk.calls.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
                    read.add(name)
    read = {name for name in read if name[0].isupper()}
    assert len(read) > 30
    assert read - KEPT_HEADERS == FROM_LOGS_ONLY | OF_CAPTURES_ONLY


def test_facts_survive_packing_and_take_little_room():
    facts = call_of(LATE).facts
    assert unpack_facts(pack_facts(facts)) == facts
    assert len(pack_facts(facts)) < 400


# --- what processes ask of each other


async def test_a_request_is_begun_once_and_its_outcome_comes_back(store):
    await store.requests.lead("service", "me", 10)
    asked = await store.requests.ask("reload", {"why": "试"}, asked_by="wang")
    (waiting,) = await store.requests.queued(10)
    told = (waiting.id, waiting.kind, json.loads(waiting.payload), waiting.asked_by)
    assert told == (asked, "reload", {"why": "试"}, "wang")
    assert await store.requests.start([asked], "you", 5) == set(), "only who leads begins with anything"
    assert await store.requests.start([asked], "me", 5) == {asked}
    assert await store.requests.start([asked], "me", 5) == set()
    assert await store.requests.queued(10) == []
    await store.requests.finish(asked, RequestState.DONE, "done it", owner="me")
    await store.requests.finish(asked, RequestState.FAILED, "again", owner="me")
    answer = await store.requests.wait_for(asked, timeout_seconds=1)
    assert (answer.state, answer.outcome) == ("done", "done it")


async def test_what_ran_when_its_service_died_is_unknown_and_never_run_again(store, clock):
    await store.requests.lead("service", "me", 10)
    asked = [await store.requests.ask("reload", {}, asked_by="wang") for _ in range(3)]
    await store.requests.start(asked[:2], "me", 5)
    assert await store.requests.unknown(0, 10) == []
    clock.us += 6_000_000
    assert len(await store.requests.unknown(0, 10)) == 2, "whoever runs them is silent"
    await store.requests.renew([asked[0]], "me", 5)
    assert [one.id for one in await store.requests.unknown(0, 10)] == asked[1:2]
    await store.requests.lead("service", "you", 10, over=await store.requests.lease("service"))
    assert {one.id for one in await store.requests.give_up("you")} == set(asked[:2])
    assert [one.id for one in await store.requests.queued(10)] == asked[2:]
    answer = await store.requests.wait_for(asked[0], timeout_seconds=1)
    assert (answer.state, "not known" in answer.outcome) == ("unknown", True)
    await store.requests.finish(asked[0], RequestState.DONE, "not mine to tell", owner="you")
    assert (await store.requests.get(asked[0])).state == "unknown", "only who ran it can say what came of it"
    await store.requests.finish(asked[0], RequestState.DONE, "it was done", owner="me")
    assert (await store.requests.get(asked[0])).outcome == "it was done", "who was only taken for dead may tell"


async def test_what_a_service_lost_sight_of_is_unknown_too(store):
    await store.requests.lead("service", "me", 10)
    asked = [await store.requests.ask("reload", {}, asked_by="wang") for _ in range(2)]
    await store.requests.start(asked, "me", 5)
    assert [one.id for one in await store.requests.give_up("me", running=asked[:1])] == asked[1:]


async def test_who_waits_no_longer_takes_back_what_nobody_began_with(store):
    await store.requests.lead("service", "me", 10)
    asked = [await store.requests.ask("reload", {}, asked_by="wang") for _ in range(2)]
    await store.requests.start(asked[:1], "me", 5)
    assert [await store.requests.withdraw(one) for one in asked] == [False, True]
    assert await store.requests.queued(10) == []


async def test_an_outcome_of_any_kind_and_length_can_be_written(store):
    await store.requests.lead("service", "me", 10)
    asked = await store.requests.ask("reload", {}, asked_by="wang")
    await store.requests.start([asked], "me", 5)
    await store.requests.finish(asked, RequestState.FAILED, "\0\ud800" + "长" * 100_000, owner="me")
    assert len((await store.requests.get(asked)).outcome) == 4000


@pytest.mark.database_file
async def test_a_row_that_is_no_text_costs_itself_alone(store, store_url):
    good = await store.requests.ask("reload", {}, asked_by="wang")
    with sqlite3.connect(store_url.removeprefix("sqlite:///")) as database:
        for n, column in enumerate(("id", "kind", "payload", "asked_by")):
            values = {"id": f"'odd {n}'", "kind": "'reload'", "payload": "'{}'", "asked_by": "'x'"}
            values[column] = "CAST(x'ff00fe' AS TEXT)"
            columns = ", ".join(values)
            told = (
                f"INSERT INTO requests ({columns}, asked_at, state) VALUES ({', '.join(values.values())}, 1, 'queued')"
            )
            database.execute(told)
        database.execute("INSERT INTO requests VALUES (4, 'x', '{}', 'x', 'then', 'queued', NULL, NULL, NULL, NULL)")
    database.close()
    assert {one.id for one in await store.requests.queued(10)} == {good, "4"}
    assert {one.id for one in await store.requests.queued(10)} == {good, "4"}
    with sqlite3.connect(store_url.removeprefix("sqlite:///")) as database:
        states = database.execute("SELECT state, count(*) FROM requests GROUP BY state ORDER BY state").fetchall()
    database.close()
    assert states == [("failed", 4), ("queued", 2)]
    (odd,) = await store.requests.newest(limit=1)
    rest = await store.requests.newest(after=(odd.asked_at, odd.id))
    assert (odd.id, len(rest), rest[0].id) == ("4", 5, good), "none is left out of the list of what was asked"
    assert await store.requests.count() == 6


async def test_nobody_waits_for_an_answer_for_ever(store):
    asked = await store.requests.ask("reload", {}, asked_by="wang")
    assert await store.requests.wait_for(asked, timeout_seconds=0.01) is None


async def test_fault_70_a_lease_is_over_when_it_is_given_back_or_its_holder_is_gone_never_by_a_clock(store, clock):
    assert await store.requests.lead("service", "a", 10)
    assert not await store.requests.lead("service", "b", 10)
    assert await store.requests.holder("service") == "a"
    clock.us += 10 * 365 * 86400 * 1_000_000
    seen = await store.requests.lease("service")
    assert not await store.requests.lead("service", "b", 10)
    assert await store.requests.lead("service", "a", 10)
    assert not await store.requests.lead("service", "b", 10, over=seen), "it was renewed since it was looked at"
    assert await store.requests.lead("service", "b", 10, over=await store.requests.lease("service"))
    assert not await store.requests.lead("service", "a", 10)
    await store.requests.resign("service", "b")
    assert await store.requests.holder("service") is None
    assert await store.requests.lead("service", "a", 10)


async def test_each_renewal_of_a_lease_can_be_seen_also_by_a_clock_that_stands_still(store):
    seen = set()
    for _ in range(5):
        assert await store.requests.lead("service", "a", 10)
        seen.add(await store.requests.lease("service"))
    assert len(seen) == 5


# --- retention and deletion


async def test_what_is_old_enough_is_deleted_and_nothing_else(store, clock):
    old, young = call_of(LATE), call_of(MISSED)
    store.writer.add("p", resume_from=1, events=[event(1)], calls=[old])
    await store.writer.flush()
    clock.us += 1_000_000
    store.writer.add("p", resume_from=2, events=[event(2)], calls=[young])
    await store.writer.flush()
    pruned = await store.retention.prune(calls_before=young.facts.started_at, journal_before=clock.us)
    assert (pruned.calls, pruned.journal) == (1, 1)
    assert [one.call for one in await store.calls.list(CallFilter())] == [young]


@pytest.mark.database_file
async def test_a_forgotten_number_leaves_no_trace_in_any_file(store, store_url):
    store.writer.add("p", resume_from=1, events=[event(1), event(2, "13900139000")], calls=[call_of(LATE)])
    await store.writer.flush()
    forgotten = await store.retention.forget_number("13800138000", at=1)
    assert (forgotten.calls, forgotten.journal) == (1, 1)
    (stored,) = await store.calls.list(CallFilter())
    assert (stored.call.facts.caller_number, stored.verdict) == (None, "late")
    numbers = [one.get("CallerIDNum") async for _, one in store.journal.events("p")]
    assert numbers == ["anonymous", "13900139000"]
    path = Path(store_url.removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        assert b"13800138000" not in file.read_bytes()


async def test_a_number_is_forgotten_with_whatever_prefix_it_was_dialled(store):
    store.writer.add("p", resume_from=1, events=[event(1, "+8613800138000"), event(2, "013800138000")])
    await store.writer.flush()
    await store.retention.forget_number("13800138000", at=1)
    assert {one.get("CallerIDNum") async for _, one in store.journal.events("p")} == {"anonymous"}


async def test_a_number_that_only_ends_in_the_same_digits_is_somebody_else_s(store):
    await store.calls.save([call_of(LATE)])
    numbers = ["6001", "13812346001", "60013812345", "PJSIP/6001@trunk", "+8613812346001"]
    store.writer.add("p", resume_from=1, events=[event(n, number) for n, number in enumerate(numbers)])
    await store.writer.flush()
    forgotten = await store.retention.forget_number("6001", at=1)
    kept = [one.get("CallerIDNum") async for _, one in store.journal.events("p")]
    assert kept == ["anonymous", "13812346001", "60013812345", "PJSIP/anonymous@trunk", "+8613812346001"]
    assert (await store.retention.forget_number("8000", at=1)).calls == forgotten.calls == 0


async def test_a_local_number_is_forgotten_with_and_without_its_area_code(store):
    store.writer.add("p", resume_from=1, events=[event(1, "65551234"), event(2, "037165551234")])
    await store.writer.flush()
    await store.retention.forget_number("37165551234", "0371", at=1)
    assert {one.get("CallerIDNum") async for _, one in store.journal.events("p")} == {"anonymous"}


async def test_the_spellings_of_a_caller_s_number_are_found(store):
    await store.calls.save([call_of(LATE)])
    assert await store.calls.spellings("13800138000") == ("13800138000",)
    assert await store.calls.spellings("8000") == ()


@pytest.mark.parametrize("beginning", ["%", "_"])
async def test_no_call_s_id_begins_with_a_wild_card(store, beginning):
    await store.calls.save([call_of(LATE)])
    assert await store.calls.get(beginning) is None


# --- the file itself


@pytest.mark.database_file
async def test_the_file_can_be_read_by_its_owner_only(store, store_url):
    assert Path(store_url.removeprefix("sqlite:///")).stat().st_mode & 0o077 == 0


@pytest.mark.database_file
async def test_fault_71_a_newer_database_is_refused_and_an_older_one_is_copied_first(store_url, monkeypatch):
    path = Path(store_url.removeprefix("sqlite:///"))
    async with Store.open(store_url) as store:
        await store.calls.save([call_of(LATE)])
        assert await schema.upgrade(store.database) is False
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer program"):
        async with Store.open(store_url):
            pass
    with pytest.raises(StoreError, match=r"db upgrade. cannot help: run the newer program"):
        async with Store.open(store_url, upgrade=False):
            pass
    assert "run the newer program" in (await check_database(store_url)).cure
    source = Database(store_url)
    with pytest.raises(StoreError, match="run the newer program"):
        await copy_database(source, source, lambda _name, _done, _of: None)
    await source.close()


@pytest.mark.database_file
async def test_who_only_reads_is_told_that_there_is_no_database_and_makes_none(tmp_path):
    with pytest.raises(StoreError, match="yet: `voicedesk run`"):
        async with Store.open(f"sqlite:///{tmp_path / 'none.db'}", upgrade=False):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_what_the_version_before_had_begun_with_is_unknown_and_what_waited_waits(store_url):
    def to_the_one_before(connection):
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")

    database = Database(store_url)
    columns = "(id, kind, payload, asked_by, asked_at, state, outcome)"
    async with database.write() as connection:
        await connection.run_sync(to_the_one_before)
        for n, state in enumerate(("queued", "leased", "done")):
            told = "NULL" if state != "done" else "'it was done'"
            row = f"('{n}', 'ticket', '{{}}', 'wang', {n}, '{state}', {told})"
            await connection.exec_driver_sql(f"INSERT INTO requests {columns} VALUES {row}")
    await database.close()
    async with Store.open(store_url) as store:
        found = [await store.requests.get(str(n)) for n in range(3)]
        assert [one.state for one in found] == ["queued", "unknown", "done"]
        assert "not known" in found[1].outcome
        assert [one.id for one in await store.requests.unknown(0, 10)] == ["1"]
        assert [one.id for one in await store.requests.queued(10)] == ["0"]


async def test_fault_71_an_upgrade_that_is_interrupted_changes_nothing_and_is_done_the_next_time(
    store_url, monkeypatch
):
    def to_first(connection):
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    def interrupted(connection):
        steps(connection)
        raise KeyboardInterrupt

    steps = schema._run_steps
    database = Database(store_url)
    async with database.write() as connection:
        await connection.run_sync(to_first)
        await connection.exec_driver_sql("INSERT INTO gaps VALUES ('p', 1, 'link_lost', 2)")
    monkeypatch.setattr(schema, "_run_steps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await schema.upgrade(database)
    assert await schema.current_version(database) == "0001"
    monkeypatch.setattr(schema, "_run_steps", steps)
    assert await schema.upgrade(database) is True
    await database.close()
    async with Store.open(store_url) as store:
        assert [one.repaired_at for one in await store.journal.gaps("p")] == [None]
    if database.path is not None:
        copy = database.path.with_name(f"{database.path.name}.before-{schema.newest_version()}")
        with sqlite3.connect(copy) as kept:
            assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        kept.close()


async def test_a_database_that_cannot_be_made_says_why(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Database(f"sqlite:///{tmp_path}/file/voicedesk.db")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://u:secret@localhost/voicedesk", "no database address"),
        ("voicedesk.db", "no database address"),
        ("postgresql://u:secret@localhost/voicedesk", "holds a password"),
        ("postgresql://u@localhost/voicedesk?password=secret", "holds a password"),
    ],
)
def test_an_address_that_cannot_be_used_says_why_and_repeats_no_password(url, complaint):
    with pytest.raises(StoreError, match=complaint) as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_without_its_driver_postgresql_says_what_to_install(monkeypatch):
    monkeypatch.setattr(postgresql, "find_spec", lambda _: None)
    with pytest.raises(StoreError, match=r"pip install 'voicedesk\[postgresql\]'"):
        Database("postgresql://localhost/voicedesk")


@pytest.mark.database_file
async def test_fault_66_a_full_disk_is_passing_trouble_and_loses_nothing(store_url, monkeypatch):
    monkeypatch.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "PRAGMA max_page_count = 120"))
    big = [event(n, str(10**40 + n * 7919**5)) for n in range(20_000)]
    async with Store.open(store_url) as store:
        store.writer.add("p", resume_from=1, events=big)
        with pytest.raises(StoreUnavailable, match="full"):
            await store.writer.flush()
        assert store.writer.status().waiting_batches == 1
        async with store.database.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        await store.writer.flush()
        assert len([one async for one in store.journal.events("p")]) == 20_000


@pytest.mark.database_file
async def test_fault_68_a_database_that_may_only_be_read_is_passing_trouble_and_loses_nothing(store_url, monkeypatch):
    async with Store.open(store_url):
        pass
    monkeypatch.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "PRAGMA query_only = ON"))
    async with Store.open(store_url) as store:
        store.writer.add("p", resume_from=1, events=[event(1)])
        with pytest.raises(StoreUnavailable, match="readonly"):
            await store.writer.flush()
        assert store.writer.status().waiting_batches == 1
        async with store.database.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA query_only = OFF")
        await store.writer.flush()
        assert [one.get("Uniqueid") async for _, one in store.journal.events("p")] == ["1.1"]


WRITING = """
import asyncio, sys
from tests.contracts.store.test_store import event
from voicedesk.store.store import Store

async def main():
    async with Store.open(sys.argv[1]) as store:
        position = await store.journal.position("p")
        if position:
            store.writer.begin("p", position.sequence)
        start = position.sequence * 1_000 if position else 0
        task = asyncio.create_task(store.writer.run())
        for n in range(start, start + 100_000):
            store.writer.add("p", resume_from=1, events=[event(n)])
            if store.writer.status().committed:
                print(n, flush=True)
            await asyncio.sleep(0.001)

asyncio.run(main())
"""


def test_fault_67_after_kill_9_nothing_committed_is_lost_and_nothing_is_doubled(store_url):
    for wait in (0.2, 0.35, 0.27):
        process = subprocess.Popen([sys.executable, "-c", WRITING, store_url], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()

    async def read():
        async with Store.open(store_url) as store:
            return [(entry, one.get("Uniqueid")) async for entry, one in store.journal.events("p")]

    journal = asyncio.run(read())
    ids = [uniqueid for _, uniqueid in journal]
    assert len(ids) == len(set(ids)) > 100
    assert [entry for entry, _ in journal] == sorted(entry for entry, _ in journal)


def test_calls_of_a_year_take_little_room(tmp_path):
    """About 0.6 KB a call with its legs and every fact: a million calls fit in 0.6 GB."""
    call = call_of(LATE)

    async def fill():
        url = f"sqlite:///{tmp_path / 'many.db'}"
        async with Store.open(url) as store:
            for start in range(0, 5000, 500):
                await store.calls.save(
                    replace(call, facts=replace(call.facts, id=f"{n:020x}", started_at=call.facts.started_at + n))
                    for n in range(start, start + 500)
                )
        return (tmp_path / "many.db").stat().st_size / 5000

    assert asyncio.run(fill()) < 900
