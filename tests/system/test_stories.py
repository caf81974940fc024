"""Every story of the captures, played anew: another Asterisk must tell it as the one of the captures did."""

from pathlib import Path

import pytest
from tests.testbed.record_captures import CAPTURES, record_all
from tests.testbed.stories import STORIES
from voicedesk.calls.model import JudgedCall, LegFacts, LegJudgement, Verdict
from voicedesk.calls.replay import replay

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]


ALONE = 2
"""So often a story is played again, alone, that was told otherwise: a busy machine changes what
comes first (a redirection's ringing, say)."""
ROOM_US = 500_000
"""A busy machine may keep the switch from a phone's answer for so long: then it is late where the phone was not."""


async def test_every_story_is_told_as_its_capture_tells_it(tmp_path):
    names, at_once = [story.name for story in STORIES], 4
    for _ in range(1 + ALONE):
        assert await record_all(names, tmp_path, at_once=at_once) == []
        different = _different(tmp_path, names)
        names, at_once = list(different), 1
        if not different:
            break
        print(different)  # noqa: T201 - pytest shows it where the test fails in the end
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
            _verdict(call),
            sorted(
                (leg.endpoint, leg.role.value, str(leg.ring_source), *_how_it_went(call, leg, judged))
                for leg, judged in zip(call.facts.legs, call.judgement.legs, strict=True)
            ),
        )
        for call in told.calls
    ]


def _verdict(call: JudgedCall) -> tuple[object, ...]:
    """The call's verdict, unless a moment more or less makes another one."""
    judged = call.judgement
    if any(_is_at_the_limit(call, leg) for leg in judged.legs):
        return ("at the limit",)
    return judged.verdict.value, judged.cause, judged.reason


def _how_it_went(call: JudgedCall, leg: LegFacts, judged: LegJudgement) -> tuple[str, str]:
    """How a leg ended; a switch that is stopped hangs up in any order, and then nothing follows from it."""
    if _is_at_the_limit(call, judged):
        return str(leg.outcome), "at the limit"
    return "any" if judged.verdict is Verdict.CANNOT_TELL else str(leg.outcome), judged.verdict.value


def _is_at_the_limit(call: JudgedCall, leg: LegJudgement) -> bool:
    """Whether it rang about as long as it may: what that is called shows in captures, which a calm machine made."""
    return leg.ring_us is not None and abs(leg.ring_us - call.facts.limit_us) < ROOM_US
