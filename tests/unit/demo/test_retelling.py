"""Recorded calls told again: judged as when they happened, with nothing left of the people and times of then."""

import re

import pytest
from voicedesk.calls.model import Hall
from voicedesk.calls.replay import replay
from voicedesk.clock import MICROSECONDS
from voicedesk.demo.material import CONVERSATIONS, conversation
from voicedesk.demo.retelling import Cast, retold

AT = 1_796_000_000 * MICROSECONDS
VERDICTS = {
    "queue_answered": "on_time",
    "busy_then_colleague": "on_time",
    "declined_603": "on_time",
    "abandoned_in_first_ring": "left_early",
    "abandoned_past_the_limit": "missed",
    "queue_times_out": "missed",
}


def cast(number: int = 7) -> Cast:
    return Cast(number=number, extension="12333", queue="shebao", phones=("8001", "8002"), caller="13800138123")


def calls_of(told):
    hall = Hall(every_extension_is_a_line=True, phones=frozenset({"PJSIP/8001", "PJSIP/8002"}))
    capture = b"".join(event.raw + b"\r\n\r\n" for event in told.events)
    found = replay(capture, hall=hall)
    assert found.problems == []
    return found.calls


def test_every_conversation_has_its_verdict_here():
    assert set(VERDICTS) == set(CONVERSATIONS)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_call_told_again_is_judged_as_it_was(name):
    told = retold(conversation(name), cast(), AT)
    (call,) = calls_of(told)
    assert call.judgement.verdict.value == VERDICTS[name]
    assert (call.facts.line, call.facts.caller_number) == ("12333", "13800138123")
    assert {leg.endpoint for leg in call.facts.legs} <= {"PJSIP/8001", "PJSIP/8002"}
    assert (told.answered_by is not None) == (VERDICTS[name] == "on_time")
    assert abs(call.facts.started_at - AT) < MICROSECONDS


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_nothing_is_left_of_whom_it_was_recorded_of(name):
    told = b"\r\n".join(event.raw for event in retold(conversation(name), cast(), AT).events)
    assert re.findall(rb"agent\d|\b600\d\b|13800138000|\bhotline\b|\bsolo\b|\b17954\d{5}\.", told) == []


def test_longer_ringing_makes_it_late_and_longer_talk_ends_it_later():
    plain = retold(conversation("queue_answered"), cast(), AT)
    longer = retold(
        conversation("queue_answered"), cast(), AT, more_ring_us=13 * MICROSECONDS, more_talk_us=60 * MICROSECONDS
    )
    (call,) = calls_of(longer)
    (before,) = calls_of(plain)
    assert call.judgement.verdict.value == "late"
    assert call.judgement.ring_us == before.judgement.ring_us + 13 * MICROSECONDS
    assert longer.ended_at == plain.ended_at + 73 * MICROSECONDS


def test_ringing_is_never_made_shorter_than_half_a_second_and_events_stay_in_order():
    told = retold(conversation("queue_answered"), cast(), AT, more_ring_us=-60 * MICROSECONDS)
    (call,) = calls_of(told)
    assert call.judgement.ring_us >= MICROSECONDS // 2 - 100_000
    instants = [event.timestamp_us for event in told.events]
    assert instants == sorted(instants)


def test_no_two_calls_share_an_id_or_a_bridge():
    names = re.compile(rb"(?:Uniqueid|BridgeUniqueid|Channel): (\S+)")
    told = [retold(conversation("queue_answered"), cast(number), AT).events for number in (1, 2)]
    first, second = (set(names.findall(b"\r\n".join(event.raw for event in events))) for events in told)
    assert first
    assert first & second == set()
