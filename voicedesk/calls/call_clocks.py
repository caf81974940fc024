"""The clocks of a call, and the legs between which they run: how long the switch spoke, and how long phones rang."""

from voicedesk.calls.model import CallFacts, GapReason, LegFacts, Role


def rings_heard(ring_us: int, period_us: int) -> int:
    """Rings begun in a span: ring n starts at (n - 1) periods (S1)."""
    return ring_us // period_us + 1


def staff_legs(facts: CallFacts) -> list[LegFacts]:
    """Staff legs dialled up to the first answer: those that S1 looks at."""
    end = facts.person_answered_at
    return [
        leg
        for leg in facts.legs
        if leg.role is Role.STAFF
        and (end is None or leg.answered_at == end or (leg.ringing_at or leg.dialled_at or end) <= end)
    ]


def first_answer(facts: CallFacts) -> LegFacts | None:
    """The staff leg that answered first; a leg that was connected with the caller goes before one that was not."""
    answered = [leg for leg in facts.legs if leg.role is Role.STAFF and leg.answered_at is not None]
    if len(answered) < 2:
        return answered[0] if answered else None
    with_caller = [leg for leg in answered if leg.answered_at == facts.person_answered_at]
    return min(with_caller or answered, key=lambda leg: leg.answered_at or 0, default=None)


def ring_start(facts: CallFacts) -> LegFacts | None:
    """The staff leg that rang first."""
    rung = [leg for leg in staff_legs(facts) if leg.ringing_at is not None]
    if len(rung) < 2:
        return rung[0] if rung else None
    return min(rung, key=lambda leg: leg.ringing_at or 0)


def span(start: int | None, end: int | None) -> int | None:
    """The time between two instants; None where one of them is unknown."""
    return None if start is None or end is None else end - start


def sure_span(facts: CallFacts, start: int | None, end: int | None) -> int | None:
    """The time between two instants; None where it is unknown, negative, or a clock was set between the two."""
    lasted = span(start, end)
    if lasted is None or lasted < 0:
        return None
    if not facts.gaps:
        return lasted
    is_set = any(gap.reason is GapReason.CLOCK_STEP and gap.touches(start, end) for gap in facts.gaps)
    return None if is_set else lasted


def _at_least_zero(lasted: int | None) -> int | None:
    return None if lasted is None else max(lasted, 0)


def ivr_us(facts: CallFacts) -> int | None:
    """From the switch's own answer to asking for a person, or to the end."""
    until = facts.asked_at if facts.asked_at is not None else facts.ended_at
    if facts.switch_answered_at is None:
        return 0 if until is not None else None
    return _at_least_zero(span(facts.switch_answered_at, until))


def queue_us(facts: CallFacts, start: LegFacts | None) -> int | None:
    """From asking for a person to the first ring, or to the end if nothing rang."""
    first = start.ringing_at if start else (facts.person_answered_at or facts.ended_at)
    return _at_least_zero(span(facts.asked_at, first))


def call_ring_us(facts: CallFacts, start: LegFacts | None, first: LegFacts | None) -> int | None:
    """From the first ring to a person's answer, or to the last phone's falling silent."""
    if start is None or (first is not None and not first.answer_seen):
        return None
    end = facts.person_answered_at
    if end is None:
        ends = [leg.ring_ended_at for leg in staff_legs(facts) if leg.ringing_at is not None]
        end = None if None in ends else max(at for at in ends if at is not None)
    return sure_span(facts, start.ringing_at, end)
