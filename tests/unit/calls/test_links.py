"""Lost links, restarts, clock steps, lists of what exists: what was missed is marked, what was decided stays."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.calls.story import HALL, T0, Story
from tests.unit.calls.test_stories import QUEUE_CALL
from voicedesk.ami.message import AmiEvent
from voicedesk.calls import registry
from voicedesk.calls.model import Disposition, GapReason, Outcome, Reason, StartSource, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS


class Desk:
    """A tracker and the story it is told."""

    def __init__(self):
        self.story = Story()
        self.tracker = Tracker("pbx", HALL)

    def tell(self, text: str, arrived_after: float | None = None):
        for event in self.story.events(text):
            if arrived_after is not None and event.timestamp_us is not None:
                event.arrived_us = event.timestamp_us + round(arrived_after * MICROSECONDS)
            self.tracker.receive(event)
        return self

    def calls(self):
        return [(facts, judge(facts)) for facts in self.tracker.take_changes().calls]

    def one(self):
        ((facts, judged),) = self.calls()
        return facts, judged


RINGING = """
 0.000 VoicedeskLink - State=up Boot=b1
 1.000 QueueCallerJoin trunk Queue=hotline Exten=4001
 1.001 DialBegin       trunk > agent1 DialString=PJSIP/agent1
 1.002 Ringing         agent1
"""


def test_fault_25_a_link_lost_while_ringing_keeps_the_call_and_cannot_tell():
    facts, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     3.0 VoicedeskLink - State=lost
     5.0 VoicedeskLink - State=up Boot=b1
     5.1 VoicedeskSnapshot - State=begin
     5.2 CoreShowChannel trunk  ChannelStateDesc=Ring
     5.2 CoreShowChannel agent1 ChannelStateDesc=Ringing
     5.3 VoicedeskSnapshot - State=end Complete=1
     7.0 Up     agent1
     9.0 Hangup agent1 Cause=16
     9.0 Hangup trunk Cause=16
    """)
        .one()
    )
    assert [gap.reason for gap in facts.gaps] == [GapReason.LINK_LOST]
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.GAP)
    assert facts.disposition is Disposition.ANSWERED


def test_an_answer_before_the_link_was_lost_stays_decided():
    _, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     4.0 Up            agent1
     5.0 VoicedeskLink - State=lost
     8.0 VoicedeskLink - State=up Boot=b1
     9.0 Hangup agent1 Cause=16
     9.0 Hangup trunk Cause=16
    """)
        .one()
    )
    assert judged.verdict is Verdict.ON_TIME


def test_a_call_answered_while_nobody_listened_is_answered_but_not_judged():
    facts, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     3.0 VoicedeskLink - State=lost
     9.0 VoicedeskLink - State=up Boot=b1
     9.0 VoicedeskSnapshot - State=begin
     9.0 CoreShowChannel trunk  ChannelStateDesc=Up
     9.0 CoreShowChannel agent1 ChannelStateDesc=Up
     9.1 VoicedeskSnapshot - State=end Complete=1
    """)
        .one()
    )
    assert (facts.legs[0].outcome, facts.disposition) == (Outcome.ANSWERED, Disposition.ANSWERED)
    assert (judged.verdict, judged.reason, judged.answered_by) == (Verdict.CANNOT_TELL, Reason.GAP, "PJSIP/agent1")


def test_what_rang_before_anybody_watched_is_not_forgotten_when_a_later_phone_answers():
    facts, judged = (
        Desk()
        .tell("""
     0.0 VoicedeskLink - State=up Boot=b1
     0.1 VoicedeskLink - State=lost
     0.9 VoicedeskLink - State=up Boot=b1
     0.9 VoicedeskSnapshot - State=begin
     0.9 CoreShowChannel trunk  ChannelStateDesc=Ring Exten=4001
     0.9 CoreShowChannel agent1 ChannelStateDesc=Down
     0.9 VoicedeskSnapshot - State=end Complete=1
    20.0 DialEnd   trunk > agent1 DialStatus=NOANSWER
    20.0 Hangup    agent1 Cause=0
    20.1 DialBegin trunk > agent2 DialString=agent2 Exten=4001
    20.1 Ringing   agent2
    22.0 Up        agent2
    """)
        .one()
    )
    assert [gap.reason for gap in facts.gaps] == [GapReason.LINK_LOST]
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.GAP)


def test_a_call_first_seen_after_events_were_dropped_may_have_begun_among_them():
    facts, judged = (
        Desk()
        .tell("""
     0.0 VoicedeskLink - State=up Boot=b1
     0.4 VoicedeskLink - State=dropped
     0.5 DialBegin trunk > agent2 DialString=agent2 Exten=4001
     0.5 Ringing   agent2
     2.0 Up        agent2
    """)
        .one()
    )
    assert (judged.verdict, [gap.reason for gap in facts.gaps]) == (Verdict.CANNOT_TELL, [GapReason.EVENTS_DROPPED])


@pytest.mark.parametrize(("first", "touched"), [("Hangup trunk Cause=16", True), ("Newchannel trunk", False)])
def test_a_call_of_the_second_in_which_a_gap_ended_was_touched_if_its_end_alone_was_seen(first, touched):
    desk = Desk()
    desk.tell(f"""
     0.5 VoicedeskLink - State=up Boot=b1
     0.6 VoicedeskSnapshot - State=begin
     0.6 VoicedeskSnapshot - State=end Complete=1
     0.7 {first}
     0.8 Hangup trunk Cause=16
    """)
    facts, _ = desk.one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.BEFORE_LINK] * touched


def test_a_gap_over_before_a_menu_began_does_not_make_it_a_missed_call():
    facts, judged = (
        Desk()
        .tell("""
     0.0 VoicedeskLink - State=up Boot=b1
     0.1 VoicedeskLink - State=lost
     2.0 VoicedeskLink - State=up Boot=b1
     3.0 UserEvent trunk UserEvent=VoicedeskCall Exten=4001 Line=hotline
     3.0 Up        trunk Exten=4001
     5.0 Hangup    trunk Cause=16
    """)
        .one()
    )
    assert (len(facts.gaps), judged.reason) == (1, Reason.IVR_ONLY)


def test_fault_38_a_step_between_the_end_of_a_call_and_its_last_events_is_seen():
    desk = Desk().tell(RINGING, arrived_after=0.001).tell("4.0000 Hangup agent1 Cause=0", arrived_after=0.001)
    desk.tell("4.0001 Hangup trunk Cause=19", arrived_after=0.001)
    desk.tell("94.0002 DialEnd trunk > agent1 DialStatus=NOANSWER", arrived_after=-90)
    facts, judged = desk.one()
    assert GapReason.CLOCK_STEP in {gap.reason for gap in facts.gaps}
    assert (judged.legs[0].verdict, judged.cause) == (Verdict.CANNOT_TELL, None)


def test_fault_38_a_call_decided_before_it_began_decides_nothing():
    _, judged = (
        Desk()
        .tell("""
     9.0 UserEvent       trunk UserEvent=VoicedeskCall Exten=4001 Line=hotline
     9.0 QueueCallerJoin trunk Queue=hotline
     2.0 HangupRequest   trunk Cause=127
     2.1 Hangup          trunk Cause=127
    """)
        .one()
    )
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT)


def test_calls_of_before_a_restart_keep_the_boot_they_were_made_in():
    desk = Desk().tell(RINGING)
    desk.tell("9.0 VoicedeskLink - State=lost").tell("12.0 VoicedeskLink - State=up Boot=b2")
    assert desk.one()[0].boot == "b1"


def test_a_call_that_is_not_in_the_list_ended_unseen():
    facts, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     3.0 VoicedeskLink - State=lost
     9.0 VoicedeskLink - State=up Boot=b1
     9.0 VoicedeskSnapshot - State=begin
     9.1 VoicedeskSnapshot - State=end Complete=1
    """)
        .one()
    )
    assert facts.ended_at == (T0 + 9) * MICROSECONDS
    assert (facts.disposition, facts.legs[0].outcome) == (None, None)
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.GAP)


def test_an_incomplete_list_ends_no_call():
    facts, _ = (
        Desk()
        .tell(RINGING)
        .tell("""
     3.0 VoicedeskLink - State=lost
     9.0 VoicedeskLink - State=up Boot=b1
     9.0 VoicedeskSnapshot - State=begin
     9.1 VoicedeskSnapshot - State=end Complete=0
     9.2 VoicedeskSnapshot - State=end Complete=1
    """)
        .one()
    )
    assert facts.ended_at is None


def test_fault_28_a_call_both_listed_and_told_live_is_one_call():
    facts, _ = (
        Desk()
        .tell("""
     0.0 VoicedeskLink - State=up Boot=b1
     0.0 VoicedeskSnapshot - State=begin
     0.1 CoreShowChannel trunk ChannelStateDesc=Ring
     0.2 VoicedeskSnapshot - State=end Complete=1
     0.0 QueueCallerJoin trunk Queue=hotline Exten=4001
    """)
        .one()
    )
    assert facts.started_at_source is StartSource.SNAPSHOT
    assert len(facts.linkedids) == 1


def test_a_call_that_began_while_the_list_was_made_was_not_there_before():
    facts, judged = (
        Desk()
        .tell("""
     0.3 VoicedeskLink - State=up Boot=b1
     0.3 VoicedeskSnapshot - State=begin
     0.6 CoreShowChannel trunk ChannelStateDesc=Ring
     0.6 VoicedeskSnapshot - State=end Complete=1
     0.5 UserEvent       trunk UserEvent=VoicedeskCall Line=hotline Number=13800138000 Exten=4001
     0.5 QueueCallerJoin trunk Queue=hotline Exten=4001
     0.5 DialBegin       trunk > agent1 DialString=PJSIP/agent1
     0.6 Ringing         agent1
     6.6 Up              agent1
     9.0 Hangup agent1 Cause=16
     9.0 Hangup trunk Cause=16
    """)
        .one()
    )
    assert facts.started_at == T0 * MICROSECONDS + 500_000
    assert facts.started_at_source is StartSource.USEREVENT
    assert facts.gaps == ()
    assert judged.verdict is Verdict.ON_TIME


def test_a_call_that_came_to_the_hotline_late_keeps_its_first_second():
    desk = Desk()
    desk.story.t0 = T0 - 60
    desk.story.uniqueid("trunk")
    desk.story.t0 = T0
    facts, _ = desk.tell("""
     0.3 VoicedeskLink - State=up Boot=b1
     0.3 VoicedeskSnapshot - State=begin
     0.6 CoreShowChannel trunk ChannelStateDesc=Ring
     0.6 VoicedeskSnapshot - State=end Complete=1
     0.5 UserEvent       trunk UserEvent=VoicedeskCall Line=hotline Number=13800138000 Exten=4001
    """).one()
    assert facts.started_at == (T0 - 60) * MICROSECONDS
    assert [gap.reason for gap in facts.gaps] == [GapReason.BEFORE_LINK]


def test_a_call_already_going_on_when_we_came_has_no_verdict():
    desk = Desk()
    desk.story.t0 = T0 - 60
    desk.story.uniqueid("trunk"), desk.story.uniqueid("agent1")
    desk.story.t0 = T0
    facts, judged = desk.tell("""
     0.0 VoicedeskLink - State=up Boot=b1
     0.0 VoicedeskSnapshot - State=begin
     0.1 CoreShowChannel trunk  ChannelStateDesc=Ring Exten=4001
     0.1 CoreShowChannel agent1 ChannelStateDesc=Ringing
     0.2 VoicedeskSnapshot - State=end Complete=1
     4.0 DialEnd trunk > agent1 DialStatus=ANSWER
     4.1 Up      agent1
    """).one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.BEFORE_LINK]
    assert facts.started_at == (T0 - 60) * MICROSECONDS
    assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.GAP)


def test_a_channel_listed_without_a_list_is_taken_as_it_is():
    facts, _ = Desk().tell("3.0 CoreShowChannel trunk ChannelStateDesc=Up Exten=4001").one()
    assert facts.line == "hotline"


def test_fault_27_a_restart_ends_every_call_and_ringing_ones_cannot_be_told():
    desk = (
        Desk()
        .tell(RINGING)
        .tell("""
     2.0 DialBegin trunk#2 > agent2 DialString=agent2 Exten=4001 call=B
     2.0 Ringing   agent2 call=B
     3.0 Up        agent2 call=B
     4.0 VoicedeskLink - State=lost
     9.0 VoicedeskLink - State=up Boot=b2 Restarted=1
    """)
    )
    (ringing, ringing_judged), (answered, answered_judged) = desk.calls()
    assert (ringing_judged.verdict, ringing.disposition) == (Verdict.CANNOT_TELL, None)
    assert (answered_judged.verdict, answered.disposition) == (Verdict.ON_TIME, Disposition.ANSWERED)
    assert {gap.reason for gap in ringing.gaps} == {GapReason.PBX_RESTART}
    assert desk.tracker.open_calls() == []


def test_fault_40_ids_that_come_again_after_a_restart_are_another_call():
    desk = Desk().tell(RINGING)
    first = desk.one()[0].id
    desk.tell("3.0 VoicedeskLink - State=lost\n 9.0 VoicedeskLink - State=up Boot=b2")
    desk.calls()
    desk.tell("10.0 QueueCallerJoin trunk Queue=hotline Exten=4001")
    assert desk.one()[0].id != first


def test_calls_cut_off_by_the_stop_of_the_switch_ended_by_nobodys_will():
    facts, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     6.000 DialEnd  trunk > agent1 DialStatus=CANCEL
     6.001 Hangup   agent1 Cause=0
     6.002 Hangup   trunk  Cause=0
     6.010 Shutdown -
    """)
        .one()
    )
    assert [gap.reason for gap in facts.gaps] == [GapReason.PBX_STOPPED]
    assert (judged.verdict, facts.disposition) == (Verdict.CANNOT_TELL, None)


def test_a_call_that_ended_well_before_the_stop_is_untouched():
    facts, judged = Desk().tell(QUEUE_CALL).tell("24.0 Shutdown -").one()
    assert (facts.gaps, judged.verdict) == ((), Verdict.ON_TIME)


def test_a_link_that_says_twice_that_it_stands_was_not_lost():
    facts, _ = Desk().tell(RINGING).tell("2.0 VoicedeskLink - State=up Boot=b1\n 3.0 Up agent1").one()
    assert facts.gaps == ()


def test_a_switch_that_says_it_is_another_run_was_restarted_even_without_a_loss():
    facts, _ = Desk().tell(RINGING).tell("2.0 VoicedeskLink - State=up Boot=b2").one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.PBX_RESTART]


def test_dropped_events_are_a_gap_of_every_open_call():
    facts, judged = (
        Desk()
        .tell(RINGING)
        .tell("""
     4.0 VoicedeskLink - State=dropped Dropped=7
     5.0 Up agent1
    """)
        .one()
    )
    assert [gap.reason for gap in facts.gaps] == [GapReason.EVENTS_DROPPED]
    assert judged.verdict is Verdict.CANNOT_TELL


def test_the_gaps_of_a_pbx_are_kept_for_every_figure():
    desk = Desk().tell("0.0 VoicedeskLink - State=up\n 3.0 VoicedeskLink - State=lost\n 5.0 VoicedeskLink - State=up")
    assert [gap.reason for gap in desk.tracker.gaps()] == [GapReason.BEFORE_LINK, GapReason.LINK_LOST]


def test_gaps_that_a_checkpoint_tells_of_are_taken_only_where_none_is_known():
    def gaps(text):
        desk = Desk()
        desk.tell("0.0 VoicedeskLink - State=up Boot=b1\n5.0 VoicedeskLink - State=dropped")
        checkpoint = desk.tracker.checkpoint((T0 + 6) * MICROSECONDS)
        later = Desk().tell(text)
        later.tracker.receive(checkpoint)
        return [gap.reason for gap in later.tracker.gaps()]

    assert gaps("") == [GapReason.BEFORE_LINK, GapReason.EVENTS_DROPPED]
    assert gaps("3.0 VoicedeskLink - State=up Boot=b1") == [GapReason.BEFORE_LINK]


def test_fault_38_a_clock_that_steps_back_decides_nothing():
    story = "-3590.0 Up agent1\n -3580.0 Hangup agent1\n -3580.0 Hangup trunk"
    facts, judged = Desk().tell(RINGING, arrived_after=0.001).tell(story, arrived_after=3600).one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.CLOCK_STEP]
    assert (judged.verdict, judged.ring_us) == (Verdict.CANNOT_TELL, None)


@pytest.mark.parametrize("step", [-3600, 3600, 1, -1, 7200])
@pytest.mark.parametrize("when", range(5))
def test_fault_38_no_span_of_a_call_is_ever_negative_whenever_the_clock_steps(step, when):
    """An hour to and fro (as where a zone's summer time is set by hand), and a leap second either way."""
    moments = [f"{1 + 3 * n}.0" for n in range(5)]
    lines = ["QueueCallerJoin trunk Queue=hotline Exten=4001", "DialBegin trunk > agent1 DialString=PJSIP/agent1"]
    lines += ["Ringing agent1", "Up agent1", "Hangup agent1 Cause=16\n HANG Hangup trunk Cause=16"]
    desk = Desk().tell("0.5 VoicedeskLink - State=up Boot=b1")
    for n, (moment, line) in enumerate(zip(moments, lines, strict=True)):
        shift = step if n >= when else 0
        at = f"{float(moment) + shift}"
        desk.tell(f"{at} {line.replace('HANG', at)}", arrived_after=-shift)
    facts, judged = desk.one()
    spans = [judged.ring_us, judged.queue_us, judged.ivr_us, *(leg.ring_us for leg in judged.legs)]
    assert all(span is None or span >= 0 for span in spans)
    seen = {gap.reason for gap in facts.gaps}
    assert (GapReason.CLOCK_STEP in seen) == (abs(step) > 2 and when > 0)


def test_fault_38_without_arrivals_a_clock_that_ran_backwards_is_seen_in_the_spans():
    _, judged = Desk().tell(RINGING).tell("-3590.0 Up agent1\n -3580.0 Hangup agent1\n -3580.0 Hangup trunk").one()
    assert (judged.verdict, judged.ring_us) == (Verdict.CANNOT_TELL, None)


def test_fault_38_a_clock_that_steps_ahead_decides_nothing():
    facts, judged = Desk().tell(RINGING, arrived_after=0.001).tell("3604.0 Up agent1", arrived_after=-3600).one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.CLOCK_STEP]
    assert judged.verdict is Verdict.CANNOT_TELL


def test_fault_39_a_skewed_or_delayed_clock_of_ours_changes_nothing():
    desk = Desk().tell(RINGING, arrived_after=90).tell("4.0 Up agent1", arrived_after=95)
    facts, judged = desk.one()
    assert (facts.gaps, judged.verdict) == ((), Verdict.ON_TIME)


def test_text_the_switch_did_not_write_makes_its_call_doubtful():
    for doubt in ("Uniqueid=1800000000.1", "Channel=PJSIP/agent1-00000001"):
        facts, judged = Desk().tell(RINGING).tell(f"2.0 VoicedeskDoubt - {doubt}\n 30.0 Up agent1").one()
        assert facts.doubtful
        assert (judged.verdict, judged.reason) == (Verdict.CANNOT_TELL, Reason.DOUBTFUL)


def test_a_doubt_about_nobody_we_know_is_nothing():
    desk = Desk().tell("2.0 VoicedeskDoubt - Channel=PJSIP/x-1")
    assert desk.calls() == []


def test_an_event_flagged_by_the_screen_makes_its_call_doubtful():
    desk = Desk().tell(RINGING)
    event = desk.story.event("2.0 UserEvent trunk UserEvent=Other")
    event.doubtful = True
    desk.tracker.receive(event)
    assert desk.one()[0].doubtful


def test_events_without_a_time_are_timed_by_arrival_and_marked():
    desk = Desk()
    raw = b"Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nExten: 4001"
    desk.tracker.receive(AmiEvent.from_bytes(raw, arrived_us=T0 * MICROSECONDS))
    facts, _ = desk.one()
    assert (facts.started_at, facts.started_at_source) == (T0 * MICROSECONDS, StartSource.ARRIVAL)


def test_events_without_any_time_are_counted_and_left_out():
    desk = Desk()
    desk.tracker.receive(AmiEvent.from_bytes(b"Event: Newchannel\r\nChannel: PJSIP/t-1\r\nUniqueid: 1.1"))
    assert (desk.calls(), desk.tracker.ignored_untimed) == ([], 1)


def test_fault_29_the_same_events_again_change_nothing():
    once, twice = Desk().tell(QUEUE_CALL), Desk().tell(QUEUE_CALL).tell(QUEUE_CALL)
    assert once.calls() == twice.calls()


def test_a_late_repeat_of_a_forgotten_call_opens_nothing():
    desk = Desk().tell(QUEUE_CALL).tell("60.0 UserEvent - UserEvent=Other")
    desk.calls()
    desk.tell("6.011 DialEnd trunk > agent1 DialStatus=ANSWER")
    assert desk.calls() == []


def test_fault_31_an_end_before_its_beginning_is_a_partial_record():
    facts, _ = (
        Desk()
        .tell("""
     6.0 DialEnd   trunk > agent1 DialStatus=CANCEL Exten=4001
     6.0 Hangup    agent1 Cause=26
     6.1 DialBegin trunk > agent1 DialString=agent1
    """)
        .one()
    )
    assert facts.legs[0].outcome is Outcome.ANSWERED_ELSEWHERE


LINES = [line for line in QUEUE_CALL.splitlines() if line.strip()]


@given(st.permutations(range(len(LINES))))
@settings(max_examples=1000, deadline=None)
def test_fault_30_events_in_any_order_give_the_same_verdict(order):
    """Within a channel the switch keeps order; here even that is shuffled."""
    story = Story()
    events = story.events(QUEUE_CALL)
    tracker = Tracker("pbx", HALL)
    for index in order:
        tracker.receive(events[index])
    changes = tracker.take_changes()
    (facts,) = changes.calls
    judged = judge(facts)
    assert (judged.verdict, judged.ring_us, judged.answered_by) == (Verdict.ON_TIME, 6_000_000, "PJSIP/agent1")
    assert (facts.line, facts.ended_at) == ("hotline", (T0 + 20) * MICROSECONDS + 20_000)


def swept(tracker: Tracker, before: int) -> int:
    """Ends the calls of which nothing was heard since an instant; how many there were."""
    stuck = [call_id for call_id, heard_at in tracker.heard().items() if heard_at < before]
    tracker.end_stuck(stuck, before)
    return len(stuck)


def test_a_stuck_call_is_swept_and_says_so():
    desk = Desk().tell(RINGING)
    assert swept(desk.tracker, (T0 + 1) * MICROSECONDS) == 0
    assert swept(desk.tracker, (T0 + 4000) * MICROSECONDS) == 1
    facts, judged = desk.one()
    assert [gap.reason for gap in facts.gaps] == [GapReason.SWEPT]
    assert (judged.verdict, facts.ended_at) == (Verdict.CANNOT_TELL, (T0 + 4000) * MICROSECONDS)


def test_a_stuck_call_of_which_a_phone_has_gone_is_swept_too():
    desk = Desk().tell(RINGING).tell("5.0 Hangup agent1 Cause=0")
    assert swept(desk.tracker, (T0 + 4000) * MICROSECONDS) == 1
    facts, _ = desk.one()
    assert (facts.legs[0].outcome, facts.disposition) == (Outcome.NO_ANSWER, None)


def test_calls_that_just_ended_are_not_swept_for_room(monkeypatch):
    monkeypatch.setattr(registry, "MAX_OPEN_CALLS", 1)
    desk = Desk().tell(QUEUE_CALL).tell("21.0 Newchannel trunk#2 Exten=4001 call=B")
    assert [facts.ended_at is None for facts, _ in desk.calls()] == [False, True]
    assert desk.tracker.swept == 0


def test_the_hall_may_change_while_calls_are_open():
    desk = Desk().tell(RINGING)
    assert (desk.tracker.has_changes, len(desk.tracker.open_ids())) == (True, 1)
    desk.tracker.change_hall(replace(HALL, on_duty=lambda line, at: False))
    assert desk.one()[0].on_duty is False


def test_memory_stays_bounded_when_calls_never_end(monkeypatch):
    monkeypatch.setattr(registry, "MAX_OPEN_CALLS", 10)
    monkeypatch.setattr(registry, "MAX_REMEMBERED", 20)
    desk = Desk()
    for n in range(100):
        desk.tell(f"{n}.0 QueueCallerJoin trunk#{n + 1} Queue=hotline Exten=4001 call=C{n}")
    assert len(desk.tracker.open_calls()) == 10
    assert desk.tracker.swept == 90


@pytest.mark.parametrize("name", ["Newexten", "VarSet", "Unheard-of"])
def test_fault_19_unknown_events_are_ignored(name):
    assert Desk().tell(f"1.0 {name} trunk").calls() == []
