"""What the three-rings rule says of one leg (S1, table of legs): its clock runs from ringing to answer."""

from collections.abc import Callable
from dataclasses import replace

from voicedesk.calls.call_clocks import rings_heard, span, sure_span
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
from voicedesk.calls.model import CallFacts, LegFacts, LegJudgement, Outcome, PhoneState, Reason, Role, Verdict


def judge_leg(facts: CallFacts, leg: LegFacts, unjudged: Reason | None) -> LegJudgement:
    """What the rule says of a leg; `unjudged` is why the rule does not apply to its call, if it does not."""
    ring_us = _leg_ring_us(facts, leg)
    finding: Finding
    if unjudged:
        finding = Verdict.NOT_JUDGED, unjudged
    elif leg.role is Role.CITIZEN:
        finding = Verdict.NOT_JUDGED, Reason.CITIZEN_LEG
    else:
        finding = fair(facts, _leg_finding(facts, leg, ring_us))
        if finding[0] in PAST and (may_not_have_rung(leg) or leg.may_ring_late):
            finding = Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return LegJudgement(
        verdict=finding[0],
        reason=finding[1],
        ring_us=ring_us,
        rings_heard=None if ring_us is None else rings_heard(ring_us, facts.ring_period_us),
    )


def _leg_finding(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    ended_at = leg.answered_at if leg.answered_at is not None else leg.ring_ended_at
    if in_gap(facts, leg.ringing_at or leg.dialled_at or begun_at(facts), ended_at if leg.outcome else None):
        return Verdict.CANNOT_TELL, Reason.GAP
    if leg.outcome is None:
        return Verdict.CANNOT_TELL, Reason.STILL_OPEN
    finding = _LEG_RULES[leg.outcome](facts, leg, ring_us)
    if leg.state_before is PhoneState.PAUSED and finding[0] is not Verdict.ON_TIME:
        return Verdict.NOT_JUDGED, Reason.ON_BREAK
    if leg.state_before is PhoneState.TALKING and finding[0] is Verdict.MISSED:  # it rang beside the talk
        return Verdict.NOT_JUDGED, Reason.TALKING
    return finding


def _answered(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    if leg.ringing_at is None and leg.dialled_at is None:
        return Verdict.NOT_JUDGED, Reason.PICKED_UP
    return _by_limit(facts, leg, ring_us, (Verdict.ON_TIME, None), Verdict.LATE)


def _no_answer(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    within: Finding = Verdict.NOT_JUDGED, Reason.NOT_ACCEPTED if leg.was_lifted else Reason.RUNG_TOO_SHORT
    if _never_rang(leg):  # forwarded to another phone at once
        return within
    return _by_limit(facts, leg, ring_us, within, Verdict.MISSED)


def _answered_elsewhere(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    if _never_rang(leg):
        return Verdict.NOT_JUDGED, Reason.ANSWERED_ELSEWHERE
    return _by_limit(facts, leg, ring_us, (Verdict.NOT_JUDGED, Reason.ANSWERED_ELSEWHERE), Verdict.MISSED)


def _never_rang(leg: LegFacts) -> bool:
    """It was dialled, and it was over before it could ring."""
    return leg.ringing_at is None and leg.dialled_at is not None


def _cancelled(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    if _never_rang(leg):
        return Verdict.LEFT_EARLY, None
    return _by_limit(facts, leg, ring_us, (Verdict.LEFT_EARLY, None), Verdict.MISSED)


def _refused(_facts: CallFacts, leg: LegFacts, _ring_us: int | None) -> Finding:
    if leg.outcome is Outcome.BUSY and leg.state_before is PhoneState.TALKING:
        return Verdict.NOT_JUDGED, Reason.TALKING
    return Verdict.MISSED, None


_LEG_RULES: dict[Outcome, Callable[[CallFacts, LegFacts, int | None], Finding]] = {
    Outcome.ANSWERED: _answered,
    Outcome.NO_ANSWER: _no_answer,
    Outcome.ANSWERED_ELSEWHERE: _answered_elsewhere,
    Outcome.CANCELLED: _cancelled,
    Outcome.DECLINED: _refused,
    Outcome.BUSY: _refused,
    Outcome.UNREACHABLE: _refused,
}


def _by_limit(facts: CallFacts, leg: LegFacts, ring_us: int | None, within: Finding, beyond: Verdict) -> Finding:
    if ring_us is None:
        backwards = span(leg.ringing_at, leg.answered_at or leg.ring_ended_at) is not None
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT if backwards else Reason.GAP
    if ring_us + unseen_us(leg) < facts.limit_us:
        return within
    uncertain_us = UNCERTAIN_US if leg.ring_source in NO_180 else 0
    if ring_us < facts.limit_us + uncertain_us:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return beyond, None


def _leg_ring_us(facts: CallFacts, leg: LegFacts) -> int | None:
    """How long the phone rang; None if it never did, still does, or a clock was set meanwhile."""
    if not leg.answer_seen:
        return None
    ended = leg.answered_at if leg.answered_at is not None else leg.ring_ended_at
    return sure_span(facts, leg.ringing_at, ended)


def each_phone_once(legs: tuple[LegFacts, ...], judged: tuple[LegJudgement, ...]) -> tuple[LegJudgement, ...]:
    """A phone may have several contacts that ring together: what one of them did is what the phone did."""
    if len(legs) < 2:
        return judged
    told = list(judged)
    for at, leg in enumerate(legs):
        others = [n for n, other in enumerate(legs) if n != at and _is_same_phone(leg, other)]
        if told[at].verdict is not Verdict.NOT_JUDGED and any(_speaks_for(legs[n], leg) for n in others):
            answered = any(legs[n].outcome is Outcome.ANSWERED for n in others)
            reason = Reason.ANSWERED_ELSEWHERE if answered else Reason.SAME_PHONE
            told[at] = replace(told[at], verdict=Verdict.NOT_JUDGED, reason=reason)
    return tuple(told)


def _is_same_phone(one: LegFacts, other: LegFacts) -> bool:
    """Both rang at one time; behind one outside line there may be several phones, each with a number."""
    begun, ended = _ringing_span(one), _ringing_span(other)
    together = begun[0] <= ended[1] and ended[0] <= begun[1]
    return one.endpoint == other.endpoint and one.number == other.number and together


def _ringing_span(leg: LegFacts) -> tuple[int, int]:
    begun = next((at for at in (leg.ringing_at, leg.dialled_at, leg.answered_at) if at is not None), 0)
    return begun, next((at for at in (leg.ring_ended_at, leg.ended_at) if at is not None), begun)


def _speaks_for(one: LegFacts, other: LegFacts) -> bool:
    """What the one did is what the phone did: it answered, or rang longer; of two alike the first."""
    return _weight(one) > _weight(other)


def _weight(leg: LegFacts) -> tuple[bool, bool, int, str]:
    begun, ended = _ringing_span(leg)
    # ids count up, so that the last part only breaks a tie, always in the same way
    return leg.outcome is Outcome.ANSWERED, leg.ringing_at is not None, ended - begun, leg.uniqueid
