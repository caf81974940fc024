"""Judges stored calls again from their facts: by the rule and the limit of their day, or by today's."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from voicedesk.calls.model import CallFacts, Hall, JudgedCall, Judgement
from voicedesk.calls.three_rings import RULES, RULES_VERSION
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import Calls, StoredCall

PAGE = 500
HallOf = Callable[[str], Hall]
"""The hall that a PBX's calls are judged by, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChange:
    """A call whose verdict is another now."""

    call_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """How many calls were judged again, and which verdicts changed."""

    judged: int
    changes: list[VerdictChange]


async def rejudge_calls(calls: Calls, which: CallFilter, *, hall: Hall | HallOf | None, dry_run: bool) -> Rejudged:
    """Judges every matching call again. With `hall` (of all calls, or of each PBX's): by the newest rule and the limits
    that the hall's lines have today.

    A person's decision stays; with `dry_run` nothing is saved.
    """
    judged, changes, to_save = 0, list[VerdictChange](), list[JudgedCall]()
    async for stored in calls.each(which, page=PAGE):
        judged += 1
        again = _judge_again(stored, hall)
        before, after = stored.verdict, again.judgement.verdict.value
        if before != after:
            changes.append(VerdictChange(call_id=again.facts.id, before=before, after=after))
        if not dry_run:
            to_save.append(again)
        if len(to_save) >= PAGE:
            await calls.save(to_save)
            to_save = []
    await calls.save(to_save)
    return Rejudged(judged=judged, changes=changes)


def _judge_again(stored: StoredCall, hall: Hall | HallOf | None) -> JudgedCall:
    facts = stored.call.facts
    rule: Callable[[CallFacts], Judgement] = RULES[stored.call.judgement.rules_version]
    if hall is not None:
        rule = RULES[RULES_VERSION]
        own = hall if isinstance(hall, Hall) else hall(facts.pbx)
        line = own.line_named(facts.line)
        if line is not None:
            facts = replace(
                facts, limit_us=line.limit_us, ring_period_us=line.ring_period_us, limit_source=line.limit_source
            )
    return JudgedCall(facts=facts, judgement=rule(facts))
