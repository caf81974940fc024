"""Lines and phones as other houses call them: ISDN, analogue, phones of five digits, conferences."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, Story, tell, tell_one, track
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.dial_strings import endpoint_of, outside_number
from voicedesk.calls.model import Cause, Direction, Disposition, Outcome, PhoneState, Reason, Role, Verdict
from voicedesk.calls.replay import replay
from voicedesk.tickets.meaning import Contact, Miss, meaning_of


def renamed(text, **names):
    """The events of a story whose channels are called otherwise than PJSIP phones."""
    for event in Story().events(text):
        raw = event.raw.decode()
        for short, name in names.items():
            raw = raw.replace(f"PJSIP/{short}-00000001", name)
        yield AmiEvent.from_bytes(raw.encode())


def capture(events):
    return b"Asterisk Call Manager/9.0.0\r\n" + b"".join(event.raw.strip() + b"\r\n\r\n" for event in events)


def only(events, hall=HALL):
    (call,) = track(list(events), hall)
    return call


def meaning(call):
    return meaning_of(call, lambda facts: facts.line)


# --- what a number in a name may not do


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("PJSIP/agent1-00000001", "PJSIP/agent1"),
        ("SIP/trunk-zj-0000001a", "SIP/trunk-zj"),
        ("IAX2/host-123", "IAX2/host"),
        ("DAHDI/1-1", "DAHDI/1"),
        ("DAHDI/i1/13800138000-2", "DAHDI/i1"),
        ("DAHDI/i12/+8613800138000:1-2f", "DAHDI/i12"),
        ("DAHDI/i1/-2", "DAHDI/i1"),
    ],
)
def test_the_line_of_a_channel(channel, endpoint):
    assert endpoint_of(channel) == endpoint


def test_nobody_s_number_lies_in_the_name_of_an_isdn_line():
    call = only(
        renamed(
            """
            0.0 Newchannel line1 Exten=4001 CallerIDNum=13800138000
            0.1 DialBegin  line1 > line2 DialString=i1/13900139000
            1.0 Ringing    line2
            5.0 Up         line2
            5.0 DialEnd    line1 > line2 DialStatus=ANSWER
            5.0 BridgeEnter line2 BridgeUniqueid=b
            5.0 BridgeEnter line1 BridgeUniqueid=b
            9.0 Hangup line2 Cause=16
            9.0 Hangup line1 Cause=16
            """,
            line1="DAHDI/i1/13800138000-2",
            line2="DAHDI/i1/13900139000-3",
        )
    )
    (leg,) = call.facts.legs
    assert (leg.endpoint, leg.channel, leg.number) == ("DAHDI/i1", "DAHDI/i1-3", "139****9000")
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "DAHDI/i1")


BUSY = """
 -9.0 DialBegin early > {phone} DialString=early call=early
 -8.0 Up {phone} call=early
 -8.0 Up early call=early
  0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
  0.0 AgentCalled trunk > {phone}#2 Queue=hotline
  0.0 DialBegin trunk > {phone}#2 DialString={dialled}
  0.1 DialEnd   trunk > {phone}#2 DialStatus=BUSY
  0.1 Hangup    {phone}#2 Cause=17
  9.0 QueueCallerAbandon trunk Queue=hotline
  9.0 QueueCallerLeave trunk Queue=hotline
  9.0 Hangup    trunk Cause=17
"""


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [("60001", "PJSIP/60001"), ("60001", "pjsip/60001"), ("agent1", "PJSIP/agent1/sip:60001@192.168.1.20:5060")],
)
def test_a_phone_of_many_digits_that_talks_is_not_accused(phone, dialled):
    hall = replace(HALL, phones=frozenset({"PJSIP/60001", "PJSIP/agent1"}))
    call = tell(BUSY.format(phone=phone, dialled=dialled), hall)[-1]
    (leg,) = call.facts.legs
    assert (leg.number, leg.state_before) == (None, PhoneState.TALKING)
    assert (call.judgement.legs[0].reason, call.judgement.cause) == (Reason.TALKING, Cause.ALL_BUSY)


def test_a_phone_called_by_its_own_name_dials_no_number_outside():
    assert outside_number("PJSIP/60001", "PJSIP") is None
    assert outside_number("g0/13800138000", "DAHDI") == "13800138000"


def test_the_number_of_a_call_placed_for_a_phone_is_the_citizen_s_and_not_the_phone_s_contact():
    call = tell_one("""
      0.0 DialBegin - > agent1 DialString=agent1/sip:60001@192.168.1.20
      0.1 Ringing   agent1
      2.0 Up        agent1
      2.1 DialBegin agent1 > trunk DialString=13800138000@trunk Exten=13800138000
      5.0 Up        trunk
      5.0 DialEnd   agent1 > trunk DialStatus=ANSWER
      9.0 Hangup    trunk Cause=16
      9.0 Hangup    agent1 Cause=16
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")
    assert isinstance(meaning(call), Contact)


def test_a_colleague_s_phone_that_the_settings_forgot_is_called_inside():
    call = tell_one("""
      0.0 Newchannel agent1 Exten=6009 CallerIDNum=6001
      0.1 DialBegin  agent1 > 6009 DialString=6009 Exten=6009
      0.2 Ringing    6009
      3.0 Up         6009
      9.0 Hangup     6009 Cause=16
      9.0 Hangup     agent1 Cause=16
    """)
    assert (call.facts.direction, [leg.role for leg in call.facts.legs]) == (Direction.INTERNAL, [Role.STAFF])


# --- callers whose own channel says Ringing, at no extension


ANALOGUE = """
 0.0 Newchannel line Exten=s
 0.1 Ringing    line Exten=s
 2.0 Up         line Exten=s
 3.0 QueueCallerJoin line Queue=hotline Exten=s
 3.1 DialBegin  line > agent1 DialString=PJSIP/agent1
 3.2 Ringing    agent1
"""
LEFT = """
 9.0 DialEnd    line > agent1 DialStatus=CANCEL
 9.0 QueueCallerAbandon line Queue=hotline
 9.0 QueueCallerLeave line Queue=hotline
 9.0 Hangup     agent1 Cause=0
 9.0 Hangup     line Cause=0
"""


def test_a_caller_of_an_analogue_line_who_hears_ringing_before_the_queue_is_a_caller():
    call = only(renamed(ANALOGUE + LEFT, line="DAHDI/1-1"))
    assert (call.facts.direction, call.facts.disposition) == (Direction.INBOUND, Disposition.ABANDONED)
    assert isinstance(meaning(call), Miss)


def test_a_capture_read_without_settings_takes_no_caller_for_a_phone_of_the_house():
    told = replay(capture(renamed(ANALOGUE.replace("Exten=s", "Exten=4001") + LEFT, line="DAHDI/31-1")))
    (call,) = told.calls
    assert (call.facts.direction, call.facts.line) == (Direction.INBOUND, "4001")
    assert [leg.endpoint for leg in call.facts.legs] == ["PJSIP/agent1"]


# --- conferences


@pytest.mark.parametrize("linkedid", ["", "call=room"])
def test_a_citizen_who_comes_into_a_conference_where_staff_wait_is_a_caller(linkedid):
    *_, call = tell(f"""
      0.0 Newchannel agent1 Exten=800 CallerIDNum=6001 call=room
      0.1 Up         agent1 call=room
      0.2 BridgeEnter agent1 BridgeUniqueid=room call=room
      5.0 Newchannel trunk Exten=4001 CallerIDNum=13800138000
      5.1 Up         trunk
      8.0 BridgeEnter trunk BridgeUniqueid=room {linkedid}
     20.0 Hangup     agent1 Cause=16 call=room
     20.0 Hangup     trunk Cause=16 {linkedid}
    """)
    assert (call.facts.direction, call.judgement.answered_by) == (Direction.INBOUND, "PJSIP/agent1")
    assert meaning(call) == Contact(call_id=call.facts.id, number="13800138000", group="hotline", at=meaning(call).at)


@pytest.mark.parametrize("linkedid", ["call=two", ""])
def test_two_citizens_who_meet_in_a_conference_have_reached_nobody(linkedid):
    calls = tell(f"""
      0.0 Newchannel trunk Exten=4001 CallerIDNum=13800138000
      0.1 Up         trunk
      1.0 BridgeEnter trunk BridgeUniqueid=room
      5.0 Newchannel other Exten=4001 CallerIDNum=13800138001 call=two
      5.1 Up         other call=two
      8.0 BridgeEnter other BridgeUniqueid=room {linkedid}
     20.0 Hangup     trunk Cause=16
     20.0 Hangup     other Cause=16 {linkedid}
    """)
    assert [call.facts.caller_number for call in calls] == ["13800138000", "13800138001"]
    assert {call.facts.person_answered_at for call in calls} == {None}
    assert all(leg.outcome is not Outcome.ANSWERED for call in calls for leg in call.facts.legs)


@pytest.mark.parametrize("linkedid", ["", "call=out"])
def test_a_caller_who_is_taken_into_an_earlier_talk_with_another_citizen_keeps_a_call_of_their_own(linkedid):
    calls = tell(f"""
      0.0 Newchannel  agent1 Exten=13700137000 CallerIDNum=6001 call=out
      0.0 DialBegin   agent1 > outside DialString=13700137000@outside call=out
      3.0 Up          outside call=out
      3.0 DialEnd     agent1 > outside DialStatus=ANSWER call=out
      3.0 BridgeEnter agent1 BridgeUniqueid=talk call=out
      3.0 BridgeEnter outside BridgeUniqueid=talk call=out
     10.0 Newchannel  trunk Exten=4001 CallerIDNum=13800138000
     10.0 DialBegin   trunk > agent2 DialString=agent2 Exten=4001
     10.1 Ringing     agent2
     12.0 Up          agent2
     12.0 BridgeEnter agent2 BridgeUniqueid=served
     12.0 BridgeEnter trunk BridgeUniqueid=served
     20.0 BridgeLeave trunk BridgeUniqueid=served
     20.0 BridgeEnter trunk BridgeUniqueid=talk {linkedid}
     20.0 Hangup      agent2 Cause=16
     30.0 Hangup      outside Cause=16 call=out
     30.0 Hangup      agent1 Cause=16 call=out
     30.0 Hangup      trunk Cause=16 {linkedid}
    """)
    assert [(call.facts.direction, call.facts.caller_number) for call in calls] == [
        (Direction.OUTBOUND, "13700137000"),
        (Direction.INBOUND, "13800138000"),
    ]
    assert (calls[1].judgement.verdict, calls[1].judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent2")
    assert all(isinstance(meaning(call), Contact) for call in calls)


# --- numbers with what carriers put around them


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("+8613800138000;phone-context=ims.example", "13800138000"),
        ("13800138000;user=phone", "13800138000"),
        ("13800138000@10.0.0.1", "13800138000"),
        ("%2B8613800138000", "+8613800138000"),
        ("(0371)61234567", "037161234567"),
        ("61234567;phone-context=+86371", "037161234567"),
        ("anonymous@anonymous.invalid", None),
        ("anonymous;privacy=id", None),
    ],
)
def test_a_number_with_what_a_carrier_puts_around_it_is_not_lost(told, number):
    call = tell_one(f"""
      0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum={told}
      0.1 DialBegin trunk > agent1 DialString=agent1
      0.2 Ringing   agent1
     17.0 DialEnd   trunk > agent1 DialStatus=NOANSWER
     17.0 Hangup    agent1 Cause=0
     17.0 Hangup    trunk Cause=16
    """)
    assert (call.facts.caller_number, call.facts.doubtful, call.judgement.verdict) == (number, False, Verdict.MISSED)
    assert meaning(call).number == (number.removeprefix("+86") if number else None)


@pytest.mark.parametrize("told", ["1;" + "2" * 300, "sip:<x>@y", "13800138000\x1b[0m", "；13800138000"])
def test_what_no_number_looks_like_still_makes_the_call_doubtful(told):
    call = tell_one(f"0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum={told}")
    assert (call.facts.caller_number, call.facts.doubtful) == (None, True)
