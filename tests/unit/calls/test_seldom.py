"""Turns that real calls take seldom, and no two runs alike: each is told here as it was seen once."""

import pytest
from tests.unit.calls.story import tell, tell_one
from tests.unit.calls.test_callers_who_meet import SIGNED_ON
from voicedesk.calls.model import Direction, Disposition, Outcome, Reason, Role, Verdict

# --- bridges


@pytest.mark.parametrize("times", [1, 2])
def test_who_is_told_twice_to_have_left_a_bridge_was_there_no_longer_than_once(times):
    left = "20.0 BridgeLeave {} BridgeUniqueid=b\n"
    call = tell_one(f"""
      0.0 Up          trunk
      0.0 DialBegin   trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing     agent1
      3.0 Up          agent1
     16.0 DialEnd     trunk > agent1 DialStatus=ANSWER
     16.0 BridgeEnter agent1 BridgeUniqueid=b
     16.0 BridgeEnter trunk BridgeUniqueid=b
     {left.format("agent1") * times}
     {left.format("trunk") * times}
     20.0 Hangup      agent1 Cause=16
     20.0 Hangup      trunk Cause=16
    """)
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.LATE, 15_900_000)


def test_who_is_told_again_to_have_come_into_a_room_that_they_left_is_not_there():
    calls = tell("""
      0.0 Newchannel  agent1 Exten=800 CallerIDNum=6001 call=room
      0.1 BridgeEnter agent1 BridgeUniqueid=room call=room
      3.0 Newchannel  agent2 Exten=800 CallerIDNum=6002 call=other
      3.1 BridgeEnter agent2 BridgeUniqueid=room call=other
      5.0 BridgeLeave agent1 BridgeUniqueid=room call=room
      0.1 BridgeEnter agent1 BridgeUniqueid=room call=room
      8.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
      8.1 BridgeEnter trunk BridgeUniqueid=room
     20.0 Hangup      agent1 Cause=16 call=room
     20.0 Hangup      agent2 Cause=16 call=other
     20.0 Hangup      trunk Cause=16
    """)
    assert [leg.endpoint for call in calls for leg in call.facts.legs] == ["PJSIP/agent2"]


QUEUED = "0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum=13800138000 call=c\n"
CALLED = """
 {at} AgentCalled trunk > l;1 MemberName=Agent-One Queue=hotline call=c
 {at} DialBegin   trunk > l;1 DialString=Local/1001@agents call=c
"""
MET = """
 1.0 BridgeLeave agent1 BridgeUniqueid=pool BridgeTechnology=holding_bridge call=login
 1.0 BridgeEnter agent1 BridgeUniqueid=in call=login
 1.0 BridgeEnter l;2 BridgeUniqueid=in call=login
 1.0 BridgeEnter l;1 BridgeUniqueid=out call=login
 1.0 BridgeEnter trunk BridgeUniqueid=out call=login
"""
LEFT = """
 9.0 Hangup      trunk Cause=16 call=login
 9.0 BridgeLeave agent1 BridgeUniqueid=in call=login
 9.0 Hangup      l;2 Cause=16 call=login
"""
OVER = "9.0 Hangup l;1 Cause=16 call=login\n"


@pytest.mark.parametrize(
    "told",
    [(CALLED, MET, LEFT, OVER), (MET, LEFT, CALLED, OVER), (MET, LEFT, OVER, CALLED)],
    ids=["first", "before the last end", "last"],
)
def test_a_dialling_that_is_told_after_the_end_brings_the_phone_to_the_caller_s_call_all_the_same(told):
    *_, call = tell(SIGNED_ON + QUEUED + "".join(told).format(at=0.5))
    assert call.facts.direction is Direction.INBOUND
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")
    (leg,) = call.facts.legs
    assert (leg.member, leg.dialled_at) == ("Agent-One", call.facts.started_at + 500_000)
    assert call.facts.ended_at == call.facts.started_at + 9_000_000


# --- who dialled


def test_local_channels_that_are_told_to_have_dialled_each_other_answer_for_nobody():
    call = tell_one("""
      0.0 DialBegin   trunk > a;1 DialString=Local/a@agents Exten=4001
      0.1 DialBegin   b;2 > c;1 DialString=Local/c@agents
      0.1 DialBegin   c;2 > b;1 DialString=Local/b@agents
      0.1 DialBegin   c;2 > agent1 DialString=agent1
      0.2 Ringing     agent1
     17.0 Up          agent1
     17.0 BridgeEnter agent1 BridgeUniqueid=alone
     20.0 Hangup      agent1 Cause=16
     20.0 Hangup      a;1 Cause=16
     20.0 Hangup      b;1 Cause=16
     20.0 Hangup      b;2 Cause=16
     20.0 Hangup      c;1 Cause=16
     20.0 Hangup      c;2 Cause=16
     20.0 Hangup      trunk Cause=16
    """)
    (leg,) = call.facts.legs
    assert (leg.outcome, leg.member, call.judgement.verdict) == (Outcome.NO_ANSWER, None, Verdict.MISSED)


@pytest.mark.parametrize(("status", "outcome"), [("CANCEL", Outcome.CANCELLED), ("NOANSWER", Outcome.NO_ANSWER)])
def test_who_hangs_up_before_the_citizen_answers_took_the_ringing_away(status, outcome):
    call = tell_one(f"""
      0.0 Newchannel    agent1 Exten=13800138000 CallerIDNum=6001
      0.0 DialBegin     agent1 > trunk DialString=13800138000@trunk
      1.0 Ringing       trunk
      8.0 DialEnd       agent1 > trunk DialStatus={status}
      8.0 Hangup        trunk Cause=0
      8.0 Hangup        agent1 Cause=16
    """)
    (leg,) = call.facts.legs
    assert (leg.role, leg.outcome, call.facts.disposition) == (Role.CITIZEN, outcome, Disposition.NO_ANSWER)
    assert call.judgement.reason is Reason.OUTBOUND


@pytest.mark.parametrize(("wished", "number"), [("13800138000", "13800138000"), ("6009", None)])
def test_whom_a_staff_phone_called_is_known_by_what_it_was_asked_to_dial(wished, number):
    call = tell_one(f"""
      0.0 Newchannel agent1 Exten={wished} CallerIDNum=6001
      0.1 DialBegin  agent1 > trunk DialString=trunk
      3.0 Up         trunk
      9.0 Hangup     trunk Cause=16
      9.0 Hangup     agent1 Cause=16
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, number)


# --- nobody to dial


@pytest.mark.parametrize(
    ("before", "extension", "finding"),
    [
        ("", "4001", (Verdict.MISSED, None)),
        ("", "9999", (Verdict.NOT_JUDGED, Reason.NOISE)),  # no line of the hall
        ("1.0 HangupRequest trunk Cause=20", "4001", (Verdict.NOT_JUDGED, Reason.NOISE)),
        ("1.0 DialBegin trunk > l;1 DialString=Local/l@agents", "4001", (Verdict.NOT_JUDGED, Reason.NOISE)),
    ],
)
def test_only_a_caller_of_a_line_whom_the_switch_turned_away_asked_for_somebody(before, extension, finding):
    call = tell_one(f"""
      0.0 Newchannel trunk Exten={extension} CallerIDNum=13800138000
      {before}
      1.0 Hangup     l;1 Cause=20
      1.0 Hangup     trunk Cause=20
    """)
    assert (call.judgement.verdict, call.judgement.reason) == finding
