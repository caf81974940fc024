"""Every recorded call story: outcome and verdict of each leg, ring times as on the wire."""

import json

import pytest
from tests.unit.calls.test_replay import CAPTURES, GIVEN, calls, capture, without_rights
from voicedesk.calls.export import as_json
from voicedesk.calls.model import Hall, Line
from voicedesk.calls.replay import replay

STORIES = {
    "abandoned_in_first_ring": ["inbound abandoned left_early - | agent1:cancelled:left_early"],
    "abandoned_past_the_limit": ["inbound abandoned missed person | agent1:cancelled:missed"],
    "answered_at_14_9_s": ["inbound answered on_time - | agent1:answered:on_time"],
    "answered_at_15_1_s": ["inbound answered late person | agent1:answered:late"],
    "attended_transfer_atxfer": ["inbound answered on_time - | agent1:answered:on_time agent2:answered:on_time<agent1"],
    "attended_transfer_replaces": [
        "inbound answered on_time - | agent1:answered:on_time agent2:answered:on_time<agent1"
    ],
    "blind_transfer": ["inbound answered on_time - | agent1:answered:on_time agent2:answered:on_time<agent1"],
    "blind_transfer_by_keys": ["inbound answered on_time - | agent1:answered:on_time agent2:answered:on_time<agent1"],
    "busy_then_colleague": ["inbound answered on_time - | agent1:busy:missed agent2:answered:on_time"],
    "callback_staff_absent": ["callback no_answer not_judged callback | agent1:no_answer:not_judged"],
    "callback_staff_first": [
        "callback answered not_judged callback | agent1:answered:not_judged trunk:answered:not_judged"
    ],
    "declined_603": ["inbound answered on_time - | agent1:declined:missed agent2:answered:on_time"],
    "dial_rejected_by_hand_486": ["inbound no_answer missed person | agent1:declined:missed"],
    "dial_to_local": ["inbound answered on_time - | agent1:answered:on_time"],
    "direct_200": ["inbound answered on_time - | agent1:answered:on_time"],
    "early_media_183": ["inbound answered on_time - | agent1:answered:on_time"],
    "forward_302": ["inbound answered on_time - | agent1:no_answer:not_judged agent2:answered:on_time"],
    "group_call_dial": [
        "inbound answered on_time - | "
        "agent1:answered_elsewhere:not_judged agent2:answered_elsewhere:not_judged agent3:answered:on_time"
    ],
    "group_call_queue": [
        "inbound answered on_time - | "
        "agent1:answered_elsewhere:not_judged agent2:answered:on_time agent3:answered_elsewhere:not_judged"
    ],
    "hunting_three_phones": [
        "inbound answered on_time - | agent1:no_answer:not_judged agent2:no_answer:not_judged agent3:answered:on_time"
    ],
    "internal_call": ["inbound answered on_time - | agent2:answered:on_time"],
    "link_lost_over_the_answer": ["inbound answered cannot_tell gap | agent1:answered:cannot_tell"],
    "link_lost_while_ringing": ["inbound answered cannot_tell gap | agent1:answered:cannot_tell"],
    "outbound_call": ["outbound answered not_judged outbound | trunk:answered:not_judged"],
    "paused_member": ["inbound answered on_time - | agent2:answered:on_time"],
    "pickup_directed": ["inbound answered on_time - | agent1:answered_elsewhere:not_judged agent3:answered:not_judged"],
    "pickup_in_group": ["inbound answered on_time - | agent1:answered_elsewhere:not_judged agent3:answered:not_judged"],
    "queue_all_busy": [
        "inbound answered on_time - | agent1:answered:on_time",
        "inbound answered on_time - | agent2:answered:on_time",
        "inbound abandoned left_early - | ",
    ],
    "queue_answered": ["inbound answered on_time - | agent1:answered:on_time"],
    "queue_member_over_local": ["inbound answered on_time - | agent1:answered:on_time"],
    "queue_retries_one_phone": [
        "inbound answered on_time - | agent1:answered:on_time agent1:no_answer:not_judged agent1:no_answer:not_judged"
    ],
    "queue_times_out": [
        "inbound no_answer missed routing | "
        "agent1:no_answer:not_judged agent1:no_answer:not_judged agent1:no_answer:not_judged"
    ],
    "rejected_by_hand_486": ["inbound answered on_time - | agent1:declined:missed agent2:answered:on_time"],
    "switch_restarted_while_ringing": [
        "inbound None cannot_tell gap | agent1:no_answer:cannot_tell",
        "inbound answered on_time - | agent1:answered:on_time",
    ],
    "switch_stopped_in_call": ["inbound answered on_time - | agent1:answered:on_time"],
    "switch_stopped_while_ringing": ["inbound None cannot_tell gap | agent1:no_answer:cannot_tell"],
    "unregistered_and_unreachable": ["inbound failed missed empty_seat | deaf:unreachable:missed"],
}
UNSEEN = {"link_lost_over_the_answer"}
FULL = sorted(path.name.removesuffix(".full.raw") for path in CAPTURES.glob("*.full.raw"))


def told(call: dict) -> str:
    legs = []
    for leg in call["legs"]:
        origin = f"<{leg['transferred_from'][6:]}" if leg["transferred_from"] else ""
        legs.append(f"{leg['endpoint'][6:]}:{leg['outcome']}:{leg['verdict']}{origin}")
    why = call["cause"] or call["reason"] or "-"
    return f"{call['direction']} {call['disposition']} {call['verdict']} {why} | {' '.join(sorted(legs))}"


@pytest.mark.parametrize("name", STORIES)
def test_a_recorded_story_ends_as_it_should(name):
    assert [told(call) for call in calls(capture(name))] == STORIES[name]


@pytest.mark.parametrize("name", sorted(STORIES.keys() - UNSEEN))
def test_every_phone_that_rang_is_timed_as_on_the_wire(name):
    truth = json.loads((CAPTURES / f"{name}.sip.json").read_text())
    rang = [one for one in truth if one["role"] == "phone" and one["ringing"]]
    legs = [leg for call in calls(capture(name)) for leg in call["legs"] if leg["ring_source"] == "newstate"]
    assert len(legs) == len(rang)
    for one in rang:
        (leg,) = [
            leg for leg in legs if leg["endpoint"] == one["endpoint"] and abs(leg["ringing_at"] - one["ringing"]) < 0.02
        ]
        assert leg["ring_ms"] == pytest.approx(one["ring_ms"], abs=5)


def test_a_phone_that_sends_no_180_is_measured_from_the_dial_and_says_so():
    for name in ("direct_200", "early_media_183"):
        (call,) = calls(capture(name))
        assert [leg["ring_source"] for leg in call["legs"]] == ["dialbegin"]


def test_an_answer_that_nobody_saw_has_no_ring_time():
    (call,) = calls(capture("link_lost_over_the_answer"))
    (leg,) = call["legs"]
    assert (leg["answered_at"], leg["ring_ms"], call["ring_ms"]) == (None, None, None)
    assert leg["ringing_at"] is not None


@pytest.mark.parametrize("name", FULL)
def test_more_rights_gain_nothing_wrong(name):
    full = calls((CAPTURES / f"{name}.full.raw").read_bytes())
    assert [told(call) for call in full] == STORIES[name]
    assert [told(call) for call in calls(without_rights((CAPTURES / f"{name}.full.raw").read_bytes()))] == STORIES[name]


def test_with_settings_a_call_between_staff_is_internal():
    hall = Hall(
        lines=(Line(name="hotline", extensions=frozenset({"4001"})),),
        phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
    )
    (call,) = (as_json(one) for one in replay(capture("internal_call"), hall=hall).calls)
    assert (call["direction"], call["reason"]) == ("internal", "internal")


def test_every_recorded_story_is_tested():
    recorded = {path.stem for path in CAPTURES.glob("*.raw") if not path.stem.endswith(".full")}
    assert recorded == STORIES.keys() | GIVEN.keys()


@pytest.mark.parametrize(
    ("name", "first_answerer", "phones"),
    [
        ("blind_transfer", "PJSIP/agent1", ["agent1", "agent2"]),
        ("blind_transfer_by_keys", "PJSIP/agent1", ["agent1", "agent2"]),
        ("attended_transfer_replaces", "PJSIP/agent1", ["agent1", "agent2"]),
        ("attended_transfer_atxfer", "PJSIP/agent1", ["agent1", "agent2"]),
        ("pickup_directed", "PJSIP/agent3", ["agent1", "agent3"]),
        ("pickup_in_group", "PJSIP/agent3", ["agent1", "agent3"]),
        ("forward_302", "PJSIP/agent2", ["agent1", "agent2"]),
        ("queue_member_over_local", "PJSIP/agent1", ["agent1"]),
        ("dial_to_local", "PJSIP/agent1", ["agent1"]),
    ],
)
def test_fault_36_a_call_that_changes_hands_is_one_call_with_its_first_answerer(name, first_answerer, phones):
    (call,) = replay(capture(name)).calls
    assert call.judgement.answered_by == first_answerer
    assert [leg.endpoint for leg in call.facts.legs] == [f"PJSIP/{phone}" for phone in phones]
