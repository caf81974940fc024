"""What a log tells is less than what was seen: it says who was dialled, and not whether or when the phone rang."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, Story
from voicedesk.calls.model import GapReason, JudgedCall, Outcome, Reason, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker

DIALLED = "0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001\n"
ENDED = """
 40.0 Hangup agent1 Cause=16
 40.0 Hangup trunk Cause=16
"""


def logged(text: str, hall=HALL, seen: str = "") -> list[JudgedCall]:
    """The calls of a story that was seen to some point and that the logs tell from there on."""
    tracker, story = Tracker("pbx", hall), Story()
    for event in story.events(seen):
        tracker.receive(event)
    for event in story.events(text):
        tracker.receive_logged(event)
    return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in tracker.take_changes().calls]


def logged_one(text: str, hall=HALL, seen: str = "") -> JudgedCall:
    (call,) = logged(text, hall, seen)
    return call


# --- whether, and when, the phone rang


UNNAMED = replace(HALL, phones=frozenset())


@pytest.mark.parametrize(
    ("hall", "phone", "dialled", "verdict"),
    [
        (HALL, "agent1", "agent1", Verdict.LATE),
        (HALL, "stranger", "stranger", Verdict.CANNOT_TELL),
        (UNNAMED, "stranger", "stranger", Verdict.LATE),
        (UNNAMED, "mobiles", "13900139000@mobiles", Verdict.CANNOT_TELL),
    ],
)
def test_only_a_phone_of_the_house_is_sure_to_ring_when_it_is_dialled(hall, phone, dialled, verdict):
    call = logged_one(
        f"""
         0.0 DialBegin trunk > {phone} DialString={dialled} Exten=4001
        17.5 Up        {phone}
        17.5 DialEnd   trunk > {phone} DialStatus=ANSWER
        40.0 Hangup    {phone} Cause=16
        40.0 Hangup    trunk Cause=16
        """,
        hall,
    )
    (leg,) = call.facts.legs
    assert (leg.from_log, leg.may_ring_late) == (True, verdict is Verdict.CANNOT_TELL)
    assert (call.judgement.verdict, call.judgement.legs[0].verdict) == (verdict, verdict)


def test_a_phone_that_a_log_tells_of_is_not_accused_of_a_call_that_nobody_answered():
    call = logged_one("0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001" + ENDED)
    assert (call.judgement.legs[0].verdict, call.judgement.legs[0].reason) == (
        Verdict.CANNOT_TELL,
        Reason.RING_START_UNCERTAIN,
    )
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, None)


@pytest.mark.parametrize(("is_logged", "verdict"), [(False, Verdict.ON_TIME), (True, Verdict.CANNOT_TELL)])
def test_an_answer_that_is_told_to_the_second_may_have_been_a_second_later(is_logged, verdict):
    told = """
     0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.0 AgentCalled     trunk > agent1 Queue=hotline
    14.1 AgentConnect    trunk > agent1
    """
    call = logged_one(told + ENDED) if is_logged else logged_one(ENDED, seen=told)
    (leg,) = call.facts.legs
    assert (leg.in_whole_seconds, call.facts.repaired) == (is_logged, True)
    assert (call.judgement.verdict, call.judgement.legs[0].verdict) == (verdict, verdict)


@pytest.mark.parametrize(
    ("seen", "ended", "finding"),
    [
        ("", "14.9", (Verdict.ON_TIME, None)),  # whenever it was answered, it was before the end
        ("", "15.0", (Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN)),
        ("5.0 Up agent1", "40.0", (Verdict.ON_TIME, None)),
    ],
)
def test_an_answer_that_a_log_does_not_date_is_on_time_if_all_was_over_in_time(seen, ended, finding):
    end = f"""
     5.0 Up     agent1 Unseen=1
    {ended} Hangup agent1 Cause=16
    {ended} Hangup trunk Cause=16
    """
    call = logged_one(end, seen=DIALLED + "0.0 Ringing agent1\n" + seen)
    (leg,) = call.facts.legs
    assert (leg.outcome, leg.answer_seen) == (Outcome.ANSWERED, bool(seen))
    assert (call.judgement.verdict, call.judgement.reason) == finding
    assert call.judgement.ring_us == (5_000_000 if seen else None)


# --- what is no call, and what was seen


@pytest.mark.parametrize("end", ["Hangup trunk Cause=16", "Up trunk", "QueueCallerLeave trunk Queue=hotline"])
def test_the_end_or_the_answer_of_a_channel_that_nothing_told_of_tells_of_no_call(end):
    assert logged(f"1.0 {end}") == []


def test_what_a_log_only_supposes_ends_no_call_that_was_seen():
    seen = DIALLED + "0.1 Ringing agent1"
    supposed, told = (logged_one(f"9.0 Hangup trunk Cause=0 {more}", seen=seen) for more in ("Presumed=1", ""))
    assert (supposed.judgement.verdict, supposed.judgement.reason) == (Verdict.CANNOT_TELL, Reason.STILL_OPEN)
    assert (supposed.facts.repaired, told.facts.repaired) == (False, True)


def test_a_caller_whom_a_log_ends_with_the_switch_did_not_leave():
    ended = DIALLED + "3.0 HangupRequest trunk\n3.0 Hangup agent1 Cause=0\n3.0 Hangup trunk Cause=0\n"
    assert logged_one(ended).judgement.verdict is Verdict.LEFT_EARLY
    stopped = logged_one(ended + "3.0 Shutdown -")
    assert [gap.reason for gap in stopped.facts.gaps] == [GapReason.PBX_STOPPED]
    assert (stopped.judgement.verdict, stopped.judgement.reason) == (Verdict.CANNOT_TELL, Reason.GAP)


# --- a gap that the logs fill

LOST = """
 0.0 VoicedeskLink - State=up Boot=b1
 1.0 Newchannel    trunk Exten=4001
 1.0 DialBegin     trunk > agent1 DialString=agent1 Exten=4001
 1.1 Ringing       agent1
 3.0 VoicedeskLink - State=lost
 9.0 VoicedeskLink - State=up Boot=b1
 9.0 VoicedeskSnapshot - State=begin
"""
STILL_THERE = """
 9.1 CoreShowChannel trunk  ChannelStateDesc=Up
 9.1 CoreShowChannel agent1 ChannelStateDesc=Up
"""
LISTED = "9.2 VoicedeskSnapshot - State=end Complete=1\n"


def through_the_gap(text, *, is_filled):
    """The call of a story that goes through a gap, and what is left of the gap."""
    filled = []
    for _ in range(1 + is_filled):
        tracker = Tracker("pbx", HALL, filled=filled)
        for event in Story().events(text):
            tracker.receive(event)
        filled = [gap for gap in tracker.gaps() if gap.reason is GapReason.LINK_LOST]
    (facts,) = tracker.take_changes().calls
    return JudgedCall(facts=facts, judgement=judge(facts)), filled


@pytest.mark.parametrize(("is_filled", "verdict"), [(False, Verdict.CANNOT_TELL), (True, Verdict.LATE)])
def test_a_gap_that_the_logs_fill_is_none(is_filled, verdict):
    end = "20.0 Up agent1\n" + ENDED
    call, gaps = through_the_gap(LOST + STILL_THERE.replace("Up", "Ringing") + LISTED + end, is_filled=is_filled)
    assert (call.judgement.verdict, call.judgement.ring_us, len(gaps)) == (verdict, 18_900_000, not is_filled)


def test_a_filled_gap_is_one_after_all_for_a_call_whose_end_the_logs_do_not_tell():
    call, gaps = through_the_gap(LOST + LISTED, is_filled=True)
    assert gaps == []
    assert [(gap.reason, gap.to_at) for gap in call.facts.gaps] == [(GapReason.LINK_LOST, call.facts.ended_at)]
    assert (call.judgement.verdict, call.judgement.reason) == (Verdict.CANNOT_TELL, Reason.GAP)
