"""Real calls as AMI saw them, against what the wire said: right ring times, however the bytes were cut."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voicedesk.ami.framing import Framer
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.screen import Screen
from voicedesk.calls.export import as_json
from voicedesk.calls.replay import replay
from voicedesk.calls.tracker import WANTED_EVENTS

CAPTURES = Path(__file__).parents[2] / "captures"
GIVEN = {
    "a_answer_2rings": [("answered", "on_time")],
    "b_answer_17s": [("answered", "late")],
    "c_no_answer_queue_timeout": [("no_answer", "missed"), ("no_answer", "missed")],
    "d_caller_abandons": [("cancelled", "left_early")],
    "e_agent1_busy_agent2_answers": [("busy", "missed"), ("answered", "on_time")],
    "f2_agent_declines_dial": [("declined", "missed")],
    "i_caller_hangs_up_in_ivr": [],
    "j_dtmf_through_ivr": [],
    "j2_ivr_then_agent": [("answered", "on_time")],
    "l2_dial_direct": [("answered", "on_time")],
    "l4_ringall": [("answered", "on_time"), ("answered_elsewhere", "not_judged")],
    "m1_callback_answered": [("answered", "not_judged"), ("answered", "not_judged")],
    "m2_callback_busy": [("busy", "not_judged")],
    "p_2900ms": [("answered", "on_time")],
    "p_9850ms": [("answered", "on_time")],
}


def capture(name: str) -> bytes:
    return (CAPTURES / f"{name}.raw").read_bytes()


def calls(data: bytes) -> list[dict]:
    return [as_json(call) for call in replay(data).calls]


def without_rights(data: bytes) -> bytes:
    """What the user with the fewest rights would have received of a capture."""
    hidden = (b"Newchannel", b"CEL", b"VarSet", b"Newexten", b"Cdr", b"TestEvent", b"RTCPSent")
    blocks = data.split(b"\r\n\r\n")
    kept = [block for block in blocks if not block.lstrip(b"\r\n").startswith(tuple(b"Event: " + n for n in hidden))]
    return b"\r\n\r\n".join(kept)


@pytest.mark.parametrize("name", GIVEN)
def test_every_ringing_phone_is_found_once_and_timed_as_on_the_wire(name):
    (call,) = calls(capture(name))
    truth = [
        one
        for one in json.loads((CAPTURES / f"{name}.sip.json").read_text())
        if one["role"] == "phone" and one["ringing"]
    ]
    rang = [leg for leg in call["legs"] if leg["ringing_at"] is not None]
    assert len(rang) == len(truth)
    for leg, one in zip(rang, sorted(truth, key=lambda one: one["ringing"]), strict=True):
        assert leg["ringing_at"] == pytest.approx(one["ringing"], abs=0.002)
        assert leg["ring_source"] == "newstate"
        assert leg["ring_ms"] == pytest.approx(one["ring_ms"], abs=5)


@pytest.mark.parametrize("name", GIVEN)
def test_every_leg_has_its_outcome_and_its_verdict(name):
    (call,) = calls(capture(name))
    assert [(leg["outcome"], leg["verdict"]) for leg in call["legs"]] == GIVEN[name]
    assert (call["gaps"], call["doubtful"]) == ([], False)


@pytest.mark.parametrize("name", GIVEN)
def test_the_user_with_the_fewest_rights_sees_the_same_calls(name):
    (full,) = calls(capture(name))
    (least,) = calls(without_rights(capture(name)))
    approximate = {"started_at", "started_at_source", "caller_total_ms"}
    assert {k: v for k, v in least.items() if k not in approximate} == {
        k: v for k, v in full.items() if k not in approximate
    }
    assert abs(least["started_at"] - full["started_at"]) < 0.01


def events_in_pieces(data: bytes, cuts: list[int]) -> list[tuple[str, bytes]]:
    framer, screen, events = Framer(), Screen(WANTED_EVENTS, recorded=True), []
    bounds = [0, *cuts, len(data)]
    for start, end in pairwise(bounds):
        events += screen.sift(framer.receive_data(data[start:end]), 0)
    return [(event.name, event.raw) for event in events if isinstance(event, AmiEvent)]


@given(data=st.data(), name=st.sampled_from(sorted(GIVEN)))
@settings(max_examples=60, deadline=None)
def test_fault_10_pieces_of_any_size_give_the_same_events(data, name):
    raw = capture(name)
    cuts = data.draw(st.lists(st.integers(1, len(raw) - 1), max_size=40).map(sorted))
    assert events_in_pieces(raw, cuts) == events_in_pieces(raw, [])


@pytest.mark.parametrize("name", GIVEN)
def test_fault_09_ended_early_what_was_decided_stays_decided_and_the_rest_cannot_be_told(name):
    """Cut after every event: a leg's verdict is unknown until it is what it will be in the end."""
    raw = capture(name)
    final = {leg["uniqueid"]: leg["verdict"] for leg in calls(raw)[0]["legs"]}
    final_call = calls(raw)[0]["verdict"]
    decided: set[str] = set()
    end = raw.find(b"\r\n\r\n")
    while end >= 0:
        for call in calls(raw[: end + 4]):
            assert call["verdict"] in ("cannot_tell", final_call)
            for leg in call["legs"]:
                assert leg["verdict"] in ("cannot_tell", final[leg["uniqueid"]])
                if leg["verdict"] != "cannot_tell":
                    decided.add(leg["uniqueid"])
            assert {leg["uniqueid"] for leg in call["legs"] if leg["verdict"] != "cannot_tell"} == decided
        end = raw.find(b"\r\n\r\n", end + 4)
    assert decided == set(final)


def test_a_capture_cut_while_a_phone_rings_says_so():
    raw = capture("b_answer_17s")
    cut = raw.index(b"ChannelStateDesc: Up", raw.index(b"ChannelStateDesc: Ringing"))
    told = replay(raw[:cut])
    (call,) = [as_json(call) for call in told.calls]
    assert (call["verdict"], call["reason"], call["ended_at"]) == ("cannot_tell", "gap", None)
    assert [gap["reason"] for gap in call["gaps"]] == ["capture_end"]
    assert told.problems == ["it ends in the middle of a message"]


@pytest.mark.parametrize("data", [b"", b"\r\n", b"hello", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_is_no_capture_is_said_to_be_none(data):
    told = replay(data)
    assert told.calls == []
    assert told.problems


def test_a_capture_without_timestamps_says_what_to_set():
    raw = b"Event: Newstate\r\nPrivilege: call,all\r\nChannel: PJSIP/a-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n"
    told = replay(raw)
    assert told.calls == []
    assert "timestampevents=yes" in told.problems[0]


def test_an_oversized_message_is_left_out_and_told():
    raw = capture("a_answer_2rings") + b"Event: Big\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"
    told = replay(raw)
    assert len(told.calls) == 1
    assert "too large" in told.problems[0]


def test_a_capture_damaged_in_the_middle_gives_the_rest_and_tells():
    raw = capture("a_answer_2rings")
    at = raw.index(b"Event: DialState")
    told = replay(raw[:at] + b"garbage\r\n\r\n" + raw[at:])
    assert len(told.calls) == 1
    assert "damaged" in told.problems[0]


def test_a_call_whose_setup_goes_over_the_turn_of_a_second_was_not_there_before_the_capture():
    """Its channel was made in second …163, as its unique id says; what was first told of it came in …164."""
    raw = capture("group_call_queue")
    later = re.sub(rb"Timestamp: ([0-9.]+)", lambda found: b"Timestamp: %.6f" % (float(found[1]) + 0.1), raw)
    assert b"Timestamp: 1795445163" not in later
    assert [call["gaps"] for call in calls(later)] == [[]]


def test_a_second_login_in_one_capture_is_a_lost_link():
    raw = capture("b_answer_17s")
    banner = raw[: raw.index(b"Event: SuccessfulAuth")]
    at = raw.index(b"Event: DialState")
    (call,) = calls(raw[:at] + banner + raw[at:])
    assert [gap["reason"] for gap in call["gaps"]] == ["link_lost"]
    assert call["verdict"] == "cannot_tell"


def test_a_second_login_to_a_younger_pbx_is_a_restart():
    raw = capture("b_answer_17s")
    later = capture("c_no_answer_queue_timeout").replace(b"Uptime: ", b"Uptime: 0 \r\nX: ", 1)
    first, second = calls(raw[: raw.index(b"Event: DialState")] + later.replace(b"Uptime: 0 ", b"Uptime: 0"))
    assert [gap["reason"] for gap in first["gaps"]] == ["pbx_restart"]
    assert (first["verdict"], first["ended_at"] is not None) == ("cannot_tell", True)
    assert second["verdict"] == "missed"


def test_fault_12_a_call_with_a_name_in_gbk_is_judged_like_any_other_and_the_bytes_are_told_of():
    plain = replay(capture("a_answer_2rings"))
    data = capture("a_answer_2rings").replace(b"CallerIDName: ", b"CallerIDName: " + "王小明".encode("gbk"))
    garbled = replay(data)
    assert [call.judgement for call in garbled.calls] == [call.judgement for call in plain.calls]
    assert (plain.problems, len(garbled.problems)) == ([], 1)
    assert "no UTF-8" in garbled.problems[0]
