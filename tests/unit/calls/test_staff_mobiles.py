"""A mobile of the staff, rung over a trunk, is its person's; who rings the hall from it is a caller like any other."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, tell_one
from voicedesk.calls.model import Assignment, Direction

MOBILE = Assignment(agent="wang", number="13900000000")
WITH_MOBILE = replace(HALL, assignments=(*HALL.assignments, MOBILE), area_code="0371")
RUNG = """
 0.000 UserEvent       trunk UserEvent=VoicedeskCall Line=hotline Number=13800138000 Exten=4001
 0.005 DialBegin       trunk > trunk#2 DialString={number}@trunk Exten=4001
 0.400 Ringing         trunk#2
 0.401 DialState       trunk > trunk#2 DialStatus=RINGING
 6.000 Up              trunk#2
 6.001 DialEnd         trunk > trunk#2 DialStatus=ANSWER
 6.002 Up              trunk
 20.00 Hangup          trunk#2 Cause=16
 20.02 Hangup          trunk  Cause=16
"""


@pytest.mark.parametrize("number", ["13900000000", "013900000000", "+8613900000000"])
def test_who_answers_at_a_mobile_is_named_by_the_number_that_was_dialled(number):
    call = tell_one(RUNG.format(number=number), WITH_MOBILE)
    (leg,) = call.facts.legs
    assert (leg.endpoint, leg.agent) == ("PJSIP/trunk", "wang")


def test_another_number_behind_the_same_trunk_is_nobody_s():
    (leg,) = tell_one(RUNG.format(number="13900000001"), WITH_MOBILE).facts.legs
    assert leg.agent is None


def test_the_mobile_of_a_person_who_left_is_nobody_s():
    over = replace(HALL, assignments=(replace(MOBILE, to_at=1),))
    (leg,) = tell_one(RUNG.format(number="13900000000"), over).facts.legs
    assert leg.agent is None


def test_who_rings_the_hall_from_a_mobile_of_the_staff_is_a_caller():
    called = """
     0.000 UserEvent       trunk UserEvent=VoicedeskCall Line=hotline Number=13900000000 Exten=4001
     0.005 DialBegin       trunk > agent1 DialString=agent1 Exten=4001
     0.010 Ringing         agent1
     6.000 Up              agent1
     6.001 DialEnd         trunk > agent1 DialStatus=ANSWER
     6.002 Up              trunk
     20.02 Hangup          trunk  Cause=16
     20.02 Hangup          agent1 Cause=16
    """
    call = tell_one(called, WITH_MOBILE)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.INBOUND, "13900000000")
    assert [leg.agent for leg in call.facts.legs] == ["zhang"]


def test_a_colleague_who_is_rung_outside_by_hand_is_no_answer_of_the_hall():
    placed = """
     0.000 Newchannel      agent1 Exten=013900000000 Context=phones
     0.005 DialBegin       agent1 > trunk DialString=013900000000@trunk
     0.400 Ringing         trunk
     3.000 Up              trunk
     3.001 DialEnd         agent1 > trunk DialStatus=ANSWER
     9.000 Hangup          trunk  Cause=16
     9.001 Hangup          agent1 Cause=16
    """
    call = tell_one(placed, WITH_MOBILE)
    assert call.facts.direction is Direction.OUTBOUND
    assert {leg.agent for leg in call.facts.legs if leg.endpoint == "PJSIP/trunk"} == {None}
