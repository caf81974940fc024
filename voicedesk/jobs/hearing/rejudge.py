"""Judges stored greetings again from what was heard: by other rules, or by other limits of doubt."""

from dataclasses import dataclass, replace

from voicedesk.greeting.evidence import told_from_json
from voicedesk.greeting.export import as_json
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.verdict import ADVERSE
from voicedesk.speech.transcript import Transcript, Understanding
from voicedesk.store.greetings import GreetingFilter, Greetings, StoredGreeting


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingChange:
    """A greeting that has another verdict now, or another number of forbidden phrases."""

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
        again = _judge_again(stored, rules, thresholds)
        if again is None:
            continue
        judged += 1
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
        task = stored.evidence.task
        if stored.is_final and stored.evidence.transcript is not None and task is not None and task.names is not None:
            rules.parts_of(task.template)


def _judge_again(stored: StoredGreeting, rules: GreetingRules, thresholds: Thresholds) -> StoredGreeting | None:
    """The greeting is believed as far as it was understood when it was decided, whatever was said later.

    None where it cannot be judged again: it is being heard still, or what was heard is not kept.
    """
    evidence = stored.evidence
    task, transcript, at_greeting = evidence.task, evidence.transcript, evidence.understanding
    if not stored.is_final or task is None or transcript is None:
        return None
    judge = LiveJudge(task, rules, thresholds)
    judge.compared = tuple(map(str, (evidence.compared or {}).get("remarks", ())))
    if at_greeting is not None:
        judge.take(replace(transcript, understanding=at_greeting), is_over=True)
    judged = judge.take(transcript, is_over=True)
    if evidence.compared is not None and judged.verdict in ADVERSE and judged.verdict.value != stored.verdict:
        judge = _doubting(judge, transcript, thresholds)
        judged = judge.take(transcript, is_over=True)
    return replace(
        stored,
        verdict=judged.verdict.value,
        reason=judged.reason.value if judged.reason else None,
        needs_review=judged.needs_review,
        forbidden=len(judged.phrases.forbidden),
        rules_version=judged.rules_version,
        evidence=replace(evidence, judgement=told_from_json(as_json(transcript, judged))),
    )


def _doubting(judge: LiveJudge, transcript: Transcript, thresholds: Thresholds) -> LiveJudge:
    """A judge to whom the greeting was not understood.

    Sentences were compared by the rules of that time, and the nearest of those is what is kept: other rules may take it
    for wrong where what was said in truth is right by them.
    """
    doubting = LiveJudge(judge.task, judge.rules, thresholds)
    doubting.compared = judge.compared
    doubting.take(replace(transcript, understanding=Understanding(confidence=0, known_share=0)), is_over=True)
    return doubting
