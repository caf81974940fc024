"""Further ways in which a phone refuses, a caller is met, a number is dialled, and a colleague asks a queue."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, tell_one
from tests.unit.calls.test_from_logs import logged_one
from voicedesk.calls.dial_strings import outside_number
from voicedesk.calls.model import Direction, Disposition, Line, Outcome, Reason, Verdict
from voicedesk.tickets.meaning import Contact, Miss, meaning_of

REFUSED = """
  0.00 QueueCallerJoin trunk Queue=hotline Exten=4001
  0.01 DialBegin trunk > agent1 DialString=PJSIP/agent1
  0.05 DialState trunk > agent1 DialStatus={said}
  {over} DialEnd   trunk > agent1 DialStatus=NOANSWER
  {over} Hangup    agent1 Cause=19
 14.00 DialBegin trunk > agent2 DialString=PJSIP/agent2
 14.01 Ringing   agent2
 16.01 Up        agent2
 16.01 DialEnd   trunk > agent2 DialStatus=ANSWER
"""


@pytest.mark.parametrize("said", ["PROCEEDING", "PROGRESS"])
def test_a_phone_that_refuses_at_once_never_rang_although_it_said_that_it_is_trying(said):
    call = tell_one(REFUSED.format(said=said, over="0.40"))
    (refused, answering) = call.facts.legs
    assert (refused.outcome, refused.ringing_at, answering.outcome) == (Outcome.UNREACHABLE, None, Outcome.ANSWERED)
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.ON_TIME, 2_000_000)


def test_one_that_says_after_a_while_that_nobody_came_may_have_rung():
    call = tell_one(REFUSED.format(said="PROGRESS", over="9.00"))
    assert call.facts.legs[0].outcome is Outcome.NO_ANSWER
    assert (call.judgement.verdict, call.judgement.reason) == (Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN)


def test_a_citizen_who_does_not_come_to_the_phone_did_not_answer_also_by_a_log():
    placed = """
      0.0 Newchannel  agent1 Exten=013800138000
      0.1 DialBegin   agent1 > trunk DialString=013800138000@trunk
     20.0 DialEnd     agent1 > trunk DialStatus=NOANSWER
     20.0 Hangup      trunk Cause={cause}
     20.1 Hangup      agent1 Cause=19
    """
    assert logged_one(placed.format(cause=19)).facts.disposition is Disposition.NO_ANSWER
    assert logged_one(placed.format(cause=20)).facts.disposition is Disposition.FAILED


# --- whom nobody was dialled for


MET = """
  0.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
  0.1 Up          trunk
  0.1 BridgeEnter trunk BridgeUniqueid=room BridgeTechnology=softmix
  {rung}
  9.0 Up          agent1 call=room
  9.1 BridgeEnter agent1 BridgeUniqueid=room BridgeTechnology=softmix call=room
 20.0 Hangup      agent1 Cause=16 call=room
 20.0 Hangup      trunk Cause=16
"""


@pytest.mark.parametrize(
    ("rung", "ring_us", "queue_us"),
    [("6.0 Ringing agent1 call=room", 3_000_000, 0), ("6.0 Newchannel agent1 Exten=8000 call=room", None, 0)],
)
def test_a_caller_whom_somebody_came_to_was_no_caller_of_a_menu_alone(rung, ring_us, queue_us):
    call = tell_one(MET.format(rung=rung))
    assert (call.facts.disposition, call.judgement.answered_by) == (Disposition.ANSWERED, "PJSIP/agent1")
    assert (call.judgement.verdict, call.judgement.reason) == (Verdict.ON_TIME, None)
    assert (call.judgement.ring_us, call.judgement.queue_us) == (ring_us, queue_us)
    assert isinstance(meaning_of(call, lambda facts: facts.line), Contact)


# --- who asks a queue, where nothing but queue_log tells


HOUSE = replace(
    HALL,
    lines=(Line(name="hotline", extensions=frozenset({"4001", "7100"}), queues=frozenset({"hotline"})),),
    extensions={"PJSIP/agent1": "60011", "PJSIP/agent2": "7100"},
    own_numbers=frozenset({"9600"}),
)


@pytest.mark.parametrize(
    ("number", "direction"),
    [
        ("6001", Direction.INTERNAL),
        ("101", Direction.INTERNAL),
        ("60011", Direction.INTERNAL),
        ("60012", Direction.INBOUND),
        ("4001", Direction.INBOUND),  # the line's own number, which the dialplan puts in place of the caller's
        ("7100", Direction.INBOUND),
        ("9600", Direction.INBOUND),
        ("110", Direction.INBOUND),
        ("120", Direction.INBOUND),
        ("0", Direction.INBOUND),
        ("0000", Direction.INBOUND),
        ("12345", Direction.INBOUND),
        ("13800138000", Direction.INBOUND),
        ("", Direction.INBOUND),
    ],
)
def test_a_phone_of_the_house_that_asks_a_queue_is_no_citizen(number, direction):
    call = logged_one(
        f"""
         0.0 QueueCallerJoin - Channel=Queue/1.1 Uniqueid=1.1 Queue=hotline CallerIDNum={number}
        40.0 QueueCallerLeave - Channel=Queue/1.1 Uniqueid=1.1 Queue=hotline
        40.0 Hangup - Channel=Queue/1.1 Uniqueid=1.1 Cause=16
        """,
        HOUSE,
    )
    assert call.facts.direction is direction
    is_missed = isinstance(meaning_of(call, lambda facts: facts.line), Miss)
    assert is_missed == (direction is Direction.INBOUND)


# --- the number dialled


@pytest.mark.parametrize(
    ("dial_string", "technology", "number"),
    [
        ("13800138000@carrier/sip:10.0.0.1:5060", "PJSIP", "13800138000"),
        ("sip:+8613800138000@10.0.0.1;user=phone", "PJSIP", "8613800138000"),
        ('carrier/"Zhang San" <sip:13800138000@10.0.0.1>', "PJSIP", "13800138000"),
        ("DAHDI/g0/9,13800138000", "DAHDI", "913800138000"),
        ("60001/sip:60001@192.168.1.20", "PJSIP", None),
        ("PJSIP/60001/sip:60001@192.168.1.20", "PJSIP", None),
    ],
)
def test_numbers_in_further_dial_strings(dial_string, technology, number):
    assert outside_number(dial_string, technology) == number
