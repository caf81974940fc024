"""Edges of the rules that accuse, lose or excuse somebody if they move: each is held by a test of its own."""

import pytest
from tests.unit.calls.story import Story, tell, tell_one, track
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import Cause, Direction, Disposition, Hall, Outcome, PhoneState, Reason, Verdict
from voicedesk.calls.phones import Phones
from voicedesk.tickets.meaning import Miss, meaning_of


def over_analogue_line(text):
    """The one call of a story whose caller comes over an analogue line, which does not tell who hung up."""
    events = (event.raw.decode().replace("PJSIP/line-00000001", "DAHDI/1-1") for event in Story().events(text))
    (call,) = track([AmiEvent.from_bytes(raw.encode()) for raw in events])
    return call


# --- who left


def test_a_phone_that_forwards_to_where_nobody_can_be_reached_is_no_caller_who_left():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.3 DialEnd   trunk > agent1 DialStatus=CANCEL
      0.3 DialBegin trunk > mobile DialString=13900139000@mobile
      0.3 Hangup    agent1 Cause=23
      0.33 DialEnd  trunk > mobile DialStatus=CHANUNAVAIL
      0.33 Hangup   mobile Cause=20
      0.4 Hangup    trunk Cause=20
    """)
    assert (call.facts.gave_up_at, call.judgement.verdict) == (None, Verdict.MISSED)


QUEUE_LOST_CALLER = """
  0.0 QueueCallerJoin    line Queue=hotline Exten=4001
 {at} QueueCallerAbandon line Queue=hotline
 {at} QueueCallerLeave   line Queue=hotline
 {end}
 {at} Hangup             line Cause=0
"""


@pytest.mark.parametrize(
    ("at", "end", "verdict"),
    [
        ("15.02", "", Verdict.MISSED),  # its time was over, after whole seconds
        ("15.30", "", Verdict.MISSED),
        ("7.30", "", Verdict.LEFT_EARLY),
        ("7.30", "7.30 UserEvent line UserEvent=VoicedeskQueueEnd", Verdict.MISSED),  # the dialplan went on
    ],
)
def test_a_queue_that_loses_a_caller_of_an_analogue_line(at, end, verdict):
    call = over_analogue_line(QUEUE_LOST_CALLER.format(at=at, end=end))
    assert call.judgement.verdict is verdict
    left = (at, end) in (("15.30", ""), ("7.30", ""))
    assert call.facts.disposition is (Disposition.ABANDONED if left else Disposition.NO_ANSWER)
    assert isinstance(meaning_of(call, lambda facts: facts.line), Miss)


# --- who answered, and when


@pytest.mark.parametrize(
    ("lifted", "met", "verdict"), [("14.90", "15.30", Verdict.ON_TIME), ("14.20", "15.30", Verdict.LATE)]
)
def test_a_connection_half_a_second_after_the_lifting_is_not_the_lifting(lifted, met, verdict):
    call = tell_one(f"""
      0.00 DialBegin   trunk > agent1 DialString=agent1 Exten=4001
      0.01 Ringing     agent1
      {lifted} Up      agent1
      {met} BridgeEnter agent1 BridgeUniqueid=b
      {met} BridgeEnter trunk BridgeUniqueid=b
    """)
    assert call.judgement.verdict is verdict


def test_a_talk_between_colleagues_before_the_caller_came_is_no_answer_for_the_caller():
    *_, call = tell("""
      0.0 Newchannel  agent1 Exten=6002 CallerIDNum=6001 call=inside
      0.0 DialBegin   agent1 > agent2 DialString=agent2 call=inside
      0.1 Ringing     agent2 call=inside
      1.0 Up          agent2 call=inside
      1.0 BridgeEnter agent2 BridgeUniqueid=inside call=inside
      1.0 BridgeEnter agent1 BridgeUniqueid=inside call=inside
      9.0 BridgeLeave agent2 BridgeUniqueid=inside call=inside
      9.0 Hangup      agent2 Cause=16 call=inside
     10.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
     10.0 DialBegin   trunk > agent3 DialString=agent3 Exten=4001
     10.1 Ringing     agent3
     27.0 DialEnd     trunk > agent3 DialStatus=NOANSWER
     27.0 Hangup      agent3 Cause=0
     40.0 BridgeEnter trunk BridgeUniqueid=inside
     50.0 Hangup      agent1 Cause=16 call=inside
     50.0 Hangup      trunk Cause=16
    """)
    assert (call.facts.direction, call.judgement.verdict, call.judgement.answered_by) == (
        Direction.INBOUND,
        Verdict.LATE,
        "PJSIP/agent1",
    )


@pytest.mark.parametrize(
    ("lifted", "expected"), [("3.0", (Verdict.ON_TIME, None)), ("17.0", (Verdict.NOT_JUDGED, Reason.ON_BREAK))]
)
def test_a_break_excuses_who_is_late_and_takes_nothing_from_who_is_on_time(lifted, expected):
    call = tell_one(f"""
     -5.0 QueueMemberAdded - Queue=hotline Interface=PJSIP/agent1 MemberName=A Paused=1 Status=1
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.0 Ringing   agent1
      {lifted} Up   agent1
      {lifted} BridgeEnter agent1 BridgeUniqueid=b
      {lifted} BridgeEnter trunk BridgeUniqueid=b
    """)
    assert (call.judgement.legs[0].verdict, call.judgement.legs[0].reason) == expected


def test_a_mobile_that_rang_in_vain_is_no_empty_seat_because_its_network_hung_up():
    call = tell_one("""
      0.0 DialBegin     trunk > mobile DialString=13900139000@mobile Exten=4001
      1.0 DialState     trunk > mobile DialStatus=PROGRESS
     30.0 HangupRequest mobile Cause=19
     30.0 DialEnd       trunk > mobile DialStatus=NOANSWER
     30.0 Hangup        mobile Cause=19
     30.1 Hangup        trunk Cause=19
    """)
    assert (call.facts.legs[0].outcome, call.judgement.cause) == (Outcome.NO_ANSWER, Cause.PERSON)


def test_who_left_the_conference_before_the_caller_came_did_not_answer():
    calls = tell("""
      0.0 Newchannel  agent1 Exten=800 CallerIDNum=6001 call=room
      0.1 BridgeEnter agent1 BridgeUniqueid=room call=room
      3.0 Newchannel  agent2 Exten=800 CallerIDNum=6002 call=other
      3.1 BridgeEnter agent2 BridgeUniqueid=room call=other
      5.0 BridgeLeave agent1 BridgeUniqueid=room call=room
      8.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
      8.1 BridgeEnter trunk BridgeUniqueid=room
     20.0 Hangup      agent1 Cause=16 call=room
     20.0 Hangup      agent2 Cause=16 call=other
     20.0 Hangup      trunk Cause=16
    """)
    assert [leg.endpoint for call in calls for leg in call.facts.legs] == ["PJSIP/agent2"]


# --- whose number


@pytest.mark.parametrize("wished", ["s", "12345"])
def test_a_number_outside_that_nobody_tells_is_not_the_phone_s_own(wished):
    call = tell_one(f"""
      0.0 Newchannel agent1 Exten={wished} CallerIDNum=6001
      0.1 DialBegin  agent1 > trunk DialString=trunk Exten={wished}
      3.0 Up         trunk
      9.0 Hangup     trunk Cause=16
      9.0 Hangup     agent1 Cause=16
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, None)
    assert meaning_of(call, lambda facts: facts.line) is None


# --- whose phone


def test_who_asks_a_queue_from_inside_calls_inside_whatever_phone_its_member_has():
    call = tell_one("""
      0.0 Newchannel      agent1 Exten=4001 CallerIDNum=6001
      0.0 QueueCallerJoin agent1 Queue=hotline
      0.1 AgentCalled     agent1 > elsewhere Queue=hotline MemberName=Nine
      0.1 DialBegin       agent1 > elsewhere DialString=PJSIP/elsewhere
      0.2 Ringing         elsewhere
      3.0 Up              elsewhere
      9.0 Hangup          elsewhere Cause=16
      9.0 Hangup          agent1 Cause=16
    """)
    assert (call.facts.direction, call.judgement.reason) == (Direction.INTERNAL, Reason.INTERNAL)


def test_another_call_of_the_caller_s_own_trunk_is_nobody_of_the_hall():
    (call,) = tell("""
      0.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
      0.1 Up          trunk
      1.0 BridgeEnter trunk BridgeUniqueid=room
      5.0 Newchannel  trunk#2 Exten=9999 CallerIDNum=13800138001 call=two
      5.1 Up          trunk#2 call=two
      8.0 BridgeEnter trunk#2 BridgeUniqueid=room call=two
     20.0 Hangup      trunk Cause=16
     20.0 Hangup      trunk#2 Cause=16 call=two
    """)
    assert call.facts.person_answered_at is None
    assert meaning_of(call, lambda facts: facts.line) is None


def test_a_busy_mobile_is_not_excused_by_another_talk_over_the_same_trunk():
    call = tell("""
     -9.0 DialBegin early > mobiles DialString=13900139000@mobiles Exten=4001 call=early
     -8.0 Up        mobiles call=early
     -8.0 Up        early call=early
      0.0 DialBegin trunk > mobiles#2 DialString=13900139001@mobiles Exten=4001
      0.9 DialEnd   trunk > mobiles#2 DialStatus=BUSY
      0.9 Hangup    mobiles#2 Cause=17
      1.0 Hangup    trunk Cause=17
    """)[-1]
    (leg,) = call.facts.legs
    assert (leg.outcome, leg.state_before) == (Outcome.BUSY, PhoneState.UNKNOWN)
    assert call.judgement.legs[0].verdict is Verdict.MISSED


@pytest.mark.parametrize(("answered", "spoke"), [("", False), ("8.0 Up citizen", True)])
def test_a_call_for_a_citizen_reached_somebody_only_if_the_citizen_answered(answered, spoke):
    call = tell_one(f"""
      0.0 DialBegin - > agent1 DialString=agent1
      0.1 Ringing   agent1
      2.0 Up        agent1
      2.1 DialBegin agent1 > citizen DialString=13800138000@trunk Exten=13800138000
      3.0 Ringing   citizen
      {answered}
      20.0 Hangup   citizen Cause=16
      20.0 Hangup   agent1 Cause=16
    """)
    assert (meaning_of(call, lambda facts: facts.line) is not None) == spoke


# --- what a list tells


@pytest.mark.parametrize(("is_whole", "members"), [(False, ("PJSIP/agent1",)), (True, ())])
def test_a_list_that_breaks_off_takes_nobody_out_of_a_queue(is_whole, members):
    phones = Phones(Ties(Hall()))
    added = b"Event: QueueMemberAdded\r\nQueue: hotline\r\nInterface: PJSIP/agent1\r\nPaused: 0\r\nStatus: 1"
    phones.receive(AmiEvent.from_bytes(added))
    phones.list_begins()
    phones.list_ended(is_whole=is_whole)
    assert phones.members("hotline") == members
