"""What no switch says of itself, but another program, a broken switch or a guest may: it costs that alone."""

import pytest
from tests.unit.calls.story import HALL, T0, Story
from tests.unit.calls.test_stories import QUEUE_CALL
from voicedesk.ami.message import AmiEvent
from voicedesk.calls import registry
from voicedesk.calls.model import GapReason
from voicedesk.calls.registry import born_us
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS, is_instant, parse_epoch, to_datetime
from voicedesk.phones.pauses import _instant

AT = T0 * MICROSECONDS
DAY = 24 * 3600 * MICROSECONDS


def said(*headers: tuple[str, object]) -> AmiEvent:
    return AmiEvent.from_bytes("\r\n".join(f"{key}: {value}" for key, value in headers).encode())


def listed(uniqueid: str, at: int = T0) -> list[AmiEvent]:
    """A link that begins with the list of one channel, up, whose id is this."""
    stamp = ("Timestamp", f"{at}.000000")
    ids = (("Channel", "PJSIP/trunk-1"), ("Uniqueid", uniqueid), ("Linkedid", uniqueid))
    return [
        said(("Event", "VoicedeskLink"), ("State", "up"), ("Boot", "b"), stamp),
        said(("Event", "VoicedeskSnapshot"), ("State", "begin"), stamp),
        said(("Event", "CoreShowChannel"), stamp, *ids, ("ChannelStateDesc", "Up"), ("Exten", "4001")),
        said(("Event", "VoicedeskSnapshot"), ("State", "end"), ("Complete", 1), stamp),
    ]


FOREIGN = {
    "milliseconds": "1795421258123",
    "a date and time": "20261129155812",
    "digits without end": "9" * 300,
    "with a system's name": "app-20261129155812.7",
    "an order's number of 1973": "123456789",
    "years ahead": f"{T0 + 10 * 366 * 24 * 3600}.1",
    "other digits": "١٧٩٥٤٢١٢٥٨.1",
    "raised digits": "1795421²5.1",
    "nothing of it": "a\0b",
}


@pytest.mark.parametrize("uniqueid", FOREIGN.values(), ids=list(FOREIGN))
def test_a_channel_whose_id_another_program_chose_begins_when_it_was_seen(uniqueid):
    tracker = Tracker("pbx", HALL)
    for event in listed(uniqueid):
        tracker.receive(event)
    (facts,) = tracker.take_changes().calls
    assert (facts.started_at, facts.started_at_source.value) == (AT, "snapshot")
    assert [gap.reason for gap in facts.gaps] == [GapReason.BEFORE_LINK]


@pytest.mark.parametrize("before", [0, 3600, 6 * 24 * 3600])
def test_a_channel_with_an_id_of_the_switch_began_when_the_id_says(before):
    tracker = Tracker("pbx", HALL)
    for event in listed(f"system-{T0 - before}.12"):
        tracker.receive(event)
    (facts,) = tracker.take_changes().calls
    assert facts.started_at == AT - before * MICROSECONDS


def test_an_id_is_believed_by_the_time_of_what_it_names_and_not_by_ours():
    """Logs and captures of years ago are told as they were."""
    assert born_us("1300000000.5") == born_us("1300000000.5", 1_300_000_100 * MICROSECONDS) == 1_300_000_000_000_000
    assert born_us("1300000000.5", AT) is None
    assert born_us(f"{T0}.1", AT - DAY) == AT
    assert born_us(f"{T0}.1", AT - DAY - 1) is None
    assert [born_us(text) for text in ("", "12.1", "99999999.1", "x-y", "1795421258123.1")] == [None] * 5


@pytest.mark.parametrize("cause", ["9" * 5000, "-16", "²", "١٦", "16.0", "", " "])
def test_a_cause_that_is_none_is_none(cause):
    story = Story()
    events = story.events(QUEUE_CALL + "\n 9.0 Hangup agent1")
    events[-1] = AmiEvent.from_bytes(events[-1].raw + f"\r\nCause: {cause}".encode())
    tracker = Tracker("pbx", HALL)
    for event in events:
        tracker.receive(event)
    assert tracker.take_changes().calls


LONG = "x" * 60_000


@pytest.mark.parametrize("key", ["Uniqueid", "Linkedid", "Channel", "Queue", "MemberName", "CallerIDNum"])
def test_what_bears_a_name_that_no_switch_makes_is_of_no_call(key):
    tracker = Tracker("pbx", HALL)
    headers = {"Event": "QueueCallerJoin", "Timestamp": f"{T0}.000000", "Channel": "PJSIP/a-1", "Uniqueid": "1.1"}
    tracker.receive(said(*(headers | {key: LONG}).items()))
    assert tracker.ignored_absurd == 1
    assert tracker.take_changes().calls == []
    tracker.receive(said(*(headers | {"AppData": LONG}).items()))
    assert len(tracker.take_changes().calls) == 1


@pytest.mark.parametrize("key", ["MemberName", "CallerIDNum", "ConnectedLineName"])
def test_of_a_known_call_it_may_have_told_anything_so_that_nobody_is_accused(key):
    tracker = Tracker("pbx", HALL)
    headers = {"Event": "QueueCallerJoin", "Timestamp": f"{T0}.000000", "Channel": "PJSIP/a-1", "Uniqueid": "1.1"}
    tracker.receive(said(*headers.items()))
    tracker.receive(said(*(headers | {"Event": "AgentConnect", key: LONG}).items()))
    assert [facts.doubtful for facts in tracker.take_changes().calls] == [True]


def merged_after_its_end() -> list[AmiEvent]:
    """A phone hangs up under a linkedid of its own, and its dial is told afterwards: both are one call."""
    story = Story()
    story.uniqueids = {"trunk": f"{T0}.0", "agent1": f"{T0}.1"}
    story.linkedids = {"": f"{T0}.0", "other": f"{T0}.9"}
    return story.events("""
     0.002 Hangup  agent1 call=other Cause=16
     0.000 DialEnd trunk > agent1 DialStatus=ANSWER
    """)


@pytest.mark.parametrize("end", ["Shutdown", "a clock that steps"])
def test_a_call_that_ended_and_became_part_of_another_is_no_call_any_more(end):
    tracker = Tracker("pbx", HALL)
    for event in merged_after_its_end():
        tracker.receive(event)
    tracker.take_changes()
    stamp = f"{T0}.500000" if end == "Shutdown" else f"{T0 - 3600}.000000"
    tracker.receive(said(("Event", "Shutdown"), ("Timestamp", stamp)))
    changed = tracker.take_changes().calls
    assert all(facts.linkedids for facts in changed)
    assert len({facts.id for facts in changed}) == len(changed)


def opened(tracker: Tracker, n: int) -> None:
    uniqueid = f"{T0}.{n}"
    ids = (("Channel", f"PJSIP/t{n}-1"), ("Uniqueid", uniqueid), ("Linkedid", uniqueid))
    stamp = ("Timestamp", f"{T0 + n // 100}.{n % 100:02d}0000")
    tracker.receive(said(("Event", "Newchannel"), stamp, *ids))


def test_beyond_a_number_of_open_calls_the_one_silent_for_longest_is_ended(monkeypatch):
    monkeypatch.setattr(registry, "MAX_OPEN_CALLS", 5)
    tracker = Tracker("pbx", HALL)
    for n in range(5):
        opened(tracker, n)
    for n in (0, 2):  # of these something is heard
        opened(tracker, n)
        tracker.receive(
            said(
                *(("Event", "Newstate"), ("Timestamp", f"{T0}.9{n}0000"), ("ChannelStateDesc", "Up")),
                *(("Channel", f"PJSIP/t{n}-1"), ("Uniqueid", f"{T0}.{n}"), ("Linkedid", f"{T0}.{n}")),
            )
        )
    left = []
    for n in range(200, 205):
        opened(tracker, n)
        left.append(sorted(int(facts.linkedids[0].partition(".")[2]) for facts in tracker.open_calls()))
    assert left == [[0, 2, 3, 4, 200], [0, 2, 4, 200, 201], [0, 2, 200, 201, 202], [2, 200, 201, 202, 203],
                    [200, 201, 202, 203, 204]]  # fmt: skip
    assert tracker.swept == 5


def test_each_call_beyond_the_number_costs_no_walk_over_all_of_them():
    tracker = Tracker("pbx", HALL)
    for n in range(registry.MAX_OPEN_CALLS):
        opened(tracker, n)
    walks = 0
    real = tracker._registry.open_records

    def counted():
        nonlocal walks
        walks += 1
        return real()

    tracker._registry.open_records = counted
    for n in range(registry.MAX_OPEN_CALLS, registry.MAX_OPEN_CALLS + 1000):
        opened(tracker, n)
    assert tracker.swept == 1000
    assert walks == 1


@pytest.mark.parametrize("us", [-(10**30), -1, 0, 2**63, 10**30, 1795421258123 * MICROSECONDS])
def test_whatever_instant_a_row_holds_it_can_be_shown(us):
    assert to_datetime(us).astimezone().year in range(1, 10000)
    assert is_instant(us) is (us == 0)


def test_a_time_beyond_the_calendar_is_none():
    assert parse_epoch("999999999999.5") is None
    assert parse_epoch("9" * 5000) is None
    assert parse_epoch("99999999999") == 99_999_999_999 * MICROSECONDS
    assert _instant(said(("Event", "QueueMember"), ("LoginTime", "9" * 12)), "LoginTime", 0) is None
