"""Breaks, absences and do-not-disturb of phones that their queues know by hints and Local channels only."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phones.switch import (
    A1,
    A2,
    A3,
    MINUTE,
    MORNING,
    SECOND,
    Hall1,
    device,
    event,
    rules,
    snapshot,
)
from voicedesk.ami.message import make_mark
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.calls.model import Hall, Line, PhoneState
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.phones.model import BreakSource
from voicedesk.phones.watch import PhoneWatch

CAPTURES = Path(__file__).parents[2] / "captures" / "members"


def hinted(number: int, when: int, *, paused: bool = False, name: str = "QueueMemberPause", **more):
    headers = {
        "Queue": "hotline",
        "MemberName": f"seat {number}",
        "Interface": f"Local/{number}@from-queue/n",
        "StateInterface": f"hint:{number}@ext-local",
        "LastPause": when // SECOND if paused else 0,
        "Status": 1,
        "Paused": int(paused),
        "PausedReason": "lunch" if paused else "",
    }
    return event(name, when, **(headers | more))


def hall_of(**more) -> Hall:
    usual = rules().hall
    return replace(usual, extensions={A1: "6001", A2: "6002"}, **more)


def listed(when: int, *numbers: int, **more):
    return [hinted(number, when, name="QueueMember", **more) for number in numbers or (6001, 6002)]


@pytest.fixture
def hall():
    """Both phones there and free, known to their queue as FreePBX writes it."""
    one = Hall1(hall=hall_of())
    devices = [device(A1, "NOT_INUSE", MORNING), device(A2, "NOT_INUSE", MORNING)]
    one.tell(*snapshot(MORNING, *listed(MORNING), *devices))
    one.look(MORNING)
    return one


def test_both_members_paused_are_two_breaks_and_nobody_is_free(hall):
    hall.tell(hinted(6001, MORNING + SECOND, paused=True), hinted(6002, MORNING + 2 * SECOND, paused=True))
    hall.look(MORNING + 3 * SECOND)
    assert [(one.endpoint, one.reason, one.from_at) for one in hall.breaks] == [
        (A1, "lunch", MORNING + SECOND),
        (A2, "lunch", MORNING + 2 * SECOND),
    ]
    assert [one.state for one in hall.watch.standings()] == [PhoneState.PAUSED] * 2
    assert hall.watch.is_deserted("社保")
    hall.look(MORNING + MINUTE)
    hall.look(MORNING + 31 * MINUTE)
    assert hall.found() == [
        ("nobody_free", "社保", False),
        ("break_too_long", A1, False),
        ("break_too_long", A2, False),
    ]
    hall.tell(hinted(6001, MORNING + 32 * MINUTE))
    hall.look(MORNING + 32 * MINUTE)
    assert hall.breaks[-1].to_at == MORNING + 32 * MINUTE
    assert set(hall.found()[-2:]) == {("break_too_long", A1, True), ("nobody_free", "社保", True)}


def test_a_capture_of_paused_hint_members_is_two_breaks_for_real():
    line = Line(name="hotline", queues=frozenset({"fpbx"}), phones=frozenset({A1, A2}))
    hall = Hall(lines=(line,), phones=frozenset({A1, A2}), extensions={A1: "6001", A2: "6002"})
    raw = (CAPTURES / "hint_local_members_paused.raw").read_bytes()
    events = RecordedConversation(WANTED_EVENTS).receive_data(raw)
    began = events[0].timestamp_us or 0
    watch = PhoneWatch(["hall"], rules(hall=hall, duty={"hotline": ("Mon-Sun 00:00-24:00",)}))
    watch.receive("hall", [make_mark("VoicedeskLink", "up", began), *snapshot(began), *events])
    breaks = watch.look(began + SECOND).breaks
    assert [(one.endpoint, one.reason) for one in breaks] == [(A1, "lunch"), (A2, "lunch")]
    kinds = [one.kind.value for one in watch.look(began + 31 * MINUTE).findings]
    assert sorted(kinds) == ["break_too_long", "break_too_long", "nobody_free"]


def test_the_same_phone_directly_in_one_queue_and_by_a_hint_in_another_is_one_phone(hall):
    direct = {"Queue": "medical", "Interface": A1, "StateInterface": A1}
    hall.tell(hinted(6001, MORNING, name="QueueMemberAdded", **direct))
    hall.tell(hinted(6001, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert hall.breaks == []
    hall.tell(hinted(6001, MORNING + MINUTE, paused=True, **direct))
    hall.look(MORNING + MINUTE)
    assert [(one.endpoint, one.from_at) for one in hall.breaks] == [(A1, MORNING + MINUTE)]
    phone = hall.watch.switches["hall"].phones[A1]
    assert {one.interface for one in phone.members.values()} == {A1, "Local/6001@from-queue/n"}


def test_a_member_added_again_under_another_name_is_one_place(hall):
    hall.tell(hinted(6001, MORNING + SECOND, name="QueueMemberRemoved"))
    direct = {"Interface": A1, "StateInterface": "hint:6001@ext-local"}
    hall.tell(hinted(6001, MORNING + SECOND, name="QueueMemberAdded", **direct))
    hall.tell(hinted(6001, MORNING + MINUTE, paused=True, **direct))
    hall.look(MORNING + MINUTE)
    assert [(one.endpoint, one.from_at) for one in hall.breaks] == [(A1, MORNING + MINUTE)]
    hall.tell(hinted(6001, MORNING + 2 * MINUTE, name="QueueMemberRemoved", paused=True, **direct))
    hall.look(MORNING + 3 * MINUTE)
    assert (hall.breaks[-1].to_at, hall.breaks[-1].end_seen) == (MORNING + 2 * MINUTE, True)


def test_added_to_a_second_queue_during_a_break_begins_no_new_one(hall):
    hall.tell(hinted(6001, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    hall.tell(hinted(6001, MORNING + 20 * MINUTE, paused=True, name="QueueMemberAdded", Queue="medical"))
    hall.look(MORNING + 20 * MINUTE)
    hall.look(MORNING + 31 * MINUTE)
    assert len(hall.breaks) == 1
    assert ("break_too_long", A1, False) in hall.found()


def test_two_devices_of_one_extension_are_one_break_and_neither_is_free(hall):
    hint = {"Exten": "6001", "Context": "ext-local", "Hint": "PJSIP/agent1&SIP/soft1&Custom:DND6001"}
    hall.tell(event("ExtensionStatus", MORNING, **hint, Status=0), device("SIP/soft1", "NOT_INUSE", MORNING))
    hall.tell(hinted(6001, MORNING + SECOND, paused=True), hinted(6002, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert [one.endpoint for one in hall.breaks] == [A1, A2]
    assert [(one.endpoint, one.state) for one in hall.watch.standings()] == [
        (A1, PhoneState.PAUSED),
        (A2, PhoneState.PAUSED),
        ("SIP/soft1", PhoneState.PAUSED),
    ]
    assert hall.watch.is_deserted("社保")


def test_a_device_of_a_seat_that_is_off_is_not_away_while_the_other_can_be_rung(hall):
    hint = {"Exten": "6001", "Context": "ext-local", "Hint": "PJSIP/agent1&SIP/soft1"}
    hall.tell(event("ExtensionStatus", MORNING, **hint, Status=0), device("SIP/soft1", "UNAVAILABLE", MORNING))
    hall.look(MORNING + MINUTE)
    hall.look(MORNING + 2 * MINUTE)
    assert hall.found() == []
    hall.tell(device(A1, "UNAVAILABLE", MORNING + 3 * MINUTE))
    hall.look(MORNING + 4 * MINUTE)
    assert ("phone_unregistered", A1, False) in hall.found()


def test_a_paused_ring_group_is_nobody_s_break_but_nobody_is_free(hall):
    hint = {"Exten": "600", "Context": "ext-local", "Hint": "PJSIP/agent1&PJSIP/agent2"}
    hall.tell(event("ExtensionStatus", MORNING, **hint, Status=0))
    members = [hinted(600, MORNING, name="QueueMember")]
    devices = [device(A1, "NOT_INUSE", MORNING), device(A2, "NOT_INUSE", MORNING)]
    hall.tell(*snapshot(MORNING, *members, *devices), hinted(600, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert hall.breaks == []
    assert hall.watch.is_deserted("社保")


def test_a_member_that_no_phone_is_known_of_keeps_nobody_free_open_and_accuses_nobody(hall):
    hall.tell(hinted(6001, MORNING + SECOND, paused=True), hinted(6002, MORNING + SECOND, paused=True))
    mobile = {"Interface": "Local/13800138000@from-queue/n", "StateInterface": "hint:13800138000@ext-local"}
    hall.tell(hinted(0, MORNING + SECOND, name="QueueMemberAdded", **mobile))
    hall.look(MORNING + 2 * SECOND)
    hall.look(MORNING + 2 * MINUTE)
    assert hall.found() == []
    assert [one.interface for one in hall.watch.switches["hall"].untied()] == [mobile["Interface"]]
    hall.tell(hinted(0, MORNING + 3 * MINUTE, paused=True, **mobile))
    hall.look(MORNING + 4 * MINUTE)
    hall.look(MORNING + 5 * MINUTE)
    assert hall.found() == [("nobody_free", "社保", False)]
    assert len(hall.breaks) == 2


def test_a_phone_that_becomes_known_by_a_call_has_the_break_that_was_told_before():
    hall = Hall1(hall=replace(hall_of(), extensions={}))
    local = {"Interface": "Local/wang@agents/n", "StateInterface": "Local/wang@agents/n"}
    devices = [device(A1, "NOT_INUSE", MORNING), device(A2, "NOT_INUSE", MORNING)]
    hall.tell(*snapshot(MORNING, hinted(0, MORNING, name="QueueMember", **local), *devices))
    hall.tell(hinted(0, MORNING + SECOND, paused=True, **local))
    hall.look(MORNING + 2 * SECOND)
    assert hall.breaks == []
    dial = {"Channel": "Local/wang@agents-0000000a;2", "DestChannel": "PJSIP/agent1-00000001", "DialString": "agent1"}
    hall.tell(event("DialBegin", MORNING + 3 * SECOND, **dial))
    hall.look(MORNING + 4 * SECOND)
    assert [(one.endpoint, one.from_at) for one in hall.breaks] == [(A1, MORNING + SECOND)]


def test_other_settings_move_a_member_to_another_phone(hall):
    hall.tell(hinted(6001, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    usual = hall.watch.rules
    hall.watch.rules = replace(usual, hall=replace(usual.hall, extensions={A2: "6001"}))
    hall.look(MORNING + 3 * SECOND)
    assert [(one.endpoint, one.to_at is not None) for one in hall.breaks] == [(A1, False), (A1, True), (A2, False)]


def test_a_hint_tells_of_a_phone_whose_device_nobody_tells():
    hall = Hall1(hall=hall_of())
    hall.tell(*snapshot(MORNING, *listed(MORNING)))
    hall.tell(hinted(6001, MORNING + SECOND, name="QueueMemberStatus", Status=5))
    hall.look(MORNING + 2 * SECOND)
    assert [one.state for one in hall.watch.standings()] == [PhoneState.UNREGISTERED, PhoneState.FREE]
    hall.tell(device(A1, "NOT_INUSE", MORNING + 3 * SECOND))
    hall.tell(hinted(6001, MORNING + 4 * SECOND, name="QueueMemberStatus", Status=5))
    hall.look(MORNING + 5 * SECOND)
    assert hall.watch.standings()[0].state is PhoneState.FREE


@pytest.mark.parametrize("status", range(9))
def test_no_status_of_a_member_is_a_break(hall, status):
    """Neither wrap-up time, nor a call, nor a phone that is away, nor one that rings."""
    hall.tell(
        hinted(6001, MORNING + SECOND, name="QueueMemberStatus", Status=status, InCall=1, Wrapuptime=30, Penalty=5)
    )
    hall.look(MORNING + 2 * SECOND)
    assert hall.breaks == []


# --- do-not-disturb


@pytest.mark.parametrize("state", ["BUSY", "INUSE"])
@pytest.mark.parametrize("name", ["Custom:DND6001", "custom:dnd6001", "Custom:DND_6001"])
def test_dnd_is_on_whichever_way_the_switch_says_so(hall, name, state):
    hall.tell(device(name, state, MORNING + SECOND))
    hall.look(MORNING + 30 * SECOND)
    assert hall.found() == [("dnd_on", A1, False)]
    hall.tell(device(name, "NOT_INUSE", MORNING + MINUTE))
    hall.look(MORNING + MINUTE)
    assert hall.found()[-1] == ("dnd_on", A1, True)


@pytest.mark.parametrize(
    "name", ["Custom:DEVDND6001", "Custom:FOLLOWME6001", "Custom:Queue6001*9000", "Queue:hotline_pause_Local/6001@x/n"]
)
def test_other_custom_devices_are_no_phones_and_no_dnd(hall, name):
    hall.tell(device(name, "INUSE", MORNING + SECOND))
    hall.look(MORNING + 2 * MINUTE)
    assert hall.found() == []
    assert set(hall.watch.switches["hall"].phones) == {A1, A2}


def test_without_an_extension_in_the_settings_dnd_is_tied_by_the_phone_s_name_or_hint():
    line = Line(name="社保", queues=frozenset({"hotline"}), phones=frozenset({"PJSIP/101", A3}))
    hall = Hall1(hall=Hall(lines=(line,), phones=line.phones), extensions={})
    hint = {"Exten": "77", "Context": "ext-local", "Hint": "PJSIP/agent3&Custom:DND77", "Status": 0}
    phones = [device("PJSIP/101", "NOT_INUSE", MORNING), device(A3, "NOT_INUSE", MORNING)]
    hall.tell(*snapshot(MORNING, event("ExtensionStatus", MORNING, **hint), *phones))
    hall.tell(device("Custom:DND101", "BUSY", MORNING), device("Custom:DND77", "BUSY", MORNING))
    hall.look(MORNING + MINUTE)
    assert {one[:2] for one in hall.found()} == {("dnd_on", "PJSIP/101"), ("dnd_on", A3), ("nobody_free", "社保")}


# --- begun on purpose


def test_a_break_by_feature_code_of_a_hint_member_is_known_as_such(hall):
    hall.tell(event("UserEvent", MORNING, UserEvent="VoicedeskBreak", Channel=f"{A1}-0000002a"))
    hall.tell(hinted(6001, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    assert [(one.endpoint, one.source) for one in hall.breaks] == [(A1, BreakSource.FEATURE_CODE)]


def test_a_restart_of_the_service_goes_on_with_the_break_of_a_hint_member(hall):
    hall.tell(hinted(6001, MORNING + SECOND, paused=True))
    hall.look(MORNING + 2 * SECOND)
    hall.restarted()
    devices = [device(A1, "NOT_INUSE", MORNING), device(A2, "NOT_INUSE", MORNING)]
    again = [*listed(MORNING + MINUTE, 6001, paused=True, LastPause=MORNING // SECOND + 1), *listed(MORNING, 6002)]
    hall.tell(*snapshot(MORNING + MINUTE, *again, *devices))
    hall.look(MORNING + MINUTE)
    assert len(hall.breaks) == 1


@pytest.mark.parametrize("peer", ["SIP/300", "sip/300"])
def test_a_chan_sip_phone_that_no_longer_answers_is_unreachable(peer):
    line = Line(name="社保", queues=frozenset({"hotline"}), phones=frozenset({"SIP/300"}))
    hall = Hall1(hall=Hall(lines=(line,), phones=line.phones))
    hall.tell(event("PeerStatus", MORNING, Peer=peer, PeerStatus="Lagged"), device("SIP/300", "NOT_INUSE", MORNING))
    hall.look(MORNING + SECOND)
    assert hall.watch.standings()[-1].state is PhoneState.FREE
    hall.tell(event("PeerStatus", MORNING, Peer=peer, PeerStatus="Unreachable"))
    hall.tell(device("SIP/300", "UNAVAILABLE", MORNING + SECOND))
    hall.look(MORNING + MINUTE)
    assert hall.watch.standings()[-1].state is PhoneState.UNREACHABLE
