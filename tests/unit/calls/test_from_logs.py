"""What a log tells is less than what was seen: it says who was dialled, and not whether or when the phone rang."""

from dataclasses import replace

import pytest
from tests.unit.calls.story import HALL, Story
from voicedesk.calls.model import JudgedCall, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker

DIALLED = "0.0 DialBegin trunk > agent1 DialString=agent1 Exten=4001\n"
ENDED = """
 40.0 Hangup agent1 Cause=16
 40.0 Hangup trunk Cause=16
"""


def logged(text: str, hall=HALL, seen: str = "") -> list[JudgedCall]:
    """The calls of a story that was seen to some point and that the logs tell from there on."""
    tracker, story = Tracker("pbx", hall), Story()
    for event in story.events(seen):
        tracker.receive(event)
    for event in story.events(text):
        tracker.receive_logged(event)
    return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in tracker.take_changes().calls]


def logged_one(text: str, hall=HALL, seen: str = "") -> JudgedCall:
    (call,) = logged(text, hall, seen)
    return call


# --- whether, and when, the phone rang


UNNAMED = replace(HALL, phones=frozenset())


@pytest.mark.parametrize(
    ("hall", "phone", "dialled", "verdict"),
    [
        (HALL, "agent1", "agent1", Verdict.LATE),
        (HALL, "stranger", "stranger", Verdict.CANNOT_TELL),
        (UNNAMED, "stranger", "stranger", Verdict.LATE),
        (UNNAMED, "mobiles", "13900139000@mobiles", Verdict.CANNOT_TELL),
    ],
)
def test_only_a_phone_of_the_house_is_sure_to_ring_when_it_is_dialled(hall, phone, dialled, verdict):
    call = logged_one(
        f"""
         0.0 DialBegin trunk > {phone} DialString={dialled} Exten=4001
        17.5 Up        {phone}
        17.5 DialEnd   trunk > {phone} DialStatus=ANSWER
        40.0 Hangup    {phone} Cause=16
        40.0 Hangup    trunk Cause=16
        """,
        hall,
    )
    (leg,) = call.facts.legs
    assert (leg.from_log, leg.may_ring_late) == (True, verdict is Verdict.CANNOT_TELL)
    assert (call.judgement.verdict, call.judgement.legs[0].verdict) == (verdict, verdict)
