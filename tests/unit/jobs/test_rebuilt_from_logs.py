"""Calls told from every subset of the sources: judged as they were live, or not at all; never worse."""

from dataclasses import replace
from datetime import UTC
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.calls.model import Direction, Gap, GapReason, Hall, JudgedCall, Verdict
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import format_epoch
from voicedesk.jobs.following.logged_calls import read_logs, rebuild, retell
from voicedesk.switch_logs.files import LogPaths

CAPTURES = Path(__file__).parents[2] / "captures"
LOGGED = CAPTURES / "logged"
PLAIN = sorted(path.stem for path in LOGGED.glob("*.raw"))
BRIDGED = [f"../logged_bridges/{path.stem}" for path in sorted((CAPTURES / "logged_bridges").glob("*.raw"))]
"""Taken with a switch that logs bridges, and when Queue() begins."""
STORIES = [*PLAIN, *BRIDGED]
HALL = Hall(phones=frozenset(f"PJSIP/agent{n}" for n in range(1, 4)), every_extension_is_a_line=True)
ALWAYS = [(0, 2**60)]
UNSEEN = {"link_lost_over_the_answer", "link_lost_while_ringing"}
"""Live they could not be told; the logs know."""
STOPPED = "switch_stopped_while_ringing"
"""queue_log tells of a caller whom the stopping switch cut off as of one who left, and of the stop only afterwards."""
KINDS = ("cel.csv", "cdr.csv", "queue_log")
SUBSETS = [some for count in (1, 2, 3) for some in combinations(KINDS, count)]
ADVERSE = (Verdict.LATE, Verdict.MISSED)
QUEUELESS = {story for story in STORIES if "ENTERQUEUE" not in (LOGGED / f"{story}.queue_log").read_text()}


def paths_of(story, *kinds):
    def there(name):
        path = LOGGED / f"{story}.{name}"
        return (path,) if name in kinds and path.exists() else ()

    return LogPaths(cel=there("cel.csv"), cdr=there("cdr.csv"), queue_log=there("queue_log"))


@cache
def logs_of(story, kinds):
    return read_logs(paths_of(story, *kinds), ALWAYS, UTC)


@cache
def live_calls(story):
    return replay((LOGGED / f"{story}.raw").read_bytes(), hall=HALL).calls


def judged(told):
    return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in told]


@cache
def from_logs(story, kinds):
    return judged(rebuild("capture", HALL, logs_of(story, kinds).events))


def told_of(live, told):
    ids = set(live.facts.linkedids)
    return [one for one in told if ids & set(one.facts.linkedids)]


def pairs(story, *kinds):
    """Each call as seen live and as the logs tell it, None where they do not."""
    for live in live_calls(story):
        found = told_of(live, from_logs(story, kinds))
        assert len(found) < 2, "a call was doubled"
        yield live, found[0] if found else None


def check_fair(story, live, told, *, name=""):
    """The verdict that it has live, or none; nobody is accused who was not, and the number stays."""
    where = f"{story} {name}: {told.judgement}"
    verdict, judgement = told.judgement.verdict, live.judgement
    told_better = story in UNSEEN or (story == STOPPED and verdict is Verdict.LEFT_EARLY)
    assert verdict in (judgement.verdict, Verdict.CANNOT_TELL) or told_better, where
    assert told.judgement.cause in (judgement.cause, None), where
    accused = {
        leg.uniqueid
        for leg, found in zip(live.facts.legs, judgement.legs, strict=True)
        if found.verdict in ADVERSE or found.verdict is Verdict.CANNOT_TELL
    }
    for leg, found in zip(told.facts.legs, told.judgement.legs, strict=True):
        assert found.verdict not in ADVERSE or leg.uniqueid in accused, where
    assert told.facts.direction is live.facts.direction, where


@pytest.mark.parametrize("kinds", SUBSETS, ids="+".join)
@pytest.mark.parametrize("story", STORIES)
def test_every_call_is_told_from_every_subset_of_the_logs_as_it_was_live_or_not_at_all(story, kinds):
    logs = logs_of(story, kinds)
    assert (logs.bad_lines, logs.problems) == (0, ())
    for live, told in pairs(story, *kinds):
        if told is None:
            assert "cel.csv" not in kinds
            assert "cdr.csv" not in kinds or story == "switch_restarted_while_ringing"  # its last record was to come
            assert "queue_log" not in kinds or story in QUEUELESS or live.facts.direction is not Direction.INBOUND
            continue
        noise = live.judgement.verdict is Verdict.NOT_JUDGED and told.facts.direction is Direction.INBOUND
        if not (noise and told.facts.doubtful):  # a record tells of asking where live nobody was dialled
            check_fair(story, live, told, name="+".join(kinds))
        if live.facts.caller_number is not None and live.facts.direction is not Direction.INTERNAL:
            assert told.facts.caller_number == live.facts.caller_number
        if live.facts.person_answered_at is not None:
            assert told.facts.person_answered_at is not None
    known = {one for live in live_calls(story) for one in live.facts.linkedids}
    assert all(known & set(one.facts.linkedids) for one in from_logs(story, kinds)), "a call was invented"


@pytest.mark.parametrize("story", STORIES)
def test_fault_26_the_channel_log_tells_every_call_rightly_or_says_that_it_cannot(story):
    for live, told in pairs(story, "cel.csv", "queue_log"):
        check_fair(story, live, told)
        assert told.facts.repaired
        assert told.judgement.answered_by == live.judgement.answered_by
        if live.judgement.ring_us and told.judgement.ring_us and len(live.facts.legs) == 1:
            most = 10_000 if story in PLAIN else 50_000  # those were taken on a busy machine
            assert -1_000 <= told.judgement.ring_us - live.judgement.ring_us < most


def test_almost_all_calls_are_told_from_the_channel_log():
    told = [told.judgement.verdict for story in PLAIN for _, told in pairs(story, "cel.csv", "queue_log")]
    assert len(told) == 40
    assert sum(verdict is Verdict.CANNOT_TELL for verdict in told) <= 6


@pytest.mark.parametrize("story", STORIES)
def test_the_queue_log_alone_accuses_nobody_wrongly(story):
    for live, told in pairs(story, "queue_log"):
        if told is not None:
            check_fair(story, live, told)


@pytest.mark.parametrize("story", STORIES)
def test_call_records_alone_accuse_nobody(story):
    for _, told in pairs(story, "cdr.csv"):
        assert told is None or told.judgement.verdict not in ADVERSE


# --- seen live but for a stretch, of which some of the logs tell

CUTS = ((0, 1), (1, 2), (1, 4), (2, 4), (3, 4))
"""Where the link is lost and comes back, in quarters of the story's events."""
WATCHED = [story for story in STORIES if (LOGGED / f"{story}.raw").read_bytes().count(b"Asterisk Call Manager") == 1]


@cache
def events_of(story):
    blocks = (LOGGED / f"{story}.raw").read_bytes().split(b"\r\n\r\n")
    events = [AmiEvent.from_bytes(block) for block in blocks if b"\r\nTimestamp: " in block]
    for event in events:
        event.arrived_us = event.timestamp_us + 200
    return [event for event in events if event.name in WANTED_EVENTS]


def mark(name, at, **headers):
    return make_event(name, {"Timestamp": format_epoch(at), **headers}, arrived_us=at)


def lived(story, first, last):
    """The journal of a service whose link is lost from event `first` to before event `last`, and the gap in it."""
    events = events_of(story)
    begun = events[0].timestamp_us - 10_000_000
    up = [mark("VoicedeskLink", begun, State="up", Boot="b"), mark("DeviceStateChange", begun + 1)]
    seen_until = max((one.timestamp_us for one in events[:first]), default=begun + 1)
    back = max(seen_until + 2, events[last].timestamp_us - 1 if last < len(events) else events[-1].timestamp_us + 10**6)
    alive = {}
    for event in events[:last]:
        for prefix in ("", "Dest"):
            if event.get(f"{prefix}Uniqueid") and event.get(f"{prefix}Channel"):
                told = {key: event.get(f"{prefix}{key}") for key in ("Channel", "ChannelStateDesc", "Linkedid")}
                alive[event.get(f"{prefix}Uniqueid")] = told
        if event.name == "Hangup":
            del alive[event.uniqueid]
    listed = [mark("CoreShowChannel", back, Uniqueid=key, **told) for key, told in alive.items()]
    again = [
        mark("VoicedeskLink", back, State="up", Boot="b"),
        mark("VoicedeskSnapshot", back, State="begin"),
        *listed,
        mark("VoicedeskSnapshot", back, State="end", Complete="1"),
    ]
    lost = mark("VoicedeskLink", seen_until + 1, State="lost")
    gap = Gap(from_at=seen_until, to_at=back - 200, reason=GapReason.LINK_LOST)
    return [*up, *events[:first], lost, *again, *events[last:]], gap


@pytest.mark.parametrize("kinds", SUBSETS, ids="+".join)
@pytest.mark.parametrize("story", WATCHED)
def test_a_call_seen_but_for_a_stretch_is_told_with_every_subset_of_the_logs_as_it_was_or_not_at_all(story, kinds):
    count = len(events_of(story))
    for begin, end in CUTS:
        journal, gap = lived(story, begin * count // 4, end * count // 4)
        told = retell("capture", HALL, journal, (gap,), logs_of(story, kinds), until=2**60)
        calls = judged([facts for facts in told if facts.ended_at is not None])
        if "cel.csv" not in kinds:  # what the logs do not cover is not taken over
            calls = [one for one in calls if one.facts.repaired]
        for live in live_calls(story):
            found = told_of(live, calls)
            assert len(found) < 2, "a call was doubled"
            if found and found[0].facts.direction is live.facts.direction:
                check_fair(story, live, found[0], name=f"{begin}/4 to {end}/4")


# --- what is read at all


def test_only_what_lies_in_the_spans_is_kept():
    logs = read_logs(paths_of("queue_answered", "cel.csv"), [(1795454906_000000, 1795454906_000000)], UTC)
    assert logs.events == ()
    assert logs.complete_since is not None


@pytest.mark.parametrize("story", ["queue_answered", "queue_times_out", "attended_transfer_atxfer", "forward_302"])
def test_logs_given_twice_rotated_twice_or_out_of_order_tell_the_same(story, tmp_path):
    once = from_logs(story, KINDS)
    paths = paths_of(story, *KINDS)
    moved = {}
    for kind, (path,) in (("cel", paths.cel), ("cdr", paths.cdr), ("queue_log", paths.queue_log)):
        lines = path.read_text().splitlines(keepends=True)
        log = tmp_path / kind
        log.write_text("".join(lines))
        (tmp_path / f"{kind}.1").write_text("".join(lines))  # copied when it was rotated
        ordered = lines if kind == "queue_log" else lines[::-1]
        (tmp_path / f"{kind}.2").write_text("".join(ordered[: len(lines) // 2]))
        moved[kind] = (log, log, tmp_path / f"{kind}.1")
    logs = read_logs(LogPaths(**moved), ALWAYS, UTC)
    assert judged(rebuild("capture", HALL, logs.events)) == once
    assert logs.bad_lines == 0


def test_the_captures_are_the_ones_that_have_logs():
    assert len(PLAIN) >= 37
    assert len(BRIDGED) >= 6
    assert replace(paths_of("queue_answered", *KINDS)).all
