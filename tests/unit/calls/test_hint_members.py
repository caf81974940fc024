"""Queues whose members are hints and Local channels: why nobody rang is told by the phones behind them."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.calls.story import HALL, Story, tell, track
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Cause, Line, PhoneState, Verdict
from voicedesk.calls.replay import replay
from voicedesk.calls.tracker import Tracker

CAPTURES = Path(__file__).parents[2] / "captures" / "members"
A1, A2, A3 = "PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"
EXTENSIONS = {A1: "6001", A2: "6002", A3: "6003"}
HINTED = replace(HALL, extensions=EXTENSIONS)


def member(number: int, status: int = 1, paused: int = 0, at: float = 0, **more) -> str:
    headers = {
        "Queue": "hotline",
        "Interface": f"Local/{number}@from-queue/n",
        "StateInterface": f"hint:{number}@ext-local",
        "Status": status,
        "Paused": paused,
    }
    return f"{at} QueueMemberStatus - " + " ".join(f"{key}={value}" for key, value in (headers | more).items())


def talk(phone: str, call: str, at: float) -> str:
    """A caller of the hall who talks at a phone, led there without the queue."""
    return f"""
        {at} Ring trunk#{call} Exten=4001 call={call}
        {at} DialBegin trunk#{call} > {phone}#{call} DialString={phone} call={call}
        {at} Ringing {phone}#{call} call={call}
        {at + 1} Up {phone}#{call} call={call}
        {at + 1} DialEnd trunk#{call} > {phone}#{call} DialStatus=ANSWER call={call}
        {at + 1} DeviceStateChange - Device=PJSIP/{phone} State=INUSE
    """


WAITS = """
    10 QueueCallerJoin trunk#9 Queue=hotline Exten=4001 call=z
    27 HangupRequest trunk#9 call=z
    27 QueueCallerLeave trunk#9 Queue=hotline call=z
    27 Hangup trunk#9 Cause=16 call=z
"""


def told(*parts: str, hall=HINTED):
    """The call of the caller who waits from 10 s to 27 s while nothing rings."""
    return next(call for call in tell("\n".join(parts) + WAITS, hall) if not call.facts.legs)


def states(call) -> dict[str, tuple[PhoneState, ...]]:
    return {seen.endpoint: seen.states for seen in call.facts.phones}


# --- why nobody rang


def test_every_phone_behind_a_hint_talks_so_all_are_busy():
    call = told(member(6001), member(6002), talk("agent1", "1", 1), talk("agent2", "2", 2))
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.ALL_BUSY)
    assert states(call) == {A1: (PhoneState.TALKING,), A2: (PhoneState.TALKING,)}


def test_a_phone_that_rings_for_another_caller_is_neither_free_nor_talks():
    rings = """
        0 DeviceStateChange - Device=PJSIP/agent1 State=NOT_INUSE
        9 DialBegin trunk#1 > agent1#1 DialString=agent1 Exten=4001 call=1
        9 Ringing agent1#1 call=1
    """
    assert states(told(rings, member(6001))) == {A1: (PhoneState.RINGING,)}


def test_one_phone_behind_a_hint_is_free_so_it_should_have_rung():
    free = "0 DeviceStateChange - Device=PJSIP/agent2 State=NOT_INUSE"
    call = told(free, member(6001), member(6002), talk("agent1", "1", 1))
    assert call.judgement.cause is Cause.ROUTING


def test_paused_members_behind_hints_are_an_empty_seat():
    call = told(member(6001, paused=1), member(6002, paused=1))
    assert (call.judgement.verdict, call.judgement.cause) == (Verdict.MISSED, Cause.EMPTY_SEAT)
    assert states(call) == {A1: (PhoneState.PAUSED,), A2: (PhoneState.PAUSED,)}


def test_one_talks_and_one_is_paused_so_they_are_not_all_busy():
    assert told(member(6001), member(6002, paused=1), talk("agent1", "1", 1)).judgement.cause is Cause.EMPTY_SEAT


def test_do_not_disturb_in_the_hint_is_no_free_phone():
    free = "0 DeviceStateChange - Device=PJSIP/agent1 State=NOT_INUSE"
    call = told(free, member(6001, status=3))
    assert (call.judgement.cause, states(call)) == (Cause.EMPTY_SEAT, {A1: (PhoneState.IN_USE,)})


def test_a_hint_whose_devices_are_gone_is_an_unregistered_phone():
    assert states(told(member(6001, status=5))) == {A1: (PhoneState.UNREGISTERED,)}


def test_a_free_hint_tells_of_a_phone_whose_device_nobody_told():
    assert states(told(member(6001))) == {A1: (PhoneState.FREE,)}


@pytest.mark.parametrize("status", [0, 2, 3, 4, 6, 7, 8])
def test_of_a_member_without_a_phone_being_busy_is_no_state_of_anybody(status):
    call = told(member(6099, status=status))
    assert states(call) == {"Local/6099@from-queue/n": (PhoneState.UNKNOWN,)}


def test_a_local_channel_watched_for_itself_says_nothing_of_its_phone():
    local = "Local/6099@from-queue/n"
    assert states(told(member(6099, StateInterface=local))) == {local: (PhoneState.UNKNOWN,)}
    assert states(told(member(6001, StateInterface="Local/6001@from-queue/n"))) == {A1: (PhoneState.UNKNOWN,)}


def test_a_member_without_a_phone_is_paused_all_the_same():
    assert states(told(member(6099, paused=1)))["Local/6099@from-queue/n"] == (PhoneState.PAUSED,)


def test_a_phone_named_by_the_member_wins_over_the_hint_it_is_watched_by():
    call = told(member(6002, Interface=A1), talk("agent1", "1", 1))
    assert states(call) == {A1: (PhoneState.TALKING,)}


def test_one_phone_directly_and_by_a_hint_is_one_phone():
    direct = member(0, Interface=A1, StateInterface=A1, Queue="second")
    call = told(direct, member(6001, paused=1))
    assert states(call) == {A1: (PhoneState.PAUSED,)}
    assert states(told(member(6001, paused=0), member(6001, paused=1, Queue="second")))[A1] == (PhoneState.FREE,)


def test_a_phone_twice_in_a_queue_is_paused_only_when_both_are():
    twice = member(0, Interface=A1, StateInterface=A1)
    assert states(told(twice, member(6001, paused=1)))[A1] == (PhoneState.FREE,)
    assert states(told(twice.replace("Paused=0", "Paused=1"), member(6001, paused=1)))[A1] == (PhoneState.PAUSED,)


def test_a_member_added_again_under_another_name_is_not_there_twice():
    removed = (
        "3 QueueMemberRemoved - Queue=hotline Interface=Local/6001@from-queue/n StateInterface=hint:6001@ext-local"
    )
    again = member(0, Interface=A1, StateInterface=A1, paused=1, at=4)
    assert states(told(member(6001), removed, again)) == {A1: (PhoneState.PAUSED,)}
    assert states(told(member(6001), removed)) == {}


def test_who_talks_at_one_device_of_an_extension_is_not_free_at_the_other():
    hint = "0 ExtensionStatus - Exten=6001 Context=ext-local Hint=PJSIP/agent1&PJSIP/soft1&Custom:DND6001 Status=0"
    free = "\n0 DeviceStateChange - Device=PJSIP/soft1 State=NOT_INUSE\n"
    call = told(hint, free, member(6001), talk("agent1", "1", 1))
    assert states(call) == {A1: (PhoneState.TALKING,), "PJSIP/soft1": (PhoneState.TALKING,)}
    assert call.judgement.cause is Cause.ALL_BUSY


def test_a_phone_of_a_ring_group_is_free_while_another_talks():
    hint = "0 ExtensionStatus - Exten=600 Context=ext-local Hint=PJSIP/agent1&PJSIP/agent2 Status=0"
    free = "\n0 DeviceStateChange - Device=PJSIP/agent2 State=NOT_INUSE\n"
    call = told(hint, free, member(600), talk("agent1", "1", 1))
    assert states(call) == {A1: (PhoneState.TALKING,), A2: (PhoneState.FREE,)}


# --- contacts


def contact(status: str, uri: str, at: float = 5) -> str:
    return f"{at} ContactStatus - EndpointName=agent1 ContactStatus={status} URI=sip:{uri}"


def test_of_two_contacts_one_may_go_and_the_phone_is_not_away():
    direct = member(0, Interface=A1, StateInterface=A1, status=0)
    both = f"{contact('Created', 'one')}\n{contact('Reachable', 'two')}\n"
    assert states(told(direct, both, contact("Removed", "one", 6))) == {A1: (PhoneState.UNKNOWN,)}
    gone = f"{contact('Removed', 'one', 6)}\n{contact('Unreachable', 'two', 7)}"
    assert states(told(direct, both, gone)) == {A1: (PhoneState.UNREACHABLE,)}


@pytest.mark.parametrize("status", ["Lagged", "Reachable", "Registered", "Rejected"])
def test_a_chan_sip_phone_that_is_slow_is_not_away(status):
    direct = member(0, Interface="SIP/300", StateInterface="SIP/300", status=1)
    call = told(direct, f"5 PeerStatus - Peer=SIP/300 PeerStatus={status}")
    assert states(call) == {"SIP/300": (PhoneState.FREE,)}


# --- when the phone becomes known, or another


def test_a_phone_that_becomes_known_while_a_caller_waits_goes_on_under_its_own_name():
    hall = replace(HALL, extensions={})
    hint = "12 ExtensionStatus - Exten=77 Context=ext-local Hint=PJSIP/agent3 Status=0"
    call = told(member(77), "10 QueueCallerJoin trunk#9 Queue=hotline Exten=4001 call=z", hint, hall=hall)
    assert states(call) == {A3: (PhoneState.FREE,)}


def test_a_member_whose_phone_is_not_known_yet_goes_on_under_its_own_name():
    hint = "12 ExtensionStatus - Exten=77 Context=ext-local Hint=PJSIP/agent3 Status=0"
    joined = "10 QueueCallerJoin trunk#9 Queue=hotline Exten=4001 call=z"
    call = told(member(77), member(78), joined, hint, hall=replace(HALL, extensions={}))
    assert states(call) == {A3: (PhoneState.FREE,), "Local/78@from-queue/n": (PhoneState.FREE,)}


def test_settings_read_again_count_for_those_who_wait():
    tracker = Tracker("pbx", replace(HALL, extensions={}))
    story = Story()
    for event in story.events(member(6001, paused=1) + "\n10 QueueCallerJoin trunk Queue=hotline Exten=4001"):
        tracker.receive(event)
    (call,) = tracker.open_calls()
    assert [seen.endpoint for seen in call.phones] == ["Local/6001@from-queue/n"]
    tracker.change_hall(HINTED)
    (call,) = tracker.open_calls()
    assert [(seen.endpoint, seen.states) for seen in call.phones] == [(A1, (PhoneState.PAUSED,))]


def test_a_checkpoint_carries_members_and_what_was_learned():
    story = Story()
    hint = "0 ExtensionStatus - Exten=77 Context=ext-local Hint=PJSIP/agent3 Status=0\n"
    before = Tracker("pbx", HALL)
    for event in story.events(hint + member(77, paused=1) + "\n1 DeviceStateChange - Device=PJSIP/agent3 State=INUSE"):
        before.receive(event)
    after = Tracker("pbx", HALL)
    for event in [before.checkpoint(1_800_000_002_000_000), *story.events(WAITS)]:
        after.receive(event)
    (call,) = after.take_changes().calls
    assert [(seen.endpoint, seen.states) for seen in call.phones] == [(A3, (PhoneState.PAUSED,))]


@pytest.mark.parametrize(
    ("told_since", "state"), [("", PhoneState.UNREACHABLE), (contact("Reachable", "one", 9), PhoneState.UNKNOWN)]
)
def test_a_checkpoint_carries_which_phones_are_out_of_reach(told_since, state):
    story, before, after = Story(), Tracker("pbx", HALL), Tracker("pbx", HALL)
    for event in story.events(member(0, Interface=A1, StateInterface=A1, status=0) + "\n" + contact("Unreachable", "")):
        before.receive(event)
    for event in [before.checkpoint(1_800_000_008_000_000), *story.events(told_since + "\n" + WAITS)]:
        after.receive(event)
    (call,) = after.take_changes().calls
    assert [(seen.endpoint, seen.states) for seen in call.phones] == [(A1, (state,))]


def test_a_checkpoint_of_an_older_version_is_still_read():
    known = '{"device":{"PJSIP/agent1":"free"},"contact":{},"queues":{"hotline":{"PJSIP/agent1":true}},"gaps":[]}'
    raw = f"Event: VoicedeskCheckpoint\r\nPrivilege: own\r\nTimestamp: 1800000000.000000\r\nState: up\r\nKnown: {known}"
    checkpoint = AmiEvent.from_bytes(raw.encode())
    (call,) = track([checkpoint, *Story().events(WAITS)], HINTED)
    assert states(call) == {A1: (PhoneState.PAUSED,)}
    hinted = AmiEvent.from_bytes(raw.replace('"hotline":{"PJSIP/agent1"', '"hotline":{"hint:6001@ext-local"').encode())
    (call,) = track([hinted, *Story().events(WAITS)], HINTED)
    assert states(call) == {A1: (PhoneState.PAUSED,)}
    (call,) = track([hinted, *Story().events(member(6001, at=1) + WAITS)], HINTED)
    assert states(call) == {A1: (PhoneState.FREE,)}
    unpaused = member(6001, Interface="Local/6001@phones/n", StateInterface=A1, at=1)
    (call,) = track([checkpoint, *Story().events(unpaused + WAITS)], HINTED)
    assert states(call) == {A1: (PhoneState.FREE,)}


def test_a_member_that_a_whole_list_does_not_name_is_gone():
    tracker = Tracker("pbx", HINTED)
    story = Story()
    begin, end = (
        AmiEvent.from_bytes(
            f"Event: VoicedeskSnapshot\r\nPrivilege: own\r\nTimestamp: 1800000005.0\r\nState: {state}".encode()
        )
        for state in ("begin", "end\r\nComplete: 1")
    )
    for event in [*story.events(member(6001)), begin, *story.events(member(6002, at=5)), end, *story.events(WAITS)]:
        tracker.receive(event)
    (call,) = tracker.take_changes().calls
    assert [seen.endpoint for seen in call.phones] == [A2]


def test_the_same_events_again_change_nothing():
    events = Story().events(member(6001) + member(6002).join("\n\n") + talk("agent1", "1", 1) + WAITS)
    twice = [event for event in events for _ in range(2)]
    assert [call.facts for call in track(events, HINTED)] == [call.facts for call in track(twice, HINTED)]


# --- a real call


@pytest.mark.parametrize("with_settings", [True, False])
def test_hint_members_all_talk_for_real(with_settings):
    line = Line(name="hotline", extensions=frozenset({"4205"}), queues=frozenset({"fpbx"}), phones=frozenset({A1, A2}))
    hall = replace(HALL, lines=(line,), extensions=EXTENSIONS) if with_settings else None
    calls = replay((CAPTURES / "hint_local_members_all_talk.raw").read_bytes(), hall=hall).calls
    found = [(call.facts.caller_number, call.judgement.verdict, call.judgement.cause) for call in calls]
    assert found[-1] == ("13800138003", Verdict.MISSED, Cause.ALL_BUSY)
    assert [verdict for _, verdict, _ in found] == [Verdict.ON_TIME, Verdict.ON_TIME, Verdict.MISSED]
