"""Whose number a call is kept under: the caller's, whatever the dialplan makes of it on the way."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, tell_one
from voicedesk.calls.caller_numbers import caller_number
from voicedesk.calls.model import Direction, Verdict

HOUSE = replace(
    HALL,
    area_code="0371",
    own_numbers=frozenset({"0371-65550000"}),
    extensions={"PJSIP/agent1": "60001"},
)


@pytest.mark.parametrize(
    "put", ["4001", "037165550000", "65550000", "+8637165550000", "60001", "101", "0", "anonymous", "<unknown>"]
)
def test_what_the_dialplan_shows_to_a_mobile_is_not_the_caller_s_number(put):
    call = tell_one(
        f"""
      0.0 Newchannel    trunk Exten=4001 CallerIDNum=13800138000
      0.1 DialBegin     trunk > trunk#9 DialString=13900139000@trunk Exten=4001 CallerIDNum={put}
      1.0 Ringing       trunk#9
     25.0 HangupRequest trunk Cause=16
     25.0 Hangup        trunk#9 Cause=0
     25.0 Hangup        trunk Cause=16
    """,
        HOUSE,
    )
    assert call.facts.caller_number == "13800138000"


def test_the_order_in_which_numbers_are_told_does_not_matter():
    call = tell_one(
        """
      0.1 DialBegin  trunk > agent1 DialString=agent1 Exten=4001 CallerIDNum=037165550000
      0.0 Newchannel trunk Exten=4001 CallerIDNum=13800138000
    """,
        HOUSE,
    )
    assert call.facts.caller_number == "13800138000"


def test_a_caller_who_comes_back_to_a_queue_with_an_agent_s_number_keeps_the_own_one():
    call = tell_one("""
      0.0 Newchannel      trunk Exten=4001 CallerIDNum=13800138000
      9.0 QueueCallerJoin trunk Queue=hotline CallerIDNum=101
    """)
    assert call.facts.caller_number == "13800138000"


def test_an_extension_is_the_caller_where_nothing_else_is_told():
    assert tell_one("0.0 Newchannel trunk Exten=4001 CallerIDNum=101").facts.caller_number == "101"


def test_a_number_that_the_dialplan_took_from_another_header_wins():
    call = tell_one("""
      0.0 Newchannel      trunk Exten=4001 CallerIDNum=trunk-account
      0.1 QueueCallerJoin trunk Queue=hotline CallerIDNum=13800138000
    """)
    assert call.facts.caller_number == "13800138000"


def test_a_phone_that_the_settings_forgot_calls_from_inside_although_it_shows_the_hall_s_number():
    call = tell_one(
        """
      0.0 Newchannel 6009 Exten=13800138000 CallerIDNum=6009
      0.1 DialBegin  6009 > trunk DialString=13800138000@trunk Exten=13800138000 CallerIDNum=037166668888
      0.2 Ringing    trunk
      4.0 Up         trunk
    """,
        HOUSE,
    )
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("CS:13800138000", "13800138000"),
        ("[VIP]13800138000", "13800138000"),
        ("社保：13800138000", "13800138000"),
        ("VIP13800138000", "13800138000"),
        ("%2B8613800138000", "+8613800138000"),
        ("(0371)65123456", "037165123456"),
        ("138 0013 8000", "13800138000"),
        ("tel:+86-138-0013-8000", "13800138000"),
        ("13800138000;phone-context=+86", "13800138000"),
        ("86-13800138000", "86-13800138000"),
        ("anna.b_c-1", "anna.b_c-1"),
        ("agent1", "agent1"),
        ("*69#", "*69#"),
    ],
)
def test_a_number_is_read_whatever_stands_around_it(told, kept):
    assert caller_number(told, "0371") == (kept, False)


@pytest.mark.parametrize(
    "text", ["1" * 70, ";DROP", "<script>", "<script>13800138000", "a\n13800138000;x", "%00%0a", "%"]
)
def test_what_is_no_number_is_not_kept(text):
    assert caller_number(text, "0371") == (None, True)


def test_a_number_with_a_label_does_not_make_its_call_doubtful():
    call = tell_one("""
      0.0 Newchannel      trunk Exten=4001 CallerIDNum=13800138000
      0.1 QueueCallerJoin trunk Queue=hotline CallerIDNum=CS:13800138000
      0.2 DialBegin       trunk > agent1 DialString=agent1 CallerIDNum=CS:13800138000
      0.3 Ringing         agent1
     20.0 Up              agent1
     20.1 DialEnd         trunk > agent1 DialStatus=ANSWER
    """)
    assert (call.judgement.verdict, call.facts.caller_number) == (Verdict.LATE, "13800138000")
