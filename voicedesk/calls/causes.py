"""Why a call was late or missed (S1): the switch, no free phone, an empty seat, or a person."""

from voicedesk.calls.call_clocks import staff_legs
from voicedesk.calls.certainty import PAST, may_not_have_rung
from voicedesk.calls.model import CallFacts, Cause, LegFacts, LegJudgement, Outcome, PhoneState, Verdict

_NOBODY_THERE = frozenset({Outcome.BUSY, Outcome.UNREACHABLE})
_UNKNOWN_ONLY = frozenset({PhoneState.UNKNOWN})
_OCCUPIED = frozenset({PhoneState.TALKING, PhoneState.RINGING})


def cause_of(facts: CallFacts, legs: tuple[LegJudgement, ...], *, unknown_is_no_cause: bool) -> Cause | None:
    """The first cause that fits (S1); ringing moved on before any phone's limit is the switch's doing.

    None where a log alone tells of a phone: whether it rang, or nobody was there, is not known; and where nobody was
    rung and nothing is known of the phones that were due. `unknown_is_no_cause`: see `three_rings.Rule`.
    """
    rung = list(staff_legs(facts))
    rung_at = {leg.endpoint for leg in rung}
    idle = [seen for seen in facts.phones if seen.endpoint not in rung_at]
    is_anyone_free = any(PhoneState.FREE in seen.states for seen in idle)
    nobody_knows = unknown_is_no_cause and any(_UNKNOWN_ONLY.issuperset(seen.states) for seen in idle)
    is_hidden = not rung and (facts.repaired or nobody_knows) and not is_anyone_free
    if is_hidden or any(may_not_have_rung(leg) for leg in rung):
        return None
    if not rung and (not idle or is_anyone_free):
        return Cause.ROUTING
    if _all_talking(rung, [seen.states for seen in idle]):
        return Cause.ALL_BUSY
    verdicts = {leg.uniqueid: judged.verdict for leg, judged in zip(facts.legs, legs, strict=True)}
    if any(_reached(leg) and verdicts[leg.uniqueid] in PAST for leg in rung):
        return Cause.PERSON
    if any(leg.outcome in _NOBODY_THERE or leg.state_before is PhoneState.PAUSED for leg in rung) or not rung:
        return None if nobody_knows else Cause.EMPTY_SEAT
    doubted = unknown_is_no_cause and any(verdicts[leg.uniqueid] is Verdict.CANNOT_TELL for leg in rung)
    return None if doubted else Cause.ROUTING


def _reached(leg: LegFacts) -> bool:
    """Somebody could have answered: the phone rang, or a hand declined it."""
    return leg.outcome is Outcome.DECLINED or leg.ringing_at is not None


def _all_talking(rung: list[LegFacts], idle: list[tuple[PhoneState, ...]]) -> bool:
    """Every phone, tried or only due, was taken by another caller of the hall."""
    tried = all(leg.answered_at is None and leg.state_before is PhoneState.TALKING for leg in rung)
    return tried and all(PhoneState.TALKING in states and _OCCUPIED.issuperset(states) for states in idle)
