"""What a finished call means to the desk: somebody was missed, a person was reached, or neither (S1).

An inbound call is missed if it asked for a person, or for a callback, and no person answered: whatever the cause, in
duty hours or not, and also if the link was lost or the PBX stopped while it rang. Not missed are inside calls, numbers
that belong to no line, noise, and callers whom a menu or a notice served and who asked for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from voicedesk.calls.model import CallFacts, Direction, JudgedCall, Outcome, Reason, Role
from voicedesk.phone_numbers import normalise

GroupOf = Callable[[CallFacts], str | None]
"""The line group a call belongs to; None where nobody can tell."""

_SERVED = frozenset({Reason.SELF_SERVED, Reason.IVR_ONLY, Reason.NOISE, Reason.OTHER_LINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A call that no person answered; `number` None: withheld, or none that could be rung."""

    call_id: str
    number: str | None
    group: str
    started_at: int
    ended_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A call in which the citizen and a person of the hall spoke, from `at` on; `group` None: unknown."""

    call_id: str
    number: str
    group: str | None
    at: int


def meaning_of(
    call: JudgedCall, group_of: GroupOf, *, area_code: str = "", asked_for_callback: bool = False
) -> Miss | Contact | None:
    """What a call means; None if nothing is to be done, or it is not over yet. `asked_for_callback`: in the IVR or by a
    message."""
    facts = call.facts
    if facts.ended_at is None or facts.direction is Direction.INTERNAL:
        return None
    number = normalise(facts.caller_number, area_code)
    spoke_at = _spoke_at(facts)
    if spoke_at is not None:
        if number is None:
            return None
        return Contact(call_id=facts.id, number=number, group=group_of(facts), at=spoke_at)
    if facts.direction is not Direction.INBOUND:
        return None
    if call.judgement.reason in _SERVED and not asked_for_callback:
        return None
    return Miss(
        call_id=facts.id,
        number=number,
        group=group_of(facts) or facts.line or "",
        started_at=facts.started_at,
        ended_at=facts.ended_at,
    )


def _spoke_at(facts: CallFacts) -> int | None:
    """When citizen and staff could hear each other; of a call that the hall placed, the citizen's answer."""
    if facts.direction is Direction.INBOUND:
        return facts.person_answered_at
    answers = (leg.answered_at for leg in facts.legs if leg.role is Role.CITIZEN and leg.outcome is Outcome.ANSWERED)
    return next((at for at in answers if at is not None), None)
