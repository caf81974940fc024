"""After a fault the state of calls is made anew from the journal: as if nothing had been, but for that one event."""

from collections import deque
from dataclasses import replace

import pytest
from tests.unit.jobs.test_call_log import HALL, STORIES, Disk, story
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.calls.model import Gap, GapReason
from voicedesk.calls.records import MOST_GAPS, CallRecord
from voicedesk.calls.tracker import Changes, Tracker
from voicedesk.clock import format_epoch
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.guard import Guard
from voicedesk.store.quarantine import Part

MARKS = ("VoicedeskLink", "VoicedeskDoubt")


class Bad:
    """A tracker that raises at some events, before or after it has done its work."""

    def __init__(self, monkeypatch, is_bad, *, half_done: bool = False) -> None:
        self.is_bad, original = is_bad, Tracker.receive

        def receive(tracker: Tracker, event: AmiEvent) -> None:
            bad = event.name not in MARKS and self.is_bad(event)
            if bad and half_done:
                original(tracker, event)
            if bad:
                raise RuntimeError("nobody foresaw this")
            original(tracker, event)

        monkeypatch.setattr(Tracker, "receive", receive)


def make_anew(log: CallLog, disk: Disk, meanwhile: list[AmiEvent] = []) -> None:  # noqa: B006  # never changed
    """What the service does some moments after a fault; events come meanwhile."""
    resume_from, until = log.begin_anew(lambda: None)
    journal = [(entry, event) for entry, event in disk.journal() if entry < until]
    log.take(meanwhile)
    replay = log.replay()
    deque(replay.steps([pair for pair in journal if pair[0] >= resume_from], resume_from), maxlen=0)
    log.go_on_with(replay)


def poison(at: int, number: int) -> AmiEvent:
    """An event of a channel of its own at which a tracker raises."""
    name = f"poison-{number}"
    headers = {"Channel": "PJSIP/odd-1", "Uniqueid": name, "Linkedid": name, "Timestamp": format_epoch(at)}
    return make_event("Newchannel", headers, arrived_us=at)


def fail_to_freeze(patch) -> None:
    """Of some call no facts can be made."""
    original = Tracker.take_changes

    def take_changes(tracker: Tracker) -> Changes:
        return replace(original(tracker), failed=[("a call", RuntimeError("nobody foresaw this"))])

    patch.setattr(Tracker, "take_changes", take_changes)


def whole_story(name: str) -> dict[str, object]:
    disk = Disk()
    log = CallLog("p", HALL, disk)
    for event in story(name):
        log.take([event])
        log.settle()
    return disk.calls


@pytest.mark.parametrize("name", STORIES)
def test_a_second_fault_while_the_first_is_made_good_loses_no_call_that_began_between(name, monkeypatch):
    """The call began, and was stored, while the journal was read; then came the second fault: it once stayed open."""
    events = story(name)
    Bad(monkeypatch, lambda event: (event.get("Uniqueid") or "").startswith("poison"))
    at = [event.arrived_us for event in events]
    for cut in range(7, len(events)):
        disk = Disk()
        log = CallLog("p", HALL, disk, Guard(lambda: 1))
        log.take([*events[:6], poison(at[5], 1)])
        resume_from, until = log.begin_anew(lambda: None)
        journal = [(entry, event) for entry, event in disk.journal() if entry < until]
        for event in (*events[6:cut], poison(at[cut - 1], 2)):
            log.take([event])
            log.settle()
        replay = log.replay()
        deque(replay.steps(journal, resume_from), maxlen=0)
        log.go_on_with(replay)
        assert log.is_in_doubt
        make_anew(log, disk)
        for event in events[cut:]:
            log.take([event])
            log.settle()
        log.settle()
        assert set(disk.calls) == set(whole_story(name)), cut
        assert [call.facts.id for call in disk.calls.values() if call.facts.ended_at is None] == [], cut


@pytest.mark.parametrize("name", STORIES)
def test_a_fault_that_was_no_events_costs_nothing_once_the_state_is_made_anew(name, monkeypatch):
    """Raised once at each place in turn, as by a state that was wrong: made anew, every call is as it truly was."""
    whole, events = whole_story(name), story(name)
    for place in range(6, len(events), 3):
        with monkeypatch.context() as patch:
            disk, guard = Disk(), Guard(lambda: 1)
            log = CallLog("p", HALL, disk, guard)
            log.take(events[:place])
            log.settle()
            with monkeypatch.context() as failing:
                fail_to_freeze(failing)
                log.settle()
            assert log.is_in_doubt
            bad = Bad(patch, lambda event, one=events[place]: event is one, half_done=True)
            log.take(events[place : place + 1])
            assert log.is_in_doubt
            bad.is_bad = lambda _event: False
            make_anew(log, disk, meanwhile=events[place + 1 : place + 3])
            assert not log.is_in_doubt
            for event in events[place + 3 :]:
                log.take([event])
                log.settle()
            log.settle()
        assert set(disk.calls) == set(whole), place
        for call_id, call in disk.calls.items():
            assert call.judgement == whole[call_id].judgement, place
            assert call.facts.gaps == (), place
        assert disk.open_ids() == set()


@pytest.mark.parametrize("name", STORIES)
def test_an_event_that_cannot_be_taken_accuses_nobody_wherever_it_stands(name, monkeypatch):
    """Whatever verdict remains is the true one, and the event is in quarantine once, with its bytes."""
    whole, events = whole_story(name), story(name)
    for place in range(6, len(events), 2):
        with monkeypatch.context() as patch:
            disk, guard = Disk(), Guard(lambda: 1)
            log = CallLog("p", HALL, disk, guard)
            stamp = (events[place].name, events[place].get("Timestamp"), events[place].get("Uniqueid"))
            Bad(patch, lambda event, s=stamp: (event.name, event.get("Timestamp"), event.get("Uniqueid")) == s)
            for number, event in enumerate(events):
                log.take([event])
                if log.is_in_doubt and number % 2:
                    make_anew(log, disk)
                log.settle()
        for call_id, call in disk.calls.items():
            told = call.judgement.verdict.value
            true = whole[call_id].judgement.verdict.value if call_id in whole else "cannot_tell"
            assert told in ("cannot_tell", "not_judged", true), (place, stamp)
        assert all(item.part is Part.EVENT for item in guard.waiting)
        assert {item.content for item in guard.waiting} <= {events[place].raw} | {
            one.raw for one in events if (one.name, one.get("Timestamp"), one.get("Uniqueid")) == stamp
        }


def test_a_restart_leaves_out_an_event_of_the_journal_that_cannot_be_taken(monkeypatch):
    """As one that an older version took, and this one cannot."""
    events = story("b_answer_17s")
    disk = Disk()
    log = CallLog("p", HALL, disk)
    for event in events[:-4]:
        log.take([event])
        log.settle()
    bad = next(event for event in events if event.name == "DialBegin")
    Bad(monkeypatch, lambda event: event.name == "DialBegin" and event.get("Timestamp") == bad.get("Timestamp"))
    guard = Guard(lambda: 1)
    log = CallLog("p", HALL, disk, guard)
    at = events[-5].arrived_us
    log.resume(disk.journal(), resume_from=disk.resume_from, open_ids=disk.open_ids(), stopped_at=at)
    assert [item.about.split()[0] for item in guard.waiting] == ["DialBegin"]
    for event in events[-4:]:
        log.take([event])
        log.settle()
    assert {one.judgement.verdict.value for one in disk.calls.values()} <= {"cannot_tell", "not_judged", "late"}
    assert disk.open_ids() == set()


def test_more_bad_events_than_tries_still_come_to_an_end(monkeypatch):
    events = story("b_answer_17s")
    Bad(monkeypatch, lambda _event: True)
    guard = Guard(lambda: 1)
    log = CallLog("p", HALL, Disk(), guard)
    numbered = list(enumerate(events))
    log.resume(numbered, resume_from=0, open_ids=(), stopped_at=events[-1].arrived_us)
    assert sum(item.seen for item in guard.waiting) <= len(events)


def test_a_row_that_cannot_be_handed_on_costs_itself(monkeypatch):
    class Refusing(Disk):
        def add(self, pbx, *, events=(), **more):
            if any(event.name == "DialBegin" for event in events):
                raise RuntimeError("it does not fit")
            super().add(pbx, events=events, **more)

    disk, guard = Refusing(), Guard(lambda: 1)
    log = CallLog("p", HALL, disk, guard)
    log.take(story("b_answer_17s"))
    log.settle()
    assert {item.about.split()[0] for item in guard.waiting} == {"DialBegin"}
    assert [one.facts.line for one in disk.calls.values()] == ["hotline"]
    assert sum(map(len, disk.entries)) == len(story("b_answer_17s")) - len(
        [event for event in story("b_answer_17s") if event.name == "DialBegin"]
    )


def test_a_long_journal_gives_the_turn_away_while_it_is_taken_up(monkeypatch):
    """A watchdog that hears nothing for half a minute ends the service, at this start and at each one after it."""
    Bad(monkeypatch, lambda _: True)
    events = [make_event("Newchannel", {"Uniqueid": f"1795421280.{n}"}, arrived_us=n) for n in range(1000)]
    log = CallLog("p", HALL, Disk(), Guard(lambda: 1))
    steps = log.resuming(list(enumerate(events)), resume_from=0, open_ids=(), stopped_at=1000)
    assert sum(1 for _ in steps) >= 5
    assert not log.is_in_doubt


def test_a_flood_of_faults_leaves_one_stretch_in_each_open_call_and_not_one_for_each_fault(monkeypatch):
    Bad(monkeypatch, lambda event: event.name == "Newexten")
    log = CallLog("p", HALL, Disk(), Guard(lambda: 1))
    names = ["Newchannel", *["Newexten", "Newstate"] * 2000]
    fields = {"Channel": "PJSIP/trunk-1", "Uniqueid": "1800000000.1", "Linkedid": "1800000000.1"}
    log.take(
        [
            make_event(name, {**fields, "Timestamp": f"{1_800_000_001 + n}.000000"}, arrived_us=0)
            for n, name in enumerate(names)
        ]
    )
    (call,) = log.open_calls()
    assert 1 <= len(call.gaps) <= 2


def test_a_call_that_lived_through_very_many_gaps_has_the_last_of_them_without_an_end():
    desk = CallRecord("id", None, "1.1", 0, switch_tells_bridges=True)
    for n in range(10_000):
        desk.mark_gap(Gap(from_at=2 * n, to_at=2 * n + 1, reason=GapReason.EVENTS_DROPPED))
    assert len(desk.gaps) == MOST_GAPS
    assert desk.gaps[-1].to_at is None
    assert desk.gaps[-1].from_at == 2 * (MOST_GAPS - 1)
