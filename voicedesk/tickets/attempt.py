"""What became of a call that the hall placed for a ticket, read from its legs: never from what the switch answered."""

from dataclasses import dataclass
from enum import StrEnum

from voicedesk.calls.model import CallFacts, LegFacts, Outcome, Role


class Result(StrEnum):
    """How a try ended: the citizen answered, was rung in vain, was surely never rung, or nobody can tell."""

    REACHED = "reached"
    FAILED = "failed"
    NOT_RUNG = "not_rung"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """`cause` says why it was not reached: `citizen_busy`, `staff_no_answer` …; `at` is the answer or the end."""

    result: Result
    cause: str
    at: int


def result_of(facts: CallFacts) -> Tried:
    """The result of a finished call that began at the staff phone.

    Where the data has a hole before the citizen's leg was seen to end, nobody can tell: the citizen may have been rung.
    """
    end = facts.ended_at if facts.ended_at is not None else facts.started_at
    citizen = next((leg for leg in facts.legs if leg.role is Role.CITIZEN), None)
    if citizen is not None:
        return _of_citizen(citizen, end)
    if facts.gaps:
        return Tried(result=Result.UNKNOWN, cause="gap", at=end)
    staff = next((leg for leg in facts.legs if leg.role is Role.STAFF), None)
    outcome = staff.outcome if staff is not None else None
    cause = "staff_hung_up" if outcome in (None, Outcome.ANSWERED, Outcome.CANCELLED) else f"staff_{outcome}"
    return Tried(result=Result.NOT_RUNG, cause=cause, at=end)


def _of_citizen(leg: LegFacts, end: int) -> Tried:
    match leg.outcome:
        case Outcome.ANSWERED:
            return Tried(result=Result.REACHED, cause="", at=leg.answered_at or end)
        case None:
            return Tried(result=Result.UNKNOWN, cause="gap", at=end)
        case Outcome.CANCELLED | Outcome.ANSWERED_ELSEWHERE:  # a dial that was broken off beside the staff's answer
            return Tried(result=Result.FAILED, cause="staff_hung_up", at=leg.ended_at or end)
        case _:
            return Tried(result=Result.FAILED, cause=f"citizen_{leg.outcome}", at=leg.ended_at or end)
