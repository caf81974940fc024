"""铃响三声 (S1): the two tables of the service standard, row by row."""

from dataclasses import replace

import pytest
from voicedesk.calls.call_clocks import rings_heard
from voicedesk.calls.model import (
    CallFacts,
    Cause,
    Direction,
    Gap,
    GapReason,
    LegFacts,
    Outcome,
    PhoneSeen,
    PhoneState,
    Reason,
    RingSource,
    Role,
    StartSource,
    Verdict,
)
from voicedesk.calls.three_rings import judge

T0 = 1_800_000_000_000_000
SECOND = 1_000_000


def at(seconds: float | None) -> int | None:
    return None if seconds is None else T0 + round(seconds * SECOND)


def leg(endpoint="PJSIP/agent1", rings=0.0, until=None, answered=None, outcome=None, **more):
    ended = answered if answered is not None else until
    return LegFacts(
        **{
            "uniqueid": f"{endpoint}.1",
            "channel": f"{endpoint}-1",
            "endpoint": endpoint,
            "role": Role.STAFF,
            "dialled_at": at(rings),
            "ring_source": RingSource.NEWSTATE,
            "ringing_at": at(rings),
            "ring_ended_at": at(ended),
            "answered_at": at(answered),
            "outcome": outcome,
            "state_before": PhoneState.FREE,
            **more,
        }
    )


def never_rang(outcome, endpoint="PJSIP/agent1", **more):
    return leg(endpoint, until=0.1, outcome=outcome, **{"ringing_at": None, "ring_source": None, **more})


def call(*legs: LegFacts, ended=60.0, **more):
    answers = [one.answered_at for one in legs if one.answered_at is not None]
    return CallFacts(
        **{
            "id": "c",
            "pbx": "p",
            "boot": None,
            "linkedids": ("1",),
            "line": "4001",
            "direction": Direction.INBOUND,
            "caller_number": None,
            "started_at": at(-1),
            "started_at_source": StartSource.NEWCHANNEL,
            "asked_at": at(-0.5),
            "person_answered_at": min(answers, default=None),
            "ended_at": at(ended),
            "legs": tuple(legs),
            **more,
        }
    )


def gap(start, end, reason=GapReason.LINK_LOST):
    return Gap(from_at=at(start), to_at=at(end), reason=reason)


ANSWERED, NO_ANSWER, CANCELLED = Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.CANCELLED
LEG_TABLE = {
    "answered before the limit": (leg(answered=14.999999, outcome=ANSWERED), Verdict.ON_TIME, None),
    "answered at the limit": (leg(answered=15.0, outcome=ANSWERED), Verdict.LATE, None),
    "answered after the limit": (leg(answered=15.001, outcome=ANSWERED), Verdict.LATE, None),
    "rang to the limit": (leg(until=15.0, outcome=NO_ANSWER), Verdict.MISSED, None),
    "taken away by the switch": (leg(until=14.9, outcome=NO_ANSWER), Verdict.NOT_JUDGED, Reason.RUNG_TOO_SHORT),
    "a colleague answered": (
        leg(until=14.9, outcome=Outcome.ANSWERED_ELSEWHERE),
        Verdict.NOT_JUDGED,
        Reason.ANSWERED_ELSEWHERE,
    ),
    "a colleague answered past the limit": (leg(until=16, outcome=Outcome.ANSWERED_ELSEWHERE), Verdict.MISSED, None),
    "the caller gave up early": (leg(until=14.9, outcome=CANCELLED), Verdict.LEFT_EARLY, None),
    "the caller gave up past the limit": (leg(until=15.0, outcome=CANCELLED), Verdict.MISSED, None),
    "declined by hand": (leg(until=2, outcome=Outcome.DECLINED), Verdict.MISSED, None),
    "busy talking to a caller": (
        never_rang(Outcome.BUSY, state_before=PhoneState.TALKING),
        Verdict.NOT_JUDGED,
        Reason.TALKING,
    ),
    "busy otherwise": (never_rang(Outcome.BUSY, state_before=PhoneState.IN_USE), Verdict.MISSED, None),
    "unreachable": (never_rang(Outcome.UNREACHABLE, state_before=PhoneState.UNREGISTERED), Verdict.MISSED, None),
    "on a break and refused": (
        never_rang(Outcome.DECLINED, state_before=PhoneState.PAUSED),
        Verdict.NOT_JUDGED,
        Reason.ON_BREAK,
    ),
    "on a break and rung": (
        leg(until=20, outcome=NO_ANSWER, state_before=PhoneState.PAUSED),
        Verdict.NOT_JUDGED,
        Reason.ON_BREAK,
    ),
    "no 180, on time": (leg(answered=14, outcome=ANSWERED, ring_source=RingSource.DIALBEGIN), Verdict.ON_TIME, None),
    "no 180, late by less than 2 s": (
        leg(answered=16.9, outcome=ANSWERED, ring_source=RingSource.DIALBEGIN),
        Verdict.CANNOT_TELL,
        Reason.RING_START_UNCERTAIN,
    ),
    "no 180, missed by less than 2 s": (
        leg(until=15, outcome=NO_ANSWER, ring_source=RingSource.AGENTCALLED),
        Verdict.CANNOT_TELL,
        Reason.RING_START_UNCERTAIN,
    ),
    "no 180, late by 2 s": (leg(answered=17, outcome=ANSWERED, ring_source=RingSource.DIALBEGIN), Verdict.LATE, None),
    "still ringing": (leg(), Verdict.CANNOT_TELL, Reason.STILL_OPEN),
    "no ring start known": (
        leg(answered=3, outcome=ANSWERED, ringing_at=None, ring_source=None),
        Verdict.CANNOT_TELL,
        Reason.GAP,
    ),
    "a clock that ran backwards": (leg(answered=-5, outcome=ANSWERED), Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT),
    "a citizen's phone": (
        leg(answered=3, outcome=ANSWERED, role=Role.CITIZEN),
        Verdict.NOT_JUDGED,
        Reason.CITIZEN_LEG,
    ),
}


@pytest.mark.parametrize("row", LEG_TABLE)
def test_a_leg_is_judged_by_the_table(row):
    facts, verdict, reason = LEG_TABLE[row]
    judged = judge(call(facts)).legs[0]
    assert (judged.verdict, judged.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("seconds", "rings"), [(0, 1), (4.999999, 1), (5, 2), (9.999, 2), (10, 3), (11, 3), (14.999999, 3), (15, 4)]
)
def test_ring_n_starts_at_n_minus_one_periods(seconds, rings):
    assert rings_heard(round(seconds * SECOND), 5 * SECOND) == rings


def test_the_third_ring_is_the_last_one_on_time():
    judged = judge(call(leg(answered=14.999, outcome=ANSWERED))).legs[0]
    assert (judged.rings_heard, judged.ring_us) == (3, 14_999_000)


def test_a_gap_where_the_decision_lies_decides_nothing():
    facts = call(leg(answered=6, outcome=ANSWERED), gaps=(gap(2, 4),))
    judged = judge(facts)
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.GAP)
    assert (judged.legs[0].verdict, judged.legs[0].reason) == (Verdict.CANNOT_TELL, Reason.GAP)


@pytest.mark.parametrize("seconds", [6, 16])
def test_what_was_decided_before_a_gap_stays_decided(seconds):
    facts = call(leg(answered=seconds, outcome=ANSWERED), gaps=(gap(seconds, None),), ended=None)
    assert judge(facts).verdict in (Verdict.ON_TIME, Verdict.LATE)


def test_a_call_still_open_is_not_yet_judged():
    judged = judge(call(leg(), ended=None))
    assert (judged.verdict, judged.reason, judged.ring_us) == (Verdict.CANNOT_TELL, Reason.STILL_OPEN, None)


def test_the_clock_of_a_call_runs_over_all_phones_tried():
    first = leg(until=20, outcome=NO_ANSWER)
    second = leg("PJSIP/agent2", rings=20.5, answered=23, outcome=ANSWERED)
    judged = judge(call(first, second))
    assert (judged.verdict, judged.ring_us, judged.answered_by) == (Verdict.LATE, 23 * SECOND, "PJSIP/agent2")
    assert [one.verdict for one in judged.legs] == [Verdict.MISSED, Verdict.ON_TIME]
    assert judged.cause is Cause.PERSON


def test_the_first_staff_answer_decides_and_a_transfer_does_not():
    first = leg(answered=4, outcome=ANSWERED)
    later = leg("PJSIP/agent2", rings=30, answered=50, outcome=ANSWERED, transferred_from="PJSIP/agent1")
    judged = judge(call(first, later))
    assert (judged.verdict, judged.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")
    assert judged.legs[1].verdict is Verdict.LATE


CALL_TABLE = {
    "answered in time": (call(leg(answered=5, outcome=ANSWERED)), Verdict.ON_TIME, None),
    "answered late": (call(leg(answered=15, outcome=ANSWERED)), Verdict.LATE, Cause.PERSON),
    "a minute in a full queue, then a short ring": (
        call(leg(rings=60, answered=63, outcome=ANSWERED), ended=100),
        Verdict.ON_TIME,
        None,
    ),
    "nobody answered": (call(leg(until=20, outcome=NO_ANSWER)), Verdict.MISSED, Cause.PERSON),
    "declined": (call(leg(until=2, outcome=Outcome.DECLINED)), Verdict.MISSED, Cause.PERSON),
    "gave up early": (
        call(leg(until=8, outcome=CANCELLED), ended=8, gave_up_at=at(8)),
        Verdict.LEFT_EARLY,
        None,
    ),
    "gave up past the limit": (
        call(leg(until=18, outcome=CANCELLED), ended=18, gave_up_at=at(18)),
        Verdict.MISSED,
        Cause.PERSON,
    ),
    "gave up early though nothing rang": (call(ended=5, gave_up_at=at(5)), Verdict.LEFT_EARLY, None),
    "nobody is assigned": (call(ended=40), Verdict.MISSED, Cause.ROUTING),
    "nobody was rung though a phone was free": (
        call(ended=40, phones=(PhoneSeen(endpoint="PJSIP/a", states=(PhoneState.FREE,)),)),
        Verdict.MISSED,
        Cause.ROUTING,
    ),
    "every phone was talking": (
        call(
            ended=40,
            phones=(
                PhoneSeen(endpoint="PJSIP/a", states=(PhoneState.TALKING,)),
                PhoneSeen(endpoint="PJSIP/b", states=(PhoneState.TALKING, PhoneState.RINGING, PhoneState.TALKING)),
            ),
        ),
        Verdict.MISSED,
        Cause.ALL_BUSY,
    ),
    "the only phone refused because it was talking": (
        call(never_rang(Outcome.BUSY, state_before=PhoneState.TALKING)),
        Verdict.MISSED,
        Cause.ALL_BUSY,
    ),
    "all on break": (
        call(ended=40, phones=(PhoneSeen(endpoint="PJSIP/a", states=(PhoneState.PAUSED,)),)),
        Verdict.MISSED,
        Cause.EMPTY_SEAT,
    ),
    "one on break, one unregistered": (
        call(
            ended=40,
            phones=(
                PhoneSeen(endpoint="PJSIP/a", states=(PhoneState.PAUSED,)),
                PhoneSeen(endpoint="PJSIP/b", states=(PhoneState.UNREGISTERED,)),
            ),
        ),
        Verdict.MISSED,
        Cause.EMPTY_SEAT,
    ),
    "the phone rung was unreachable": (call(never_rang(Outcome.UNREACHABLE)), Verdict.MISSED, Cause.EMPTY_SEAT),
    "one unreachable, one rang past the limit": (
        call(never_rang(Outcome.UNREACHABLE), leg("PJSIP/agent2", until=20, outcome=NO_ANSWER)),
        Verdict.MISSED,
        Cause.PERSON,
    ),
    "the ringing moved on before any phone's limit": (
        call(leg(until=10, outcome=NO_ANSWER), leg("PJSIP/agent2", rings=10, until=20, outcome=NO_ANSWER)),
        Verdict.MISSED,
        Cause.ROUTING,
    ),
}


@pytest.mark.parametrize("row", CALL_TABLE)
def test_a_call_is_judged_by_the_table_and_names_the_first_cause_that_fits(row):
    facts, verdict, cause = CALL_TABLE[row]
    judged = judge(facts)
    assert (judged.verdict, judged.cause) == (verdict, cause)


def test_a_call_without_180_that_is_a_little_late_cannot_be_told():
    judged = judge(call(leg(answered=16, outcome=ANSWERED, ring_source=RingSource.DIALBEGIN)))
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN)


@pytest.mark.parametrize("answered", [-5, -0.5])
def test_a_call_whose_clock_ran_backwards_cannot_be_told(answered):
    judged = judge(call(leg(answered=answered, outcome=ANSWERED)))
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT)
    assert judged.ring_us is None


UNJUDGED = {
    Reason.INTERNAL: {"direction": Direction.INTERNAL},
    Reason.OUTBOUND: {"direction": Direction.OUTBOUND},
    Reason.CALLBACK: {"direction": Direction.CALLBACK},
    Reason.OFF_DUTY: {"on_duty": False},
    Reason.OTHER_LINE: {"is_line": False},
    Reason.NOISE: {"is_line": False, "asked_at": None},
    Reason.IVR_ONLY: {"asked_at": None, "switch_answered_at": at(0)},
    Reason.SELF_SERVED: {"asked_at": None, "switch_answered_at": at(0), "notice_heard": True},
}


@pytest.mark.parametrize("reason", UNJUDGED)
def test_what_s1_does_not_apply_to_is_not_judged_and_says_why(reason):
    judged = judge(call(leg(answered=40, outcome=ANSWERED), **UNJUDGED[reason]))
    assert (judged.verdict, judged.reason, judged.cause) == (Verdict.NOT_JUDGED, reason, None)
    assert {(one.verdict, one.reason) for one in judged.legs} == {(Verdict.NOT_JUDGED, reason)}


def test_a_caller_who_hung_up_before_anything_happened_is_noise():
    assert judge(call(asked_at=None)).reason is Reason.NOISE


@pytest.mark.parametrize(("seconds", "verdict"), [(5, Verdict.ON_TIME), (20, Verdict.CANNOT_TELL)])
def test_nobody_is_accused_on_doubtful_data(seconds, verdict):
    judged = judge(call(leg(answered=seconds, outcome=ANSWERED), doubtful=True))
    assert judged.verdict is verdict
    assert judged.legs[0].verdict is verdict
    assert judged.reason is (Reason.DOUBTFUL if verdict is Verdict.CANNOT_TELL else None)


UNANSWERED = {
    "it rang past the limit": [leg(until=20, outcome=NO_ANSWER)],
    "a hand declined it": [leg(until=3, outcome=Outcome.DECLINED)],
    "it was busy": [never_rang(Outcome.BUSY)],
    "it was not reachable": [never_rang(Outcome.UNREACHABLE)],
    "the caller left after the limit": [leg(until=20, outcome=Outcome.CANCELLED)],
    "nobody was rung": [],
}


@pytest.mark.parametrize("gave_up", [None, 20])
@pytest.mark.parametrize("story", UNANSWERED)
def test_nobody_is_accused_on_doubtful_data_of_a_call_that_nobody_answered(story, gave_up):
    facts = call(*UNANSWERED[story], gave_up_at=at(gave_up))
    judged = judge(replace(facts, doubtful=True))
    assert judge(facts).verdict is Verdict.MISSED
    assert (judged.verdict, judged.reason, judged.cause) == (Verdict.CANNOT_TELL, Reason.DOUBTFUL, None)
    assert {one.verdict for one in judged.legs} <= {Verdict.CANNOT_TELL}


def test_the_four_clocks_are_kept_apart():
    facts = call(
        leg(rings=10, answered=14, outcome=ANSWERED),
        switch_answered_at=at(-8),
        started_at=at(-9),
        asked_at=at(-3),
        ended=30,
    )
    judged = judge(facts)
    assert (judged.ivr_us, judged.queue_us) == (5 * SECOND, 13 * SECOND)
    assert (judged.ring_us, judged.caller_total_us) == (4 * SECOND, 39 * SECOND)


def test_a_line_may_set_its_own_limit_and_cadence():
    facts = call(leg(answered=11, outcome=ANSWERED), limit_us=10 * SECOND, ring_period_us=4 * SECOND)
    judged = judge(facts)
    assert (judged.verdict, judged.legs[0].rings_heard) == (Verdict.LATE, 3)


def test_the_ring_of_a_missed_call_lasts_until_the_last_phone_fell_silent():
    facts = call(leg(until=20, outcome=NO_ANSWER), leg("PJSIP/agent2", rings=21, until=40, outcome=NO_ANSWER))
    assert judge(facts).ring_us == 40 * SECOND


def test_a_person_is_named_where_one_was_assigned():
    judged = judge(call(leg(answered=3, outcome=ANSWERED, agent="zhang")))
    assert judged.agent == "zhang"
