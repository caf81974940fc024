"""A batch in which something does not fit: that alone is set aside, the rest is committed, whatever the database."""

import asyncio
import zlib
from dataclasses import replace

import pytest
import structlog
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_store import LATE, MISSED, event
from tests.contracts.store.test_trouble import hasty, numbers, refusing, spill_path, spilled, spilling, until, waiting
from voicedesk.calls.model import Gap, GapReason, JudgedCall, LegFacts, Role
from voicedesk.calls.three_rings import judge
from voicedesk.errors import StoreError, ValueRefused
from voicedesk.store import committing
from voicedesk.store.batch import unpack_batch
from voicedesk.store.calls import CallFilter
from voicedesk.store.quarantine import Part
from voicedesk.store.spill import Spill

__all__ = ["hasty", "spill_path", "spilling"]
GOOD = call_of(LATE, pbx="other")


def odd(**changed) -> JudgedCall:
    facts = replace(call_of(MISSED).facts, **changed)
    return JudgedCall(facts=facts, judgement=judge(facts))


def odd_leg(**changed) -> LegFacts:
    told = {"uniqueid": "1.1", "channel": "PJSIP/a-1", "endpoint": "PJSIP/a", "role": Role.STAFF} | changed
    return LegFacts(**told)


ABSURD = {
    "beyond the database": {"started_at": 20261129155812 * 1_000_000},
    "beyond the calendar": {"started_at": 1795421258123 * 1_000_000},
    "before the calendar": {"started_at": -1},
    "beyond everything": {"ended_at": 10**40},
    "in a leg": {"legs": (odd_leg(dialled_at=2**63), odd_leg(ringing_at=1, answered_at=2**70))},
}


@pytest.mark.parametrize("changed", ABSURD.values(), ids=list(ABSURD))
async def test_a_call_that_does_not_fit_is_set_aside_and_every_other_is_committed(store, changed):
    bad = odd(**changed)
    gap = Gap(from_at=5, to_at=6, reason=GapReason.LINK_LOST)
    store.writer.add("p", resume_from=1, events=[event(1)], calls=[call_of(LATE), bad], gaps=[gap])
    store.writer.add("other", resume_from=1, events=[event(2)], calls=[GOOD])
    with structlog.testing.capture_logs() as logs:
        await store.writer.flush()
        store.writer.add("p", resume_from=1, events=[event(3)], calls=[bad])
        await store.writer.flush()
    assert await numbers(store) == [1, 3]
    stored = {one.call.facts.id: one.call for one in await store.calls.list(CallFilter())}
    assert {call_of(LATE).facts.id, GOOD.facts.id, bad.facts.id} == set(stored)
    assert stored[GOOD.facts.id] == GOOD
    bare = stored[bad.facts.id]
    assert (bare.judgement.verdict, bare.judgement.reason, bare.facts.legs) == ("cannot_tell", "gap", ())
    over = {one.gap for one in await store.journal.gaps("p")}
    assert over == {gap, *bare.facts.gaps}
    assert await store.journal.gaps("other") == []
    (aside,) = await store.quarantine.list()
    assert (aside.part, aside.pbx, aside.about, aside.seen) == (Part.CALL, "p", bad.facts.id, 2)
    assert b'"started_at":' in aside.content
    assert [(one["event"], one["id"]) for one in logs] == [("set_aside", aside.id)]


async def test_many_that_do_not_fit_are_each_found(store):
    calls = [odd(id=f"{n:020x}", started_at=2**63 if n % 3 == 0 else n) for n in range(60)]
    store.writer.add("p", resume_from=1, events=[event(1)], calls=calls)
    await store.writer.flush()
    assert {one.about for one in await store.quarantine.list()} == {f"{n:020x}" for n in range(0, 60, 3)}
    assert await store.calls.count(CallFilter()) == 60


async def test_text_that_no_database_keeps_is_kept_with_replacement_characters(store):
    text = "a\0b\ud800c"
    legs = (odd_leg(channel=text, endpoint=text, member=text, agent=text, dialled_at=5, number=text),)
    bad = odd(line=text, caller_number=text, boot=text, linkedids=(text,), legs=legs, placed_by=text)
    store.writer.add("p", resume_from=1, calls=[bad, call_of(LATE)], merged=[(text, text)])
    await store.writer.flush()
    assert await store.quarantine.list() == []
    (kept,) = await store.calls.list(CallFilter(line=text))
    assert (kept.call.facts.line, kept.call.facts.id) == ("a\0b\ufffdc", bad.facts.id)


async def test_what_does_not_fit_is_no_poison_in_the_spill_file(spilling, spill_path):
    bad = odd(started_at=2**64)
    async with spilling() as store:
        with refusing(store):
            store.writer.add("p", resume_from=1, events=[event(1)], calls=[bad])
            store.writer.add("other", resume_from=1, events=[event(9)], calls=[GOOD])
            await until(lambda: spilled(spill_path))
        refuse = refusing(store)
        refuse.__enter__()
    assert spilled(spill_path) == ["Uniqueid: 1.1", "Uniqueid: 1.9"]
    async with spilling() as store:
        assert await numbers(store) == [1]
        assert [one.about for one in await store.quarantine.list()] == [bad.facts.id]
        store.writer.add("p", resume_from=1, events=[event(2)], calls=[call_of(LATE)])
        await until(lambda: not waiting(store))
        assert await store.calls.count(CallFilter()) == 3
    assert spilled(spill_path) == []


async def test_what_does_not_fit_holds_up_neither_the_running_writer_nor_its_end(spilling):
    async with spilling() as store:
        store.writer.add("p", resume_from=1, events=[event(1)], calls=[odd(started_at=2**64)])
        await until(lambda: not waiting(store))
        assert store.writer.status().trouble is None
        store.writer.add("p", resume_from=1, events=[event(2)], calls=[odd(id="2", ended_at=2**65), call_of(LATE)])
    async with spilling() as store:
        assert await numbers(store) == [1, 2]
        assert await store.quarantine.waiting() == {Part.CALL: 2}


NO_BATCH = {
    "no archive": b"nothing that was packed",
    "no JSON": zlib.compress(b"{{{"),
    "nested deep": zlib.compress(b"[" * 100_000),
    "another version": zlib.compress(b'{"pbx": "p", "sequence": 2, "more": []}'),
    "a text for a number": zlib.compress(
        b'{"pbx":"p","sequence":"2","resume_from":1,"first_at":1,"last_at":1,"calls":[],"merged":[],"gaps":[]}'
    ),
    "a number beyond": zlib.compress(
        b'{"pbx":"p","sequence":' + b"9" * 40 + b',"resume_from":1,"first_at":1,"last_at":1,'
        b'"calls":[],"merged":[],"gaps":[]}'
    ),
}


@pytest.mark.parametrize("record", NO_BATCH.values(), ids=list(NO_BATCH))
async def test_a_record_that_cannot_be_read_is_set_aside_with_its_bytes_and_the_rest_taken_up(
    spilling, spill_path, record
):
    async with spilling() as store:
        refuse = refusing(store)
        refuse.__enter__()
        store.writer.add("p", resume_from=1, events=[event(1)])
        await until(lambda: spilled(spill_path))
        store.writer.add("p", resume_from=1, events=[event(3)], calls=[call_of(LATE)])
    reader = Spill(spill_path, reserve_bytes=4096)
    reader.open()
    first, second = [payload for _, payload in reader.records()]
    reader.clear()
    reader.append([record, first, record, second, record])
    reader.close()
    with structlog.testing.capture_logs() as logs:
        async with spilling() as store:
            assert await numbers(store) == [1, 3]
            assert await store.calls.count(CallFilter()) == 1
            kept = await store.quarantine.list()
            assert {(one.part, one.content) for one in kept} == {(Part.ROW, record)}
            assert await store.journal.names() == ["p"]
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["set_aside"] * len(kept)
    (whole,) = spill_path.parent.glob("*.unread-*")
    assert whole.read_bytes() == record
    assert whole.stat().st_mode & 0o077 == 0
    reader.open()
    assert list(reader.records()) == []
    reader.close()


async def test_a_call_that_cannot_be_packed_is_told_of_in_the_spill_file_and_the_rest_is_in_it(
    spilling, spill_path, monkeypatch
):
    async with spilling() as store:
        with refusing(store):
            bad = odd(id="bad", line=object())
            store.writer.add("p", resume_from=1, events=[event(1)], calls=[bad, call_of(LATE)])
            await until(lambda: spilled(spill_path))
        refuse = refusing(store)
        refuse.__enter__()
    reader = Spill(spill_path, reserve_bytes=4096)
    reader.open()
    (batch,) = [unpack_batch(payload) for _, payload in reader.records()]
    reader.close()
    assert [one.about for one in batch.aside] == ["bad"]
    async with spilling() as store:
        assert await store.calls.count(CallFilter()) == 1
        assert [one.about for one in await store.quarantine.list()] == ["bad"]


@pytest.mark.parametrize("kind", ["an event", "a gap", "a pair", "the desk"])
async def test_what_nobody_foresaw_costs_that_one_thing(store, monkeypatch, kind):
    """In any of the things that are written together."""

    def refuses_if(name, is_odd):
        real = getattr(committing, name)

        async def write(connection, some):
            some = list(some)
            if any(map(is_odd, some)):
                raise RuntimeError("nobody foresaw this")
            await real(connection, some)

        monkeypatch.setattr(committing, name, write)

    if kind == "an event":
        refuses_if("append_entries", lambda entry: any(b"1.13" in one for one in entry.reduced))
    if kind == "a gap":
        refuses_if("save_gaps", lambda pair: pair[1].from_at == 13)
    if kind == "a pair":
        refuses_if("move_consultations", lambda pair: pair[0] == "odd")
    if kind == "the desk":
        refuses_if("tell_desk", lambda call: call.facts.id == call_of(MISSED).facts.id)
    gaps = [Gap(from_at=n, to_at=99, reason=GapReason.LINK_LOST) for n in (12, 13)]
    merged = [("odd", "kept"), ("gone", call_of(LATE).facts.id)]
    both = [call_of(LATE), call_of(MISSED)]
    store.writer.add("p", resume_from=1, events=[event(13), event(14)], calls=both, gaps=gaps, merged=merged)
    store.writer.add("other", resume_from=1, events=[event(15)], calls=[GOOD])
    await store.writer.flush()
    (aside,) = await store.quarantine.list()
    part = {"an event": Part.EVENT, "the desk": Part.CALL}.get(kind, Part.ROW)
    assert (aside.part, aside.pbx, aside.reason) == (part, "p", "RuntimeError: nobody foresaw this")
    assert await store.calls.count(CallFilter()) == 3
    names = [(one.name, one.get("Dropped")) async for _, one in store.journal.events("p")]
    assert names == ([("VoicedeskLink", "2")] if kind == "an event" else [("Newstate", None)] * 2)
    assert (await store.journal.position("other")).sequence == 1
    found = [one.gap.from_at for one in await store.journal.gaps("p") if one.gap.reason is GapReason.LINK_LOST]
    assert found == ([12] if kind == "a gap" else [12, 13])
    if kind == "an event":
        assert b"Uniqueid: 1.14" in aside.content
        assert GapReason.EVENTS_DROPPED in {one.gap.reason for one in await store.journal.gaps("p")}


async def test_a_database_that_takes_nothing_has_nothing_set_aside_and_is_tried_again(store):
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE calls RENAME TO elsewhere")
    store.writer.add("p", resume_from=1, events=[event(1)], calls=[call_of(LATE)])
    for _ in range(2):
        with pytest.raises(StoreError):
            await store.writer.flush()
    assert store.writer.status().waiting_batches == 1
    assert await store.quarantine.list() == []
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO calls")
    await store.writer.flush()
    assert await numbers(store) == [1]
    assert await store.calls.count(CallFilter()) == 1


async def test_trouble_that_nobody_foresaw_ends_no_writer(spilling, spill_path):
    async with spilling() as store:
        real, store.database.write = store.database.write, None
        store.writer.add("p", resume_from=1, events=[event(1)])
        await until(lambda: spilled(spill_path) and store.writer.status().trouble is not None)
        store.database.write = real
        await until(lambda: not waiting(store))
        assert await numbers(store) == [1]
        store.database.write = None
        store.writer.add("p", resume_from=1, events=[event(2)])
    async with spilling() as store:
        assert await numbers(store) == [1, 2]


async def test_others_who_write_what_does_not_fit_are_told_so(store):
    with pytest.raises(ValueRefused, match="does not fit"):
        await store.outages.start("x", line=None, at=2**63, by="王")
    await store.outages.start("a\0\ud800", line=None, at=1, by="王")
    assert await asyncio.wait_for(store.outages.current(), 5)
