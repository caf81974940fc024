"""Recorded conversations give the same events however their bytes were cut."""

from pathlib import Path

import pytest
from voicedesk.ami.recorded import RecordedConversation

CAPTURES = sorted((Path(__file__).parents[2] / "captures").glob("*.raw"))
SMALL = min(CAPTURES, key=lambda path: path.stat().st_size)


def pieces(data, size):
    return (data[at : at + size] for at in range(0, len(data), size))


def raws(chunks):
    return [event.raw for event in RecordedConversation().read(chunks)]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_event_of_a_real_conversation_is_believed(path):
    data = path.read_bytes()
    conversation = RecordedConversation()
    events = list(conversation.read([data]))
    assert len(events) == data.count(b"\r\nEvent: ")
    assert not conversation.is_damaged
    assert not any(event.doubtful for event in events)
