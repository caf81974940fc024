"""A row that a disk or a person damaged costs that row: the others are read, and it is said which one it is."""

from pathlib import Path

import pytest
from sqlalchemy import update
from voicedesk.ami.message import make_event
from voicedesk.calls.replay import replay
from voicedesk.clock import is_instant
from voicedesk.errors import StoreError
from voicedesk.run.lead import is_gone
from voicedesk.store.calls import CallFilter, save_calls
from voicedesk.store.journal import Entry, append_entries
from voicedesk.store.packing import reduce_event
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.store import Store
from voicedesk.store.tables import calls, journal

CAPTURES = Path(__file__).parents[2] / "captures"
DAMAGES = (b"", b"\x01", b"\x01nonsense", b"\xff" * 50)


@pytest.fixture
async def filled(tmp_path):
    """Three calls, and three entries of the journal."""
    names = ("queue_answered", "hunting_three_phones", "queue_all_busy")
    judged = [call for name in names for call in replay((CAPTURES / f"{name}.raw").read_bytes()).calls][:3]
    async with Store.open(f"sqlite:///{tmp_path / 'voicedesk.db'}") as store:
        async with store.database.write() as connection:
            await save_calls(connection, judged)
            await append_entries(connection, [entry(number) for number in (1, 2, 3)])
        yield store, judged


def entry(number: int) -> Entry:
    event = make_event("Hangup", {"Uniqueid": f"1795421258.{number}", "Channel": "PJSIP/a-1"}, arrived_us=number)
    return Entry(
        pbx="capture", sequence=number, resume_from=1, first_at=number, last_at=number, reduced=(reduce_event(event),)
    )


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_call_is_left_out_of_lists_and_named_where_it_is_asked_for(filled, damage):
    store, judged = filled
    bad = judged[1].facts.id
    async with store.database.write() as connection:
        await connection.execute(update(calls).where(calls.c.id == bad).values(facts=damage))
    others = {call.facts.id for call in judged} - {bad}
    assert {one.call.facts.id for one in await store.calls.list(CallFilter(), limit=10)} == others
    assert {one.call.facts.id async for one in store.calls.each(CallFilter(), page=1)} == others
    with pytest.raises(StoreError, match="damaged"):
        await store.calls.get(bad)


@pytest.mark.parametrize("damage", [b"", b"x\x9c", b"\xff" * 50])
async def test_in_place_of_a_damaged_entry_of_the_journal_stands_that_events_are_missing(filled, damage):
    store, _ = filled
    async with store.database.write() as connection:
        await connection.execute(update(journal).where(journal.c.sequence == 2).values(payload=damage))
    told = [(number, event.name, event.get("State")) async for number, event in store.journal.events("capture")]
    assert told == [(1, "Hangup", None), (2, "VoicedeskLink", "dropped"), (3, "Hangup", None)]


ODD = ("abc", b"\xff\x00", 2**63 - 1, -5)
"""SQLite keeps anything in any column."""


async def set_raw(store: Store, statement: str, *values: object) -> None:
    """A row as a disk or a person leaves it."""
    async with store.database.write() as connection:
        await connection.exec_driver_sql(statement, values)


@pytest.mark.parametrize("column", ["sequence", "resume_from", "last_at"])
@pytest.mark.parametrize("odd", ODD)
async def test_a_damaged_row_of_how_far_a_journal_has_come_is_made_anew_from_the_journal(filled, column, odd):
    store, judged = filled
    await set_raw(store, f"update pbxs set {column} = ?", odd)
    position = await store.journal.position("capture")
    assert position is not None
    assert (position.sequence, position.last_at) == (3, 3)
    assert position.resume_from in (0, 1)
    store.writer.begin("capture", position.sequence)
    store.writer.add("capture", resume_from=4, events=[make_event("Hangup", {"Uniqueid": "1.9"}, arrived_us=9)])
    await store.writer.flush()
    assert [number async for number, _ in store.journal.events("capture")] == [1, 2, 3, 4]
    async with store.database.read() as connection:
        row = (await connection.exec_driver_sql("select sequence, resume_from from pbxs")).one()
    assert tuple(row) == (4, 4)
    assert len(judged) == 3


@pytest.mark.parametrize("column", ["owner", "until"])
@pytest.mark.parametrize("odd", ODD)
async def test_a_damaged_lease_is_watched_and_taken_over_and_ends_nobody(filled, column, odd):
    store, _ = filled
    assert await store.requests.lead("service", "one", 10)
    await set_raw(store, f"update leases set {column} = ?", odd)
    seen = await store.requests.lease("service")
    assert seen is not None
    assert not seen.is_given_back
    assert seen == await store.requests.lease("service")
    assert not is_gone(seen.owner)
    assert not await store.requests.lead("service", "another", 10)
    assert await store.requests.lead("service", "another", 10, over=seen)
    held = await store.requests.lease("service")
    assert held is not None
    assert held.owner == "another"
    assert await store.requests.lead("service", "another", 10)


@pytest.mark.parametrize("column", ["at_us", "part", "pbx", "about", "reason", "content", "seen", "state"])
@pytest.mark.parametrize("odd", ODD)
async def test_a_damaged_row_of_what_was_set_aside_hides_no_other(filled, column, odd):
    store, _ = filled
    items = [set_aside(Part.EVENT, at_us=1_800_000_000_000_000 + n, about=f"{n}", reason="odd") for n in range(2)]
    await store.quarantine.add(items)
    await set_raw(store, f"update quarantine set {column} = ? where id = ?", odd, items[0].id)
    listed = {one.id: one for one in await store.quarantine.list()}
    assert listed[items[1].id] == items[1]
    bad = listed[items[0].id]
    assert is_instant(bad.at_us)
    assert (type(bad.about), type(bad.content)) == (str, bytes)
    assert sum((await store.quarantine.waiting()).values()) in (1, 2)
    assert await store.quarantine.get(items[0].id) == bad
    first, *_ = await store.quarantine.list(limit=1)
    rest = await store.quarantine.list(after=(first.at_us, first.id))
    assert {first.id, *(one.id for one in rest)} == listed.keys(), "no page ends the list before its end"
    assert await store.quarantine.delete([items[0].id]) == 1


@pytest.mark.parametrize("damage", [b"\xff" * 50, b"\x01", b"\x01nonsense", "text"], ids=range(4))
@pytest.mark.parametrize("where", ["calls set facts", "journal set payload", "quarantine set content"])
async def test_a_number_is_forgotten_also_beside_a_row_that_is_damaged(filled, where, damage):
    store, judged = filled
    await set_raw(store, "update calls set caller_number = '13812341234'")
    await store.quarantine.add([set_aside(Part.EVENT, at_us=1, about="DAHDI/i1/13812341234-5", reason="odd")])
    table, _, column = where.split()
    key = {"calls": f"id = '{judged[1].facts.id}'", "journal": "sequence = 2"}.get(table, "at_us = 1")
    await set_raw(store, f"update {where} = ? where {key}", damage)
    await store.retention.forget_number("13812341234", at=5)
    async with store.database.read() as connection:
        kept = (await connection.exec_driver_sql(f"select {column} from {table} where {key}")).scalar()
        named = (
            await connection.exec_driver_sql("select count(*) from calls where caller_number is not null")
        ).scalar()
    assert kept == (b"" if table == "quarantine" else damage)  # nothing of the number is in what is kept
    assert named == 0
    assert [one.about for one in await store.quarantine.list()] == [""]
    assert len(await store.calls.list(CallFilter(), limit=10)) in (2, 3)
