"""铃响三声 (S1): from the facts of a call, what the three-rings rule says of it and of each of its legs.

A leg's clock runs from the moment its phone truly rings to its answer; a call's clock from the first staff phone
ringing to a person answering, over all phones tried. On time is before the line's limit (15 s: at most three rings
heard). Nobody is accused on doubtful data: where the decision lies in a gap the verdict is `cannot_tell`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from voicedesk.calls.model import (
    CallFacts,
    Cause,
    Direction,
    GapReason,
    Judgement,
    LegFacts,
    LegJudgement,
    Outcome,
    PhoneState,
    Reason,
    RingSource,
    Role,
    StartSource,
    Verdict,
)

RULES_VERSION = "three_rings/2"

UNCERTAIN_US = 2_000_000
"""A ring start taken from dialling is too early: whether a phone was late by less than this cannot be told (S1).
Chosen: between dialling and ringing lies the way to the phone, less than 5 ms in a house and up to seconds over a
trunk."""
_WHOLE_SECOND_US = 999_999
"""What a log in whole seconds cuts off at most."""

_NO_180 = frozenset({RingSource.DIALBEGIN, RingSource.AGENTCALLED})
_AWAY = frozenset({PhoneState.UNREGISTERED, PhoneState.UNREACHABLE, PhoneState.PAUSED, PhoneState.IN_USE})
_PAST = frozenset({Verdict.LATE, Verdict.MISSED})
_NOBODY_THERE = frozenset({Outcome.BUSY, Outcome.UNREACHABLE})
_UNSEEN_STARTS = frozenset({StartSource.FIRST_EVENT, StartSource.SNAPSHOT})
_UNKNOWN_ONLY = frozenset({PhoneState.UNKNOWN})
_OCCUPIED = frozenset({PhoneState.TALKING, PhoneState.RINGING})
_WAYS = {
    Direction.INTERNAL: Reason.INTERNAL,
    Direction.OUTBOUND: Reason.OUTBOUND,
    Direction.CALLBACK: Reason.CALLBACK,
}

Finding = tuple[Verdict, Reason | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A version of the rule: in what it differs from the versions before it.

    `one_phone_once` (2): if several contacts of one phone ring together, one of them is judged.
    `unknown_is_no_cause` (2): a phone whose state was not known is no empty seat; and if it is not known how a phone
    rang, the switch is not blamed for having moved on too soon.
    """

    version: str
    one_phone_once: bool = True
    unknown_is_no_cause: bool = True


def judge_by(rule: Rule, facts: CallFacts) -> Judgement:
    """The judgement of a call under a version of the rule and the limit its facts carry."""
    unjudged = _why_not_judged(facts)
    legs = tuple(_judge_leg(facts, leg, unjudged) for leg in facts.legs)
    if rule.one_phone_once:
        legs = _each_phone_once(facts.legs, legs)
    first = _first_answer(facts)
    start = _ring_start(facts)
    verdict, reason = (Verdict.NOT_JUDGED, unjudged) if unjudged else _judge_call(facts, start, first)
    answering = first or next((leg for leg in facts.legs if leg.answered_at is not None), None)
    return Judgement(
        verdict=verdict,
        cause=_cause(rule, facts, legs) if verdict in (Verdict.LATE, Verdict.MISSED) else None,
        reason=reason,
        rules_version=rule.version,
        answered_by=answering.endpoint if answering else None,
        agent=answering.agent if answering else None,
        ivr_us=_ivr_us(facts),
        queue_us=_queue_us(facts, start),
        ring_us=_call_ring_us(facts, start, first),
        caller_total_us=_span(facts.started_at, facts.ended_at),
        legs=legs,
    )


def judge(facts: CallFacts) -> Judgement:
    """The judgement of a call under today's rule and the limit its facts carry."""
    return judge_by(_RULES[-1], facts)


def rings_heard(ring_us: int, period_us: int) -> int:
    """Rings begun in a span: ring n starts at (n - 1) periods (S1)."""
    return ring_us // period_us + 1


_RULES = (Rule(version="three_rings/1", one_phone_once=False, unknown_is_no_cause=False), Rule(version=RULES_VERSION))
RULES: dict[str, Callable[[CallFacts], Judgement]] = {rule.version: partial(judge_by, rule) for rule in _RULES}
"""Every version of the rule that ever judged, so that an old call can be judged by the rule of its day."""


# --- a leg


def _judge_leg(facts: CallFacts, leg: LegFacts, unjudged: Reason | None) -> LegJudgement:
    ring_us = _leg_ring_us(facts, leg)
    finding: Finding
    if unjudged:
        finding = Verdict.NOT_JUDGED, unjudged
    elif leg.role is Role.CITIZEN:
        finding = Verdict.NOT_JUDGED, Reason.CITIZEN_LEG
    else:
        finding = _fair(facts, _leg_finding(facts, leg, ring_us))
        if finding[0] in _PAST and (_may_not_have_rung(leg) or leg.may_ring_late):
            finding = Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return LegJudgement(
        verdict=finding[0],
        reason=finding[1],
        ring_us=ring_us,
        rings_heard=None if ring_us is None else rings_heard(ring_us, facts.ring_period_us),
    )


def _leg_finding(facts: CallFacts, leg: LegFacts, ring_us: int | None) -> Finding:
    ended_at = leg.answered_at if leg.answered_at is not None else leg.ring_ended_at
    if _in_gap(facts, leg.ringing_at or leg.dialled_at or _begun(facts), ended_at if leg.outcome else None):
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


def _each_phone_once(legs: tuple[LegFacts, ...], judged: tuple[LegJudgement, ...]) -> tuple[LegJudgement, ...]:
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
    """Whether `one` stands for the phone rather than `other`: it answered, or rang longer; of two alike, the first."""
    return _weight(one) > _weight(other)


def _weight(leg: LegFacts) -> tuple[bool, bool, int, str]:
    begun, ended = _ringing_span(leg)
    # ids count up, so that the last part only breaks a tie, always in the same way
    return leg.outcome is Outcome.ANSWERED, leg.ringing_at is not None, ended - begun, leg.uniqueid


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
        backwards = _span(leg.ringing_at, leg.answered_at or leg.ring_ended_at) is not None
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT if backwards else Reason.GAP
    if ring_us + _unseen_us(leg) < facts.limit_us:
        return within
    uncertain_us = UNCERTAIN_US if leg.ring_source in _NO_180 else 0
    if ring_us < facts.limit_us + uncertain_us:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return beyond, None


def _leg_ring_us(facts: CallFacts, leg: LegFacts) -> int | None:
    """How long the phone rang; None if it never did, still does, or a clock was set meanwhile."""
    if not leg.answer_seen:
        return None
    ended = leg.answered_at if leg.answered_at is not None else leg.ring_ended_at
    return _sure_span(facts, leg.ringing_at, ended)


# --- a call


def _why_not_judged(facts: CallFacts) -> Reason | None:
    """The reason why S1 does not apply to this call, if it does not."""
    if facts.direction in _WAYS:
        return _WAYS[facts.direction]
    if not facts.is_line:
        return Reason.OTHER_LINE if facts.asked_at is not None else Reason.NOISE
    if facts.asked_at is None and facts.ended_at is not None and not _in_gap(facts, _begun(facts), facts.ended_at):
        if facts.notice_heard:
            return Reason.SELF_SERVED
        return Reason.IVR_ONLY if facts.switch_answered_at is not None else Reason.NOISE
    return None if facts.on_duty else Reason.OFF_DUTY


def _judge_call(facts: CallFacts, start: LegFacts | None, first: LegFacts | None) -> Finding:
    answered_at, gave_up_at = facts.person_answered_at, facts.gave_up_at
    decided_at = next((at for at in (answered_at, gave_up_at, facts.ended_at) if at is not None), None)
    if _in_gap(facts, _begun(facts), decided_at):
        return Verdict.CANNOT_TELL, Reason.GAP
    if decided_at is not None and decided_at < facts.started_at:
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT
    if decided_at is None:
        return Verdict.CANNOT_TELL, Reason.STILL_OPEN
    if answered_at is not None:
        return _fair(facts, _call_answered(facts, start, first, answered_at))
    if gave_up_at is not None:
        return _fair(facts, _call_by_limit(facts, start, gave_up_at, Verdict.LEFT_EARLY, Verdict.MISSED))
    return _fair(facts, (Verdict.MISSED, None))


def _call_by_limit(facts: CallFacts, start: LegFacts | None, end: int, within: Verdict, beyond: Verdict) -> Finding:
    begun = start.ringing_at if start else facts.asked_at
    clock = _span(begun, end)
    if clock is None or clock < 0:
        return Verdict.CANNOT_TELL, Reason.CLOCK_SUSPECT if clock is not None else Reason.GAP
    unseen = max((_unseen_us(leg) for leg in _staff(facts)), default=0)
    if clock + unseen < facts.limit_us:
        return within, None
    if start and start.ring_source in _NO_180 and clock < facts.limit_us + UNCERTAIN_US:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    if clock < facts.limit_us or _least_clock(facts, end) < facts.limit_us:
        return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN
    return beyond, None


def _call_answered(facts: CallFacts, start: LegFacts | None, first: LegFacts | None, answered_at: int) -> Finding:
    """By the limit; of an answer that a log does not date: on time if all was over before it."""
    if first is None or first.answer_seen:
        return _call_by_limit(facts, start, answered_at, Verdict.ON_TIME, Verdict.LATE)
    end = first.ended_at if first.ended_at is not None else facts.ended_at
    clock = _span(start.ringing_at if start else facts.asked_at, end)
    if clock is not None and 0 <= clock < facts.limit_us:
        return Verdict.ON_TIME, None
    return Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN


def _least_clock(facts: CallFacts, end: int) -> int:
    """How long the call's clock ran at least, whichever of the phones that only a log tells of did ring, and when."""
    rung = [leg for leg in _staff(facts) if leg.ringing_at is not None]
    if not any(leg.from_log for leg in rung):
        return end - min((leg.ringing_at or 0 for leg in rung), default=0)
    sure = [_rang_by(leg, end) for leg in rung if not _may_not_have_rung(leg)]
    return end - (min(sure) if sure else max(_rang_by(leg, end) for leg in rung))


def _rang_by(leg: LegFacts, end: int) -> int:
    """The latest instant at which a phone that rang can have begun to."""
    if leg.may_ring_late:
        return end
    return (leg.ringing_at or end) + (UNCERTAIN_US if leg.ring_source in _NO_180 else 0)


def _unseen_us(leg: LegFacts) -> int:
    """By how much a ringing told in whole seconds may have been longer."""
    return _WHOLE_SECOND_US if leg.in_whole_seconds else 0


def _fair(facts: CallFacts, finding: Finding) -> Finding:
    """An adverse finding on data that may have been forged becomes `cannot_tell`."""
    if facts.doubtful and finding[0] in (Verdict.LATE, Verdict.MISSED):
        return Verdict.CANNOT_TELL, Reason.DOUBTFUL
    return finding


def _begun(facts: CallFacts) -> int | None:
    """When the call began, if that was seen: from then on a gap may hide that a phone rang."""
    return None if facts.started_at_source in _UNSEEN_STARTS else facts.started_at


def _in_gap(facts: CallFacts, start: int | None, decided_at: int | None) -> bool:
    return bool(facts.gaps) and any(gap.touches(start, decided_at) for gap in facts.gaps)


def _staff(facts: CallFacts) -> Iterable[LegFacts]:
    """Staff legs dialled up to the first answer: those that S1 looks at."""
    end = facts.person_answered_at
    for leg in facts.legs:
        before = end is None or leg.answered_at == end or (leg.ringing_at or leg.dialled_at or end) <= end
        if leg.role is Role.STAFF and before:
            yield leg


def _first_answer(facts: CallFacts) -> LegFacts | None:
    answered = [leg for leg in facts.legs if leg.role is Role.STAFF and leg.answered_at is not None]
    if len(answered) < 2:
        return answered[0] if answered else None
    with_caller = [leg for leg in answered if leg.answered_at == facts.person_answered_at]
    return min(with_caller or answered, key=lambda leg: leg.answered_at or 0, default=None)


def _ring_start(facts: CallFacts) -> LegFacts | None:
    """The staff leg that rang first."""
    return min(
        (leg for leg in _staff(facts) if leg.ringing_at is not None),
        key=lambda leg: leg.ringing_at or 0,
        default=None,
    )


# --- why


def _cause(rule: Rule, facts: CallFacts, legs: tuple[LegJudgement, ...]) -> Cause | None:
    """The first cause that fits (S1); ringing moved on before any phone's limit is the switch's doing.

    None where a log alone tells of a phone: whether it rang, or nobody was there, is not known; and where nobody was
    rung and nothing is known of the phones that were due.
    """
    rung = list(_staff(facts))
    rung_at = {leg.endpoint for leg in rung}
    idle = [seen for seen in facts.phones if seen.endpoint not in rung_at]
    is_anyone_free = any(PhoneState.FREE in seen.states for seen in idle)
    nobody_knows = rule.unknown_is_no_cause and any(_UNKNOWN_ONLY.issuperset(seen.states) for seen in idle)
    is_hidden = not rung and (facts.repaired or nobody_knows) and not is_anyone_free
    if is_hidden or any(_may_not_have_rung(leg) for leg in rung):
        return None
    if not rung and (not idle or is_anyone_free):
        return Cause.ROUTING
    if _all_talking(rung, [seen.states for seen in idle]):
        return Cause.ALL_BUSY
    verdicts = {leg.uniqueid: judged.verdict for leg, judged in zip(facts.legs, legs, strict=True)}
    if any(_reached(leg) and verdicts[leg.uniqueid] in _PAST for leg in rung):
        return Cause.PERSON
    if any(leg.outcome in _NOBODY_THERE or leg.state_before is PhoneState.PAUSED for leg in rung) or not rung:
        return None if nobody_knows else Cause.EMPTY_SEAT
    doubted = rule.unknown_is_no_cause and any(verdicts[leg.uniqueid] is Verdict.CANNOT_TELL for leg in rung)
    return None if doubted else Cause.ROUTING


def _may_not_have_rung(leg: LegFacts) -> bool:
    return leg.from_log and leg.answered_at is None


def _reached(leg: LegFacts) -> bool:
    """Somebody could have answered: the phone rang, or a hand declined it."""
    return leg.outcome is Outcome.DECLINED or leg.ringing_at is not None


def _all_talking(rung: list[LegFacts], idle: list[tuple[PhoneState, ...]]) -> bool:
    """Every phone, tried or only due, was taken by another caller of the hall."""
    tried = all(leg.answered_at is None and leg.state_before is PhoneState.TALKING for leg in rung)
    return tried and all(PhoneState.TALKING in states and _OCCUPIED.issuperset(states) for states in idle)


# --- the four clocks


def _span(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start


def _sure_span(facts: CallFacts, start: int | None, end: int | None) -> int | None:
    """A duration; None where it is none, or where a clock was set meanwhile: nobody knows how long it was."""
    span = _span(start, end)
    if span is None or span < 0:
        return None
    is_set = any(gap.reason is GapReason.CLOCK_STEP and gap.touches(start, end) for gap in facts.gaps)
    return None if is_set else span


def _at_least_zero(span: int | None) -> int | None:
    return None if span is None else max(span, 0)


def _ivr_us(facts: CallFacts) -> int | None:
    """From the switch's own answer to asking for a person, or to the end."""
    until = facts.asked_at if facts.asked_at is not None else facts.ended_at
    if facts.switch_answered_at is None:
        return 0 if until is not None else None
    return _at_least_zero(_span(facts.switch_answered_at, until))


def _queue_us(facts: CallFacts, start: LegFacts | None) -> int | None:
    """From asking for a person to the first ring, or to the end if nothing rang."""
    first = start.ringing_at if start else (facts.person_answered_at or facts.ended_at)
    return _at_least_zero(_span(facts.asked_at, first))


def _call_ring_us(facts: CallFacts, start: LegFacts | None, first: LegFacts | None) -> int | None:
    """From the first ring to a person's answer, or to the last phone's falling silent."""
    if start is None or (first is not None and not first.answer_seen):
        return None
    end = facts.person_answered_at
    if end is None:
        ends = [leg.ring_ended_at for leg in _staff(facts) if leg.ringing_at is not None]
        end = None if None in ends else max(at for at in ends if at is not None)
    return _sure_span(facts, start.ringing_at, end)
