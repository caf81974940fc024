"""Every story of the captures, played anew: another Asterisk must tell it as the one of the captures did."""

from pathlib import Path

import pytest
from tests.testbed.record_captures import CAPTURES, record_all
from tests.testbed.stories import STORIES
from voicedesk.calls.model import LegFacts, LegJudgement, Verdict
from voicedesk.calls.replay import replay

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]


ALONE = 2
"""A phone's own pace changes what comes first (a redirection's ringing, say): a story told otherwise among others is
played again, alone, this often."""


async def test_every_story_is_told_as_its_capture_tells_it(tmp_path):
    assert await record_all([], tmp_path, at_once=4) == []
    different = _different(tmp_path, [story.name for story in STORIES])
    for _ in range(ALONE):
        if different:
            assert await record_all(list(different), tmp_path, at_once=1) == []
            different = _different(tmp_path, list(different))
    assert different == {}


def _different(folder: Path, names: list[str]) -> dict[str, str]:
    told = {name: (outline(CAPTURES, name), outline(folder, name)) for name in names}
    return {name: f"{before} became {now}" for name, (before, now) in told.items() if now != before}


def outline(folder: Path, name: str) -> list[object]:
    """What was judged of a story, without its times."""
    told = replay((folder / f"{name}.raw").read_bytes())
    return [
        (
            call.facts.line,
            call.facts.direction.value,
            call.facts.disposition,
            call.facts.doubtful,
            [gap.reason.value for gap in call.facts.gaps],
            (call.judgement.verdict.value, call.judgement.cause, call.judgement.reason),
            sorted(
                (leg.endpoint, leg.role.value, str(leg.ring_source), _outcome(leg, judged), judged.verdict.value)
                for leg, judged in zip(call.facts.legs, call.judgement.legs, strict=True)
            ),
        )
        for call in told.calls
    ]


def _outcome(leg: LegFacts, judged: LegJudgement) -> str:
    """How a leg ended; a switch that is stopped hangs up in any order, and then nothing follows from it."""
    return "any" if judged.verdict is Verdict.CANNOT_TELL else str(leg.outcome)
