"""The slow, plain judge: reads the standard's tables (docs/three-rings.md) off what truly happened."""

from dataclasses import dataclass

from tests.histories.plan import LIMIT
from tests.histories.truth import TrueCall, TrueLeg

UNCERTAIN = 2_000_000
PAST = {"late", "missed"}
AWAY = {"unregistered", "paused", "in_use"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What may be said of a call: verdicts, causes of a late or missed one, and who answered; and of each leg."""

    verdicts: frozenset[str]
    causes: frozenset[str | None]
    answered_by: str | None
    ring_us: int | None
    legs: dict[str, frozenset[str]]


def oracle(call: TrueCall) -> Truth:
    """What the standard says of a call."""
    judged = call.kind in ("queue", "local", "dial") and call.asked_at is not None
    verdicts = _verdicts(call) if judged else frozenset({"not_judged"})
    accused = bool(verdicts & {"late", "missed"})
    causes = (_causes(call) if accused else frozenset()) | (frozenset() if verdicts <= PAST else frozenset({None}))
    start = _first_ring(call.legs)
    exact = call.answered_at is not None and start is not None and start.told and start.staff
    return Truth(
        verdicts=verdicts,
        causes=causes,
        answered_by=call.answered_by,
        ring_us=call.answered_at - start.rang_at if exact and judged and not _uncertain(call) else None,
        legs={leg.uniqueid: _leg(leg) if judged else frozenset({"not_judged"}) for leg in call.legs},
    )


# --- a leg


def _leg(leg: TrueLeg) -> frozenset[str]:
    if leg.how == "picks_up":
        return frozenset({"not_judged"})
    if leg.was == "paused":
        return frozenset({"on_time", "not_judged"} if leg.how == "answered" else {"not_judged"})
    if leg.how == "busy":
        return frozenset({"not_judged" if leg.was == "talking" else "missed"})
    if leg.how in ("declined", "unreachable"):
        return frozenset({"missed"})
    within = {"answered": "on_time", "no_answer": "not_judged", "elsewhere": "not_judged", "cancelled": "left_early"}[
        leg.how
    ]
    beyond = "late" if leg.how == "answered" else "missed"
    return _by_limit(leg, leg.silent_at, within, beyond)


def _by_limit(leg: TrueLeg, end: int, within: str, beyond: str) -> frozenset[str]:
    if leg.told:
        return frozenset({within if end - leg.rang_at < LIMIT else beyond})
    dialled = end - leg.dialled_at
    if leg.rang_at is None and leg.how != "answered":  # it gave no sign of life: it is not there
        return frozenset(
            {"missed"} if leg.how != "elsewhere" and dialled >= UNCERTAIN else {within, "missed", "cannot_tell"}
        )
    if dialled < LIMIT:
        return frozenset({within})
    return frozenset({"cannot_tell"} if dialled < LIMIT + UNCERTAIN else {beyond})


# --- the call


def _before_answer(legs: list[TrueLeg]) -> list[TrueLeg]:
    return [leg for leg in legs if not leg.transferred]


def _rung(leg: TrueLeg) -> bool:
    return leg.rang_at is not None or leg.how == "answered"


def _first_ring(legs: list[TrueLeg]) -> TrueLeg | None:
    rung = [leg for leg in _before_answer(legs) if _rung(leg) and leg.staff]
    return min(rung, key=lambda leg: leg.rang_at or leg.dialled_at, default=None)


def _uncertain(call: TrueCall) -> bool:
    return any(not leg.told and leg.how != "picks_up" for leg in _before_answer(call.legs))


def _refused_unheard(leg: TrueLeg) -> bool:
    """Refused after early media only: whether it rang before is nobody's to know, so both may be said."""
    return leg.how == "declined" and not leg.told


def _verdicts(call: TrueCall) -> frozenset[str]:
    """Where it cannot be known whether a phone rang, what follows from either is right."""
    unheard = [leg for leg in call.legs if _refused_unheard(leg)]
    silent = [leg for leg in _before_answer(call.legs) if _maybe_silent(leg)]
    heard = [leg for leg in call.legs if leg not in unheard]
    verdicts = _verdicts_by(call, _first_ring(call.legs)) | _verdicts_by(call, _first_ring(heard))
    for leg in silent:
        verdicts |= _verdicts_by(call, leg)
    return verdicts


def _maybe_silent(leg: TrueLeg) -> bool:
    """Dialled for less than the time in which a phone that is there must have said something."""
    return leg.rang_at is None and leg.how in ("no_answer", "cancelled", "elsewhere")


def _verdicts_by(call: TrueCall, start: TrueLeg | None) -> frozenset[str]:
    if call.answered_at is None and call.gave_up_at is None:
        return frozenset({"missed"})
    within, beyond = ("on_time", "late") if call.answered_at is not None else ("left_early", "missed")
    end = call.answered_at if call.answered_at is not None else call.gave_up_at
    begun = (start.rang_at or start.dialled_at) if start else call.asked_at
    true = within if end - begun < LIMIT else beyond
    return frozenset({true, "cannot_tell"}) if _uncertain(call) else frozenset({true})


# --- why


def _causes(call: TrueCall) -> frozenset[str | None]:
    legs = _before_answer(call.legs)
    tried = {leg.phone for leg in legs}
    idle = {phone: states for phone, states in call.phones.items() if phone not in tried}
    if not legs:
        if not idle or any("free" in states for states in idle.values()):
            return frozenset({"routing"})
        if all("talking" in states and states <= {"talking", "ringing"} for states in idle.values()):
            return frozenset({"all_busy"})
        return frozenset({"empty_seat"})
    if _all_talking(legs, idle):
        return frozenset({"all_busy"})
    blamed = [leg for leg in legs if leg.how != "picks_up" and _rung(leg) and _leg(leg) & {"late", "missed"}]
    if any(not _refused_unheard(leg) for leg in blamed):
        return frozenset({"person"})
    if blamed:
        return frozenset({"person", "empty_seat"})
    away = [
        leg.was in AWAY or leg.how in ("busy", "unreachable") or not _rung(leg) for leg in legs if leg.how != "picks_up"
    ]
    if all(away):
        return frozenset({"empty_seat"})
    return frozenset({"empty_seat", "routing"}) if any(away) else frozenset({"routing"})


def _nobody_there(leg: TrueLeg) -> bool:
    return leg.was in AWAY or leg.how in ("busy", "unreachable") or not _rung(leg)


def _all_talking(legs: list[TrueLeg], idle: dict[str, set[str]]) -> bool:
    tried = all(leg.how == "busy" and leg.was == "talking" for leg in legs)
    return tried and all("talking" in states and states <= {"talking", "ringing"} for states in idle.values())
