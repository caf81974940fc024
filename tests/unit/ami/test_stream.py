"""What the consumer of one PBX is given beside the events of the switch: marks of what happened to link and clock."""

from structlog.testing import capture_logs
from voicedesk.ami.reports import LinkReports
from voicedesk.ami.stream import CLOCK_SET_US, EventStream
from voicedesk.clock import MICROSECONDS


async def test_a_clock_that_was_set_is_a_mark_before_what_comes_next_and_one_that_runs_is_none():
    wall, steady = [1_000 * MICROSECONDS], [0]
    stream = EventStream(
        "main",
        LinkReports("main"),
        lambda: None,
        max_events=10,
        max_bytes=10_000,
        now=lambda: wall[0],
        steady=lambda: steady[0],
    )
    wall[0] += CLOCK_SET_US // 2  # two clocks never run quite alike
    stream.mark("VoicedeskLink", "up")
    wall[0] += 3600 * MICROSECONDS
    steady[0] += MICROSECONDS
    with capture_logs() as said:
        stream.mark("VoicedeskLink", "down")
    told = await stream.next_batch(10)
    assert told is not None
    names = [(event.name, event.get("State"), event.get("Ahead")) for event in told]
    set_ahead = str(3599 * MICROSECONDS)
    assert names == [
        ("VoicedeskLink", "up", None),
        ("VoicedeskClock", "set", set_ahead),
        ("VoicedeskLink", "down", None),
    ]
    assert [(one["event"], one["ahead_seconds"]) for one in said] == [("our_clock_set", 3599.0)]
