"""A row that a disk or a person damaged costs that row: the others are read, and it is said which one it is."""

from pathlib import Path

import pytest
from sqlalchemy import update
from voicedesk.ami.message import make_event
from voicedesk.calls.replay import replay
from voicedesk.errors import StoreError
from voicedesk.store.calls import Filter, save_calls
from voicedesk.store.journal import Entry, append_entries
from voicedesk.store.packing import reduce_event
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
    assert {one.call.facts.id for one in await store.calls.list(Filter(), limit=10)} == others
    assert {one.call.facts.id async for one in store.calls.each(Filter(), page=1)} == others
    with pytest.raises(StoreError, match="damaged"):
        await store.calls.get(bad)


@pytest.mark.parametrize("damage", [b"", b"x\x9c", b"\xff" * 50])
async def test_in_place_of_a_damaged_entry_of_the_journal_stands_that_events_are_missing(filled, damage):
    store, _ = filled
    async with store.database.write() as connection:
        await connection.execute(update(journal).where(journal.c.sequence == 2).values(payload=damage))
    told = [(number, event.name, event.get("State")) async for number, event in store.journal.events("capture")]
    assert told == [(1, "Hangup", None), (2, "VoicedeskLink", "dropped"), (3, "Hangup", None)]
