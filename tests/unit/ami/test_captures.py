"""Recorded conversations give the same events however their bytes were cut."""

from pathlib import Path

import pytest
from tests.fakes.ami_server import BANNER, block, event, newstate
from voicedesk.ami.message import Origin, make_event
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.clock import parse_epoch

ALL = sorted((Path(__file__).parents[2] / "captures").glob("*.raw"))
CAPTURES = [path for path in ALL if path.read_bytes().count(b"Asterisk Call Manager/") == 1]  # one link each
SMALL = min(CAPTURES, key=lambda path: path.stat().st_size)


def pieces(data, size):
    return (data[at : at + size] for at in range(0, len(data), size))


def raws(chunks):
    return [found.raw for found in RecordedConversation().read(chunks)]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_event_of_a_real_conversation_is_believed(path):
    data = path.read_bytes()
    conversation = RecordedConversation()
    events = list(conversation.read([data]))
    assert len(events) == data.count(b"\r\nEvent: ")
    assert not conversation.is_damaged
    assert not any(found.doubtful for found in events)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_fault_9_a_conversation_cut_anywhere_gives_the_same_events(path):
    data = path.read_bytes()
    whole = raws([data])
    step = 1 if path == SMALL else len(data) // 15
    for offset in range(1, len(data), step):
        assert raws([data[:offset], data[offset:]]) == whole, offset


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_fault_10_chunk_sizes_parse_alike(path):
    data = path.read_bytes()
    whole = raws([data])
    for size in (1, 2, 3, 1023, 1024, 1025, 65536):
        assert raws(pieces(data, size)) == whole, size


def test_a_recording_cut_short_gives_what_could_be_read_and_is_called_damaged():
    conversation = RecordedConversation()
    assert conversation.receive_data(BANNER + newstate("PJSIP/a-1", "1.1")[:-7]) == []
    assert conversation.is_damaged


def test_a_recording_may_begin_anywhere_in_the_stream():
    conversation = RecordedConversation()
    assert [found.get("Uniqueid") for found in conversation.receive_data(newstate("PJSIP/a-1", "1.1"))] == ["1.1"]
    assert not conversation.is_damaged


def test_an_event_of_a_recording_arrived_at_its_own_timestamp_or_the_last_one_seen():
    conversation = RecordedConversation(origin=Origin(pbx="hall", boot="b"))
    booted = event("FullyBooted", ("Uptime", 1), timestamp=None)
    events = conversation.receive_data(newstate("PJSIP/a-1", "1.1") + booted)
    assert [found.arrived_us for found in events] == [parse_epoch("1795421354.134550")] * 2
    assert (events[0].pbx, events[0].boot) == ("hall", "b")


def test_a_journal_keeps_our_own_events_and_the_items_of_lists():
    link = make_event("VoicedeskLink", {"State": "up", "Timestamp": "1795421354.1"}, arrived_us=1)
    item = block(("Event", "CoreShowChannel"), ("ActionID", "x-1"), ("Channel", "PJSIP/a-1"), ("Uniqueid", "1.1"))
    events = RecordedConversation().receive_data(link.raw + b"\r\n\r\n" + item)
    assert [found.name for found in events] == ["VoicedeskLink", "CoreShowChannel"]


def test_a_recording_read_for_some_names_keeps_our_own_events_too():
    link = make_event("VoicedeskLink", {"State": "up"}, arrived_us=1)
    events = RecordedConversation({"Hangup"}).receive_data(link.raw + b"\r\n\r\n" + newstate("PJSIP/a-1", "1.1"))
    assert [found.name for found in events] == ["VoicedeskLink"]
