"""What the journal says was known beside the calls may be damaged: then nothing was known, and calls go on."""

import pytest
from voicedesk.ami.message import make_event
from voicedesk.calls.model import Hall
from voicedesk.calls.registry import born_us
from voicedesk.calls.tracker import CHECKPOINT, Tracker


@pytest.mark.parametrize(
    "known",
    [
        "{",
        "null",
        "[]",
        "{}",
        '{"device": []}',
        '{"device": {"PJSIP/1": "no state"}, "contact": {}, "queues": {}, "members": {}, "ties": {}, "gaps": []}',
        '{"device": {}, "contact": {}, "queues": {}, "members": {"q": {"m": 1.5}}, "ties": {}, "gaps": []}',
        "[" * 100_000,
        "9" * 5000,
    ],
    ids=lambda known: known[:12],
)
def test_a_damaged_checkpoint_ends_nothing(known):
    tracker = Tracker("main", Hall(phones=frozenset(), every_extension_is_a_line=True))
    tracker.receive(make_event(CHECKPOINT, {"State": "up", "Known": known, "Timestamp": "1795421258.0"}, arrived_us=1))
    headers = {"Timestamp": "1795421259.0", "Channel": "PJSIP/a-1", "Uniqueid": "1795421259.1"}
    tracker.receive(make_event("Newchannel", {**headers, "Linkedid": "1795421259.1", "Exten": "4001"}, arrived_us=2))
    assert len(tracker.take_changes().calls) == 1


@pytest.mark.parametrize("uniqueid", ["9" * 5000 + ".1", "1795421258123.1", "20261129155812", "x-" + "1" * 30])
def test_an_id_that_no_switch_gave_tells_no_time(uniqueid):
    assert born_us(uniqueid) is None
