"""`db forget`, row by row: what is counted, what stays beside the number, and what is not touched at all."""

import json
import zlib
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_consultations import consultation
from tests.contracts.store.test_tickets import attempt, missed
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.phone_traces import PhoneTraces
from voicedesk.store.batch import Batch, pack_batch, unpack_batch
from voicedesk.store.calls import CallFilter
from voicedesk.store.forgetting import (
    Forgotten,
    forget_in_damaged,
    forget_in_event,
    forget_in_facts,
    forget_in_plain,
    forget_in_record,
)
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.requests import RequestState
from voicedesk.store.tables import deliveries, leases, outages, requests, tickets
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.webhooks.message import Message

N = "13812341234"
OTHER = "13912341234"
NOTHING = Forgotten(calls=0, journal=0, consultations=0, tickets=0, news=0, requests=0, elsewhere=0)


def traces(number: str = N) -> PhoneTraces:
    return PhoneTraces(number, "0371", "tok")


def told(number: str, n: int = 1) -> AmiEvent:
    raw = f"Event: Newstate\r\nTimestamp: 1800000000.{n:06d}\r\nCallerIDNum: {number}"
    return AmiEvent.from_bytes(raw.encode(), arrived_us=n)


def judged(name: str, number: str | None) -> JudgedCall:
    facts = replace(call_of("a_answer_2rings").facts, id=name, caller_number=number)
    return JudgedCall(facts=facts, judgement=judge(facts))


async def fill(store, number: str) -> None:
    """A row or two of each kind that hold a number."""
    store.writer.add("p", resume_from=1, events=[told(number)], calls=[judged("c1", number), judged("c2", number)])
    await store.writer.flush()
    await store.consultations.save(consultation("1", caller_number=number))
    ticket = missed("c1", number)
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)], attempts=[attempt(ticket)]))
    await store.outages.start(f"请拨 {number}", line=None, at=1, by="li")
    await store.requests.ask("tickets", {"number": number}, asked_by="li")
    news = Message(id="n1", kind="x", group="g", at=1, title=f"{number[:3]}****{number[-4:]} 王小明", fields=())
    await store.deliveries.queue([("hook", news)], 1)


async def test_each_kind_of_row_is_counted_by_itself(store):
    await fill(store, N)
    done = await store.retention.forget_number(N, "0371", at=5)
    assert done == replace(NOTHING, calls=2, journal=1, consultations=1, tickets=1, news=1, requests=1, elsewhere=2)
    assert await store.retention.forget_number(N, "0371", at=6) == NOTHING


async def test_of_a_number_that_nobody_has_nothing_is_counted_or_changed(store):
    await fill(store, OTHER)
    assert await store.retention.forget_number(N, "0371", at=5) == NOTHING
    assert {one.call.facts.caller_number async for one in store.calls.each(CallFilter())} == {OTHER}


async def test_the_second_time_what_is_long_is_not_looked_through_again_and_all_else_is(store):
    await fill(store, N)
    done = await store.retention.forget_number(N, "0371", at=5, is_again=True)
    assert done == replace(NOTHING, consultations=1, tickets=1, news=1, requests=1, elsewhere=2)
    assert {one.call.facts.caller_number async for one in store.calls.each(CallFilter())} == {N}
    assert [one.get("CallerIDNum") async for _, one in store.journal.events("p")] == [N]


@pytest.mark.parametrize("is_again", [False, True])
async def test_a_table_into_which_no_caller_comes_is_not_touched(store, is_again):
    async with store.database.write() as connection:
        await connection.execute(insert(leases).values(name=f"x {N}", owner=N, until=1))
    assert await store.retention.forget_number(N, "0371", at=5, is_again=is_again) == NOTHING
    async with store.database.read() as connection:
        rows = (await connection.execute(select(leases.c.name, leases.c.owner))).all()
    assert (f"x {N}", N) in [tuple(row) for row in rows]


async def test_more_rows_than_are_taken_at_once_are_all_looked_through(store):
    row = {"line": None, "started_at": 1, "started_by": "li", "ended_at": None, "ended_by": None}
    texts = {f"{n:05d}": f"请拨 {N if n in (0, 499, 500, 999, 1000, 1100) else OTHER}" for n in range(1101)}
    async with store.database.write() as connection:
        await connection.execute(insert(outages), [{"id": key, "text": text, **row} for key, text in texts.items()])
    assert await store.retention.forget_number(N, "0371", at=5) == replace(NOTHING, elsewhere=6)
    async with store.database.read() as connection:
        assert not (await connection.execute(select(func.count()).where(outages.c.text.contains(N)))).scalar_one()
        stranger = select(func.count()).where(outages.c.text.contains(OTHER))
        assert (await connection.execute(stranger)).scalar_one() == 1095


async def test_a_ticket_of_another_in_which_the_number_stands_is_changed_for_whoever_has_it_open(store):
    ticket = replace(missed("c1", OTHER), matter=f"同事电话 {N}，请联系", citizen="李明")
    (saved,) = await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)]))
    assert await store.retention.forget_number(N, "0371", at=5) == replace(NOTHING, tickets=1)
    async with store.database.read() as connection:
        assert (await connection.execute(select(tickets.c.version))).scalar_one() == saved.version + 1
    left = (await store.tickets.get(ticket.id)).ticket
    assert (left.number, left.citizen, left.closed_at) == (OTHER, "李明", None)
    assert left.matter == "同事电话 ＊＊＊，请联系"


async def test_a_request_that_waits_has_failed_and_one_that_was_carried_out_keeps_its_end(store, clock):
    await store.requests.lead("service", "me", 10)
    done = await store.requests.ask("tickets", {"number": N, "name": "王小明"}, asked_by="li")
    await store.requests.start([done], "me", 10)
    await store.requests.finish(done, RequestState.DONE, "registered", owner="me")
    async with store.database.read() as connection:
        finished = (await connection.execute(select(requests.c.finished_at))).scalar_one()
    waits = await store.requests.ask("tickets", {"number": N, "name": "王小明"}, asked_by="li")
    other = await store.requests.ask("tickets", {"number": OTHER}, asked_by="li")
    await store.retention.forget_number(N, "0371", at=77)
    async with store.database.read() as connection:
        rows = {row.id: row for row in await connection.execute(select(requests))}
    kept = {key: (rows[key].payload, rows[key].state, rows[key].outcome, rows[key].finished_at) for key in rows}
    assert kept[done] == ("{}", "done", "registered", finished)
    assert kept[waits] == ("{}", "failed", "data deleted on request", 77)
    assert (json.loads(kept[other][0]), *kept[other][1:]) == ({"number": OTHER}, "queued", None, None)


async def test_what_stands_beside_the_number_stays_readable_as_it_was_written(store):
    news = Message(id="n1", kind="x", group="g", at=1, title="王小明", fields=(("号码", N),))
    await store.deliveries.queue([("hook", news)], 1)
    assert await store.retention.forget_number(N, "0371", at=5) == replace(NOTHING, news=1)
    async with store.database.read() as connection:
        text = (await connection.execute(select(deliveries.c.message))).scalar_one()
    assert "王小明" in text
    assert N not in text
    assert "\\u" not in text


TIMES = ("at", "finished_at", "ring_us", "waited_ms", "waited_seconds", "seconds", "until", "lease_until", "sequence",
         "version", "port")  # fmt: skip
IDS = ("id", "call_id", "ids", "code", "source", "uniqueid", "linkedid", "linkedids", "recording", "Uniqueid")


@pytest.mark.parametrize("name", [f"x_{name}" if name == "at" else name for name in TIMES])
def test_a_time_or_a_count_with_the_same_digits_stays(name):
    assert forget_in_plain({name: int(N)}, traces()) == {name: int(N)}
    assert forget_in_plain({"other": int(N)}, traces()) == {"other": None}


@pytest.mark.parametrize("name", IDS)
def test_an_id_stays_unlike_all_others(name):
    assert forget_in_plain({name: f"call-{N}-1"}, traces()) == {name: "call-anonymoustok-1"}
    assert forget_in_plain({name: N}, traces()) == {name: "anonymoustok"}
    assert forget_in_plain({name: "65982743"}, traces("037165982743")) == {name: "65982743"}


@pytest.mark.parametrize("name", ["caller_number", "sms_to", "call_back_number", "number"])
def test_a_field_for_one_number_is_empty_after_it(name):
    assert forget_in_plain({name: f"+86{N}"}, traces()) == {name: None}
    assert forget_in_plain({name: OTHER}, traces()) == {name: OTHER}
    assert forget_in_plain({name: f"{N} x"}, traces()) == {name: "＊＊＊ x"}
    assert forget_in_plain({name: "6001"}, traces("6001")) == {name: None}


def test_plain_values_are_looked_through_however_deep():
    value = {"a": [{"b": f"x {N}"}, 1, True, None, 0.5, OTHER], N: {"number": N}}
    assert forget_in_plain(value, traces()) == {
        "a": [{"b": "x ＊＊＊"}, 1, True, None, 0.5, OTHER],
        "anonymous": {"number": None},
    }
    assert forget_in_plain({"x": 6001}, traces("6001")) == {"x": 6001}


@pytest.mark.parametrize("header", ["Event", "Timestamp", "Arrived", "Doubtful", "Privilege"])
def test_what_the_switch_says_of_the_event_itself_stays(header):
    raw = f"Event: X\r\n{header}: {N}\r\nCallerIDNum: {N}".encode()
    assert forget_in_event(raw, traces()) == f"Event: X\r\n{header}: {N}\r\nCallerIDNum: anonymous".encode()


@pytest.mark.parametrize("header", ["Uniqueid", "DestLinkedid", "SourceUniqueID", "BridgeId", "ActionID", "LinkedID"])
def test_an_id_of_the_switch_loses_only_what_is_surely_the_number(header):
    assert forget_in_event(f"{header}: {N}.5".encode(), traces()) == f"{header}: anonymoustok.5".encode()
    raw = f"{header}: 65982743\r\nNumber: 65982743".encode()
    assert forget_in_event(raw, traces("037165982743")) == f"{header}: 65982743\r\nNumber: anonymous".encode()


@pytest.mark.parametrize("header", ["CallerIDNum", "ConnectedLineNum", "Number", "DialString", "Exten", "Forward"])
def test_a_short_number_goes_only_from_headers_for_numbers(header):
    raw = f"Event: X\r\nQueue: 6001\r\n{header}: 6001".encode()
    assert forget_in_event(raw, traces("6001")) == f"Event: X\r\nQueue: 6001\r\n{header}: anonymous".encode()
    other = b"Event: X\r\nQueue: 6001"
    assert forget_in_event(other, traces("6001")) is other


def test_an_event_without_the_number_stays_as_its_bytes_are():
    for raw in (b"Event: X\r\nReason:  two blanks \xff", b"no colon", f"Event: X\r\nReason:{OTHER}".encode()):
        assert forget_in_event(raw, traces()) == raw
    raw = f"Event: X\r\nOdd\r\nA:  b \r\nReason: {N}\xff".encode("latin-1")
    assert forget_in_event(raw, traces()) == "Event: X\r\nOdd\r\nA:  b \r\nReason: ＊＊＊".encode() + b"\xff"


def batch_of(number: str) -> Batch:
    aside = set_aside(
        Part.EVENT, pbx="p", about=f"DAHDI/{number}-1", reason=f"no {number}", content=number.encode(), at_us=1
    )
    batch = Batch(pbx="p", sequence=1, resume_from=1, first_at=1, last_at=2)
    batch.reduced, batch.merged, batch.aside = [told(number).raw], [(f"a{number}", f"b{number}")], [aside]
    batch.calls["c1"] = judged("c1", number)
    return batch


def test_a_record_of_another_stays_byte_for_byte():
    payload = pack_batch(batch_of(OTHER))
    assert forget_in_record(payload, traces()) is payload


@pytest.mark.parametrize("part", ["reduced", "merged", "aside", "calls"])
def test_a_record_is_looked_through_in_each_of_its_parts(part):
    batch = replace(batch_of(OTHER), **{part: getattr(batch_of(N), part)})
    left = unpack_batch(forget_in_record(pack_batch(batch), traces()))
    assert not traces().is_in(repr((left.reduced, left.merged, left.aside, left.calls)))
    for other in {"reduced", "merged", "aside", "calls"} - {part}:
        assert getattr(left, other) == getattr(unpack_batch(pack_batch(batch)), other)


def test_facts_of_another_stay_the_same_and_those_of_the_number_lose_it():
    other = judged("c1", OTHER).facts
    assert forget_in_facts(other, traces()) is other
    assert forget_in_facts(judged("c1", N).facts, traces()).caller_number is None


def test_damaged_bytes_lose_the_number_or_go_altogether():
    asked = traces()
    assert forget_in_damaged(f"\x00 {OTHER}".encode(), asked) == f"\x00 {OTHER}".encode()
    assert asked.found == 0
    assert forget_in_damaged(b"\xff " + N.encode() + b" x", asked) == b"\xff " + "＊＊＊".encode() + b" x"
    assert asked.found == 1
    assert forget_in_damaged(zlib.compress(f"x {N} y".encode())[:-3], asked) == b""
    assert asked.found == 2
