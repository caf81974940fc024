"""Breaks and findings, as switches, calls and clocks tell them: each begun once and ended once, nobody on a guess."""

import pytest
from tests.unit.phones.switch import (
    A1,
    A2,
    A3,
    MINUTE,
    MORNING,
    SECOND,
    Hall1,
    at,
    call,
    device,
    event,
    leg,
    listed,
    lost,
    member,
    rang,
    snapshot,
)
from voicedesk.calls.model import Direction, Gap, GapReason, Outcome, PhoneState, Role
from voicedesk.phones.model import BreakSource, FindingKind
from voicedesk.phones.phone import clean_reason
from voicedesk.phones.watch import PhoneWatch


@pytest.fixture
def hall():
    return Hall1()


# --- breaks


def test_a_pause_in_every_queue_is_a_break_with_its_reason_and_who_sat_there(hall):
    hall.tell(member(A1, MORNING + MINUTE, paused=True, reason="午餐"))
    hall.look(MORNING + MINUTE + SECOND)
    (begun,) = hall.breaks
    assert (begun.endpoint, begun.from_at, begun.to_at) == (A1, MORNING + MINUTE, None)
    assert (begun.reason, begun.agent, begun.source) == ("午餐", "wang", BreakSource.SWITCH)
    hall.tell(member(A1, MORNING + 5 * MINUTE, paused=False))
    hall.look(MORNING + 6 * MINUTE)
    over = hall.breaks[-1]
    assert (over.id, over.to_at, over.end_seen) == (begun.id, MORNING + 5 * MINUTE, True)


def test_paused_in_one_of_two_queues_is_no_break(hall):
    hall.tell(member(A1, MORNING, paused=False, queue="medical", name="QueueMemberAdded"))
    hall.tell(member(A1, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert hall.breaks == []
    hall.tell(member(A1, MORNING + MINUTE, paused=True, queue="medical"))
    hall.look(MORNING + MINUTE)
    assert hall.breaks[0].from_at == MORNING + MINUTE
    hall.tell(event("QueueMemberRemoved", MORNING + 2 * MINUTE, Queue="hotline", StateInterface=A1))
    hall.tell(event("QueueMemberRemoved", MORNING + 2 * MINUTE, Queue="medical", StateInterface=A1))
    hall.look(MORNING + 3 * MINUTE)
    assert hall.breaks[-1].to_at is not None


def test_the_person_of_a_member_name_is_known_and_a_phone_of_no_line_has_no_breaks(hall):
    hall.tell(member(A2, MORNING, paused=True), member(A3, MORNING, paused=True, queue="other"))
    hall.look(MORNING + SECOND)
    assert [(one.endpoint, one.agent) for one in hall.breaks] == [(A2, "li")]


def test_how_a_break_was_begun_is_known_where_somebody_said_so(hall):
    hall.watch.switches["hall"].expect(A1, BreakSource.COMMAND, "wang", MORNING)
    hall.tell(member(A1, MORNING + SECOND, paused=True))
    hall.tell(event("UserEvent", MORNING, UserEvent="VoicedeskBreak", Channel=f"{A2}-0000002a"))
    hall.tell(event("UserEvent", MORNING, UserEvent="VoicedeskBreak", Channel="PJSIP/nobody-0000002a"))
    hall.tell(event("UserEvent", MORNING, UserEvent="VoicedeskCall", Channel=f"{A2}-0000002a"))
    hall.tell(member(A2, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert [(one.source, one.by) for one in hall.breaks] == [
        (BreakSource.COMMAND, "wang"),
        (BreakSource.FEATURE_CODE, ""),
    ]


def test_what_was_asked_for_long_ago_is_not_how_it_was_begun(hall):
    hall.watch.switches["hall"].expect(A1, BreakSource.COMMAND, "wang", MORNING)
    hall.tell(member(A1, MORNING + MINUTE, paused=True))
    hall.look(MORNING + MINUTE)
    assert hall.breaks[0].source is BreakSource.SWITCH


def test_a_reason_given_anew_does_not_begin_the_half_hour_again(hall):
    hall.tell(member(A1, MORNING, paused=True, reason="会议"))
    hall.look(MORNING)
    hall.tell(member(A1, MORNING + 20 * MINUTE, paused=True, reason="午餐"))
    hall.look(MORNING + 20 * MINUTE)
    hall.look(MORNING + 31 * MINUTE)
    assert len(hall.breaks) == 1
    assert hall.found() == [("break_too_long", A1, False)]


def test_over_half_an_hour_is_told_once_and_ends_with_the_break(hall):
    hall.tell(member(A1, MORNING, paused=True, reason="午餐"))
    hall.look(MORNING)
    hall.look(MORNING + 30 * MINUTE - 1)
    assert hall.found() == []
    hall.look(MORNING + 30 * MINUTE)
    hall.look(MORNING + 40 * MINUTE)
    (found,) = hall.findings
    assert (found.kind, found.from_at, found.agent) == (FindingKind.BREAK_TOO_LONG, MORNING, "wang")
    assert "10:00:00" in found.evidence
    assert "午餐" in found.evidence
    hall.tell(member(A1, MORNING + 41 * MINUTE, paused=False))
    hall.look(MORNING + 41 * MINUTE)
    assert hall.found() == [("break_too_long", A1, False), ("break_too_long", A1, True)]
    assert hall.findings[1].id == found.id


def test_time_off_duty_is_no_absence(hall):
    noon = at("2026-03-02T11:50")
    hall.tell(member(A1, noon, paused=True))
    hall.look(noon)
    hall.look(at("2026-03-02T13:49"))
    assert hall.found() == []
    hall.look(at("2026-03-02T13:50"))
    assert hall.found() == [("break_too_long", A1, False)]


def test_a_reason_is_one_short_line_with_nobody_s_number_in_it():
    assert clean_reason("打给138 0013 8000的\r\n回访") == "打给…的  回访"
    assert clean_reason("回电 6001") == "回电 6001"
    assert len(clean_reason("长" * 100)) == 40


# --- away


@pytest.mark.parametrize(
    ("contact", "kind"),
    [(None, "phone_unregistered"), ("Unreachable", "phone_unreachable"), ("Removed", "phone_unregistered")],
)
def test_a_phone_away_in_duty_hours_is_found_after_the_grace_and_over_when_it_is_back(hall, contact, kind):
    gone = MORNING + MINUTE
    if contact is not None:
        hall.tell(event("ContactStatus", gone, EndpointName="agent1", ContactStatus=contact))
    hall.tell(device(A1, "UNAVAILABLE", gone))
    hall.look(gone + 19 * SECOND)
    assert hall.found() == []
    hall.look(gone + 20 * SECOND)
    assert hall.found() == [(kind, A1, False)]
    assert hall.findings[0].from_at == gone
    hall.tell(device(A1, "NOT_INUSE", gone + MINUTE))
    hall.look(gone + MINUTE)
    assert hall.found()[1:] == [(kind, A1, True)]


def test_a_phone_that_registers_anew_is_no_finding_and_neither_is_a_contact_that_goes_while_another_stays(hall):
    hall.tell(device(A1, "UNAVAILABLE", MORNING + SECOND), device(A1, "NOT_INUSE", MORNING + 3 * SECOND))
    hall.tell(event("ContactStatus", MORNING + SECOND, EndpointName="agent2", ContactStatus="Removed"))
    hall.look(MORNING + 5 * MINUTE)
    assert hall.found() == []


def test_at_night_nobody_is_looked_for_and_in_the_morning_the_grace_begins_with_the_duty(hall):
    night = at("2026-03-02T22:00")
    hall.look(night)
    hall.tell(device(A1, "UNAVAILABLE", night))
    hall.look(night + MINUTE)
    opening = at("2026-03-03T09:00")
    hall.look(opening - SECOND)
    hall.look(opening)
    hall.look(opening + 19 * SECOND)
    assert hall.found() == []
    hall.look(opening + 20 * SECOND)
    assert [(one.kind.value, one.from_at) for one in hall.findings] == [("phone_unregistered", opening)]
    hall.look(at("2026-03-03T12:00"))
    assert hall.found()[-1] == ("phone_unregistered", A1, True)


def test_every_phone_away_means_nobody_for_the_line_until_one_is_back(hall):
    hall.tell(device(A1, "UNAVAILABLE", MORNING), member(A2, MORNING + MINUTE, paused=True))
    hall.look(MORNING + MINUTE)
    assert hall.watch.is_deserted("社保")
    assert not hall.watch.is_deserted("医保")
    hall.look(MORNING + MINUTE + 20 * SECOND)
    found = [one for one in hall.findings if one.kind is FindingKind.NOBODY_FREE]
    assert [(one.line, one.endpoint, one.from_at) for one in found] == [("社保", None, MORNING + MINUTE)]
    hall.tell(member(A2, MORNING + 2 * MINUTE, paused=False))
    hall.look(MORNING + 2 * MINUTE)
    assert ("nobody_free", "社保", True) in hall.found()


# --- do-not-disturb


def test_dnd_of_freepbx_is_found_from_what_its_switch_keeps(hall):
    hall.tell(device("Custom:DND6001", "INUSE", MORNING + SECOND))
    hall.look(MORNING + 21 * SECOND)
    assert hall.found() == [("dnd_on", A1, False)]
    standing = {one.endpoint: one.dnd for one in hall.watch.standings()}
    assert standing == {A1: True, A2: None}
    hall.tell(device("Custom:DND6001", "NOT_INUSE", MORNING + MINUTE))
    hall.look(MORNING + MINUTE)
    assert hall.found()[-1] == ("dnd_on", A1, True)


def refusals(endpoint: str, count: int, start: int = MORNING, **more):
    return [
        call(start + n * MINUTE, leg(endpoint, start + n * MINUTE, more.pop("outcome", Outcome.BUSY), **more))
        for n in range(count)
    ]


def test_three_refusals_at_once_by_a_free_phone_are_a_suspicion_that_says_so_and_a_ring_ends_it(hall):
    hall.watch.take_calls("hall", refusals(A1, 2))
    hall.look(MORNING + 3 * MINUTE)
    assert hall.found() == []
    hall.watch.take_calls("hall", refusals(A1, 3))
    hall.look(MORNING + 3 * MINUTE)
    assert hall.found() == [("dnd_suspected", A1, False)]
    assert "疑似" not in hall.findings[0].evidence  # its title says so already: agents and news show both
    assert "推测" in hall.findings[0].evidence
    hall.watch.take_calls("hall", [call(MORNING + 4 * MINUTE, rang(A1, MORNING + 4 * MINUTE))])
    hall.look(MORNING + 5 * MINUTE)
    assert hall.found()[-1] == ("dnd_suspected", A1, True)
    hall.watch.take_calls("hall", refusals(A1, 2, MORNING + 6 * MINUTE))
    hall.look(MORNING + 8 * MINUTE)
    assert len(hall.findings) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"state_before": PhoneState.IN_USE},
        {"state_before": PhoneState.TALKING},
        {"state_before": PhoneState.UNKNOWN},
        {"ended_at": MORNING + 10 * MINUTE},
        {"outcome": Outcome.ANSWERED_ELSEWHERE},
        {"outcome": Outcome.NO_ANSWER, "hangup_cause": 16},
        {"from_log": True},
        {"role": Role.CITIZEN},
        {"dialled_at": None},
    ],
)
def test_what_is_not_a_refusal_at_once_by_a_free_phone_is_no_suspicion(hall, more):
    outcome = more.pop("outcome", Outcome.BUSY)
    legs = [leg(A1, MORNING + n, outcome, **more) for n in range(5)]
    hall.watch.take_calls("hall", [call(MORNING, *legs)])
    hall.look(MORNING + MINUTE)
    assert hall.found() == []


def test_a_phone_that_answers_480_at_once_counts_as_one_that_refuses(hall):
    legs = [leg(A1, MORNING + n * SECOND, Outcome.NO_ANSWER, hangup_cause=19) for n in range(3)]
    hall.watch.take_calls("hall", [call(MORNING, *legs)])
    hall.look(MORNING + MINUTE)
    assert hall.found() == [("dnd_suspected", A1, False)]


@pytest.mark.parametrize("more", [{"doubtful": True}, {"gaps": (Gap(from_at=1, to_at=2, reason=GapReason.LINK_LOST),)}])
def test_nobody_is_suspected_on_calls_that_are_doubtful_or_have_a_hole(hall, more):
    hall.watch.take_calls("hall", [call(MORNING, *(leg(A1, MORNING + n, Outcome.BUSY) for n in range(5)), **more)])
    hall.look(MORNING + MINUTE)
    assert hall.found() == []


def test_a_suspicion_is_not_raised_of_one_on_a_break_nor_kept_over_night_nor_beside_dnd_that_is_known(hall):
    hall.watch.take_calls("hall", refusals(A1, 3))
    hall.tell(member(A1, MORNING, paused=True))
    hall.look(MORNING + 3 * MINUTE)
    hall.tell(member(A1, MORNING + 4 * MINUTE, paused=False), device("Custom:DND6001", "INUSE", MORNING))
    hall.look(MORNING + 4 * MINUTE)
    assert [one[0] for one in hall.found()] == ["dnd_on"]
    hall.look(at("2026-03-02T12:30"))
    hall.tell(device("Custom:DND6001", "NOT_INUSE", at("2026-03-02T12:40")))
    hall.look(at("2026-03-02T14:00"))
    assert "dnd_suspected" not in [one[0] for one in hall.found()]


def test_refusals_hours_apart_are_no_row():
    hall = Hall1(duty={"社保": ()})
    for hours in (0, 5, 10):
        when = MORNING + hours * 60 * MINUTE
        hall.watch.take_calls("hall", [call(when, leg(A1, when, Outcome.BUSY))])
        hall.look(when + SECOND)
    assert hall.found() == []


# --- a line held


def private(when: int, **more):
    usual = {"direction": Direction.OUTBOUND, "placed_by": A1, "line": None, "is_line": False}
    citizen = leg("PJSIP/trunk", when, Outcome.ANSWERED, role=Role.CITIZEN, answered_at=when, ended_at=None)
    return call(when, citizen, **(usual | more))


def talking(hall, *calls, endpoint: str = A1):
    hall.tell(device(endpoint, "INUSE", MORNING))
    hall.watch.take_calls("hall", calls)


def test_a_long_call_that_is_no_caller_s_is_found_and_over_with_the_call(hall):
    talking(hall, private(MORNING))
    hall.look(MORNING + 10 * MINUTE - 1)
    assert hall.found() == []
    hall.look(MORNING + 10 * MINUTE)
    assert hall.found() == [("line_held", A1, False)]
    assert "138" not in hall.findings[0].evidence
    assert hall.findings[0].about == f"call {MORNING}"
    hall.watch.take_calls("hall", [private(MORNING, ended_at=MORNING + 11 * MINUTE)])
    hall.look(MORNING + 11 * MINUTE)
    assert hall.found()[-1] == ("line_held", A1, True)


@pytest.mark.parametrize(
    "which",
    [
        {"direction": Direction.CALLBACK},
        {"direction": Direction.INBOUND, "is_line": True, "line": "社保"},
        {"doubtful": True},
    ],
)
def test_the_hotline_callbacks_and_doubtful_calls_hold_no_line(hall, which):
    answered = leg(A1, MORNING, Outcome.ANSWERED, answered_at=MORNING, ended_at=None)
    talking(
        hall, call(MORNING, answered, **({"is_line": False, "line": None, "direction": Direction.INTERNAL} | which))
    )
    hall.look(MORNING + 60 * MINUTE)
    assert hall.found() == []


def test_a_call_out_of_a_queue_is_a_caller_s_and_one_to_the_phone_itself_is_not(hall):
    answered = {"answered_at": MORNING, "ended_at": None}
    out_of_queue = call(
        MORNING, leg(A1, MORNING, Outcome.ANSWERED, member="agent1", **answered), is_line=False, line=None
    )
    direct = call(MORNING + 1, leg(A2, MORNING, Outcome.ANSWERED, **answered), is_line=False, line=None)
    talking(hall, out_of_queue, direct)
    hall.tell(device(A2, "INUSE", MORNING))
    hall.look(MORNING + 10 * MINUTE)
    assert hall.found() == [("line_held", A2, False)]


def test_a_call_about_an_open_ticket_is_the_hall_s_work_also_if_that_turns_out_later(hall):
    talking(hall, private(MORNING))
    assert hall.watch.to_check(MORNING + 9 * MINUTE) == []
    ((pbx, endpoint, talk),) = hall.watch.to_check(MORNING + 10 * MINUTE - SECOND)
    assert (pbx, endpoint, talk.number) == ("hall", A1, "13800138000")
    hall.look(MORNING + 10 * MINUTE)
    hall.watch.excuse("hall", A1, talk.call_id)
    hall.watch.excuse("hall", A1, "another")
    hall.watch.take_calls("hall", [private(MORNING)])
    hall.look(MORNING + 11 * MINUTE)
    assert hall.found() == [("line_held", A1, False), ("line_held", A1, True)]


def test_who_also_talks_to_a_caller_or_has_hung_up_by_now_holds_no_line(hall):
    caller = call(MORNING + 1, leg(A1, MORNING, Outcome.ANSWERED, answered_at=MORNING, ended_at=None))
    talking(hall, private(MORNING), caller)
    hall.look(MORNING + 20 * MINUTE)
    assert hall.found() == []
    assert hall.watch.standings()[0].state is PhoneState.TALKING
    over = leg(A1, MORNING, Outcome.ANSWERED, answered_at=MORNING, ended_at=MORNING + 20 * MINUTE)
    hall.watch.take_calls("hall", [call(MORNING + 1, over)])
    hall.tell(device(A1, "NOT_INUSE", MORNING + 20 * MINUTE))
    hall.look(MORNING + 21 * MINUTE)
    assert hall.found() == []


def test_a_phone_in_a_conference_or_voice_mailbox_is_held_from_its_answer_and_a_joined_call_is_one_finding(hall):
    own = {"direction": Direction.INTERNAL, "placed_by": A1, "line": None, "is_line": False}
    talking(hall, call(MORNING, switch_answered_at=MORNING + SECOND, **own))
    hall.look(MORNING + 11 * MINUTE)
    assert [one.from_at for one in hall.findings] == [MORNING + SECOND]
    joined = call(MORNING + 5, switch_answered_at=MORNING + SECOND, **own)
    hall.watch.take_calls("hall", [joined], [(f"call {MORNING}", joined.id)])
    hall.look(MORNING + 12 * MINUTE)
    assert len(hall.findings) == 1


def test_the_next_long_call_is_another_finding(hall):
    talking(hall, private(MORNING))
    hall.look(MORNING + 10 * MINUTE)
    second = private(MORNING + 10 * MINUTE, id="second")
    hall.watch.take_calls("hall", [private(MORNING, ended_at=MORNING + 10 * MINUTE), second])
    hall.look(MORNING + 10 * MINUTE + SECOND)
    hall.look(MORNING + 20 * MINUTE)
    assert hall.found() == [("line_held", A1, False), ("line_held", A1, True), ("line_held", A1, False)]


# --- who may pause


def test_the_last_free_phone_of_a_line_is_known_and_others_that_talk_are_not_free(hall):
    assert hall.watch.left_without("hall", A1, MORNING) == []
    hall.tell(device(A2, "INUSE", MORNING))
    assert hall.watch.left_without("hall", A1, MORNING) == ["社保"]
    assert hall.watch.left_without("hall", A1, at("2026-03-02T20:00")) == []
    hall.tell(member(A1, MORNING, paused=False, queue="medical", name="QueueMemberAdded"))
    assert hall.watch.left_without("hall", A1, MORNING) == ["社保", "医保"]
    assert [phone.endpoint for _, phone in hall.watch.at_member("Agent Two")] == [A2]
    assert hall.watch.at_member("nobody") == []
    assert hall.watch.find("PJSIP/nobody") == []


# --- while nobody watched


def test_while_the_link_is_lost_nothing_begins_and_nothing_ends(hall):
    hall.tell(member(A1, MORNING, paused=True), device(A2, "UNAVAILABLE", MORNING))
    hall.look(MORNING + SECOND)
    hall.tell(lost(MORNING + 2 * SECOND))
    hall.look(MORNING + 50 * MINUTE)
    assert hall.found() == []
    assert not hall.watch.is_deserted("社保")
    back = MORNING + 51 * MINUTE
    items = [device(A2, "UNAVAILABLE", back), member(A2, back, paused=False, name="QueueMember", Status=5)]
    hall.tell(*snapshot(back, *listed(back, agent1=MORNING)[:2], *items))
    hall.look(back)
    assert hall.found() == [("break_too_long", A1, False)]  # the switch tells since when
    hall.look(back + 20 * SECOND)  # of the other phone nobody saw that it was away all the time
    assert ("phone_unregistered", A2, False) in hall.found()
    assert [one.from_at for one in hall.findings if one.endpoint == A2] == [back]


def test_a_finding_goes_on_over_a_gap_if_it_holds_behind_it_and_else_ended_unseen(hall):
    hall.tell(member(A1, MORNING, paused=True))
    hall.look(MORNING)
    hall.look(MORNING + 31 * MINUTE)
    hall.tell(lost(MORNING + 32 * MINUTE))
    hall.look(MORNING + 33 * MINUTE)
    back = MORNING + 34 * MINUTE
    hall.tell(*snapshot(back, *listed(back, agent1=MORNING)))
    hall.look(back)
    assert len(hall.findings) == 1
    assert len(hall.breaks) == 1
    hall.tell(lost(back + SECOND))
    hall.look(back + 2 * SECOND)
    hall.tell(*snapshot(back + MINUTE, *listed(back + MINUTE)))
    hall.look(back + MINUTE)
    assert [(one.to_at, one.end_seen) for one in hall.findings[1:]] == [(back + MINUTE, False)]
    assert [(one.to_at, one.end_seen) for one in hall.breaks[1:]] == [(back + MINUTE, False)]


def test_a_break_that_began_in_the_gap_has_the_switch_s_instant_and_the_one_before_it_ended_unseen(hall):
    hall.tell(member(A1, MORNING, paused=True))
    hall.look(MORNING)
    hall.look(MORNING + 31 * MINUTE)
    hall.tell(lost(MORNING + 32 * MINUTE))
    hall.look(MORNING + 32 * MINUTE)
    again, back = MORNING + 40 * MINUTE, MORNING + 45 * MINUTE
    hall.tell(*snapshot(back, *listed(back, agent1=again)))
    hall.look(back)
    assert [(one.from_at, one.to_at, one.end_seen) for one in hall.breaks[1:]] == [
        (MORNING, again, False),
        (again, None, True),
    ]
    assert hall.found() == [("break_too_long", A1, False), ("break_too_long", A1, True)]
    hall.look(again + 30 * MINUTE)
    assert hall.found()[-1] == ("break_too_long", A1, False)


def test_a_pause_of_which_nobody_tells_since_when_counts_from_when_it_was_seen():
    hall = Hall1()
    hall.tell(lost(MORNING))
    back = MORNING + MINUTE
    paused = member(A1, back, paused=True, name="QueueMember", last=0)
    hall.tell(*snapshot(back, device(A1, "NOT_INUSE", back), paused))
    hall.look(back)
    assert hall.breaks[0].from_at == back
    hall.tell(member(A1, back + MINUTE, paused=True, name="QueueMemberStatus", last=0))
    hall.look(back + MINUTE)
    assert len(hall.breaks) == 1


def test_lists_that_are_not_whole_end_nothing(hall):
    hall.tell(member(A1, MORNING, paused=True), device("Custom:DND6002", "INUSE", MORNING))
    hall.look(MORNING)
    hall.look(MORNING + 31 * MINUTE)
    hall.tell(lost(MORNING + 32 * MINUTE))
    back = MORNING + 33 * MINUTE
    hall.tell(*snapshot(back, device(A2, "NOT_INUSE", back), complete=0, missing="QueueStatus"))
    hall.look(back)
    assert [one[2] for one in hall.found()] == [False] * len(hall.found())
    assert len(hall.breaks) == 1
    hall.tell(*snapshot(back + MINUTE, *listed(back + MINUTE)))
    hall.look(back + MINUTE)
    assert ("break_too_long", A1, True) in hall.found()


def test_dropped_events_make_blind_until_the_lists_come(hall):
    hall.tell(device(A1, "UNAVAILABLE", MORNING))
    hall.look(MORNING + 20 * SECOND)
    from voicedesk.ami.message import make_mark

    hall.tell(make_mark("VoicedeskLink", "dropped", MORNING + 21 * SECOND, Dropped=5))
    hall.look(MORNING + 22 * SECOND)
    assert not any(one.is_current for one in hall.watch.standings())
    hall.tell(make_mark("VoicedeskSnapshot", "end", MORNING + 22 * SECOND, Complete=1))  # of lists nobody saw begin
    hall.look(MORNING + 23 * SECOND)
    assert hall.found() == [("phone_unregistered", A1, False)]


def test_a_restart_changes_nothing_and_a_pbx_that_is_gone_ends_its_breaks(hall):
    hall.tell(member(A1, MORNING, paused=True, reason="午餐"), device(A2, "UNAVAILABLE", MORNING))
    hall.look(MORNING)
    hall.look(MORNING + 31 * MINUTE)
    before = hall.found()
    assert len(before) == 3
    hall.restarted()
    hall.look(MORNING + 32 * MINUTE)
    back = MORNING + 33 * MINUTE
    items = [device(A2, "UNAVAILABLE", back), member(A2, back, paused=False, name="QueueMember", Status=5)]
    hall.tell(*snapshot(back, *listed(back, agent1=MORNING)[:2], *items))
    hall.look(back + MINUTE)
    assert hall.found() == before
    assert len(hall.breaks) == 1
    hall.restarted()
    hall.watch.switches.clear()
    hall.look(back + 2 * MINUTE)
    assert hall.breaks[-1].to_at == back + 2 * MINUTE


def test_standings_say_what_each_phone_does(hall):
    hall.tell(device(A1, "RINGING", MORNING + SECOND), member(A2, MORNING + SECOND, paused=True, reason="会议"))
    hall.tell(device("PJSIP/trunk", "INUSE", MORNING), device("Local/1@x", "INUSE", MORNING))
    hall.look(MORNING + SECOND)
    one, two = hall.watch.standings()
    assert (one.state, one.since, one.on_break_since) == (PhoneState.RINGING, MORNING + SECOND, None)
    assert (two.state, two.on_break_since, two.reason) == (PhoneState.PAUSED, MORNING + SECOND, "会议")
    hall.tell(event("ContactStatus", MORNING + MINUTE, EndpointName="agent1", ContactStatus="Unreachable"))
    hall.tell(device(A1, "UNAVAILABLE", MORNING + MINUTE))
    hall.look(MORNING + MINUTE)
    assert hall.watch.standings()[0].state is PhoneState.UNREACHABLE


def test_members_behind_local_channels_and_events_without_names_are_left_alone(hall):
    hall.tell(
        event("QueueMemberPause", MORNING, Queue="hotline", Interface="Local/6001@x/n", Paused=1),
        event("QueueMemberPause", MORNING, Interface=A1, Paused=1),
        event("QueueMemberRemoved", MORNING, Queue="hotline", StateInterface=A3),
        event("Newchannel", MORNING, Channel=f"{A1}-1"),
    )
    local = member(A1, MORNING + SECOND, paused=True, Interface="Local/6001@from-queue/n")
    hall.tell(event("QueueMemberRemoved", MORNING, Queue="hotline", Interface=A1, StateInterface=A1), local)
    hall.look(MORNING + SECOND)
    assert hall.breaks[0].endpoint == A1
    (member_,) = hall.watch.switches["hall"].phones[A1].members.values()
    assert member_.interface == "Local/6001@from-queue/n"


def test_of_a_line_nothing_is_concluded_while_another_switch_that_may_have_its_phones_was_not_heard():
    hall = Hall1()
    hall.watch = PhoneWatch(["hall", "other"], hall.rules)
    hall.tell(*snapshot(MORNING, *listed(MORNING, agent1=MORNING, agent2=MORNING)))
    hall.look(MORNING)
    hall.look(MORNING + MINUTE)
    assert not hall.watch.is_deserted("社保")
    assert hall.found() == []
    hall.watch.receive("other", snapshot(MORNING + MINUTE))
    hall.look(MORNING + 2 * MINUTE)
    assert hall.found() == [("nobody_free", "社保", False)]
    assert hall.watch.is_deserted("社保")
