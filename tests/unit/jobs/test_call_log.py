"""A call log that was killed at any point of its journal goes on as if nothing had been, but for the gap."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import structlog
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.calls.model import Hall, JudgedCall, Line
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import MICROSECONDS, format_epoch
from voicedesk.jobs.following import resume_points, told_verdicts
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.store.packing import reduce_event, restore_event

CAPTURES = Path(__file__).parents[2] / "captures"
HALL = Hall(
    lines=(Line(name="hotline", extensions=frozenset({"4001"}), phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"})),),
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"}),
)
STORIES = ["b_answer_17s", "queue_all_busy", "hunting_three_phones", "pickup_in_group", "attended_transfer_atxfer"]
Journal = list[tuple[int, AmiEvent]]


class Disk:
    """What a killed service leaves behind: every entry of the journal and the calls that follow from it."""

    def __init__(self) -> None:
        self.entries: list[list[bytes]] = [[]]
        self.calls: dict[str, JudgedCall] = {}
        self.resume_from = 0

    def sequence(self, _pbx: str) -> int:
        return len(self.entries)

    def add(
        self,
        _pbx: str,
        *,
        resume_from: int,
        events: Iterable[AmiEvent] = (),
        calls: Iterable[JudgedCall] = (),
        merged: Iterable[tuple[str, str]] = (),
        gaps: Iterable[object] = (),
    ) -> None:
        self.entries.append([reduce_event(event) for event in events])
        self.calls |= {call.facts.id: call for call in calls}
        for gone, _ in merged:
            self.calls.pop(gone, None)
        self.resume_from = resume_from

    def journal(self) -> Journal:
        numbered = list(enumerate(self.entries))[self.resume_from :]
        return [(entry, restore_event(raw)) for entry, raws in numbered for raw in raws]

    def open_ids(self) -> set[str]:
        return {call.facts.id for call in self.calls.values() if call.facts.ended_at is None}


def up(at: int) -> AmiEvent:
    values = {"State": "up", "Boot": "2026-11-23 08:00:00", "Restarted": 0, "Timestamp": format_epoch(at)}
    return make_event("VoicedeskLink", values, arrived_us=at)


def phone(endpoint: str, state: str, at: int) -> AmiEvent:
    values = {"Device": endpoint, "State": state, "Timestamp": format_epoch(at)}
    return make_event("DeviceStateChange", values, arrived_us=at)


def story(name: str) -> list[AmiEvent]:
    """A link that came up long before, and then a recorded call."""
    recorded = RecordedConversation(WANTED_EVENTS).receive_data((CAPTURES / f"{name}.raw").read_bytes())
    events = [event for event in recorded if event.timestamp_us]
    for event in events:
        event.arrived_us = (event.timestamp_us or 0) + 300
    before = (events[0].timestamp_us or 0) - 60 * MICROSECONDS
    # what only the lists told when the link came up: without it no cause can be named
    lists = [phone("PJSIP/agent2", "UNAVAILABLE", before + 2), phone("PJSIP/agent3", "NOT_INUSE", before + 3)]
    member = {"Queue": "hotline", "StateInterface": "PJSIP/agent3", "Paused": "1", "Timestamp": format_epoch(before)}
    lists.append(make_event("QueueMember", member, arrived_us=before + 4))
    gone = {"EndpointName": "agent3", "ContactStatus": "Unreachable", "Timestamp": format_epoch(before)}
    lists.append(make_event("ContactStatus", gone, arrived_us=before + 5))
    return [up(before), *lists, *events]


def follow(log: CallLog, events: list[AmiEvent]) -> None:
    for event in events:
        log.take([event])
        log.settle()


def restarted(disk: Disk, at: int) -> CallLog:
    log = CallLog("p", HALL, disk)
    log.resume(disk.journal(), resume_from=disk.resume_from, open_ids=disk.open_ids(), stopped_at=at)
    return log


@pytest.mark.parametrize("checkpoint_every", [2, 7, 200])
@pytest.mark.parametrize("name", STORIES)
def test_fault_67_a_call_open_at_a_kill_is_the_same_call_after_it(name, checkpoint_every, monkeypatch):
    """Killed after every event: no call twice, none left open, what was decided stays decided."""
    monkeypatch.setattr(resume_points, "CHECKPOINT_EVERY", checkpoint_every)
    events = story(name)
    whole = Disk()
    follow(CallLog("p", HALL, whole), events)
    for cut in range(6, len(events)):
        disk = Disk()
        follow(CallLog("p", HALL, disk), events[:cut])
        decided = {one.facts.id: one for one in disk.calls.values() if one.facts.ended_at is not None}
        at = events[cut - 1].arrived_us
        log = restarted(disk, at)
        follow(log, [up(at + 100), *events[cut:]])
        assert set(disk.calls) == set(whole.calls), cut
        assert disk.open_ids() == set()
        for call_id, call in disk.calls.items():
            assert call.facts.phones == whole.calls[call_id].facts.phones, cut
            if call_id in decided:
                assert call == decided[call_id]
            elif call.judgement.verdict.value != "cannot_tell":
                judged = whole.calls[call_id].judgement
                assert (call.judgement.verdict, call.judgement.cause) == (judged.verdict, judged.cause), cut


def test_a_restart_goes_back_to_the_last_checkpoint_and_no_further(monkeypatch):
    monkeypatch.setattr(resume_points, "CHECKPOINT_EVERY", 10)
    disk = Disk()
    log = CallLog("p", HALL, disk)
    first = story("b_answer_17s")
    follow(log, first)
    at = first[-1].arrived_us
    follow(log, [phone("PJSIP/agent3", state, at + n) for n in range(20) for state in ("INUSE", "NOT_INUSE")])
    assert disk.sequence("p") - disk.resume_from <= 11
    assert restarted(disk, at).open_calls() == []


def test_events_of_a_call_that_was_over_do_not_open_it_again():
    """The journal that is read again may begin in the midst of a call that ended meanwhile."""
    disk = Disk()
    follow(CallLog("p", HALL, disk), story("b_answer_17s"))
    (whole,) = disk.calls.values()
    log = CallLog("p", HALL, disk)
    tail = disk.journal()[12:-3]
    log.resume(tail, resume_from=tail[0][0], open_ids=set(), stopped_at=tail[-1][1].arrived_us)
    assert log.open_calls() == []
    follow(log, [event for _, event in tail[-2:]])
    assert list(disk.calls.values()) == [whole]


@pytest.mark.parametrize("name", STORIES)
def test_a_verdict_is_told_once_however_late_the_last_events_come(name, monkeypatch):
    """And what is remembered for that stays bounded."""
    monkeypatch.setattr(told_verdicts, "MAX_TOLD", 3)
    log, events = CallLog("p", HALL, Disk()), story(name)
    with structlog.testing.capture_logs() as lines:
        follow(log, events)
        follow(log, events[-3:])  # the last events once more: they tell nothing new
    told = [(line["call"], line["verdict"]) for line in lines if line["event"] == "call_judged"]
    assert told
    assert len(told) == len(set(told))


def test_only_so_many_verdicts_are_remembered(monkeypatch):
    monkeypatch.setattr(told_verdicts, "MAX_TOLD", 1)
    log = CallLog("p", HALL, Disk())
    with structlog.testing.capture_logs() as lines:
        follow(log, story("queue_all_busy"))
    assert len({line["call"] for line in lines if line["event"] == "call_judged"}) == 3


def test_whoever_asked_to_hear_of_changed_calls_hears_of_each_as_it_stands_and_of_those_that_were_joined() -> None:
    heard: list[tuple[str, bool]] = []
    joined: list[tuple[str, str]] = []

    def changed(calls, merged):
        heard.extend((one.id, one.ended_at is not None) for one in calls)
        joined.extend(merged)

    for name in STORIES:
        log = CallLog("p", HALL, Disk())
        log.changed = changed
        follow(log, story(name))
        assert heard[-1][1]
    assert joined
    assert {gone for gone, _ in joined} <= {call_id for call_id, _ in heard}
