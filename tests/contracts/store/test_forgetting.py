"""`db forget`: every way in which a number can come into the store, then every byte of it is looked at."""

import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.contracts.store.conftest import call_of
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.errors import StoreError
from voicedesk.greeting.evidence import Evidence
from voicedesk.jobs.upkeep.retention import forget
from voicedesk.phone_traces import PhoneTraces
from voicedesk.settings import Settings
from voicedesk.speech.transcript import Transcript, Word
from voicedesk.store.batch import Batch, pack_batch, unpack_batch
from voicedesk.store.calls import CallFilter
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.packing import packed_text, partly_unpacked
from voicedesk.store.requests import RequestState
from voicedesk.store.spill import Spill, spill_file
from voicedesk.store.tables import metadata
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Kind, Ticket
from voicedesk.webhooks.message import Message

N = "13812341234"
OTHERS = ("138123412345", "213812341234", "+13812341234", "13912341234", "1381234123.4")
FORMS = (
    N, f"+86{N}", f"0086{N}", f"86{N}", f"0{N}", f"90{N}", f"0371{N}", "138 1234 1234", "+86 138-1234-1234",
    "%2B8613812341234", "x%2013812341234", "１３８１２３４１２３４", "一三八幺二三四一二三四", f"sip:{N}@1.2.3.4",
    f"DAHDI/i1/{N}-5", f"DAHDI/i1/0{N}-5", f"SIP/trunk-{N}-0000001a", f"Local/{N}@out-0001;1", f"mISDN/1-u{N}-3",
    f"IAX2/{N}-77", f"PJSIP/{N}@trunk", f"call-{N}-1",
)  # fmt: skip
HEADERS = (
    "Channel", "DestChannel", "CallerIDNum", "DialString", "Exten", "Interface", "Location", "MemberName", "Queue",
    "StateInterface", "Device", "Peer", "EndpointName", "Uniqueid", "Linkedid", "Line", "UserEvent", "Reason",
    "TransfererChannel", "Number", "Forward",
)  # fmt: skip


def told(header: str, text: str, n: int = 1) -> AmiEvent:
    raw = f"Event: Newstate\r\nTimestamp: 1800000000.{n:06d}\r\n{header}: {text}"
    return AmiEvent.from_bytes(raw.encode(), arrived_us=n)


async def everything(store) -> str:
    """Every value of every table, unpacked where it is packed."""
    texts = []
    async with store.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in await connection.execute(select(table)):
                texts += [_readable(value) for value in row]
    return "\n".join(texts)


def _readable(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    for unpack in (packed_text, lambda packed: zlib.decompress(packed).decode()):
        try:
            return unpack(value)
        except (StoreError, zlib.error, ValueError):
            continue
    return value.decode(errors="replace")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_number_is_taken_out_of_a_text(form):
    traces = PhoneTraces(N, "0371")
    for text in (form, f"请回电 {form} 谢谢", f'{{"to":"{form}"}}'):
        assert not traces.is_in(traces.text(text)), text
        assert N[-8:] not in traces.text(text).replace(" ", "").replace("-", "")


@pytest.mark.parametrize("other", [*OTHERS, "1795421258.1", "20261129155812", "021-65551234", "9913812341234"])
def test_another_s_number_a_time_and_an_id_stay(other):
    for text in (other, f"x {other} y"):
        assert PhoneTraces(N, "0371").text(text) == text
    assert PhoneTraces("17954212581").text("1795421258.1") == "1795421258.1"
    assert PhoneTraces("65551234", "0371").text("021-65551234") == "021-65551234"


async def test_the_number_stands_nowhere_after_it_was_forgotten_by_whatever_way_it_came_in(store, store_url):
    headers = [told(header, form, n) for n, (header, form) in enumerate((h, f) for h in HEADERS for f in FORMS)]
    headers += [told("CallerIDNum", other) for other in OTHERS]
    base = call_of("a_answer_2rings").facts
    legs = tuple(replace(leg, endpoint=f"DAHDI/i1/{N}", channel=f"DAHDI/i1/{N}-5") for leg in base.legs)
    calls = [replace(base, id=f"c{n}", caller_number=form, legs=legs) for n, form in enumerate((N, f"+86{N}", None))]
    calls.append(replace(base, id="other", caller_number=OTHERS[0]))
    judged = [JudgedCall(facts=facts, judgement=judge(facts)) for facts in calls]
    store.writer.add("p", resume_from=1, events=headers, calls=judged)
    await store.writer.flush()
    asked = {"do": "register", "number": N, "as_number": int(N), "name": "王小明", "note": f"请回电 {N}"}
    done = await store.requests.ask("tickets", asked, asked_by="li")
    await store.requests.start([done], "me", 10)
    await store.requests.finish(done, RequestState.DONE, f"registered for {N}", owner="me")
    await store.requests.ask("tickets", asked, asked_by="li")
    await store.outages.start(f"请拨 {N}", line=None, at=1, by="li")
    news = Message(id="n1", kind="x", group="g", at=1, title=f"138****1234 {N}", fields=(("号码", N),))
    await store.deliveries.queue([("hook", news)], 1)
    words = [
        Word(text=text, start_seconds=0.5, end_seconds=0.9, confidence=1.0)
        for text in (f"您好 {N}", "一三八幺二三四一二三四")
    ]
    evidence = Evidence(transcript=Transcript(words=tuple(words), heard_seconds=1.0, model="m"))
    await store.greetings.save(
        StoredGreeting(
            pbx="p", uniqueid="1.1", call_id="c9", endpoint=f"DAHDI/i1/{N}", answered_at=1, evidence=evidence
        )
    )
    assert N in await everything(store)

    await store.retention.forget_number(f"+86 {N}", "0371", at=2)

    left = await everything(store)
    traces = PhoneTraces(N, "0371")
    found = [line for line in left.splitlines() if traces.is_in(line)]
    assert found == []
    assert N not in left.replace("138123412345", "").replace("213812341234", "").replace("+13812341234", "")
    assert "王小明" not in left
    for other in OTHERS:
        assert other in left, other
    if store_url.startswith("sqlite"):
        path = Path(store_url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            bare = file.read_bytes()
            for other in OTHERS:
                bare = bare.replace(other.encode(), b"")
            assert N.encode() not in bare, file
    assert {one.call.facts.id async for one in store.calls.each(CallFilter())} == {"c0", "c1", "c2", "other"}


@pytest.mark.parametrize("header", HEADERS)
async def test_no_header_of_the_journal_keeps_a_forgotten_number(store, header):
    store.writer.add("p", resume_from=1, events=[told(header, f"x/{N}-1"), told(header, N)])
    await store.writer.flush()
    assert (await store.retention.forget_number(N, at=1)).journal == 1
    left = [one.raw async for _, one in store.journal.events("p")]
    assert not any(N.encode() in raw for raw in left)
    assert all(b"Timestamp: 1800000000.000001" in raw for raw in left)


def test_what_waits_in_the_spill_file_is_forgotten_and_what_is_damaged_there_is_gone(tmp_path):
    path = tmp_path / "x.spill"
    spill = Spill(path, reserve_bytes=4096)
    spill.append([zlib.compress(N.encode()), N.encode()])
    old = path.read_bytes()
    path.write_bytes(old + b"\xf6VD1torn" + N.encode())
    spill.close()
    spill.damaged = 1
    assert spill.rewrite(lambda payload: payload.replace(N.encode(), b"gone")) == 1
    spill.close()
    assert [file for file in tmp_path.iterdir() if N.encode() in file.read_bytes()] == []


@pytest.mark.parametrize("damage", [b"", b"\x00" * 30, b"\xff"], ids=ascii)
async def test_a_damaged_row_keeps_nobody_from_being_forgotten_and_keeps_no_number_itself(store, damage):
    facts = [replace(call_of("a_answer_2rings").facts, id=f"c{n}", caller_number=N) for n in range(2)]
    judged = [JudgedCall(facts=one, judgement=judge(one)) for one in facts]
    store.writer.add("p", resume_from=1, events=[told("CallerIDNum", N, n) for n in range(60)], calls=judged)
    await store.writer.flush()
    tickets = [
        Ticket(id=f"t{n}", kind=Kind.COMPLAINT, group="g", number=N, opened_at=1, due_at=2, promised_at=2,
               waiting_since=1, citizen="王小明")
        for n in range(2)
    ]  # fmt: skip
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in tickets]))
    for table, column, key in (
        ("calls", "facts", "id"),
        ("journal", "payload", "sequence"),
        ("tickets", "packed", "id"),
    ):
        here = metadata.tables[table]
        async with store.database.write() as connection:
            row = (await connection.execute(select(here).order_by(here.c[key].desc()))).first()
            torn = {column: row._mapping[column][:-12] + damage}
            await connection.execute(update(here).where(here.c[key] == row._mapping[key]).values(torn))
    await store.retention.forget_number(N, "0371", at=2)
    async with store.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in await connection.execute(select(table)):
                packed = b" ".join(partly_unpacked(one) for one in row if isinstance(one, bytes))
                assert N not in f"{row} {packed!r}", table
    assert [one.ticket.id for one in await store.tickets.live()] == []


@pytest.mark.database_file
async def test_records_that_nobody_can_read_go_with_the_number_or_are_named(store, store_url, tmp_path):
    settings = Settings.model_validate({"store": {"url": store_url}})
    facts = replace(call_of("a_answer_2rings").facts, caller_number=N)
    batch = Batch(pbx="p", sequence=1, resume_from=1, first_at=1, last_at=2, reduced=[])
    batch.calls[facts.id] = JudgedCall(facts=facts, judgement=judge(facts))
    newer = zlib.compress(zlib.decompress(pack_batch(batch)).replace(b'"sequence"', b'"place"'))
    spill = spill_file(store_url, None)
    for n, payload in enumerate((newer, newer[:-9], f"{N} x".encode(), b"\xff nobody knows")):
        spill.with_name(f"{spill.name}.unread-{n}").write_bytes(payload)
    aside = Spill(spill.with_name(f"{spill.name}.aside-1"), reserve_bytes=4096)
    aside.append([pack_batch(batch), newer, b"\xff nobody knows"])
    aside.close()
    done = await forget(store, settings, N, 3, token="abcdefgh", is_running=False)
    assert [Path(one).suffix for one in done.not_looked_into] == [".unread-2", ".unread-3"]
    for file in tmp_path.iterdir():
        assert N.encode() not in file.read_bytes(), file
    assert sorted(file.name.rpartition(".")[2] for file in tmp_path.glob("*unread*")) == ["unread-2", "unread-3"]
    aside = Spill(aside.path, reserve_bytes=4096)
    aside.open()
    left = [payload for _, payload in aside.records()]
    aside.close()
    assert len(left) == 2
    assert next(iter(unpack_batch(left[0]).calls.values())).facts.caller_number is None
