"""What did not fit and was set aside, in every kind of store."""

import pytest
from sqlalchemy import select
from voicedesk.errors import InputError
from voicedesk.store import quarantine as module
from voicedesk.store.quarantine import CONTENT_BYTES, Part, SetAsideState, set_aside
from voicedesk.store.tables import quarantine

AT = 1_800_000_000_000_000


def one(n=0, *, part=Part.EVENT, content=b"bytes", **changed):
    told = {"about": f"channel {n}", "reason": "ValueError: no such year", "pbx": "hall", **changed}
    return set_aside(part, at_us=AT + n, content=content, **told)


async def test_the_same_trouble_again_is_counted_in_its_own_row_and_waits_again(store):
    await store.quarantine.add([one()])
    assert await store.quarantine.list() == [one()]
    assert await store.quarantine.set_state(one().id, SetAsideState.DROPPED)
    again = set_aside(
        Part.EVENT, at_us=AT + 9, pbx="hall", about="channel 0", reason="ValueError: no such year", content=b"newer"
    )
    await store.quarantine.add([again, again])
    (kept,) = await store.quarantine.list()
    assert (kept.seen, kept.at_us, kept.content, kept.state) == (3, AT + 9, b"newer", SetAsideState.WAITING)


async def test_other_pbxs_parts_and_reasons_are_other_rows(store):
    await store.quarantine.add([one(), one(pbx="other"), one(part=Part.CALL), one(reason="other"), one(about="other")])
    assert len(await store.quarantine.list()) == 5


async def test_it_is_listed_newest_first_and_a_page_at_a_time(store):
    await store.quarantine.add(one(n, part=Part.ROW if n % 2 else Part.CALL) for n in range(7))
    first = await store.quarantine.list(limit=3)
    second = await store.quarantine.list(limit=10, after=(first[-1].at_us, first[-1].id))
    assert [item.about for item in first + second] == [f"channel {n}" for n in reversed(range(7))]
    assert [item.at_us - AT for item in await store.quarantine.list(part=Part.ROW)] == [5, 3, 1]
    await store.quarantine.set_state(first[0].id, SetAsideState.RETRIED)
    assert await store.quarantine.list(state=SetAsideState.RETRIED) == [await store.quarantine.get(first[0].id)]


async def test_one_is_found_by_the_beginning_of_its_id_and_none_is_changed_by_it(store):
    await store.quarantine.add(one(n) for n in range(40))
    assert (await store.quarantine.get(one(3).id[:12])).about == "channel 3"
    assert await store.quarantine.get("%") is None
    with pytest.raises(InputError, match="more than one"):
        await store.quarantine.get("")
    assert not await store.quarantine.set_state(one(3).id[:12], SetAsideState.DROPPED)


async def test_what_waits_is_counted_by_part_and_what_is_deleted_is_gone(store):
    assert await store.quarantine.waiting() == {}
    await store.quarantine.add([one(), one(1), one(2, part=Part.RECORDING), one(3, part=Part.TASK)])
    await store.quarantine.set_state(one(3, part=Part.TASK).id, SetAsideState.DROPPED)
    assert await store.quarantine.waiting() == {Part.EVENT: 2, Part.RECORDING: 1}
    assert await store.quarantine.delete([one().id, "none"]) == 1
    assert await store.quarantine.waiting() == {Part.EVENT: 1, Part.RECORDING: 1}


async def test_whatever_text_it_is_about_can_be_kept_and_is_bounded(store):
    absurd = "a\0b\ud800c\udfff" + "长" * 1_000_000
    item = set_aside(Part.LOG_LINE, at_us=AT, about=absurd, reason=absurd, content=bytes(1_000_000), pbx="\0\ud83d")
    await store.quarantine.add([item])
    (kept,) = await store.quarantine.list()
    assert kept == item
    assert kept.about.startswith("a\ufffdb\ufffd")
    assert (len(kept.content), len(kept.about), len(kept.reason)) == (CONTENT_BYTES, 500, 500)


async def test_beyond_a_number_of_rows_the_oldest_go(store, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    for n in range(12):
        await store.quarantine.add([one(n), one(n)])
    assert [item.at_us - AT for item in await store.quarantine.list()] == [11, 10, 9, 8, 7]


async def test_it_goes_with_the_journal_of_its_time(store):
    await store.quarantine.add([one(0), one(5)])
    await store.retention.prune(calls_before=0, journal_before=AT + 5)
    assert await store.quarantine.list() == [one(5)]


@pytest.mark.parametrize(
    "trace",
    [
        {"content": b"CallerIDNum: 013812341234\r\n"},
        {"content": b"CallerIDNum: +8613812341234\r\n"},
        {"content": b'{"to": "138 1234-1234"}'},
        {"content": b"913812341234#"},
        {"about": "DAHDI/i1/13812341234-5"},
        {"reason": "no room for 13812341234"},
    ],
    ids=["dialled", "abroad", "written", "within others", "channel", "reason"],
)
async def test_a_forgotten_number_leaves_nothing_of_what_was_set_aside_with_it(store, trace):
    other = one(1, content=b"CallerIDNum: 13812341235")
    await store.quarantine.add([one(**trace), other])
    await store.retention.forget_number("13812341234", at=AT)
    async with store.database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(select(quarantine).order_by(quarantine.c.at_us))]
    assert rows[0][0] != one(**trace).id
    assert rows[0][1:] == (AT, "event", "hall", "", "", b"", 1, "waiting")
    assert await store.quarantine.get(other.id) == other


async def test_a_short_number_is_forgotten_only_where_it_stands_alone(store):
    alone, within = one(0, content=b"Exten: 6001"), one(1, content=b"Uniqueid: 1760015.1")
    await store.quarantine.add([alone, within])
    await store.retention.forget_number("6001", at=AT)
    assert [item.content for item in await store.quarantine.list()] == [b"Uniqueid: 1760015.1", b""]
