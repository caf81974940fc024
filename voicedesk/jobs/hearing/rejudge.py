"""Judges stored greetings again from what was heard: by other rules, or by other limits of doubt."""

from dataclasses import dataclass, replace

from voicedesk.greeting.export import as_json
from voicedesk.greeting.live import LiveJudge, task_from_json
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.speech.transcript import Understanding, from_json
from voicedesk.store.greetings import GreetingFilter, Greetings, StoredGreeting


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingChange:
    """A greeting of which verdict or phrases are others now."""

    call_id: str
    uniqueid: str
    before: str | None
    after: str
    forbidden_before: int
    forbidden_after: int


async def rejudge_greetings(
    greetings: Greetings, which: GreetingFilter, rules: GreetingRules, thresholds: Thresholds, *, dry_run: bool
) -> tuple[int, list[GreetingChange]]:
    """How many were judged again, and what changed. What has no transcript (deleted, not heard yet) stays as it is."""
    await _refuse_unfit(greetings, which, rules)
    judged, changes = 0, list[GreetingChange]()
    async for stored in greetings.each(which):
        if not stored.is_final or "transcript" not in stored.evidence:
            continue
        judged += 1
        again = _judge_again(stored, rules, thresholds)
        if (again.verdict, again.forbidden) != (stored.verdict, stored.forbidden):
            changes.append(
                GreetingChange(
                    call_id=stored.call_id,
                    uniqueid=stored.uniqueid,
                    before=stored.verdict,
                    after=str(again.verdict),
                    forbidden_before=stored.forbidden,
                    forbidden_after=again.forbidden,
                )
            )
        if not dry_run:
            await greetings.save(again)
    return judged, changes


async def _refuse_unfit(greetings: Greetings, which: GreetingFilter, rules: GreetingRules) -> None:
    """Raises InputError, before anything is changed, where a template that was asked for is none of these rules."""
    async for stored in greetings.each(which):
        task = stored.evidence.get("task")
        if stored.is_final and "transcript" in stored.evidence and task and task["names"]:
            rules.parts_of(task_from_json(task).template)


def _judge_again(stored: StoredGreeting, rules: GreetingRules, thresholds: Thresholds) -> StoredGreeting:
    """The greeting is believed as far as it was understood when it was decided, whatever was said later."""
    transcript = from_json(stored.evidence["transcript"])
    judge = LiveJudge(task_from_json(stored.evidence["task"]), rules, thresholds)
    at_greeting = stored.evidence["understanding"]
    if at_greeting is not None:
        judge.take(replace(transcript, understanding=Understanding(**at_greeting)), is_over=True)
    judged = judge.take(transcript, is_over=True)
    return replace(
        stored,
        verdict=judged.verdict.value,
        reason=judged.reason.value if judged.reason else None,
        needs_review=judged.needs_review,
        forbidden=len(judged.phrases.forbidden),
        rules_version=judged.rules_version,
        evidence={**stored.evidence, "judgement": as_json(transcript, judged)},
    )
