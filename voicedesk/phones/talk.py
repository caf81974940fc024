"""What calls tell of the phones in them: who talks at which, and which phone gave a sign of life or refused at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from voicedesk.calls.model import CallFacts, Direction, LegFacts, Outcome, PhoneState, RingSource, Role
from voicedesk.calls.q850 import NO_ANSWER

INSTANT_US = 1_500_000
"""No person presses a key as soon as this: a phone that refuses within this time, without having rung, refused by
itself."""
_REFUSED = frozenset({Outcome.BUSY, Outcome.DECLINED})
_TRULY_RANG = frozenset({RingSource.NEWSTATE, RingSource.DIALSTATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A phone talks in a call since `since`. `is_hall`: the hotline's or a callback; `is_excused`: about a ticket.

    `number` is the other side's, if that is a citizen; it is written into no finding.
    """

    call_id: str
    since: int
    is_hall: bool
    number: str | None = None
    is_excused: bool = False
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One ringing of a phone told that it is alive, or that it refuses without ringing while it is free."""

    endpoint: str
    uniqueid: str
    at: int
    is_refusal: bool


def talks_of(facts: CallFacts) -> dict[str, Talk]:
    """The staff phones that talk in a call, by endpoint; empty for a call that is over."""
    if facts.ended_at is not None:
        return {}
    talk = Talk(
        call_id=facts.id,
        since=0,
        is_hall=_is_hall(facts),
        number=facts.caller_number if facts.direction is Direction.OUTBOUND else None,
        is_doubtful=facts.doubtful or (bool(facts.gaps) and facts.direction is Direction.INBOUND),
    )
    found = {
        leg.endpoint: replace(talk, since=leg.answered_at)
        for leg in facts.legs
        if leg.role is Role.STAFF and leg.answered_at is not None and leg.ended_at is None
    }
    if facts.placed_by is not None:
        answers = [leg.answered_at for leg in facts.legs if leg.answered_at is not None and leg.ended_at is None]
        since = min(answers, default=facts.switch_answered_at if not facts.legs else None)
        if since is not None:
            found[facts.placed_by] = replace(talk, since=since)
    return found


def _is_hall(facts: CallFacts) -> bool:
    """A call of the hotline, or that the hall placed for a ticket; one that came out of a queue is some line's."""
    if facts.direction is Direction.CALLBACK:
        return True
    return facts.direction is Direction.INBOUND and (facts.is_line or any(leg.member is not None for leg in facts.legs))


def signs_of(facts: CallFacts) -> Iterator[Sign]:
    """What a call's legs tell of the phones that were rung. A call with a gap tells nothing adverse."""
    for leg in facts.legs:
        if leg.role is not Role.STAFF:
            continue
        alive_at = leg.answered_at if leg.answered_at is not None else _rang_at(leg)
        if alive_at is not None:
            yield Sign(endpoint=leg.endpoint, uniqueid=leg.uniqueid, at=alive_at, is_refusal=False)
        elif leg.ended_at is not None and _refused_at_once(leg) and not facts.doubtful and not facts.gaps:
            yield Sign(endpoint=leg.endpoint, uniqueid=leg.uniqueid, at=leg.ended_at, is_refusal=True)


def _rang_at(leg: LegFacts) -> int | None:
    return leg.ringing_at if leg.ring_source in _TRULY_RANG else None


def _refused_at_once(leg: LegFacts) -> bool:
    """It refused by itself although the switch knew of nothing that it was doing."""
    if leg.state_before is not PhoneState.FREE or leg.dialled_at is None or leg.from_log:
        return False
    refused = leg.outcome in _REFUSED or (
        leg.outcome in (Outcome.NO_ANSWER, Outcome.UNREACHABLE) and leg.hangup_cause == NO_ANSWER
    )
    return refused and (leg.ended_at or 0) - leg.dialled_at <= INSTANT_US
