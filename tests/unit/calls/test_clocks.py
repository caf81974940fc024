"""The switch's clock may be wrong by hours or years, and either clock may be set in the middle of a call."""

import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.calls.story import HALL, T0, Story
from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls import replay as replaying
from voicedesk.calls.model import GapReason, Hall, Line, StartSource, Verdict
from voicedesk.calls.switch_clock import SwitchClock
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS, format_epoch, to_datetime

CAPTURES = sorted((Path(__file__).parents[2] / "captures").glob("*.raw"))
HOUR = 3600
DELAY_US = 300
YEARS = 365 * 24 * HOUR
LAGS = [-30 * HOUR, -8 * HOUR, -HOUR, -90, -59, -3, 3, 59, 61, 90, HOUR, 8 * HOUR, 16 * HOUR, 30 * HOUR, 56 * YEARS]
"""By so many seconds the switch's clock is behind ours; the last is a flat battery: its year is 1970."""
LAGS += [-11 * YEARS]
_STAMP = re.compile(rb"(?<=\r\nTimestamp: )\d+\.\d{6}")
_ID = re.compile(rb"((?:id|UniqueID): (?:[\w-]+-)?)(\d{10})(?=\.\d)")
PAST = (Verdict.LATE, Verdict.MISSED)


def told(capture: Path) -> list[AmiEvent]:
    """What a capture tells, with the marks of its links; `arrived_us`: when it came, by a clock that is right."""
    problems: list[str] = []
    links = [replaying._read_link(segment, problems) for segment in replaying._links(capture.read_bytes())]
    events, now = [], 0
    for event in replaying._with_marks(links):
        own = event.name.startswith("Voicedesk")
        now = max(now, (event.timestamp_us or event.arrived_us) + (0 if own else DELAY_US))
        events.append(AmiEvent(event.raw, event.name, now))
    return events


def moved(event: AmiEvent, behind: float, ahead: float = 0) -> AmiEvent:
    """The same event by a switch whose clock is so many seconds behind, and by a clock of ours that is ahead."""
    arrived = event.arrived_us + round(ahead * MICROSECONDS)
    if event.name.startswith("Voicedesk"):
        raw = _STAMP.sub(format_epoch(arrived).encode(), event.raw)
        return AmiEvent(raw, event.name, arrived)
    shift = round(behind * MICROSECONDS)
    raw = _STAMP.sub(lambda found: format_epoch(int(found[0].replace(b".", b"")) - shift).encode(), event.raw)
    raw = _ID.sub(lambda found: found[1] + b"%d" % (int(found[2]) - round(behind)), raw)
    return AmiEvent(raw, event.name, arrived)


def calls_of(events, hall=None):
    tracker = Tracker(
        "pbx", hall or Hall(phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}), every_extension_is_a_line=True)
    )
    for event in events:
        tracker.receive(event)
    tracker.end_of_events()
    found = [(facts, judge(facts)) for facts in tracker.take_changes().calls]
    return sorted(found, key=lambda pair: (pair[0].started_at, [leg.channel for leg in pair[0].legs]))


def said(calls):
    return [
        (
            [judged.verdict, judged.reason, judged.cause, judged.ring_us, judged.queue_us, judged.ivr_us],
            [(leg.verdict, leg.reason, leg.ring_us) for leg in judged.legs],
            [facts.disposition, *(gap.reason for gap in facts.gaps)],
        )
        for facts, judged in calls
    ]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_fault_39_a_call_is_judged_alike_however_far_the_clock_of_the_switch_is_off(capture):
    events = told(capture)
    right = calls_of(events)
    assert right
    for behind in LAGS:
        found = calls_of([moved(event, behind) for event in events])
        assert said(found) == said(right), f"{behind} s behind"
        wrong_by = [abs(one[0].started_at - other[0].started_at) for one, other in zip(found, right, strict=True)]
        assert max(wrong_by) <= 61 * MICROSECONDS, f"{behind} s behind: {wrong_by}"


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_fault_39_a_clock_that_is_set_anywhere_in_a_call_accuses_nobody(capture):
    events = told(capture)
    right = calls_of(events)
    drawn = random.Random(capture.stem)
    for _ in range(12):
        place, step = drawn.randrange(1, len(events)), drawn.choice(LAGS)
        before = drawn.choice([0, 0, 8 * HOUR])
        of_ours = drawn.choice([True, False])
        set_at = [
            moved(event, before, step if of_ours and n >= place else 0)
            if of_ours
            else moved(event, before + (step if n >= place else 0))
            for n, event in enumerate(events)
        ]
        set_at = [keep_ids(event, events[n], before) for n, event in enumerate(set_at)]
        verdicts = {judged.verdict for _, judged in calls_of(set_at)} & set(PAST)
        legs = {leg.verdict for _, judged in calls_of(set_at) for leg in judged.legs} & set(PAST)
        what = f"at {place} by {step} s, of {'ours' if of_ours else 'the switch'}, {before} s behind before"
        assert verdicts <= {judged.verdict for _, judged in right}, what
        assert legs <= {leg.verdict for _, judged in right for leg in judged.legs}, what


def keep_ids(event: AmiEvent, original: AmiEvent, behind: float) -> AmiEvent:
    """The event with the ids of its channels as they were before the clock was set."""
    old = moved(original, behind)
    numbers = iter(_ID.findall(old.raw))
    raw = _ID.sub(lambda _found: b"".join(next(numbers)), event.raw)
    return AmiEvent(raw, event.name, event.arrived_us)


CALL = """
 1.0 Newchannel      trunk Exten=4001
 1.0 QueueCallerJoin trunk Queue=hotline Exten=4001
 1.1 DialBegin       trunk > agent1 DialString=PJSIP/agent1
 1.2 Ringing         agent1
 7.2 Up              agent1
 9.0 Hangup          agent1 Cause=16
 9.0 Hangup          trunk Cause=16
"""


class Live:
    """A tracker that hears a story by a switch whose clock is behind; the link's marks stand by our clock."""

    def __init__(self, behind: float = 0, hall: Hall = HALL):
        self.story, self.tracker, self.behind = Story(), Tracker("pbx", hall), behind

    def link(self, state: str, seconds: float, ours: float = 0, **more):
        at = round((T0 + seconds) * MICROSECONDS)
        theirs = format_epoch(round((T0 + seconds - ours - self.behind) * MICROSECONDS)) if state == "up" else None
        self.tracker.receive(make_mark("VoicedeskLink", state, at, **{"Boot": "b", "SwitchTime": theirs, **more}))
        return self

    def tell(self, text: str, *, stamped: bool = True, ours: float = 0):
        for event in self.story.events(text):
            event.arrived_us = event.timestamp_us + DELAY_US
            new = moved(event, self.behind, ours)
            if not stamped:
                new = AmiEvent(re.sub(rb"\r\nTimestamp: [\d.]+", b"", new.raw), new.name, new.arrived_us)
            self.tracker.receive(new)
        return self

    def calls(self):
        return [(facts, judge(facts)) for facts in self.tracker.take_changes().calls if facts.legs]


@pytest.mark.parametrize("behind", [0.0, 3, 30, 90, 8 * HOUR, -30, -90, -8 * HOUR])
def test_a_call_after_the_first_connection_is_no_gap_whatever_the_lag(behind):
    ((facts, judged),) = Live(behind).link("up", 0.5).tell(CALL).calls()
    assert (judged.verdict, facts.gaps) == (Verdict.ON_TIME, ())


@pytest.mark.parametrize("behind", [0.0, 30, 90, 8 * HOUR, -30, -8 * HOUR])
def test_a_call_that_began_before_the_link_came_back_has_a_gap_whatever_the_lag(behind):
    live = Live(behind).link("up", -100).tell("-99 Newchannel other call=o")
    live.link("lost", -50).link("up", 5).tell("6.2 DialBegin trunk > agent1 DialString=PJSIP/agent1 Exten=4001")
    live.tell("6.3 Ringing agent1").tell(f"7.2{CALL.partition('7.2')[2]}")
    facts, judged = live.calls()[0]
    assert (judged.verdict, [gap.reason for gap in facts.gaps]) == (Verdict.CANNOT_TELL, [GapReason.LINK_LOST])


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize(("told", "touched"), [("", True), ("0.6 Newchannel trunk Exten=4001", False)])
def test_a_call_whose_beginning_nobody_told_had_begun_when_a_gap_of_the_same_second_ended(told, touched, resumed):
    """Its id names only the second. This switch tells the beginning of every channel, which a resumed tracker knows."""
    live = Live().link("up", -100).tell("-99 Newchannel other call=o\n -98 Hangup other Cause=16 call=o")
    if resumed:
        known, live.tracker = live.tracker.checkpoint((T0 - 60) * MICROSECONDS), Tracker("pbx", HALL)
        live.tracker.receive(known)
    live.link("lost", -50).link("up", 0.5).tell(told)
    live.tell("0.7 DialBegin trunk > agent1 DialString=PJSIP/agent1 Exten=4001\n 0.8 Ringing agent1")
    ((facts, _),) = live.calls()
    assert bool(facts.gaps) is touched


def test_a_log_that_leaves_out_the_beginning_says_nothing_of_when_a_call_began():
    live = Live().link("up", -100).tell("-99 Newchannel other call=o\n -98 Hangup other Cause=16 call=o")
    live.link("lost", -50).link("up", 0.5).tell("0.55 Newchannel another call=p")
    for event in live.story.events("0.6 DialBegin trunk > agent1 DialString=PJSIP/agent1 Exten=4001"):
        live.tracker.receive_logged(event)
    ((facts, _),) = live.calls()
    assert facts.gaps == ()


@pytest.mark.parametrize("theirs", [{}, {"SwitchTime": None}])
@pytest.mark.parametrize("waited", [0, 9.9, 30])
def test_what_a_busy_machine_read_late_after_a_gap_does_not_shorten_the_gap(waited, theirs):
    """What happened in the ten seconds before the link came back is missing, however late the next event was read."""
    live = Live().link("up", -100).tell("-99 Newchannel other call=o").link("lost", -50).link("up", 5, **theirs)
    (event,) = live.story.events("5.1 Hangup other Cause=16 call=o")
    event.arrived_us = event.timestamp_us + round(waited * MICROSECONDS)
    live.tracker.receive(event)
    from_at, to_at = [(gap.from_at, gap.to_at) for gap in live.tracker.gaps()][-1]
    assert from_at == (T0 - 99) * MICROSECONDS
    assert (T0 + 5) * MICROSECONDS <= to_at <= (T0 + 5.1) * MICROSECONDS


def test_a_gap_before_a_quiet_night_ends_where_the_link_came_back():
    """Also where the switch does not tell its time, though not to the second then."""
    for theirs, most in ({}, 0), ({"SwitchTime": None}, 61):
        live = Live().link("up", -9).tell("-8 Newchannel other call=o").link("lost", -6).link("up", -5, **theirs)
        live.tell("30000 Hangup other Cause=16 call=o")
        assert 0 <= live.tracker.gaps()[-1].to_at - (T0 - 5) * MICROSECONDS <= most * MICROSECONDS


def test_a_switch_that_tells_its_time_only_when_the_link_stands_again_bounds_the_gap_before():
    live = Live().link("up", -9).tell("-8 Newchannel other call=o").link("dropped", -6)
    live.link("up", -5).link("up", -4).tell("30000 Hangup other Cause=16 call=o")
    assert live.tracker.gaps()[-1].to_at == (T0 - 5) * MICROSECONDS


def test_a_first_life_that_ended_before_any_event_was_kept_heard_nothing_since_its_link_stood():
    """It asked long for what is there, what came meanwhile was held, and it was killed before that was on disk."""
    live = Live().link("up", 0).link("lost", 10).link("up", 20).tell("21 Newchannel other call=o")
    gaps = [(gap.from_at, gap.to_at) for gap in live.tracker.gaps()]
    assert gaps == [(0, T0 * MICROSECONDS), (T0 * MICROSECONDS, (T0 + 20) * MICROSECONDS)]


def test_a_link_that_was_lost_before_it_ever_stood_was_heard_until_then():
    live = Live().link("lost", 10).link("up", 20).tell("21 Newchannel other call=o")
    assert [gap.from_at for gap in live.tracker.gaps()] == [(T0 + 10) * MICROSECONDS]


@pytest.mark.parametrize("ours", [-5 * HOUR, 5 * HOUR, 10 * YEARS])
def test_a_link_that_comes_back_after_our_clock_was_set_makes_no_later_call_doubtful(ours):
    live = Live().link("up", -9).tell("-8 Newchannel other call=o").tell("-7 Hangup other Cause=16 call=o")
    live.link("lost", -6).link("up", -5 + ours, ours=ours).tell(CALL, ours=ours)
    facts, judged = live.calls()[0]
    assert (judged.verdict, facts.gaps) == (Verdict.ON_TIME, ())


@pytest.mark.parametrize("ours", [10 * YEARS, -40 * YEARS])
def test_events_dropped_after_our_clock_was_set_are_a_gap_until_now_and_no_longer(ours):
    live = Live().link("up", -9).tell("-8 Newchannel other call=o").tell("-7 Newexten other call=o", ours=ours)
    live.link("dropped", -6 + ours).tell("-5 Hangup other Cause=16 call=o", ours=ours).tell(CALL, ours=ours)
    facts, judged = live.calls()[0]
    assert (judged.verdict, facts.gaps) == (Verdict.ON_TIME, ())


@pytest.mark.parametrize("behind", [0, 8 * HOUR, -8 * HOUR, 30 * HOUR, 56 * YEARS])
def test_a_switch_whose_clock_is_wrong_puts_no_call_into_other_duty_hours(behind):
    asked = []

    def on_duty(_line, at):
        asked.append(at)
        return True

    ((facts, _),) = Live(behind, replace(HALL, on_duty=on_duty)).link("up", 0.5).tell(CALL).calls()
    assert {to_datetime(at).replace(microsecond=0) for at in asked} == {to_datetime((T0 + 1) * MICROSECONDS)}
    assert abs(facts.started_at - (T0 + 1) * MICROSECONDS) < MICROSECONDS
    assert abs((facts.ended_at or 0) - (T0 + 9) * MICROSECONDS) < MICROSECONDS


@pytest.mark.parametrize("ours", [10 * YEARS, -5 * YEARS])
def test_a_clock_of_ours_that_is_years_off_after_a_restart_dates_no_call(ours):
    """What the journal tells of before shows which of the two is wrong."""
    live = Live().link("up", -100).tell("-99 Newchannel other call=o").tell("-98 Hangup other Cause=16 call=o")
    live.link("lost", -97).link("up", 0.5 + ours).tell(CALL, ours=ours)
    facts, judged = live.calls()[0]
    assert (judged.verdict, facts.started_at) == (Verdict.ON_TIME, (T0 + 1) * MICROSECONDS)


def test_a_clock_of_ours_of_before_this_program_was_written_is_wrong_from_the_first_event():
    ((facts, judged),) = Live().link("up", 0.5 - 50 * YEARS).tell(CALL, ours=-50 * YEARS).calls()
    assert (judged.verdict, facts.started_at) == (Verdict.ON_TIME, (T0 + 1) * MICROSECONDS)


@pytest.mark.parametrize("behind", [20.0, -20, 8 * HOUR])
def test_an_event_without_a_stamp_among_others_is_put_where_it_belongs(behind):
    live = Live(behind).link("up", 0.5)
    for line in CALL.strip().splitlines():
        live.tell(line, stamped="Up" not in line)
    ((_, judged),) = live.calls()
    assert judged.verdict is Verdict.ON_TIME
    assert abs((judged.ring_us or 0) - 6 * MICROSECONDS) < 2000


def test_a_call_of_which_no_event_bears_a_stamp_is_timed_by_our_clock():
    ((facts, judged),) = Live().link("up", 0.5).tell(CALL, stamped=False).calls()
    assert (judged.verdict, facts.started_at_source, judged.ring_us) == (
        Verdict.ON_TIME,
        StartSource.ARRIVAL,
        6_000_000,
    )


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 10 * YEARS])
def test_our_clock_being_set_while_nothing_bears_a_stamp_makes_the_call_unsure(ahead):
    ringing, answered = CALL.split(" 7.2 Up")
    live = Live().link("up", 0.5).tell(ringing, stamped=False)
    live.tracker.receive(
        make_mark("VoicedeskClock", "set", round((T0 + 3 + ahead) * MICROSECONDS), Ahead=ahead * MICROSECONDS)
    )
    live.tell(f" 7.2 Up{answered}", stamped=False, ours=ahead)
    ((facts, judged),) = live.calls()
    assert (judged.verdict, [gap.reason for gap in facts.gaps]) == (Verdict.CANNOT_TELL, [GapReason.CLOCK_STEP])


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, -5, 10 * YEARS])
def test_our_clock_being_set_changes_nothing_where_events_bear_stamps(ahead):
    ringing, answered = CALL.split(" 7.2 Up")
    live = Live().link("up", 0.5).tell(ringing)
    at = round((T0 + 3 + ahead) * MICROSECONDS)
    live.tracker.receive(make_mark("VoicedeskClock", "set", at, Ahead=ahead * MICROSECONDS))
    live.tell(f" 7.2 Up{answered}", ours=ahead)
    ((facts, judged),) = live.calls()
    assert (judged.verdict, facts.gaps, judged.ring_us) == (Verdict.ON_TIME, (), 6_000_000)
    assert live.tracker.hall_time(at) == (T0 + 3) * MICROSECONDS - DELAY_US


def test_a_clock_that_is_put_right_is_believed_again():
    clock = SwitchClock()
    at = T0 * MICROSECONDS
    behind = 8 * HOUR * MICROSECONDS
    assert clock.take(at - behind, at) == (at, None)
    assert clock.take(at + 10 - behind, at + 10) == (at + 10, None)
    now, step = clock.take(at + 20, at + 25)
    assert (now, step is not None, clock.off_us) == (at + 20, True, 0)


def test_a_clock_that_our_own_was_put_right_by_is_believed_again():
    """Ours was wrong when the machine started; the time server sets it, and the two agree."""
    clock = SwitchClock()
    at, ahead = T0 * MICROSECONDS, 8 * HOUR * MICROSECONDS
    assert clock.take(at, at + ahead)[0] == at + ahead
    now, step = clock.take(at + 10, at + 15)
    assert (now, step is not None) == (at + 10, True)


def test_delay_is_no_step():
    clock = SwitchClock()
    at = T0 * MICROSECONDS
    for n, delay in enumerate([0, 100, 30 * MICROSECONDS, 29 * MICROSECONDS, 0]):
        assert clock.take(at + n * MICROSECONDS, at + n * MICROSECONDS + delay) == (at + n * MICROSECONDS, None)


def test_a_year_is_right_whatever_the_switch_says_of_it():
    behind = timedelta(days=20_000)
    ((facts, _),) = Live(behind.total_seconds()).link("up", 0.5).tell(CALL).calls()
    assert to_datetime(facts.started_at).year == to_datetime(T0 * MICROSECONDS).year


def test_lines_of_a_hall_are_found_with_a_clock_that_is_off():
    hall = Hall(lines=(Line(name="hotline", queues=frozenset({"hotline"})),), phones=frozenset({"PJSIP/agent1"}))
    ((facts, judged),) = Live(8 * HOUR, hall).link("up", 0.5).tell(CALL).calls()
    assert (facts.line, judged.verdict) == ("hotline", Verdict.ON_TIME)


def test_ours_that_was_behind_and_is_put_right_is_believed_again_at_once():
    clock = SwitchClock()
    at, behind = T0 * MICROSECONDS, 8 * HOUR * MICROSECONDS
    assert clock.take(at, at - behind)[0] == at - behind
    now, step = clock.take(at + 10, at + 15)
    assert (now, step is not None, clock.off_us) == (at + 10, True, 0)


@pytest.mark.parametrize("ahead", [5 * MICROSECONDS, -5 * MICROSECONDS])
def test_ours_that_is_set_with_the_clock_of_the_switch_is_no_step(ahead):
    clock = SwitchClock()
    at = T0 * MICROSECONDS
    clock.take(at, at + 10)
    clock.ours_was_set(ahead)
    assert clock.take(at + 10 * MICROSECONDS, at + 10 * MICROSECONDS + 10) == (at + 10 * MICROSECONDS, None)


def test_ours_that_is_set_a_little_ahead_is_like_delay():
    clock = SwitchClock()
    at = T0 * MICROSECONDS
    clock.take(at, at)
    clock.ours_was_set(5 * MICROSECONDS)
    assert clock.take(at + 10, at + 10 + 5 * MICROSECONDS) == (at + 10, None)


def test_a_replay_that_begins_at_a_checkpoint_knows_how_far_the_clock_is_off():
    clock, later = SwitchClock(), SwitchClock()
    at, behind = T0 * MICROSECONDS, 8 * HOUR * MICROSECONDS
    clock.take(at - behind, at)
    for known in (None, clock.known(), [1, 2, 3]):
        later.assume(known)
    assert (later.known(), later.is_known) == (clock.known(), True)
