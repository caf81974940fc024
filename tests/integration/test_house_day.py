"""A day of calls out of the journal: from when on, of a great many events the newest, the same as of a capture."""

import asyncio
from pathlib import Path

import pytest
from voicedesk.ami.message import AmiEvent
from voicedesk.discovery.day import day_of, day_of_events
from voicedesk.store.store import Store

CAPTURES = Path(__file__).parents[1] / "captures"


def events_of(name: str) -> list[AmiEvent]:
    blocks = (CAPTURES / f"{name}.raw").read_bytes().split(b"\r\n\r\n")
    return [AmiEvent.from_bytes(block) for block in blocks if block.strip().startswith(b"Event")]


async def written(store: Store) -> int:
    return len([one async for one in store.journal.events("main")])


@pytest.fixture
async def journal(tmp_path):
    """A store into which the events of captures were written."""
    async with Store.open(f"sqlite:///{tmp_path}/voicedesk.db") as store:

        async def write(*names: str) -> Store:
            writing = asyncio.create_task(store.writer.run())
            events = [event for name in names for event in events_of(name)]
            for event in events:
                store.writer.add("main", resume_from=1, events=[event])
            async with asyncio.timeout(60):
                while await written(store) < len(events):
                    await asyncio.sleep(0.05)
            writing.cancel()
            await asyncio.wait({writing})
            return store

        yield write


async def test_the_journal_tells_of_a_day_what_the_events_themselves_tell(journal):
    store = await journal("queue_member_over_local", "outbound_call", "group_call_dial")
    day = await day_of(store, "main", 0)
    live = day_of_events(
        event for name in ("queue_member_over_local", "outbound_call", "group_call_dial") for event in events_of(name)
    )
    assert day.calls == live.calls
    assert day.trunks() == {"PJSIP/trunk"}
    assert day.rung() == {"PJSIP/agent1": 2, "PJSIP/agent2": 1, "PJSIP/agent3": 1}
    assert len(day.behind_local) == 1
    assert {"call", "agent", "user"} <= day.classes


async def test_only_what_is_new_enough_is_told_and_of_very_many_events_the_newest(journal):
    store = await journal("group_call_dial")
    assert not await day_of(store, "main", 2**62)
    assert not await day_of(store, "other", 0)
    whole, some = await day_of(store, "main", 0), await day_of(store, "main", 0, most_events=5)
    assert 0 < sum(some.names.values()) <= sum(whole.names.values())
    first = await store.journal.first_since("main", 0, most_events=5)
    position = await store.journal.position("main")
    assert first == position.sequence  # one entry at least, however many events it holds
