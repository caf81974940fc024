"""What an event does not tell erases nothing that another told, in whatever order they come."""

from itertools import permutations

import pytest
from voicedesk.ami.message import make_event
from voicedesk.calls.model import Hall, Line
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import format_epoch

START = 1_795_500_000_000_000
HALL = Hall(lines=(Line(name="hotline", extensions=frozenset({"4001"})),), phones=frozenset({"PJSIP/agent1"}))
CALLER = {"Channel": "PJSIP/trunk-1", "Uniqueid": "1.0", "Linkedid": "1.0"}
PHONE = {"DestChannel": "PJSIP/agent1-2", "DestUniqueid": "1.1", "DestLinkedid": "1.0"}
NOTHING = ["absent", "", "<unknown>", "anonymous", "Unavailable"]


def event(name, at, **headers):
    told = {key: value for key, value in headers.items() if value != "absent"}
    return make_event(name, {"Timestamp": format_epoch(START + at), **CALLER, **told}, arrived_us=START + at)


def number_of(events):
    tracker = Tracker("main", HALL)
    for one in events:
        tracker.receive(one)
    (facts,) = tracker.take_changes().calls
    return facts


def story(*numbers):
    """A call whose events tell these numbers, one each."""
    first, seen, announced, joined, dialled = numbers
    return [
        event("Newchannel", 0, CallerIDNum=first, Exten="4001"),
        event("Newstate", 1, CallerIDNum=seen, ChannelStateDesc="Ring", Exten="s"),
        event("UserEvent", 2, UserEvent="VoicedeskCall", CallerIDNum=announced, Number=announced, Line="hotline"),
        event("QueueCallerJoin", 3, CallerIDNum=joined, Queue="hotline"),
        event("DialBegin", 4, CallerIDNum=dialled, **PHONE),
    ]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("place", range(5))
def test_a_number_told_once_stays_whatever_the_other_events_do_not_tell(place, nothing):
    numbers = [nothing] * 5
    numbers[place] = "13800138000"
    for order in list(permutations(story(*numbers)))[::7]:
        facts = number_of(order)
        assert (facts.caller_number, facts.line) == ("13800138000", "hotline")


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_caller_whose_number_nobody_told_is_withheld(nothing):
    assert number_of(story(*[nothing] * 5)).caller_number is None


def test_the_most_trusted_number_that_was_told_stands():
    facts = number_of(story("0013800138000", "013800138000", "13800138000", "9013800138000", "013800138000"))
    assert facts.caller_number == "13800138000"


def test_a_queue_told_once_is_not_erased_by_a_join_that_names_none():
    events = [event("QueueCallerJoin", 1, Queue="hotline"), event("QueueCallerJoin", 2)]
    hall = Hall(lines=(Line(name="by queue", queues=frozenset({"hotline"})),))
    tracker = Tracker("main", hall)
    for one in (event("Newchannel", 0), *events):
        tracker.receive(one)
    (facts,) = tracker.take_changes().calls
    assert facts.line == "by queue"
