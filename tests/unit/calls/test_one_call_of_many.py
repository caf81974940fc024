"""What becomes of one call is no other's: it cannot be frozen, is stuck, is let go of for room, or forgotten."""

import pytest
from tests.unit.calls.story import HALL, T0
from voicedesk.ami.message import AmiEvent
from voicedesk.calls import registry
from voicedesk.calls import tracker as tracker_module
from voicedesk.calls.closed import LINGER_US
from voicedesk.calls.model import PhoneState
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS

A, B, C, D = (f"{T0 + n}.{n}" for n in range(4))


@pytest.fixture
def tracker():
    return Tracker("pbx", HALL)


def begun(uniqueid: str, second: float, event: str = "Newchannel", **more: str) -> AmiEvent:
    headers = {"Event": event, "Timestamp": f"{T0 + second:.6f}", "Channel": f"PJSIP/trunk-{uniqueid}", "Exten": "4001"}
    headers |= {"Uniqueid": uniqueid, "Linkedid": uniqueid, "CallerIDNum": "13812341234", **more}
    return AmiEvent.from_bytes("\r\n".join(f"{key}: {value}" for key, value in headers.items()).encode())


def told(tracker: Tracker) -> list[str]:
    return [facts.linkedids[0] for facts in tracker.take_changes().calls]


def test_a_call_that_cannot_be_frozen_costs_no_other(tracker, monkeypatch):
    for n, uniqueid in enumerate((A, B)):
        tracker.receive(begun(uniqueid, n))
    freeze = tracker_module.freeze

    def freeze_others(record, *rest):
        if record.linkedids == [A]:
            raise RuntimeError("nobody foresaw it")
        return freeze(record, *rest)

    monkeypatch.setattr(tracker_module, "freeze", freeze_others)
    changes = tracker.take_changes()
    assert [facts.linkedids for facts in changes.calls] == [(B,)]
    assert [str(error) for _, error in changes.failed] == ["nobody foresaw it"]
    assert [facts.linkedids for facts in tracker.open_calls()] == [(B,)]
    monkeypatch.undo()
    tracker.receive(begun(A, 3, "Newstate", ChannelStateDesc="Up"))
    (facts,) = (one for one in tracker.take_changes().calls if one.linkedids == (A,))
    assert facts.gaps, "what was to be told of it then is doubtful"


def test_a_record_without_a_linkedid_is_told_of_no_more(tracker):
    tracker.receive(begun(A, 0))
    tracker.receive(begun(B, 1))
    record = tracker._registry.channels[A].call
    record.linkedids = []
    assert told(tracker) == [B]


def test_a_stuck_call_is_ended_and_the_others_go_on(tracker):
    for n, uniqueid in enumerate((A, B)):
        tracker.receive(begun(uniqueid, n))
    stuck = tracker.call_of(A)
    assert stuck is not None
    tracker.end_stuck([stuck.id], (T0 + 100) * MICROSECONDS)
    assert [facts.linkedids for facts in tracker.open_calls()] == [(B,)]


def test_where_there_is_room_for_two_calls_whoever_was_silent_for_longest_goes(tracker, monkeypatch):
    monkeypatch.setattr(registry, "MAX_OPEN_CALLS", 2)
    for n, uniqueid in enumerate((A, B, C)):
        tracker.receive(begun(uniqueid, n))
    tracker.receive(begun(B, 5, "Newstate", ChannelStateDesc="Up"))
    tracker.receive(begun(D, 6))
    assert {facts.linkedids[0] for facts in tracker.open_calls()} == {B, D}
    assert tracker.swept == 2


def test_where_there_is_room_for_none_there_is_nobody_to_let_go_of(tracker, monkeypatch):
    monkeypatch.setattr(registry, "MAX_OPEN_CALLS", 0)
    tracker.receive(begun(A, 0))
    assert [facts.linkedids for facts in tracker.open_calls()] == [(A,)]


def test_whose_call_goes_on_is_known_by_any_of_its_channels(tracker):
    tracker.receive(begun(A, 0))
    tracker.receive(begun(B, 1, CallerIDNum="13800000000"))
    assert tracker.knows(A)
    assert tracker.channels_with(lambda text: "13812341234" in text) == {A}
    assert tracker.is_up([A, "nobody's"])
    tracker.receive(begun(A, 2, "Hangup", Cause="16"))
    assert not tracker.is_up([A])
    assert tracker.channels_with(lambda text: "13812341234" in text) == set()


def test_of_calls_that_nobody_keeps_nothing_is_told_and_late_events_open_none_of_them(tracker):
    for n, uniqueid in enumerate((A, B, C)):
        tracker.receive(begun(uniqueid, n, "QueueCallerJoin", Queue="hotline"))
    tracker.receive(begun(C, 3, "Hangup", Cause="16"))
    kept = tracker.call_of(A)
    assert kept is not None
    tracker.forget_others([kept.id])
    assert told(tracker) == [A]
    assert [record.id for record in tracker._registry.waiting] == [kept.id]
    for uniqueid in (B, C):
        tracker.receive(begun(uniqueid, 4, "Newstate", ChannelStateDesc="Up"))
    assert (told(tracker), tracker.open_ids()) == ([], [kept.id])
    tracker.receive(begun(A, 4, "Shutdown"))
    assert told(tracker) == [A]


@pytest.mark.parametrize(("is_kept", "state"), [(True, PhoneState.TALKING), (False, PhoneState.UNKNOWN)])
def test_a_phone_talks_no_more_in_a_call_that_nobody_keeps(tracker, is_kept, state):
    def dialled(caller: str, second: float) -> AmiEvent:
        phone = {"DestChannel": f"PJSIP/agent1-{caller}", "DestUniqueid": f"{caller}9", "DestLinkedid": caller}
        return begun(caller, second, "DialBegin", DialString="agent1", **phone)

    tracker.receive(dialled(A, 0))
    up = {"Channel": f"PJSIP/agent1-{A}", "Linkedid": A, "ChannelStateDesc": "Up"}
    tracker.receive(begun(f"{A}9", 1, "Newstate", **up))
    tracker.forget_others(tracker.open_ids() if is_kept else [])
    tracker.receive(dialled(B, 2))
    (leg,) = tracker.call_of(B).legs
    assert (leg.endpoint, leg.state_before) == ("PJSIP/agent1", state)


def test_what_is_over_and_told_is_let_go_of_at_once(tracker):
    tracker.receive(begun(A, 0))
    record = tracker._registry.channels[A].call
    tracker.receive(begun(A, 1, "Hangup", Cause="16"))
    assert told(tracker) == [A]
    tracker.receive(begun(B, 1 + LINGER_US / MICROSECONDS + 1))
    assert (record.channels, tracker.knows(A)) == ({}, False)
