"""What other houses' switches do: who answered is decided by the bridge with the caller, and who rang by the phone."""

from pathlib import Path

import pytest
from tests.unit.calls.story import HALL, tell, tell_one
from voicedesk.calls.dial_strings import outside_number
from voicedesk.calls.model import (
    Cause,
    Direction,
    Disposition,
    Hall,
    Line,
    Outcome,
    PhoneState,
    Reason,
    RingSource,
    Role,
    Verdict,
)
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import RULES
from voicedesk.tickets.meaning import Contact, Miss, meaning_of

REPORTED = Path("tests/captures/reported")
HOUSE = Hall(
    lines=(
        Line(
            name="hotline",
            extensions=frozenset({"4001", *(str(number) for number in range(4200, 4215))}),
            queues=frozenset({"hotline", "solo", "mob", "one"}),
        ),
    ),
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"}),
)


def reported(name, hall=HOUSE):
    """The last call of a capture, which is the one that is told about."""
    calls = replay((REPORTED / f"{name}.raw").read_bytes(), hall=hall).calls
    return calls[-1]


def outcomes(call):
    return [
        (leg.endpoint, leg.outcome, judged.verdict)
        for leg, judged in zip(call.facts.legs, call.judgement.legs, strict=True)
    ]


def meaning(call):
    return meaning_of(call, lambda facts: facts.line)


# --- what was reported, as it was on the wire


@pytest.mark.parametrize("name", ["mobile_queue_member_answers", "ring_group_mobile_answers", "follow_me_to_a_mobile"])
def test_a_caller_who_is_served_at_a_staff_member_s_mobile_was_answered(name):
    call = reported(name)
    assert (call.facts.direction, call.facts.disposition) == (Direction.INBOUND, Disposition.ANSWERED)
    assert (call.judgement.verdict, call.judgement.agent) == (Verdict.ON_TIME, None)
    answering = next(leg for leg in call.facts.legs if leg.outcome is Outcome.ANSWERED)
    assert answering.role is Role.STAFF
    assert answering.number in ("138****8099", "139****9000")  # nobody's number lies in the facts of a leg
    assert isinstance(meaning(call), Contact)


def test_a_published_line_that_is_forwarded_in_vain_is_missed():
    call = reported("forwarded_to_a_mobile_in_vain")
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.PERSON)
    assert isinstance(meaning(call), Miss)


def test_a_phone_that_is_lifted_and_does_not_accept_has_not_answered():
    call = reported("answered_but_not_accepted")
    assert (call.judgement.answered_by, call.judgement.verdict) == ("PJSIP/agent2", Verdict.LATE)
    assert call.judgement.ring_us == pytest.approx(20_021_000, abs=5_000)
    assert outcomes(call)[0] == ("PJSIP/agent1", Outcome.NO_ANSWER, Verdict.NOT_JUDGED)
    assert call.judgement.legs[0].reason is Reason.NOT_ACCEPTED


def test_a_phone_that_refuses_without_ringing_starts_no_clock():
    call = reported("dnd_480_then_answers")
    assert call.judgement.verdict is Verdict.ON_TIME
    assert call.judgement.ring_us == pytest.approx(6_035_000, abs=5_000)
    assert call.judgement.queue_us == pytest.approx(13_080_000, abs=10_000)
    refused = [leg for leg in call.facts.legs if leg.outcome is not Outcome.ANSWERED]
    assert {(leg.outcome, leg.ringing_at) for leg in refused} == {(Outcome.UNREACHABLE, None)}


def test_a_caller_of_an_analogue_line_who_leaves_the_queue_gave_up():
    call = reported("fxo_caller_leaves_while_all_talk")
    assert (call.judgement.verdict, call.facts.disposition) == (Verdict.LEFT_EARLY, Disposition.ABANDONED)


def test_a_number_dialled_as_a_sip_address_is_the_citizen_s():
    for hall in (HOUSE, None):
        call = reported("outbound_over_sip_uri", hall)
        assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")


def test_who_leaves_while_a_phone_rings_after_the_queue_gave_up_early():
    call = reported("queue_over_then_dial_caller_leaves")
    assert (call.judgement.verdict, call.facts.disposition) == (Verdict.LEFT_EARLY, Disposition.ABANDONED)
    assert outcomes(call)[1] == ("PJSIP/agent2", Outcome.CANCELLED, Verdict.LEFT_EARLY)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("r2_caller_channel_ringing_late", Verdict.LATE), ("r2_caller_channel_ringing_missed", Verdict.MISSED)],
)
def test_a_caller_whose_own_channel_says_ringing_is_a_caller(name, verdict):
    call = reported(name)
    assert (call.facts.direction, call.judgement.verdict, call.judgement.cause) == (
        Direction.INBOUND,
        verdict,
        Cause.PERSON,
    )
    assert [leg.endpoint for leg in call.facts.legs] == ["PJSIP/agent1"]


def test_two_contacts_of_one_phone_are_late_once():
    call = reported("two_contacts_answered_late")
    assert sorted(outcomes(call)) == [
        ("PJSIP/agent1", Outcome.ANSWERED, Verdict.LATE),
        ("PJSIP/agent1", Outcome.ANSWERED_ELSEWHERE, Verdict.NOT_JUDGED),
    ]


def test_a_staff_phone_that_reaches_voicemail_was_answered():
    call = reported("staff_to_voicemail")
    assert (call.facts.direction, call.facts.disposition) == (Direction.INTERNAL, Disposition.ANSWERED)


def test_a_call_placed_over_a_local_channel_goes_out():
    call = reported("placed_over_local")
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13900139001")


# --- who answered: the bridge with the caller


BRIDGED = """
 {at} BridgeEnter {phone} BridgeUniqueid=b1
 {at} BridgeEnter trunk BridgeUniqueid=b1
"""
CONFIRMED = """
 0.00 DialBegin trunk > agent1 DialString=agent1 Exten=4001
 0.01 Ringing   agent1
 3.00 Up        agent1
"""


def test_a_confirmation_is_an_answer_when_it_was_given():
    call = tell_one(
        CONFIRMED + "16.0 DialEnd trunk > agent1 DialStatus=ANSWER" + BRIDGED.format(at=16.01, phone="agent1")
    )
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.LATE, 16_000_000)


def test_a_phone_that_is_connected_at_once_answered_when_it_was_lifted():
    call = tell_one(
        CONFIRMED + "3.00 DialEnd trunk > agent1 DialStatus=ANSWER" + BRIDGED.format(at=3.004, phone="agent1")
    )
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.ON_TIME, 2_990_000)


@pytest.mark.parametrize("status", ["CONTINUE", "ABORT", "GOTO", "DONTCALL", "TORTURE", "NOANSWER", "CANCEL"])
def test_a_dial_that_ends_otherwise_than_in_an_answer_is_none(status):
    call = tell_one(f"""{CONFIRMED}
     5.00 DialEnd trunk > agent1 DialStatus={status}
     5.01 Hangup  agent1 Cause=16
     7.00 HangupRequest trunk Cause=16
     7.01 Hangup  trunk Cause=16
    """)
    assert (call.facts.disposition, call.facts.person_answered_at) != (Disposition.ANSWERED, None)
    assert call.facts.person_answered_at is None
    assert call.judgement.legs[0].reason is Reason.NOT_ACCEPTED
    assert isinstance(meaning(call), Miss)


def test_who_hangs_up_before_the_phone_accepts_was_not_answered():
    call = tell_one(f"""{CONFIRMED}
     6.00 HangupRequest trunk Cause=16
     6.01 DialEnd trunk > agent1 DialStatus=ANSWER
     6.02 Hangup  agent1 Cause=16
     6.03 Hangup  trunk Cause=16
    """)
    assert (call.facts.person_answered_at, call.facts.disposition) == (None, Disposition.ABANDONED)


def test_where_a_switch_tells_of_bridges_a_lifted_phone_without_one_did_not_answer():
    served = """
     0.0 DialBegin     trunk > agent1 DialString=agent1 Exten=4001
     0.1 Ringing       agent1
     2.0 Up            agent1
     2.1 BridgeEnter   agent1 BridgeUniqueid=b1
     2.1 BridgeEnter   trunk BridgeUniqueid=b1
     9.0 Hangup        agent1 Cause=16
     9.0 Hangup        trunk Cause=16
    """
    unserved = """
     20.0 DialBegin    trunk#2 > agent2 DialString=agent2 Exten=4001 call=two
     20.1 Ringing      agent2 call=two
     22.0 Up           agent2 call=two
     24.0 Hangup       agent2 Cause=16 call=two
     24.1 DialEnd      trunk#2 > agent2 DialStatus=ANSWER call=two
     25.0 Hangup       trunk#2 Cause=16 call=two
    """
    first, second = tell(served + unserved)
    assert first.judgement.answered_by == "PJSIP/agent1"
    assert (second.judgement.verdict, second.judgement.answered_by) == (Verdict.MISSED, None)


@pytest.mark.parametrize("told_last", ["AgentDump", "DialEnd"])
def test_a_member_who_hangs_up_in_the_queue_s_announcement_did_not_answer_also_without_bridges(told_last):
    ends = {
        "DialEnd": "3.0 DialEnd trunk > agent1 DialStatus=ANSWER",
        "AgentDump": "4.0 AgentDump trunk > agent1 MemberName=Agent-One Queue=hotline",
    }
    last = ends.pop(told_last)
    call = tell_one(f"""
      0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
      0.2 DialBegin trunk > agent1 DialString=agent1
      0.3 Ringing   agent1
      3.0 Up        agent1
      {ends.popitem()[1]}
      {last}
      4.1 Hangup    agent1 Cause=16
      9.0 DialBegin trunk > agent2 DialString=agent2
      9.1 Ringing   agent2
     12.0 Up        agent2
     12.0 DialEnd   trunk > agent2 DialStatus=ANSWER
     12.1 AgentConnect trunk > agent2 MemberName=Agent-Two
    """)
    assert (call.judgement.answered_by, call.judgement.ring_us) == ("PJSIP/agent2", 11_700_000)
    assert call.judgement.legs[0].reason is Reason.NOT_ACCEPTED


def test_a_phone_behind_local_channels_answers_when_the_caller_hears_it():
    call = tell_one("""
     0.00 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.00 AgentCalled trunk > local;1 MemberName=Agent-One Queue=hotline
     0.01 DialBegin   local;2 > agent1 DialString=agent1
     0.02 Ringing     agent1
     4.00 Up          agent1
     4.01 DialEnd     local;2 > agent1 DialStatus=ANSWER
     4.01 BridgeEnter agent1 BridgeUniqueid=inner
     4.01 BridgeEnter local;2 BridgeUniqueid=inner
     9.00 BridgeEnter local;1 BridgeUniqueid=outer
     9.00 BridgeEnter trunk BridgeUniqueid=outer
    """)
    assert (call.judgement.answered_by, call.judgement.ring_us) == ("PJSIP/agent1", 8_980_000)
    assert call.facts.legs[0].member == "Agent-One"


def test_the_order_of_bridge_events_does_not_matter():
    lines = (
        CONFIRMED + "16.0 DialEnd trunk > agent1 DialStatus=ANSWER" + BRIDGED.format(at=16.01, phone="agent1")
    ).splitlines()
    assert tell_one("\n".join([*lines[:-3], lines[-1], lines[-2]])).judgement.verdict is Verdict.LATE


def test_a_parked_call_that_a_colleague_fetches_is_answered_by_that_colleague():
    call = tell_one("""
      0.0 UserEvent     trunk UserEvent=VoicedeskCall Line=hotline Number=13800138000 Exten=4001
      0.1 DialBegin     trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing       agent1
      5.0 DialEnd       trunk > agent1 DialStatus=NOANSWER
      5.0 Hangup        agent1 Cause=0
      5.1 BridgeEnter   trunk BridgeUniqueid=parked BridgeTechnology=holding_bridge
     12.0 Up            agent2 call=fetch
     12.1 BridgeLeave   trunk BridgeUniqueid=parked BridgeTechnology=holding_bridge
     12.1 BridgeEnter   trunk BridgeUniqueid=talk BridgeTechnology=simple_bridge
     12.1 BridgeEnter   agent2 BridgeUniqueid=talk BridgeTechnology=simple_bridge call=fetch
     20.0 Hangup        agent2 Cause=16 call=fetch
     20.0 Hangup        trunk Cause=16
    """)
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent2")
    assert call.judgement.legs[-1].reason is Reason.PICKED_UP


def test_callers_who_wait_in_one_parking_lot_stay_two_calls():
    calls = tell("""
     0.0 BridgeEnter trunk   BridgeUniqueid=lot BridgeTechnology=holding_bridge Exten=4001
     1.0 BridgeEnter trunk#2 BridgeUniqueid=lot BridgeTechnology=holding_bridge Exten=4001 call=two
     5.0 Hangup trunk Cause=16
     5.0 Hangup trunk#2 Cause=16 call=two
    """)
    assert len(calls) == 2


# --- who rang: the phone says so


@pytest.mark.parametrize(
    "cause", [1, 3, 18, 19, 20, 22, 27, 29, 31, 34, 38, 41, 50, 57, 66, 79, 88, 95, 102, 111, 127, 128]
)
def test_a_phone_that_refuses_without_ringing_never_rang_whatever_its_cause(cause):
    call = tell_one(f"""
      0.00 QueueCallerJoin trunk Queue=hotline Exten=4001
      0.01 DialBegin trunk > agent1 DialString=PJSIP/agent1
      0.05 DialEnd   trunk > agent1 DialStatus=NOANSWER
      0.05 Hangup    agent1 Cause={cause}
     13.00 DialBegin trunk > agent2 DialString=PJSIP/agent2
     13.01 Ringing   agent2
     16.00 Up        agent2
     16.01 BridgeEnter agent2 BridgeUniqueid=b
     16.01 BridgeEnter trunk BridgeUniqueid=b
    """)
    assert outcomes(call)[0] == ("PJSIP/agent1", Outcome.UNREACHABLE, Verdict.MISSED)
    assert (call.facts.legs[0].ringing_at, call.judgement.verdict) == (None, Verdict.ON_TIME)
    assert call.judgement.ring_us == 2_990_000


def test_a_caller_who_leaves_before_the_phone_can_ring_blames_nobody():
    call = tell_one("""
     0.00 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.01 DialBegin trunk > agent1 DialString=PJSIP/agent1
     0.20 HangupRequest trunk Cause=127
     0.21 Hangup    agent1 Cause=127
     0.21 Hangup    trunk Cause=127
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.CANCELLED, Verdict.LEFT_EARLY)]
    assert call.judgement.verdict is Verdict.LEFT_EARLY


def test_a_mobile_with_early_media_rings_from_the_dial_and_not_for_certain():
    call = tell_one("""
      0.0 DialBegin trunk > trunk#9 DialString=13900139000@trunk Exten=4001
      1.0 DialState trunk > trunk#9 DialStatus=PROGRESS
     16.0 Up        trunk#9
     16.0 DialEnd   trunk > trunk#9 DialStatus=ANSWER
     16.0 BridgeEnter trunk#9 BridgeUniqueid=b
     16.0 BridgeEnter trunk BridgeUniqueid=b
    """)
    assert call.facts.legs[0].ring_source is RingSource.DIALBEGIN
    assert (call.judgement.verdict, call.judgement.reason) == (Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN)


def test_what_the_outside_line_does_for_other_callers_excuses_no_mobile():
    first, second = tell("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing   agent1
      1.0 Up        agent1
      1.0 DialEnd   trunk > agent1 DialStatus=ANSWER
      2.0 DialBegin trunk#2 > trunk#3 DialString=13900139000@trunk Exten=4001 call=two
      2.1 DialEnd   trunk#2 > trunk#3 DialStatus=BUSY call=two
      2.1 Hangup    trunk#3 Cause=17 call=two
      2.2 Hangup    trunk#2 Cause=17 call=two
    """)
    assert first.judgement.verdict is Verdict.ON_TIME
    assert second.facts.legs[0].state_before is PhoneState.UNKNOWN
    assert second.judgement.verdict is Verdict.MISSED


def test_two_mobiles_behind_one_outside_line_are_two_phones():
    call = tell_one("""
      0.0 DialBegin trunk > trunk#8 DialString=13900139008@trunk Exten=4001
      0.0 DialBegin trunk > trunk#9 DialString=13900139009@trunk
      0.1 Ringing   trunk#8
      0.1 Ringing   trunk#9
     20.0 HangupRequest trunk Cause=16
     20.1 DialEnd   trunk > trunk#8 DialStatus=CANCEL
     20.1 DialEnd   trunk > trunk#9 DialStatus=CANCEL
     20.2 Hangup    trunk#8 Cause=0
     20.2 Hangup    trunk#9 Cause=0
     20.2 Hangup    trunk Cause=16
    """)
    assert [judged.verdict for judged in call.judgement.legs] == [Verdict.MISSED, Verdict.MISSED]


def test_two_contacts_that_nobody_answers_are_missed_once():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1/sip:agent1@10.0.0.1 Exten=4001
      0.0 DialBegin trunk > agent1#2 DialString=agent1/sip:agent1@10.0.0.2
      0.1 Ringing   agent1
      0.2 Ringing   agent1#2
     20.0 HangupRequest trunk Cause=16
     20.1 Hangup    agent1 Cause=0
     20.1 Hangup    agent1#2 Cause=0
     20.2 Hangup    trunk Cause=16
    """)
    assert [(one.verdict, one.reason) for one in call.judgement.legs] == [
        (Verdict.MISSED, None),
        (Verdict.NOT_JUDGED, Reason.SAME_PHONE),
    ]


def test_a_phone_that_is_rung_twice_one_after_the_other_is_judged_twice():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing   agent1
     16.0 DialEnd   trunk > agent1 DialStatus=NOANSWER
     16.0 Hangup    agent1 Cause=0
     17.0 DialBegin trunk > agent1#2 DialString=agent1
     17.1 Ringing   agent1#2
     34.0 DialEnd   trunk > agent1#2 DialStatus=NOANSWER
     34.0 Hangup    agent1#2 Cause=0
     34.1 Hangup    trunk Cause=0
    """)
    assert [judged.verdict for judged in call.judgement.legs] == [Verdict.MISSED, Verdict.MISSED]


# --- who gave up


def test_a_queue_whose_time_is_over_is_not_left_by_its_caller():
    call = tell_one("""
      0.0 QueueCallerJoin    trunk Queue=hotline Exten=4001
     15.01 QueueCallerAbandon trunk Queue=hotline
     15.01 QueueCallerLeave  trunk Queue=hotline
     15.02 SoftHangupRequest trunk Cause=16
     15.02 Hangup            trunk Cause=19
    """)
    assert (call.facts.gave_up_at, call.judgement.verdict) == (None, Verdict.MISSED)


@pytest.mark.parametrize("ends", ["SoftHangupRequest", "HangupRequest"])
def test_a_caller_whom_a_manager_or_silence_cut_off_in_the_queue_left_it(ends):
    call = tell_one(f"""
      0.0 QueueCallerJoin    trunk Queue=hotline Exten=4001
      7.0 {ends} trunk Cause=44
      7.1 QueueCallerAbandon trunk Queue=hotline
      7.1 QueueCallerLeave   trunk Queue=hotline
      7.2 Hangup             trunk Cause=44
    """)
    assert (call.facts.disposition, call.judgement.verdict) == (Disposition.ABANDONED, Verdict.LEFT_EARLY)


def test_a_caller_behind_a_local_channel_whose_dial_is_cut_short_left():
    call = tell_one("""
      0.0 DialBegin trunk > local;1 DialString=Local/6001@phones Exten=4001
      0.1 DialBegin local;2 > agent1 DialString=agent1
      0.2 Ringing   agent1
      6.0 DialEnd   trunk > local;1 DialStatus=CANCEL
      6.0 DialEnd   local;2 > agent1 DialStatus=CANCEL
      6.1 Hangup    agent1 Cause=0
      6.1 Hangup    local;1 Cause=0
      6.1 Hangup    local;2 Cause=0
      6.1 Hangup    trunk Cause=0
    """)
    assert (call.judgement.verdict, outcomes(call)) == (
        Verdict.LEFT_EARLY,
        [("PJSIP/agent1", Outcome.CANCELLED, Verdict.LEFT_EARLY)],
    )


@pytest.mark.parametrize("technology", ["trunk", "caller"])
def test_a_caller_whom_a_key_takes_from_one_ringing_phone_to_the_next_has_not_left(technology):
    call = tell_one(f"""
      0.0 DialBegin {technology} > agent1 DialString=agent1 Exten=4001
      0.1 Ringing   agent1
      6.0 DialEnd   {technology} > agent1 DialStatus=CANCEL
      6.0 Hangup    agent1 Cause=0
      6.01 DialBegin {technology} > agent2 DialString=agent2
      6.1 HangupRequest agent2 Cause=17
      6.1 DialEnd   {technology} > agent2 DialStatus=BUSY
      6.1 Hangup    agent2 Cause=17
      6.2 Hangup    {technology} Cause=17
    """)
    assert (call.facts.gave_up_at, call.judgement.verdict) == (None, Verdict.MISSED)
    assert outcomes(call)[0] == ("PJSIP/agent1", Outcome.NO_ANSWER, Verdict.NOT_JUDGED)


def test_a_colleague_s_phone_that_falls_silent_when_one_is_lifted_says_nothing_of_the_caller():
    call = tell("""
      -9.0 DialBegin early > agent3 DialString=agent3 call=early
      -8.0 Up agent3 call=early
      -8.0 BridgeEnter early BridgeUniqueid=b0 call=early
      -8.0 BridgeEnter agent3 BridgeUniqueid=b0 call=early
      -7.0 Hangup agent3 Cause=16 call=early
      -7.0 Hangup early Cause=16 call=early
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.0 DialBegin trunk > agent2 DialString=agent2
      0.1 Ringing   agent1
      3.0 Up        agent1
      3.0 DialEnd   trunk > agent2 DialStatus=CANCEL
      3.0 Hangup    agent2 Cause=0
      3.4 DialEnd   trunk > agent1 DialStatus=DONTCALL
      3.4 Hangup    agent1 Cause=16
      3.4 Hangup    trunk Cause=19
    """)[-1]
    assert (call.facts.gave_up_at, call.judgement.verdict) == (None, Verdict.MISSED)


def test_a_phone_that_forwards_just_before_the_caller_leaves_was_not_given_up():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      3.5 HangupRequest agent1 Cause=23
      3.5 DialEnd   trunk > agent1 DialStatus=CANCEL
      3.5 Hangup    agent1 Cause=23
      3.5 DialBegin trunk > agent2 DialString=agent2
      3.6 Ringing   agent2
      3.9 HangupRequest trunk Cause=127
      3.9 DialEnd   trunk > agent2 DialStatus=CANCEL
      3.9 Hangup    agent2 Cause=0
      3.9 Hangup    trunk Cause=127
    """)
    assert outcomes(call) == [
        ("PJSIP/agent1", Outcome.NO_ANSWER, Verdict.NOT_JUDGED),
        ("PJSIP/agent2", Outcome.CANCELLED, Verdict.LEFT_EARLY),
    ]


@pytest.mark.parametrize("cause", [0, 23])
def test_a_phone_that_forwarded_was_not_unreachable_whatever_cause_its_channel_ends_with(cause):
    """Where the switch takes the channel away before the phone's own hang-up is worked off, its cause is 0, not 23."""
    call = tell_one(f"""
      0.000 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.002 DialEnd   trunk > agent1 DialStatus=CANCEL Forward=1202
      0.003 Hangup    agent1 Cause={cause}
      0.003 DialBegin trunk > l;1 DialString=1202@internal
      0.004 DialEnd   trunk > l;1 DialStatus=NOANSWER
      0.004 Hangup    l;1 Cause=0
      0.005 Hangup    l;2 Cause=0
      0.006 Hangup    trunk Cause=16
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.NO_ANSWER, Verdict.NOT_JUDGED)]
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.ROUTING)


def test_a_caller_who_leaves_while_the_lifted_phone_is_still_asked_to_accept_left_early():
    call = tell("""
      -9.0 DialBegin early > agent3 DialString=agent3 call=early
      -8.0 Up early call=early
      -8.0 Up agent3 call=early
      -8.0 BridgeEnter early BridgeUniqueid=b0 call=early
      -8.0 BridgeEnter agent3 BridgeUniqueid=b0 call=early
      -7.0 Hangup agent3 Cause=16 call=early
      -7.0 Hangup early Cause=16 call=early
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing   agent1
      2.0 Up        agent1
      2.0 DialEnd   trunk > agent1 DialStatus=ANSWER
      9.0 HangupRequest trunk Cause=127
      9.0 Hangup    agent1 Cause=16
      9.0 Hangup    trunk Cause=127
    """)[-1]
    assert (call.facts.disposition, call.judgement.verdict) == (Disposition.ABANDONED, Verdict.LEFT_EARLY)


def test_a_sip_phone_that_says_nothing_starts_no_clock_however_long_it_is_dialled():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.0 DialBegin trunk > agent2 DialString=agent2
      8.0 Ringing   agent2
      18.0 Up       agent2
      18.0 DialEnd  trunk > agent2 DialStatus=ANSWER
      18.0 DialEnd  trunk > agent1 DialStatus=CANCEL
      18.0 Hangup   agent1 Cause=26
      18.0 Up       trunk
      20.0 Hangup   agent2 Cause=16
      20.0 Hangup   trunk Cause=16
    """)
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.ON_TIME, 10_000_000)


@pytest.mark.parametrize("cause", [16, 31, 127, 200])
def test_a_phone_that_hangs_up_itself_without_ringing_refused_whatever_the_cause_and_however_slowly(cause):
    call = tell_one(f"""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      1.5 HangupRequest agent1 Cause={cause}
      1.5 DialEnd   trunk > agent1 DialStatus=NOANSWER
      1.5 Hangup    agent1 Cause={cause}
      1.6 Hangup    trunk Cause=19
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.UNREACHABLE, Verdict.MISSED)]
    assert call.judgement.cause is Cause.EMPTY_SEAT


# --- which way a call goes


def test_a_caller_who_hears_ringing_before_a_menu_is_a_caller():
    call = tell_one("""
      0.0 Ringing         trunk Exten=4001
      2.0 Up              trunk
      9.0 QueueCallerJoin trunk Queue=hotline Exten=4001
      9.1 DialBegin       trunk > agent1 DialString=agent1
      9.2 Ringing         agent1
     12.0 Up              agent1
     12.1 BridgeEnter     agent1 BridgeUniqueid=b
     12.1 BridgeEnter     trunk BridgeUniqueid=b
    """)
    assert (call.facts.direction, call.judgement.verdict) == (Direction.INBOUND, Verdict.ON_TIME)
    assert call.judgement.ivr_us == 7_000_000


def test_a_phone_that_the_switch_rings_first_and_then_dials_out_for_is_no_caller():
    call = tell_one("""
      0.0 DialBegin - > agent1 DialString=agent1
      0.1 Ringing   agent1 Exten=s
      2.0 Up        agent1
      2.1 DialBegin agent1 > trunk DialString=13800138000@trunk Exten=13800138000
      5.0 Up        trunk
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")


def test_a_house_phone_that_the_settings_forgot_calls_from_inside():
    call = tell_one("""
      0.0 DialBegin 6009 > trunk DialString=13800138000@trunk Exten=13800138000 CallerIDNum=6009
      0.1 Ringing   trunk
      4.0 Up        trunk
      4.0 DialEnd   6009 > trunk DialStatus=ANSWER
      9.0 Hangup    trunk Cause=16
      9.0 Hangup    6009 Cause=16
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")
    assert isinstance(meaning(call), Contact)


def test_a_number_with_a_parameter_is_the_line_s_number():
    call = tell_one("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001;user=phone
      0.1 Ringing   agent1
      3.0 Up        agent1
    """)
    assert call.facts.line == "hotline"


@pytest.mark.parametrize(
    ("dial_string", "number"),
    [
        ("13800138000@trunk", "13800138000"),
        ("PJSIP/13800138000@trunk", "13800138000"),
        ("PJSIP/+8613800138000@trunk", "8613800138000"),
        ("trunk/sip:13800138000@10.0.0.1:5060", "13800138000"),
        ("PJSIP/trunk/sip:+8613800138000@10.0.0.1;transport=tcp", "8613800138000"),
        ("trunk/sip:13800138000;user=phone@10.0.0.1", "13800138000"),
        ("trunk/sips:13800138000:secret@gateway.example", "13800138000"),
        ("SIP/trunk/13800138000", "13800138000"),
        ("SIP/13800138000@trunk!4001", "13800138000"),
        ("IAX2/user:password@host/13800138000", "13800138000"),
        ("IAX2/user:password@host:4569/13800138000@from-hall", "13800138000"),
        ("user@host/13800138000", "13800138000"),
        ("DAHDI/g0/13800138000", "13800138000"),
        ("DAHDI/g0/w13800138000", "13800138000"),
        ("g1/ww9W13800138000", "913800138000"),
        ("DAHDI/r1/13800138000c", "13800138000"),
        ("DAHDI/i1/13800138000", "13800138000"),
        ("Dongle/dongle0/13800138000", "13800138000"),
        ("95588@trunk", "95588"),
        ("agent1", None),
        ("PJSIP/agent1", None),
        ("PJSIP/6001", None),
        ("6001/sip:6001@192.168.1.20:5060", None),
        ("PJSIP/60001/sip:60001@192.168.1.20:5060;transport=udp", None),
        ("agent1/sip:x7f3kq@192.168.1.20:41234", None),
        ("Local/6001@phones/n", None),
        ("6001@phones", "6001"),
        ("DAHDI/3", None),
        ("trunk/tel:+8613800138000", "8613800138000"),
        ("PJSIP/trunk/tel:13800138000;phone-context=+86", "13800138000"),
        ("trunk/SIP:13800138000@10.0.0.1", "13800138000"),
        ("trunk/sip:%2B86-138-0013-8000@10.0.0.1", "8613800138000"),
        ("DAHDI/g0/13800138000/R", "13800138000"),
        ("mISDN/g:out/13800138000/:o1", "13800138000"),
        ("IAX2/user:password@host/13800138000@from-hall/a", "13800138000"),
        ("Local/13800138000@from-internal/n", None),
        ("", None),
    ],
)
def test_the_number_in_a_dial_string(dial_string, number):
    assert outside_number(dial_string) == number


def test_an_old_call_can_be_judged_by_the_rule_of_its_day():
    facts = reported("two_contacts_answered_late").facts
    assert sorted(leg.verdict for leg in RULES["three_rings/1"](facts).legs) == [Verdict.LATE, Verdict.MISSED]
    assert RULES["three_rings/1"](facts).rules_version == "three_rings/1"
    assert HALL.phones


# --- who was told that nobody is there


@pytest.mark.parametrize("cause", [3, 20, 27])
def test_a_caller_whom_the_switch_turns_away_because_the_phone_is_not_there_is_missed(cause):
    """A bare Dial of a phone that is not registered dials nothing: only the call's end is told."""
    call = tell_one(f"""
     0.000 SoftHangupRequest trunk Cause=16
     0.001 Hangup            trunk Cause={cause} Exten=4001 CallerIDNum=13800138000
    """)
    assert (call.facts.line, call.facts.caller_number) == ("hotline", "13800138000")
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.ROUTING)
    assert isinstance(meaning(call), Miss)


def test_a_bare_dial_of_a_phone_that_is_not_registered_is_missed_for_real():
    line = Line(name="hall", extensions=frozenset({"4006"}), phones=frozenset({"PJSIP/1061"}))
    call = reported("dial_of_an_unregistered_phone", Hall(lines=(line,), phones=line.phones))
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.EMPTY_SEAT)
    assert meaning(call).number == "13800006000"


def test_a_caller_who_hangs_up_before_anything_happens_is_no_miss():
    call = tell_one("""
     0.0 HangupRequest trunk Cause=127 Exten=4001
     0.1 Hangup        trunk Cause=127 Exten=4001
    """)
    assert (call.judgement.verdict, call.judgement.reason) == (Verdict.NOT_JUDGED, Reason.NOISE)


def test_a_phone_that_rings_while_it_talks_to_another_caller_is_not_to_blame():
    first, second = tell("""
      0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
      0.1 DialBegin trunk > agent1 DialString=PJSIP/agent1
      0.2 Ringing   agent1
      2.0 Up        agent1
      2.0 DialEnd   trunk > agent1 DialStatus=ANSWER
      3.0 QueueCallerJoin trunk#2 Queue=hotline Exten=4001 call=two
      3.1 DialBegin trunk#2 > agent1#2 DialString=PJSIP/agent1 call=two
      3.2 Ringing   agent1#2 call=two
     23.0 HangupRequest trunk#2 Cause=127 call=two
     23.1 Hangup    agent1#2 Cause=0 call=two
     23.1 Hangup    trunk#2 Cause=127 call=two
    """)
    assert first.judgement.verdict is Verdict.ON_TIME
    assert (second.judgement.verdict, second.judgement.cause) == (Verdict.MISSED, Cause.ALL_BUSY)
    assert second.judgement.legs[0].reason is Reason.TALKING


def test_a_member_who_lifts_and_hears_an_announcement_while_the_caller_leaves_has_not_answered():
    call = tell_one("""
      0.0 QueueCallerJoin    trunk Queue=hotline Exten=4001
      0.1 AgentCalled        trunk > agent1 MemberName=Agent-One
      0.1 DialBegin          trunk > agent1 DialString=PJSIP/agent1
      0.2 Ringing            agent1
      5.0 Up                 agent1
      5.0 DialEnd            trunk > agent1 DialStatus=ANSWER
      9.0 HangupRequest      trunk Cause=127
      9.0 QueueCallerAbandon trunk Queue=hotline
      9.1 Hangup             agent1 Cause=16
      9.1 Hangup             trunk Cause=127
    """)
    assert (call.judgement.verdict, call.facts.person_answered_at) == (Verdict.LEFT_EARLY, None)


def test_another_caller_on_the_same_outside_line_makes_no_mobile_busy():
    first, second = tell("""
      0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
      0.1 Ringing   agent1
      1.0 Up        agent1
      1.0 Up        trunk
      1.0 DialEnd   trunk > agent1 DialStatus=ANSWER
      2.0 DialBegin trunk#2 > trunk#3 DialString=gateway-of-an-unknown-kind Exten=4001 call=two
      2.1 Hangup    trunk#3 Cause=17 call=two
      2.2 Hangup    trunk#2 Cause=17 call=two
    """)
    assert first.judgement.verdict is Verdict.ON_TIME
    assert second.facts.legs[0].state_before is not PhoneState.TALKING
