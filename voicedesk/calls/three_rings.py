"""铃响三声 (S1): from the facts of a call, what the three-rings rule says of it and of each of its legs.

A leg's clock runs from the moment its phone truly rings to its answer; a call's clock from the first staff phone
ringing to a person answering, over all phones tried. On time is before the line's limit (15 s: at most three rings
heard). Nobody is accused on doubtful data: where the decision lies in a gap the verdict is `cannot_tell`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from voicedesk.calls.call_clocks import call_ring_us, first_answer, ivr_us, queue_us, ring_start, span, staff_legs
from voicedesk.calls.causes import cause_of
from voicedesk.calls.certainty import (
    NO_180,
    PAST,
    UNCERTAIN_US,
    Finding,
    begun_at,
    fair,
    in_gap,
    may_not_have_rung,
    unseen_us,
)
from voicedesk.calls.leg_rule import each_phone_once, judge_leg
from voicedesk.calls.model import CallFacts, Direction, Judgement, LegFacts, Reason, Verdict

RULES_VERSION = "three_rings/2"
_WAYS = {
    Direction.INTERNAL: Reason.INTERNAL,
    Direction.OUTBOUND: Reason.OUTBOUND,
    Direction.CALLBACK: Reason.CALLBACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A version of the rule: what it does otherwise than those before it.

    `one_phone_once` (2): of several contacts of one phone that ring together one is judged.
    `unknown_is_no_cause` (2): a phone of which nobody knew what it was doing is no empty seat, and where it cannot be
    told how a phone rang, the ringing was not moved on too soon.
    """

    version: str
    one_phone_once: bool = True
    unknown_is_no_cause: bool = True


def judge_by(rule: Rule, facts: CallFacts) -> Judgement:
    """The judgement of a call under a version of the rule and the limit its facts carry."""
    unjudged = _why_not_judged(facts)
    legs = tuple([judge_leg(facts, leg, unjudged) for leg in facts.legs])
    if rule.one_phone_once:
        legs = each_phone_once(facts.legs, legs)
    first = first_answer(facts)
    start = ring_start(facts)
    verdict, reason = (Verdict.NOT_JUDGED, unjudged) if unjudged else _judge_call(facts, start, first)
    cause = cause_of(facts, legs, unknown_is_no_cause=rule.unknown_is_no_cause) if verdict in PAST else None
    answering = first or next((leg for leg in facts.legs if leg.answered_at is not None), None)
    return Judgement(
        verdict=verdict,
        cause=cause,
        reason=reason,
        rules_version=rule.version,
        answered_by=answering.endpoint if answering else None,
        agent=answering.agent if answering else None,
        ivr_us=ivr_us(facts),
        queue_us=queue_us(facts, start),
        ring_us=call_ring_us(facts, start, first),
        caller_total_us=span(facts.started_at, facts.ended_at),
        legs=legs,
    )


def judge(facts: CallFacts) -> Judgement:
    """The judgement of a call under today's rule and the limit its facts carry."""
    return judge_by(_RULES[-1], facts)


_RULES = (Rule(version="three_rings/1", one_phone_once=False, unknown_is_no_cause=False), Rule(version=RULES_VERSION))
RULES: dict[str, Callable[[CallFacts], Judgement]] = {rule.version: partial(judge_by, rule) for rule in _RULES}
"""Every version of the rule that ever judged, so that an old call can be judged by the rule of its day."""


def _why_not_judged(facts: CallFacts) -> Reason | None:
    """The reason why S1 does not apply to this call, if it does not."""
    if facts.direction in _WAYS:
        return _WAYS[facts.direction]
    if not facts.is_line:
        return Reason.OTHER_LINE if facts.asked_at is not None else Reason.NOISE
    if facts.asked_at is None and facts.ended_at is not None and not in_gap(facts, begun_at(facts), facts.ended_at):
        if facts.notice_heard:
            return Reason.SELF_SERVED
        return Reason.IVR_ONLY if facts.switch_answered_at is not None else Reason.NOISE
    return None if facts.on_duty else Reason.OFF_DUTY


def _judge_call(facts: CallFacts, start: LegFacts | None, first: LegFacts | None) -> Finding:
    answered_at, gave_up_at = facts.person_answered_at, facts.gave_up_at
    decided_at = next((at for at in (answered_at, gave_up_at, facts.ended_at) if at is not None), None)
    if in_gap(facts, begun_at(facts), decided_at):
        return Verdict.CANNOT_TELL, Reason.GAP
    if decided_at is not None and decided_at < facts.started_at:
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT
    if decided_at is None:
        return Verdict.CANNOT_TELL, Reason.STILL_OPEN
    if answered_at is not None:
        return fair(facts, _call_answered(facts, start, first, answered_at))
    if gave_up_at is not None:
        return fair(facts, _call_by_limit(facts, start, gave_up_at, Verdict.LEFT_EARLY, Verdict.MISSED))
    return fair(facts, (Verdict.MISSED, None))


def _call_by_limit(facts: CallFacts, start: LegFacts | None, end: int, within: Verdict, beyond: Verdict) -> Finding:
    begun = start.ringing_at if start else facts.asked_at
    clock = span(begun, end)
    if clock is None or clock < 0:
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT if clock is not None else Reason.GAP
    unseen = max(map(unseen_us, staff_legs(facts)), default=0)
    if clock + unseen < facts.limit_us:
        return within, None
    if start and start.ring_source in NO_180 and clock < facts.limit_us + UNCERTAIN_US:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    if clock < facts.limit_us or _least_clock(facts, end) < facts.limit_us:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return beyond, None


def _call_answered(facts: CallFacts, start: LegFacts | None, first: LegFacts | None, answered_at: int) -> Finding:
    """By the limit; of an answer that a log does not date: on time if all was over before it."""
    if first is None or first.answer_seen:
        return _call_by_limit(facts, start, answered_at, Verdict.ON_TIME, Verdict.LATE)
    end = first.ended_at if first.ended_at is not None else facts.ended_at
    clock = span(start.ringing_at if start else facts.asked_at, end)
    if clock is not None and 0 <= clock < facts.limit_us:
        return Verdict.ON_TIME, None
    return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN


def _least_clock(facts: CallFacts, end: int) -> int:
    """How long the call's clock ran at least, whichever of the phones that only a log tells of did ring, and when."""
    rung = [leg for leg in staff_legs(facts) if leg.ringing_at is not None]
    if not any(leg.from_log for leg in rung):
        return end - min((leg.ringing_at or 0 for leg in rung), default=0)
    sure = [_rang_by(leg, end) for leg in rung if not may_not_have_rung(leg)]
    return end - (min(sure) if sure else max(_rang_by(leg, end) for leg in rung))


def _rang_by(leg: LegFacts, end: int) -> int:
    """The latest instant at which a phone that rang can have begun to."""
    if leg.may_ring_late:
        return end
    return (leg.ringing_at or end) + (UNCERTAIN_US if leg.ring_source in NO_180 else 0)
