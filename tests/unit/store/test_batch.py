"""A batch in the spill file is the batch that comes back; what no batch could hold is refused."""

import json
import zlib

import pytest
from tests.contracts.store.conftest import call_of
from voicedesk.calls.model import Gap, GapReason
from voicedesk.store.batch import Batch, Place, last_states, pack_batch, unpack_batch
from voicedesk.store.quarantine import Part, set_aside

GAPS = [
    Gap(from_at=10, to_at=20, reason=GapReason.LINK_LOST),
    Gap(from_at=30, to_at=None, reason=GapReason.PBX_STOPPED),
]


def batch(**more) -> Batch:
    return Batch(**({"pbx": "p", "sequence": 3, "resume_from": 2, "first_at": 50, "last_at": 70} | more))


def whole() -> Batch:
    call = call_of("a_answer_2rings")
    item = set_aside(Part.CALL, at_us=60, about="c1", reason="why", content=b"\xff\x00", pbx="p")
    return batch(
        reduced=[b"Event: Newchannel\r\nUniqueid: 1", b"Event: Hangup\r\nUniqueid: 1"],
        calls={call.facts.id: call},
        merged=[("gone", call.facts.id)],
        gaps=[*GAPS],
        aside=[item],
    )


def test_what_lies_in_the_spill_file_comes_back_whole():
    place = Place(start=5, end=9)
    before, after = whole(), unpack_batch(pack_batch(whole()), place)
    assert (after.pbx, after.sequence, after.resume_from) == ("p", 3, 2)
    assert (after.first_at, after.last_at, after.place) == (50, 70, place)
    assert (after.reduced, after.merged, after.gaps) == (before.reduced, before.merged, GAPS)
    assert {key: call.facts for key, call in after.calls.items()} == {k: c.facts for k, c in before.calls.items()}
    assert [(one.part, one.about, one.reason, one.content) for one in after.aside] == [
        (Part.CALL, "c1", "why", b"\xff\x00")
    ]


@pytest.mark.parametrize("name", ["sequence", "resume_from", "first_at", "last_at"])
@pytest.mark.parametrize("odd", [-1, 2**63, 2**200, 1.5, "3", None])
def test_a_number_that_no_database_takes_is_no_batch(name, odd):
    head, *rest = zlib.decompress(pack_batch(whole())).split(b"\r\n\r\n")
    packed = zlib.compress(b"\r\n\r\n".join([json.dumps(json.loads(head) | {name: odd}).encode(), *rest]))
    with pytest.raises(ValueError, match="no batch"):
        unpack_batch(packed)


@pytest.mark.parametrize("name", ["sequence", "resume_from", "first_at", "last_at"])
@pytest.mark.parametrize("number", [0, 2**63 - 1])
def test_the_numbers_a_database_takes_are_taken(name, number):
    assert getattr(unpack_batch(pack_batch(batch(**{name: number}))), name) == number


def test_missing_events_are_marked_before_those_that_are_there_and_once():
    told = batch(reduced=[b"Event: Hangup"])
    told.begin_with_gap(from_at=40)
    told.begin_with_gap(from_at=40)
    assert told.gaps == [Gap(from_at=40, to_at=50, reason=GapReason.EVENTS_DROPPED)]
    mark, event = told.reduced
    assert b"VoicedeskLink" in mark
    assert b"dropped" in mark
    assert event == b"Event: Hangup"


def test_a_gap_from_after_the_first_event_has_no_length_below_zero():
    told = batch()
    told.begin_with_gap(from_at=60)
    assert told.gaps == [Gap(from_at=60, to_at=60, reason=GapReason.EVENTS_DROPPED)]


def test_what_it_takes_grows_with_each_event_and_each_call():
    empty, call = batch().size, call_of("a_answer_2rings")
    assert (empty, batch(reduced=[b"12345", b"678"]).size) == (0, 8)
    assert batch(calls={"a": call, "b": call}).size == 2 * batch(calls={"a": call}).size > 0


def test_a_batch_of_which_only_what_was_set_aside_is_left_has_no_entry():
    assert (batch(sequence=1).has_entry, batch(sequence=0).has_entry) == (True, False)


def test_the_last_state_of_a_call_counts_and_what_became_part_of_another_is_gone():
    call, other = call_of("a_answer_2rings"), call_of("b_answer_17s")
    first = batch(calls={"a": call, "b": call})
    second = batch(calls={"a": other}, merged=[("b", "a"), ("never seen", "a")])
    assert last_states([first, second]) == ([other], ["b", "never seen"])
