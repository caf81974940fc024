"""Call stories: what the tracker makes of the events of one call, for every way a call can go."""

import pytest
from tests.unit.calls.story import HALL, Story, tell, tell_one, track
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
    StartSource,
    Verdict,
)
from voicedesk.calls.tracker import WANTED_EVENTS, Tracker

QUEUE_CALL = """
 0.000 UserEvent       trunk UserEvent=VoicedeskCall Line=hotline Number=13800138000 Exten=4001
 0.001 QueueCallerJoin trunk Queue=hotline CallerIDNum=13800138000 Exten=4001
 0.005 AgentCalled     trunk > agent1 Queue=hotline Interface=PJSIP/agent1 MemberName=Agent-One
 0.005 DialBegin       trunk > agent1 DialString=PJSIP/agent1
 0.010 Ringing         agent1
 0.011 DialState       trunk > agent1 DialStatus=RINGING
 6.010 Up              agent1
 6.011 DialEnd         trunk > agent1 DialStatus=ANSWER
 6.012 QueueCallerLeave trunk Queue=hotline
 6.013 AgentConnect    trunk > agent1 MemberName=Agent-One
 6.014 Up              trunk
 20.00 HangupRequest   agent1 Cause=16
 20.01 Hangup          agent1 Cause=16
 20.02 Hangup          trunk  Cause=16
"""


def outcomes(call):
    return [
        (leg.endpoint, leg.outcome, judged.verdict)
        for leg, judged in zip(call.facts.legs, call.judgement.legs, strict=True)
    ]


def test_a_queue_call_answered_in_the_second_ring():
    call = tell_one(QUEUE_CALL)
    facts, judged = call.facts, call.judgement
    assert (judged.verdict, judged.answered_by, judged.agent) == (Verdict.ON_TIME, "PJSIP/agent1", "zhang")
    assert (facts.line, facts.direction, facts.disposition) == ("hotline", Direction.INBOUND, Disposition.ANSWERED)
    assert (facts.caller_number, facts.started_at_source) == ("13800138000", StartSource.USEREVENT)
    assert (judged.ring_us, judged.queue_us, judged.ivr_us) == (6_000_000, 9_000, 0)
    assert judged.caller_total_us == 20_020_000
    (leg,) = facts.legs
    assert (leg.ring_source, leg.role, leg.member, leg.hangup_cause) == (
        RingSource.NEWSTATE,
        Role.STAFF,
        "Agent-One",
        16,
    )


@pytest.mark.parametrize(
    ("without", "source", "ring_us"),
    [
        (["Ringing"], RingSource.DIALSTATE, 5_999_000),
        (["Ringing", "DialState"], RingSource.DIALBEGIN, 6_005_000),
        (["Ringing", "DialState", "DialBegin"], RingSource.AGENTCALLED, 6_005_000),
    ],
)
def test_fault_32_ring_start_falls_back_to_the_next_best_event(without, source, ring_us):
    lines = [line for line in QUEUE_CALL.splitlines() if not any(f" {name} " in line for name in without)]
    call = tell_one("\n".join(lines))
    assert call.facts.legs[0].ring_source is source
    assert call.judgement.ring_us == ring_us


@pytest.mark.parametrize("without", [["Up              agent1"], ["Up              agent1", "DialEnd"]])
def test_the_answer_is_known_from_dialend_or_agentconnect_too(without):
    lines = [line for line in QUEUE_CALL.splitlines() if not any(name in line for name in without)]
    call = tell_one("\n".join(lines))
    assert call.judgement.answered_by == "PJSIP/agent1"
    assert 6_000_000 <= call.judgement.ring_us <= 6_005_000


def test_fault_33_progress_then_ringing_starts_at_ringing():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.5 DialState trunk > agent1 DialStatus=PROGRESS
     2.0 DialState trunk > agent1 DialStatus=RINGING
     5.0 DialEnd   trunk > agent1 DialStatus=ANSWER
    """)
    assert call.judgement.ring_us == 3_000_000


def test_direct_200_without_180_is_measured_from_the_dial():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.3 Up        agent1
     0.3 DialEnd   trunk > agent1 DialStatus=ANSWER
    """)
    assert (call.facts.legs[0].ring_source, call.judgement.verdict) == (RingSource.DIALBEGIN, Verdict.ON_TIME)


def test_busy_at_once_then_a_colleague():
    call = tell_one("""
     0.000 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.001 DialBegin trunk > agent1 DialString=PJSIP/agent1
     0.003 DialEnd   trunk > agent1 DialStatus=NOANSWER
     0.004 Hangup    agent1 Cause=17
     0.005 DialBegin trunk > agent2 DialString=PJSIP/agent2
     0.006 Ringing   agent2
     4.006 Up        agent2
     9.000 Hangup    agent2 Cause=16
     9.001 Hangup    trunk Cause=16
    """)
    assert outcomes(call) == [
        ("PJSIP/agent1", Outcome.BUSY, Verdict.MISSED),
        ("PJSIP/agent2", Outcome.ANSWERED, Verdict.ON_TIME),
    ]
    assert (call.judgement.ring_us, call.judgement.answered_by) == (4_000_000, "PJSIP/agent2")
    assert call.facts.legs[0].ringing_at is None


def test_a_phone_that_rang_and_then_says_busy_was_declined_by_hand():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.1 Ringing   agent1
     3.0 DialEnd   trunk > agent1 DialStatus=BUSY
     3.0 Hangup    agent1 Cause=17
     3.1 Hangup    trunk Cause=17
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.DECLINED, Verdict.MISSED)]
    assert (call.judgement.cause, call.facts.disposition) == (Cause.PERSON, Disposition.NO_ANSWER)


def test_busy_because_talking_to_another_caller_of_the_hall():
    first, second = tell("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001 call=A
     0.1 Ringing   agent1 call=A
     2.0 Up        agent1 call=A
     5.0 DialBegin trunk#2 > agent1#2 DialString=agent1 Exten=4001 call=B
     5.1 DialEnd   trunk#2 > agent1#2 DialStatus=BUSY call=B
     5.1 Hangup    agent1#2 Cause=17 call=B
     5.2 Hangup    trunk#2 Cause=17 call=B
     9.0 Hangup    agent1 Cause=16 call=A
     9.0 Hangup    trunk Cause=16 call=A
    """)
    assert first.judgement.verdict is Verdict.ON_TIME
    assert (second.judgement.verdict, second.judgement.cause) == (Verdict.MISSED, Cause.ALL_BUSY)
    assert second.judgement.legs[0].reason is Reason.TALKING
    assert second.facts.disposition is Disposition.BUSY


def test_a_caller_who_gives_up_in_the_first_ring():
    call = tell_one("""
     0.000 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.001 DialBegin     trunk > agent1 DialString=PJSIP/agent1
     0.002 Ringing       agent1
     3.000 HangupRequest trunk Cause=127
     3.001 DialEnd       trunk > agent1 DialStatus=CANCEL
     3.001 DialEnd       trunk > agent1 DialStatus=CANCEL
     3.002 QueueCallerLeave trunk Queue=hotline
     3.003 Hangup        agent1 Cause=0
     3.004 Hangup        trunk Cause=127
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.CANCELLED, Verdict.LEFT_EARLY)]
    assert (call.judgement.verdict, call.facts.disposition) == (Verdict.LEFT_EARLY, Disposition.ABANDONED)


def test_giving_up_is_known_from_the_dial_when_the_request_was_not_seen():
    call = tell_one("""
     0.000 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.002 Ringing   agent1
     3.001 DialEnd   trunk > agent1 DialStatus=CANCEL
     3.003 Hangup    agent1 Cause=0
     3.004 Hangup    trunk Cause=127
    """)
    assert call.facts.disposition is Disposition.ABANDONED


def test_a_queue_that_times_out_is_no_abandonment():
    call = tell_one("""
     0.000 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.001 DialBegin     trunk > agent1 DialString=PJSIP/agent1
     0.002 Ringing       agent1
    20.001 AgentRingNoAnswer trunk > agent1 RingTime=20000
    20.002 DialEnd       trunk > agent1 DialStatus=NOANSWER
    20.002 DialEnd       trunk > agent1 DialStatus=CANCEL
    20.003 QueueCallerAbandon trunk Queue=hotline
    20.003 QueueCallerLeave trunk Queue=hotline
    20.004 Hangup        agent1 Cause=0
    24.000 HangupRequest trunk Cause=16
    24.001 Hangup        trunk Cause=16
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.NO_ANSWER, Verdict.MISSED)]
    assert (call.judgement.verdict, call.facts.disposition) == (Verdict.MISSED, Disposition.NO_ANSWER)


def test_who_hangs_up_a_moment_after_the_queue_gave_up_did_not_leave_early():
    call = tell_one("""
     0.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     5.00 QueueCallerLeave trunk Queue=hotline
     5.20 HangupRequest    trunk Cause=16
     5.21 Hangup           trunk Cause=16
    """)
    assert (call.judgement.verdict, call.facts.gave_up_at) == (Verdict.MISSED, None)


def test_a_dial_behind_a_local_that_was_cut_short_is_not_the_caller_giving_up():
    call = tell_one("""
     0.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     0.01 DialBegin        trunk > two;1 DialString=Local/two@agents/n
     0.01 DialBegin        two;2 > agent2 DialString=agent2
     0.02 Ringing          agent2
    10.00 DialEnd          trunk > two;1 DialStatus=NOANSWER
    10.00 DialEnd          two;2 > agent2 DialStatus=CANCEL
    10.00 Hangup           agent2 Cause=0
    10.01 QueueCallerLeave trunk Queue=hotline
    10.02 Hangup           two;1 Cause=0
    10.02 Hangup           two;2 Cause=0
    10.20 Hangup           trunk Cause=19
    """)
    assert outcomes(call) == [("PJSIP/agent2", Outcome.NO_ANSWER, Verdict.NOT_JUDGED)]
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.ROUTING)


def test_a_caller_gives_up_when_they_hang_up_not_when_the_switch_has_cleared():
    call = tell_one("""
     0.000000 DialBegin     trunk > agent1 DialString=agent1 Exten=4001
     0.000000 Ringing       agent1
    14.999999 HangupRequest trunk Cause=127
    15.000500 DialEnd       trunk > agent1 DialStatus=CANCEL
    15.000600 Hangup        agent1 Cause=0
    15.000900 Hangup        trunk Cause=127
    """)
    assert outcomes(call) == [("PJSIP/agent1", Outcome.CANCELLED, Verdict.LEFT_EARLY)]
    assert call.judgement.verdict is Verdict.LEFT_EARLY


def test_a_phone_fell_silent_when_a_colleague_answered_not_when_the_switch_said_so():
    call = tell_one("""
     0.000000 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.000000 DialBegin trunk > agent2 DialString=agent2
     0.000000 Ringing   agent1
     0.000000 Ringing   agent2
    14.999999 Up        agent1
    15.000400 DialEnd   trunk > agent2 DialStatus=CANCEL
    15.000500 Hangup    agent2 Cause=26
    """)
    assert [judged.verdict for judged in call.judgement.legs] == [Verdict.ON_TIME, Verdict.NOT_JUDGED]


def test_what_comes_late_about_a_call_that_is_over_is_still_heard():
    tracker, story = Tracker("pbx", HALL), Story()
    for event in story.events("""
     0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.1 DialBegin       trunk > agent1 DialString=PJSIP/agent1
     0.2 DialEnd         trunk > agent1 DialStatus=BUSY
     0.2 Hangup          agent1 Cause=17
     3.1 Hangup          trunk Cause=127
    """):
        tracker.receive(event)
    assert tracker.take_changes().calls[0].gave_up_at is None
    tracker.receive(story.event("3.0 HangupRequest trunk Cause=127"))
    assert tracker.take_changes().calls[0].gave_up_at is not None


def test_a_join_told_again_does_not_begin_the_waiting_anew():
    call = tell_one("""
     0.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     5.00 QueueCallerLeave trunk Queue=hotline
     0.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     9.00 HangupRequest    trunk Cause=16
     9.01 Hangup           trunk Cause=16
    """)
    assert (call.judgement.verdict, call.facts.gave_up_at) == (Verdict.MISSED, None)


def test_who_enters_a_queue_a_second_time_waits_again():
    call = tell_one("""
     0.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     5.00 QueueCallerLeave trunk Queue=hotline
     6.00 QueueCallerJoin  trunk Queue=hotline Exten=4001
     9.00 HangupRequest    trunk Cause=16
     9.01 Hangup           trunk Cause=16
    """)
    assert (call.judgement.verdict, call.facts.gave_up_at) == (Verdict.LEFT_EARLY, call.facts.ended_at - 10_000)


PAUSED = "0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Status=1 Paused=1\n"
RUNG = "1.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001\n 1.0 Ringing agent1\n"


@pytest.mark.parametrize(
    ("ending", "verdict", "cause"),
    [
        ("20.0 HangupRequest trunk\n 20.0 DialEnd trunk > agent1 DialStatus=CANCEL", Verdict.MISSED, Cause.EMPTY_SEAT),
        (
            "3.0 DialEnd trunk > agent1 DialStatus=CHANUNAVAIL\n 3.0 Hangup agent1 Cause=21",
            Verdict.MISSED,
            Cause.EMPTY_SEAT,
        ),
        ("20.0 DialEnd trunk > agent1 DialStatus=NOANSWER", Verdict.MISSED, Cause.EMPTY_SEAT),
        ("18.0 Up agent1", Verdict.LATE, Cause.EMPTY_SEAT),
    ],
    ids=["the caller gave up", "declined", "rang out", "answered late"],
)
def test_a_person_on_a_permitted_break_is_never_to_blame(ending, verdict, cause):
    call = tell_one(f"{PAUSED} {RUNG} {ending}\n 30.0 Hangup agent1 Cause=16\n 30.0 Hangup trunk Cause=16")
    assert (call.judgement.verdict, call.judgement.cause) == (verdict, cause)
    assert [judged.reason for judged in call.judgement.legs] == [Reason.ON_BREAK]


def test_a_transfer_that_nobody_took_is_not_why_the_call_was_late():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.0 Ringing   agent1
    10.0 DialEnd   trunk > agent1 DialStatus=NOANSWER
    10.0 Hangup    agent1 Cause=0
    10.1 DialBegin trunk > agent2 DialString=agent2
    10.1 Ringing   agent2
    16.0 Up        agent2
    20.0 BlindTransfer - TransfererChannel=PJSIP/agent2-1 TransfererUniqueid=1800000000.2
    20.1 Hangup    agent2 Cause=16
    20.2 DialBegin trunk > agent3 DialString=agent3
    20.2 Ringing   agent3
    50.2 DialEnd   trunk > agent3 DialStatus=NOANSWER
    50.2 Hangup    agent3 Cause=0
    50.3 Hangup    trunk Cause=16
    """)
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.LATE, Cause.ROUTING)


def test_fault_34_ringall_one_answers_and_nobody_missed():
    call = tell_one("""
     0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.1 DialBegin trunk > agent1 DialString=PJSIP/agent1
     0.1 DialBegin trunk > agent2 DialString=PJSIP/agent2
     0.1 DialBegin trunk > agent3 DialString=PJSIP/agent3
     0.2 Ringing   agent1
     0.2 Ringing   agent2
     0.2 Ringing   agent3
     5.0 Up        agent2
     5.0 DialEnd   trunk > agent2 DialStatus=ANSWER
     5.0 DialEnd   trunk > agent1 DialStatus=CANCEL
     5.0 DialEnd   trunk > agent3 DialStatus=CANCEL
     5.1 Hangup    agent1 Cause=26
     5.1 Hangup    agent3 Cause=0
    """)
    elsewhere = (Outcome.ANSWERED_ELSEWHERE, Verdict.NOT_JUDGED)
    assert {leg[0]: leg[1:] for leg in outcomes(call)} == {
        "PJSIP/agent1": elsewhere,
        "PJSIP/agent2": (Outcome.ANSWERED, Verdict.ON_TIME),
        "PJSIP/agent3": elsewhere,
    }


@pytest.mark.parametrize(
    ("answered", "verdict", "rings"),
    [("14.999", Verdict.ON_TIME, 3), ("15.000", Verdict.LATE, 4), ("15.001", Verdict.LATE, 4)],
)
@pytest.mark.parametrize("seen", ["Ringing agent1", "DialState trunk > agent1 DialStatus=RINGING"])
def test_fault_35_an_answer_at_the_limit_is_late_and_a_millisecond_before_it_is_not(answered, verdict, rings, seen):
    call = tell_one(f"""
     0.000 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.000 {seen}
     {answered} Up   agent1
     40.00 Hangup    agent1 Cause=16
     40.00 Hangup    trunk Cause=16
    """)
    assert (call.judgement.verdict, call.judgement.legs[0].verdict) == (verdict, verdict)
    assert call.judgement.legs[0].rings_heard == rings


def test_fault_35_the_limit_is_that_of_the_line():
    ten = Hall(lines=(Line(name="ten", extensions=frozenset({"4001"}), limit_us=10_000_000, limit_source="10 s"),))
    for answered, verdict in (("9.999", Verdict.ON_TIME), ("10.000", Verdict.LATE)):
        call = tell_one(f"0.0 DialBegin trunk > agent1 Exten=4001\n 0.0 Ringing agent1\n {answered} Up agent1", ten)
        assert (call.judgement.verdict, call.facts.limit_source) == (verdict, "10 s")


def test_fault_37_retries_of_the_same_phone_are_three_legs_of_one_call():
    rounds = "".join(
        f"""
     {start}.0 DialBegin trunk > agent1#{n} DialString=PJSIP/agent1
     {start}.0 Ringing   agent1#{n}
     {start + 5}.0 DialEnd   trunk > agent1#{n} DialStatus=NOANSWER
     {start + 5}.0 Hangup    agent1#{n} Cause=0"""
        for n, start in ((1, 0), (2, 6), (3, 12))
    )
    call = tell_one("0.0 QueueCallerJoin trunk Queue=hotline Exten=4001" + rounds + "\n 17.1 Hangup trunk Cause=19")
    assert [judged.reason for judged in call.judgement.legs] == [Reason.RUNG_TOO_SHORT] * 3
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.ROUTING)
    assert call.judgement.ring_us == 17_000_000


def test_a_member_over_local_is_the_phone_behind_it():
    call = tell_one("""
     0.000 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.001 AgentCalled trunk > two;1 Interface=Local/two@agents/n MemberName=Agent-Two
     0.001 DialBegin   trunk > two;1 DialString=Local/two@agents/n
     0.003 DialBegin   two;2 > agent2 DialString=agent2
     0.004 Ringing     agent2
     0.005 Ringing     two;1
     4.004 Up          agent2
     4.005 DialEnd     two;2 > agent2 DialStatus=ANSWER
     4.006 DialEnd     trunk > two;1 DialStatus=ANSWER
     9.000 Hangup      two;1 Cause=16
    """)
    (leg,) = call.facts.legs
    assert (leg.endpoint, leg.member, leg.agent) == ("PJSIP/agent2", "Agent-Two", "li")
    assert (call.judgement.verdict, call.judgement.ring_us) == (Verdict.ON_TIME, 4_000_000)


def test_hunting_counts_from_the_first_phone():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.0 Ringing   agent1
    10.0 DialEnd   trunk > agent1 DialStatus=NOANSWER
    10.0 Hangup    agent1 Cause=0
    10.1 DialBegin trunk > agent2 DialString=agent2
    10.1 Ringing   agent2
    16.0 Up        agent2
    """)
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.LATE, Cause.ROUTING)
    assert [judged.verdict for judged in call.judgement.legs] == [Verdict.NOT_JUDGED, Verdict.ON_TIME]


def test_a_blind_transfer_is_a_further_leg_from_the_first_person():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.0 Ringing   agent1
     3.0 Up        agent1
     9.0 BlindTransfer - TransfererChannel=PJSIP/agent1-1 TransfererUniqueid=1800000000.1
     9.1 Hangup    agent1 Cause=16
     9.2 DialBegin trunk > agent2 DialString=agent2
     9.2 Ringing   agent2
    30.0 Up        agent2
    40.0 Hangup    agent2 Cause=16
    40.0 Hangup    trunk Cause=16
    """)
    assert [leg.transferred_from for leg in call.facts.legs] == [None, "PJSIP/agent1"]
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")


def test_an_attended_transfer_joins_the_consultation_to_the_callers_matter():
    story = Story()
    events = story.events("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001 call=A
     0.0 Ringing   agent1 call=A
     3.0 Up        agent1 call=A
     9.0 DialBegin agent1#2 > agent2 DialString=agent2 Exten=6002 call=B
     9.1 Ringing   agent2 call=B
    12.0 Up        agent2 call=B
    14.0 Hangup    agent1#2 Cause=16 call=B
    14.0 Hangup    agent2 Cause=16 call=A
    14.1 Hangup    agent1 Cause=16 call=A
    20.0 Hangup    trunk Cause=16 call=A
    """)
    call = track(events)[0]
    assert len(track(events)) == 1
    assert call.facts.linkedids == ("1800000000.0", "1800000000.2")
    assert [(leg.endpoint, leg.transferred_from) for leg in call.facts.legs] == [
        ("PJSIP/agent1", None),
        ("PJSIP/agent2", "PJSIP/agent1"),
    ]
    assert call.judgement.answered_by == "PJSIP/agent1"


def test_a_call_that_joins_another_says_which_row_is_gone():
    tracker = Tracker("pbx", HALL)
    for event in Story().events("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001 call=A
     1.0 DialBegin agent1#2 > agent2 DialString=agent2 call=B
     2.0 Hangup agent2 call=A
    """):
        tracker.receive(event)
    changes = tracker.take_changes()
    ((gone, kept),) = changes.merged
    assert [facts.id for facts in changes.calls] == [kept]
    assert gone != kept


def test_calls_between_staff_are_internal_and_not_judged():
    call = tell_one("""
     0.0 DialBegin agent1 > agent2 DialString=agent2 Exten=6002
     0.1 Ringing   agent2
    30.0 DialEnd   agent1 > agent2 DialStatus=NOANSWER
    30.0 Hangup    agent2 Cause=0
    30.0 Hangup    agent1 Cause=0
    """)
    assert (call.facts.direction, call.judgement.reason) == (Direction.INTERNAL, Reason.INTERNAL)


def test_a_call_to_a_citizen_is_outbound_and_keeps_the_number_dialled():
    call = tell_one("""
     0.0 DialBegin agent1 > trunk DialString=13800138000@trunk Exten=13800138000 CallerIDNum=6001
     0.1 Ringing   trunk
     5.0 Up        trunk
     9.0 Hangup    trunk Cause=16
     9.0 Hangup    agent1 Cause=16
    """)
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13800138000")
    assert (call.facts.legs[0].role, call.facts.disposition) == (Role.CITIZEN, Disposition.ANSWERED)


def test_an_outbound_call_that_reached_nobody_failed():
    call = tell_one("""
     0.0 DialBegin agent1 > trunk DialString=13800138000@trunk Exten=13800138000
     0.1 DialEnd   agent1 > trunk DialStatus=CHANUNAVAIL
     0.1 Hangup    trunk Cause=1
     0.2 Hangup    agent1 Cause=1
    """)
    assert (call.facts.disposition, call.facts.legs[0].outcome) == (Disposition.FAILED, Outcome.UNREACHABLE)


def test_a_call_the_caller_leaves_in_the_menu_is_ivr_only():
    call = tell_one("""
     0.0 Up     trunk Exten=4001
     4.0 HangupRequest trunk
     4.1 Hangup trunk Cause=16
    """)
    assert (call.judgement.reason, call.facts.disposition) == (Reason.IVR_ONLY, Disposition.ANSWERED)
    assert call.judgement.ivr_us == 4_100_000


def test_a_caller_who_heard_a_notice_and_asked_for_nothing_is_self_served():
    call = tell_one("""
     0.0 Up        trunk Exten=4001
     9.0 UserEvent trunk UserEvent=VoicedeskNotice Complete=1
     9.1 Hangup    trunk Cause=16
    """)
    assert call.judgement.reason is Reason.SELF_SERVED


def test_a_number_that_is_none_of_our_lines_is_noise():
    call = tell_one("""
     0.0 Newchannel trunk Exten=100 CallerIDNum=sipvicious
     0.1 Hangup trunk Cause=0
    """)
    assert (call.judgement.reason, call.facts.line) == (Reason.NOISE, None)


GONE = "0.6 DeviceStateChange - Device=PJSIP/agent1 State=UNAVAILABLE"


@pytest.mark.parametrize(
    ("states", "cause"),
    [
        ("DeviceStateChange - Device=PJSIP/agent1 State=NOT_INUSE", Cause.ROUTING),
        ("DeviceStateChange - Device=PJSIP/agent1 State=UNAVAILABLE", Cause.EMPTY_SEAT),
        ("QueueMemberPause - Queue=hotline Interface=PJSIP/agent1 Paused=1", Cause.EMPTY_SEAT),
        (f"ContactStatus - EndpointName=agent1 ContactStatus=Unreachable\n{GONE}", Cause.EMPTY_SEAT),
        (f"{GONE.replace('0.6 ', '')}\n 0.7 PeerStatus - Peer=PJSIP/agent1 PeerStatus=Unregistered", Cause.EMPTY_SEAT),
        ("ContactStatus - EndpointName=agent1 ContactStatus=Removed", Cause.ROUTING),
    ],
)
def test_why_nobody_was_rung_follows_from_what_the_phones_were_doing(states, cause):
    """Of a phone with two contacts one may go, as when it registers anew: the device's state says that it is there."""
    call = tell_one(f"""
     0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Status=1 Paused=0
     0.5 {states}
     1.0 QueueCallerJoin  trunk Queue=hotline Exten=4001
    31.0 QueueCallerLeave trunk Queue=hotline
    31.1 Hangup trunk Cause=19
    """)
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, cause)
    assert [seen.endpoint for seen in call.facts.phones] == ["PJSIP/agent1"]


def test_where_no_device_was_told_of_its_contact_says_that_a_phone_is_away():
    call = tell_one("""
     0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Paused=0
     0.5 ContactStatus - EndpointName=agent1 ContactStatus=Unreachable
     1.0 QueueCallerJoin  trunk Queue=hotline Exten=4001
    31.0 QueueCallerLeave trunk Queue=hotline
    31.1 Hangup trunk Cause=19
    """)
    assert call.judgement.cause is Cause.EMPTY_SEAT


def test_a_full_queue_is_all_busy_and_what_freed_itself_is_seen():
    calls = tell("""
     0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Status=1 Paused=0
     1.0 QueueCallerJoin trunk Queue=hotline Exten=4001 call=A
     1.1 DialBegin trunk > agent1 DialString=PJSIP/agent1 call=A
     1.1 Ringing   agent1 call=A
     3.0 Up        agent1 call=A
     3.1 DeviceStateChange - Device=PJSIP/agent1 State=INUSE
     5.0 QueueCallerJoin  trunk#2 Queue=hotline Exten=4001 call=B
    40.0 QueueCallerLeave trunk#2 Queue=hotline call=B
    40.1 Hangup trunk#2 Cause=19 call=B
    50.0 QueueCallerJoin  trunk#3 Queue=hotline Exten=4001 call=C
    60.0 Hangup agent1 Cause=16 call=A
    60.0 Hangup trunk Cause=16 call=A
    60.1 DeviceStateChange - Device=PJSIP/agent1 State=NOT_INUSE
    90.0 QueueCallerLeave trunk#3 Queue=hotline call=C
    90.1 Hangup trunk#3 Cause=19 call=C
    """)
    causes = [call.judgement.cause for call in calls]
    assert causes == [None, Cause.ALL_BUSY, Cause.ROUTING]
    assert calls[2].facts.phones[0].states[0] is PhoneState.TALKING
    assert calls[2].facts.phones[0].states[-1] is PhoneState.FREE


def test_everybody_who_waits_sees_what_a_phone_does_as_their_own_queue_knows_it():
    calls = tell("""
     0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Status=1 Paused=0
     0.0 QueueMember - Queue=other StateInterface=PJSIP/agent1 Status=1 Paused=0
     1.0 QueueCallerJoin trunk#1 Queue=hotline Exten=4001 call=A
     1.1 QueueCallerJoin trunk#2 Queue=hotline Exten=4001 call=B
     1.2 QueueCallerJoin trunk#3 Queue=other Exten=4001 call=C
     5.0 QueueMemberPause - Queue=hotline Interface=PJSIP/agent1 Paused=1
     9.0 DeviceStateChange - Device=PJSIP/agent1 State=INUSE
    31.1 Hangup trunk#1 Cause=19 call=A
    31.2 Hangup trunk#2 Cause=19 call=B
    31.3 Hangup trunk#3 Cause=19 call=C
    """)
    free, paused, used = PhoneState.FREE, PhoneState.PAUSED, PhoneState.IN_USE
    assert [call.facts.phones[0].states for call in calls] == [(free, paused), (free, paused), (free, used)]


def test_a_phone_that_left_the_queue_is_not_due():
    call = tell_one("""
     0.0 QueueMemberAdded   - Queue=hotline Interface=PJSIP/agent1 Status=1 Paused=0
     0.1 QueueMemberRemoved - Queue=hotline Interface=PJSIP/agent1
     1.0 QueueCallerJoin  trunk Queue=hotline Exten=4001
    31.1 Hangup trunk Cause=19
    """)
    assert (call.facts.phones, call.judgement.cause) == ((), Cause.ROUTING)


def test_fault_40_two_pbxs_with_the_same_ids_stay_apart():
    ids = set()
    for pbx, boot in (("a", "1"), ("b", "1"), ("a", "2")):
        tracker = Tracker(pbx, HALL)
        tracker.receive(Story().event(f"0.0 VoicedeskLink - State=up Boot={boot}"))
        for event in Story().events(QUEUE_CALL):
            tracker.receive(event)
        ids.add(tracker.take_changes().calls[0].id)
    assert len(ids) == 3


@pytest.mark.parametrize("number", ["", "<unknown>", "anonymous", "Restricted"])
def test_fault_41_a_withheld_number_is_unknown(number):
    call = tell_one(f"0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum={number}")
    assert (call.facts.caller_number, call.facts.doubtful) == (None, False)


@pytest.mark.parametrize(
    "number", ["13800138000", "+8613800138000", "008613800138000", "02988888888", "4" * 40, "anna.b_c-1", "*69#"]
)
def test_fault_41_a_number_in_any_spelling_is_kept_as_it_came(number):
    call = tell_one(f"0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum={number}")
    assert (call.facts.caller_number, call.facts.doubtful) == (number, False)


@pytest.mark.parametrize("number", ["1" * 70, ";DROP", "<script>"])
def test_fault_41_what_is_no_number_is_not_kept_and_makes_the_call_doubtful(number):
    call = tell_one(f"0.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum={number}")
    assert (call.facts.caller_number, call.facts.doubtful) == (None, True)


def test_the_cleaned_number_wins_over_what_the_caller_sent():
    call = tell_one("""
     0.0 Newchannel trunk Exten=4001 CallerIDNum=999
     0.1 UserEvent  trunk UserEvent=VoicedeskCall Line=4001 Number=13800138000 CallerIDNum=13800138000
     0.2 Newstate   trunk ChannelStateDesc=Ring CallerIDNum=777
    """)
    assert (call.facts.caller_number, call.facts.started_at_source) == ("13800138000", StartSource.USEREVENT)


def test_pseudo_channels_and_half_events_are_no_calls():
    assert (
        tell("""
     0.0 Hangup - Channel=OutgoingSpoolFailed Uniqueid=1.1 Linkedid=1.1
     0.1 Newchannel - Channel=Message/ast_msg_queue Uniqueid=1.2 Linkedid=1.2
     0.2 Hangup - Channel=PJSIP/x-1
     0.3 DialBegin -
     0.3 UserEvent trunk UserEvent=SomethingElse
    """)
        == []
    )


def test_a_queue_taken_for_the_line_when_the_extension_says_nothing():
    call = tell_one("0.0 QueueCallerJoin trunk Queue=hotline Exten=s")
    assert call.facts.line == "hotline"


def test_without_settings_the_extension_is_the_line():
    hall = Hall(every_extension_is_a_line=True, default_line=Line(name="", limit_us=10_000_000))
    call = tell_one("0.0 QueueCallerJoin trunk Queue=hotline Exten=4711", hall)
    assert (call.facts.line, call.facts.limit_us) == ("4711", 10_000_000)


def test_without_phones_in_the_settings_whoever_is_dialled_inside_is_staff():
    hall = Hall(lines=HALL.lines)
    call = tell_one(
        """
     0.0 DialBegin trunk > desk DialString=desk Exten=4001
     0.1 Ringing   desk
     4.0 Up        desk
    """,
        hall,
    )
    assert (call.facts.legs[0].role, call.judgement.verdict) == (Role.STAFF, Verdict.ON_TIME)


def test_off_duty_is_asked_of_the_hall():
    hall = Hall(lines=HALL.lines, phones=HALL.phones, on_duty=lambda line, at: line != "hotline")
    assert tell_one(QUEUE_CALL, hall).judgement.reason is Reason.OFF_DUTY


def test_a_colleague_who_picks_up_takes_the_call_from_the_phone_that_rang():
    call = tell_one("""
     0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.0 Ringing   agent1
     3.0 Pickup - TargetUniqueid=1800000000.1
     3.1 Up        agent1
    """)
    assert call.facts.legs[0].outcome is Outcome.ANSWERED_ELSEWHERE


NAMELESS = (
    "Channel=OutgoingSpoolFailed Uniqueid=9.1 Linkedid=9.1 DestChannel=Recorder/x DestUniqueid=9.2 DestLinkedid=9.1"
)


@pytest.mark.parametrize("name", sorted(WANTED_EVENTS))
def test_an_event_about_no_phone_opens_no_call(name):
    more = "UserEvent=VoicedeskCall TransfererUniqueid=9.9 TargetUniqueid=9.9"
    assert tell(f"0.0 {name} - {NAMELESS} {more}") == []


def test_each_event_told_twice_changes_nothing():
    lines = [line for line in (QUEUE_CALL + OTHER_ENDS).splitlines() if line.strip()]
    doubled = "\n".join(line for line in lines for _ in range(2))
    assert tell(doubled) == tell("\n".join(lines))


OTHER_ENDS = """
20.03 AgentRingNoAnswer trunk > agent1 RingTime=0
20.03 HangupRequest trunk
"""


def test_a_second_channel_does_not_move_the_start_of_the_call():
    call = tell_one("""
     0.0 Newchannel trunk  Exten=4001
     0.1 Newchannel agent1 Exten=s
     0.2 UserEvent  trunk UserEvent=VoicedeskNotice Complete=0
     0.3 Newchannel trunk  Exten=4001
     0.4 UserEvent  trunk UserEvent=VoicedeskCall
     0.5 Newchannel trunk  Exten=4001
    """)
    assert call.facts.started_at == Story().t0 * 1_000_000
    assert call.facts.started_at_source is StartSource.USEREVENT


def test_a_call_whose_first_channel_nobody_saw_is_inbound():
    call = tell_one("0.0 Newstate - Channel=PJSIP/agent1-9 Uniqueid=5.2 Linkedid=5.1 ChannelStateDesc=Ringing")
    assert call.facts.direction is Direction.INBOUND


def test_a_call_we_placed_is_a_callback_whoever_is_rung_first():
    trunk = "DestChannel=PJSIP/trunk-2 DestUniqueid=7.2 DestLinkedid=vd-7 DialString=13800138000@trunk"
    call = tell_one(
        """
     0.0 DialBegin - DestChannel=PJSIP/agent1-1 DestUniqueid=vd-7 DestLinkedid=vd-7 DialString=agent1
     0.1 Newstate - Channel=PJSIP/agent1-1 Uniqueid=vd-7 Linkedid=vd-7 ChannelStateDesc=Up
     0.2 DialBegin - Channel=PJSIP/agent1-1 Uniqueid=vd-7 Linkedid=vd-7 {TRUNK}
     0.3 Hangup - Channel=PJSIP/trunk-2 Uniqueid=7.2 Linkedid=vd-7 Cause=17
    """.replace("{TRUNK}", trunk)
    )
    assert (call.facts.direction, call.facts.caller_number) == (Direction.CALLBACK, "13800138000")
    assert [leg.role for leg in call.facts.legs] == [Role.STAFF, Role.CITIZEN]


def test_a_linkedid_seen_for_the_first_time_is_added_to_the_call():
    call = tell_one("""
     0.0 Newchannel trunk Exten=4001
     0.1 Newstate - Channel=PJSIP/trunk-00000001 Uniqueid=1800000000.0 Linkedid=77.7 ChannelStateDesc=Ring
    """)
    assert call.facts.linkedids == ("1800000000.0", "77.7")


def test_when_calls_join_the_older_one_keeps_its_id_whichever_channel_moved():
    story = Story()
    early, late = (
        track(
            story.events("""
     5.0 Newchannel agent1 Exten=6002 call=B
     5.1 UserEvent agent1 UserEvent=VoicedeskNotice Complete=1 call=B
    """)
        ),
        track(Story().events("1.0 Newchannel trunk Exten=4001 call=A")),
    )
    joined = track(
        story.events("""
     5.0 Newchannel agent1 Exten=6002 call=B
     1.0 Newchannel trunk Exten=4001 call=A
     6.0 Hangup trunk Cause=16 call=A
     6.0 Hangup agent1 Cause=16 call=A
    """)
    )
    assert len(joined) == 1
    assert joined[0].facts.id != early[0].facts.id
    assert late[0].facts.started_at == joined[0].facts.started_at


def test_what_is_known_of_a_call_goes_along_when_it_joins_another():
    story = Story()
    (call,) = track(
        story.events("""
     0.0 VoicedeskLink - State=up Boot=b
     1.0 Newchannel trunk Exten=4001 call=A
     2.0 Newchannel agent1 Exten=6002 call=B
     3.0 VoicedeskLink - State=dropped Dropped=1
     4.0 Hangup trunk Cause=16 call=A
     4.0 Hangup agent1 Cause=16 call=A
    """)
    )
    assert len(call.facts.gaps) == 1
    assert call.facts.ended_at is not None


def test_phones_with_odd_reports_change_nothing():
    assert (
        tell("""
     0.0 DeviceStateChange - Device=Queue:hotline State=INUSE
     0.0 DeviceStateChange - Device=PJSIP/agent1
     0.0 QueueMemberStatus - Queue=hotline Interface=Local/x@y Status=1
     0.0 QueueMemberStatus - Interface=PJSIP/agent1 Status=1
     0.0 PeerStatus - Peer=PJSIP PeerStatus=Registered
     0.0 ContactStatus - EndpointName=agent1 ContactStatus=Strange
    """)
        == []
    )


def test_a_break_in_every_queue_is_a_break_for_a_direct_dial():
    call = tell_one("""
     0.0 QueueMemberPause - Queue=other Interface=PJSIP/agent1 Paused=1
     0.1 DialBegin trunk > agent1 DialString=agent1 Exten=4001
     0.1 Ringing   agent1
    20.1 DialEnd   trunk > agent1 DialStatus=NOANSWER
    20.1 Hangup    agent1 Cause=0
    20.2 Hangup    trunk Cause=19
    """)
    assert call.judgement.legs[0].reason is Reason.ON_BREAK


def test_a_phone_that_came_back_is_free_again():
    call = tell_one("""
     0.0 QueueMember - Queue=hotline StateInterface=PJSIP/agent1 Status=1 Paused=0
     0.1 ContactStatus - EndpointName=agent1 ContactStatus=Unreachable
     0.2 ContactStatus - EndpointName=agent1 ContactStatus=Reachable
     1.0 QueueCallerJoin trunk Queue=hotline Exten=4001
     1.1 DeviceStateChange - Device=PJSIP/agent1 State=NOT_INUSE
     1.2 DeviceStateChange - Device=PJSIP/agent2 State=NOT_INUSE
    """)
    assert call.facts.phones[0].states == (PhoneState.FREE,)


TRANSFER = """
 0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001 call=A
 0.0 Ringing   agent1 call=A
 3.0 Up        agent1 call=A
 9.0 DialBegin agent1#2 > agent2 DialString=agent2 Exten=6002 call=B
 9.1 Ringing   agent2 call=B
12.0 Up        agent2 call=B
"""


def test_an_attended_transfer_joins_the_calls_at_once():
    story = Story()
    told = story.events(TRANSFER)
    ids = {name: story.uniqueid(name) for name in ("trunk", "agent1", "agent1#2", "agent2")}
    fields = {
        "OrigTransferer": ("agent1", ids["trunk"]),
        "SecondTransferer": ("agent1#2", ids["agent1#2"]),
        "Transferee": ("trunk", ids["trunk"]),
        "TransferTarget": ("agent2", ids["trunk"]),
    }
    words = [f"{who}Uniqueid={ids[name]} {who}Linkedid={linked}" for who, (name, linked) in fields.items()]
    (call,) = track([*told, story.event("13.0 AttendedTransfer - " + " ".join(words))])
    assert call.facts.linkedids == (ids["trunk"], ids["agent1#2"])
    assert call.facts.ended_at is None


def test_a_joined_call_stays_whole_when_what_was_joined_is_forgotten():
    story = Story()
    told = story.events(
        TRANSFER
        + """
    13.0 Hangup agent1#2 Cause=16 call=B
    13.0 Hangup agent2   Cause=16 call=A
    13.1 Hangup agent1   Cause=16 call=A
    30.0 UserEvent trunk UserEvent=Other call=A
    31.0 Newstate  trunk ChannelStateDesc=Up call=A
    40.0 Hangup    trunk Cause=16 call=A
    """
    )
    (call,) = track(told)
    assert call.facts.ended_at == (story.t0 + 40) * 1_000_000
    assert len(call.facts.legs) == 2


def test_a_consultation_that_ended_before_it_joined_is_not_told_twice():
    story = Story()
    told = story.events(
        TRANSFER
        + """
    13.0 Hangup agent1#2 Cause=16 call=B
    13.0 Hangup agent2   Cause=16 call=B
    13.1 Newstate agent2 ChannelStateDesc=Up call=A
    40.0 Hangup agent1   Cause=16 call=A
    40.0 Hangup trunk    Cause=16 call=A
    60.0 UserEvent trunk#2 UserEvent=VoicedeskCall Line=hotline call=C
    """
    )
    calls = track(told)
    assert [len(call.facts.legs) for call in calls] == [2, 0]


def test_a_channel_that_moves_within_its_call_changes_nothing():
    call = tell_one("""
     0.0 Newchannel trunk Exten=4001
     0.1 Newstate - Channel=PJSIP/trunk-00000001 Uniqueid=1800000000.0 Linkedid=77.7 ChannelStateDesc=Ring
     0.2 Newstate trunk ChannelStateDesc=Ring
    """)
    assert call.facts.linkedids == ("1800000000.0", "77.7")


def test_a_closed_call_that_goes_on_is_open_again():
    call = tell_one("""
     0.0 Newchannel trunk Exten=4001
     1.0 Hangup     trunk Cause=16
     2.0 DialBegin  trunk > agent1 DialString=agent1
     9.0 UserEvent  - UserEvent=Other
     9.1 Ringing    agent1
    10.0 Hangup     agent1 Cause=16
    20.0 UserEvent  - UserEvent=Other
    """)
    assert call.facts.ended_at == (Story().t0 + 10) * 1_000_000


def test_a_local_member_without_a_name_stays_without_one():
    call = tell_one("""
     0.001 AgentCalled trunk > two;1 Interface=Local/two@agents/n
     0.003 DialBegin   two;2 > agent2 DialString=agent2
     0.004 Ringing     agent2
    """)
    assert call.facts.legs[0].member is None


def test_a_call_keeps_its_id_when_one_of_its_channels_moves_to_a_younger_call():
    alone = tell_one("0.0 Newchannel trunk Exten=4001 call=A")
    call = tell_one("""
     0.0 Newchannel trunk  Exten=4001 call=A
     1.0 Newchannel agent1 Exten=6002 call=B
     2.0 Newstate   trunk  ChannelStateDesc=Up call=B
    """)
    assert call.facts.id == alone.facts.id
    assert len(call.facts.linkedids) == 2


def test_calls_that_join_only_when_both_are_over_stay_over():
    (call,) = tell("""
     0.0 Newchannel trunk  Exten=4001 call=A
     0.5 Newchannel agent1 Exten=6002 call=B
     1.0 Hangup     agent1 Cause=16 call=B
     1.1 Hangup     trunk  Cause=16 call=A
     1.2 Hangup     agent1 Cause=16 call=A
    """)
    assert call.facts.ended_at is not None
    assert len(call.facts.linkedids) == 2


def test_the_call_of_a_channel_is_told_while_it_goes_on():
    story = Story()
    tracker = Tracker("pbx", HALL)
    for event in story.events(QUEUE_CALL)[:12]:
        tracker.receive(event)
    (call,) = tracker.take_changes().calls
    assert tracker.call_of(story.uniqueids["agent1"]) == call
    assert tracker.call_of("1.404") is None
