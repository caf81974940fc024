"""Calls of which only the switch's logs tell: judged as they were live, or not at all; never worse."""

from datetime import UTC
from pathlib import Path

import pytest
from voicedesk.calls.model import Hall, JudgedCall, Verdict
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.services.switch_logs import LogPaths, read_logs, rebuild

LOGGED = Path(__file__).parents[2] / "captures" / "logged"
STORIES = sorted(path.stem for path in LOGGED.glob("*.raw"))
HALL = Hall(phones=frozenset(f"PJSIP/agent{n}" for n in range(1, 4)), every_extension_is_a_line=True)
ALWAYS = [(0, 2**60)]
UNSEEN = {"link_lost_over_the_answer", "link_lost_while_ringing"}
"""Live they could not be told; the logs know."""


def paths_of(story, *kinds):
    def there(name):
        path = LOGGED / f"{story}.{name}"
        return (path,) if name in kinds and path.exists() else ()

    return LogPaths(cel=there("cel.csv"), cdr=there("cdr.csv"), queue_log=there("queue_log"))


def pairs(story, *kinds):
    """Each call as seen live and as the logs tell it, None where they do not."""
    logs = read_logs(paths_of(story, *kinds), ALWAYS, UTC)
    told = [JudgedCall(facts=facts, judgement=judge(facts)) for facts in rebuild("capture", HALL, logs.events)]
    for live in replay((LOGGED / f"{story}.raw").read_bytes(), hall=HALL).calls:
        ids = set(live.facts.linkedids)
        yield live, next((one for one in told if ids & set(one.facts.linkedids)), None)


@pytest.mark.parametrize("story", STORIES)
def test_fault_26_the_channel_log_tells_every_call_rightly_or_says_that_it_cannot(story):
    for live, told in pairs(story, "cel.csv", "queue_log"):
        assert told is not None
        assert told.facts.repaired
        verdict = told.judgement.verdict
        assert verdict in (live.judgement.verdict, Verdict.CANNOT_TELL) or story in UNSEEN
        assert told.judgement.answered_by == live.judgement.answered_by
        assert told.facts.direction is live.facts.direction
        assert told.judgement.cause in (live.judgement.cause, None)
        if live.judgement.ring_us and told.judgement.ring_us and len(live.facts.legs) == 1:
            assert -1_000 <= told.judgement.ring_us - live.judgement.ring_us < 10_000


def test_almost_all_calls_are_told_from_the_channel_log():
    told = [told.judgement.verdict for story in STORIES for _, told in pairs(story, "cel.csv", "queue_log")]
    assert len(told) == 40
    assert sum(verdict is Verdict.CANNOT_TELL for verdict in told) <= 6


@pytest.mark.parametrize("story", STORIES)
def test_the_queue_log_alone_accuses_nobody_wrongly(story):
    for live, told in pairs(story, "queue_log"):
        if told is None:
            continue
        assert told.judgement.verdict not in (Verdict.LATE, Verdict.MISSED) or (
            told.judgement.verdict is live.judgement.verdict and told.judgement.cause in (live.judgement.cause, None)
        )


@pytest.mark.parametrize("story", STORIES)
def test_call_records_alone_accuse_nobody(story):
    for _, told in pairs(story, "cdr.csv"):
        assert told is None or told.judgement.verdict not in (Verdict.LATE, Verdict.MISSED)


def test_only_what_lies_in_the_spans_is_kept():
    logs = read_logs(paths_of("queue_answered", "cel.csv"), [(1795454906_000000, 1795454906_000000)], UTC)
    assert logs.events == ()
    assert logs.complete_since is not None
