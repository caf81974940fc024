"""The slow, plain judge: reads the standard's tables (docs/three-rings.md) off what truly happened.

It asks who shared a bridge with the caller and when, which phones truly rang and when, and what each phone was doing.
It knows nothing of events, and nothing of how the tracker thinks.
"""

from dataclasses import dataclass

from tests.histories.plan import LIMIT, QUEUES
from tests.histories.truth import Together, TrueCall, TrueLeg

UNCERTAIN = 2_000_000
AT_ONCE = 500_000
"""Caller and phone hear each other so soon after the handset was lifted that lifting it was the answer."""
A_MOMENT = 1500
"""The switch tells so much later that something is over."""
LINES = {*QUEUES, "dial"}
PAST = {"late", "missed"}
AWAY = {"unregistered", "paused", "in_use"}
REFUSED = {"busy", "unreachable", "dnd"}
SWITCHED_OFF_BY_HAND = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What may be said of a call: verdicts, causes of a late or missed one, who answered and how it ended; and of each
    leg: verdicts, and whether it was answered. `never_rang`: legs that must have no ring."""

    verdicts: frozenset[str]
    causes: frozenset[str | None]
    answered_by: str | None
    ring_us: int | None
    dispositions: frozenset[str]
    legs: dict[str, frozenset[str]]
    answered: dict[str, bool]
    never_rang: frozenset[str]


def oracle(call: TrueCall) -> Truth:
    """What the standard says of a call."""
    judged = call.kind in LINES and call.asked_at is not None
    verdicts = _verdicts(call) if judged else frozenset({"not_judged"})
    accused = bool(verdicts & PAST)
    causes = (_causes(call) if accused else frozenset()) | (frozenset() if verdicts <= PAST else frozenset({None}))
    met, start = answer(call), _first_ring(call.legs)
    exact = met is not None and start is not None and start.told and judged
    exact = exact and all(leg.told for leg in _before_answer(call.legs) if _rung(leg) or _is_doubtful(leg))
    return Truth(
        verdicts=verdicts,
        causes=causes,
        answered_by=met.endpoint if met else None,
        ring_us=answered_at(met) - start.rang_at if exact else None,
        dispositions=_dispositions(call),
        legs={leg.uniqueid: _leg(leg, call) if judged else frozenset({"not_judged"}) for leg in call.legs},
        answered={leg.uniqueid: leg.joined_at is not None for leg in call.legs},
        never_rang=frozenset(leg.uniqueid for leg in call.legs if leg.how in REFUSED and leg.rang_at is None),
    )


def answer(call: TrueCall) -> Together | None:
    """The first phone that shared a bridge with the caller."""
    return min(call.together, key=lambda met: met.at, default=None)


def answered_at(met: Together) -> int:
    """Lifting the handset was the answer, unless the two heard each other only later."""
    return met.up_at if met.at - met.up_at <= AT_ONCE else met.at


def decided_at(call: TrueCall) -> int:
    """When all was settled that a verdict needs."""
    met = answer(call)
    if met is not None:
        return max(answered_at(met), met.at)
    return next(at for at in (call.gave_up_at, call.ended_at) if at is not None)


def _dispositions(call: TrueCall) -> frozenset[str]:
    unanswered = {"no_answer", "busy", "failed"}
    if call.kind in ("outbound", "callback"):
        return frozenset({"answered"} if call.reached else unanswered)
    if answer(call) is not None:
        return frozenset({"answered"})
    if call.kind not in LINES or call.asked_at is None:
        return frozenset({*unanswered, "abandoned", "answered"})
    if call.gave_up_at is None:
        return frozenset({*unanswered, "abandoned"} if _in_silence(call) else unanswered)
    return frozenset({"abandoned", *unanswered} if _in_silence(call) else {"abandoned"})


def _in_silence(call: TrueCall) -> bool:
    """Nothing tells whether caller or switch hung up: no phone rang just then, and such a line need not say it."""
    if call.gave_up_at is None:
        return call.analogue
    return call.unheard and not any(leg.how == "cancelled" and leg.silent_at == call.gave_up_at for leg in call.legs)


# --- a leg


def _leg(leg: TrueLeg, call: TrueCall) -> frozenset[str]:
    if leg.how == "picks_up":
        return frozenset({"not_judged"})
    if leg.was == "paused":
        return frozenset({"on_time", "not_judged"} if leg.how == "answered" else {"not_judged"})
    if leg.twin is not None and leg.twin.how == "answered":
        return frozenset({"not_judged", "missed"} if leg.how in ("declined", *REFUSED) else {"not_judged"})
    if leg.how in ("declined", *REFUSED) and leg.twin is not None:
        return frozenset({"missed", "not_judged"})
    if leg.how == "busy":
        if leg.was == "deciding" or (leg.was == "talking" and not leg.house):
            return frozenset({"not_judged", "missed"})
        return frozenset({"not_judged" if leg.was == "talking" else "missed"})
    if leg.how == "dnd" and leg.cause in (0, 16):
        return frozenset({"missed", "not_judged"})
    if leg.how in ("declined", "unreachable", "dnd"):
        return frozenset({"missed"})
    if leg.how == "not_accepted":
        return _not_accepted(leg)
    if leg.how == "forwarded" and not leg.told:  # after early media nobody knows whether it rang
        return frozenset({"not_judged"} if leg.rang_at is None else {"not_judged", "missed", "cannot_tell"})
    within = {"answered": "on_time", "cancelled": "left_early"}.get(leg.how, "not_judged")
    said = _by_limit(leg, _end(leg), within, "late" if leg.how == "answered" else "missed")
    if leg.how == "no_answer" and _in_silence(call) and (leg.silent_at or 0) >= (call.ended_at or 0) - AT_ONCE:
        said |= _by_limit(leg, _end(leg), "left_early", "missed")
    if leg.how == "forwarded" and abs(_end(leg) - _begun(leg) - LIMIT) < A_MOMENT:
        said |= {"not_judged", "missed"}
    return said | {"not_judged"} if leg.twin and leg.how != "answered" else said


def _end(leg: TrueLeg) -> int:
    """When the ringing was over: the answer, as the caller heard it, or the phone fell silent."""
    if leg.how == "answered" and leg.up_at is not None and leg.joined_at is not None:
        return leg.up_at if leg.joined_at - leg.up_at <= AT_ONCE else leg.joined_at
    return leg.silent_at or 0


def _not_accepted(leg: TrueLeg) -> frozenset[str]:
    """Lifted, and put down without a word to the caller: it rang until it was lifted; nobody answered."""
    if leg.rang_at is None:
        return frozenset({"not_judged", "missed", "cannot_tell"})
    return _by_limit(leg, leg.silent_at or 0, "not_judged", "missed")


def _by_limit(leg: TrueLeg, end: int, within: str, beyond: str) -> frozenset[str]:
    if leg.told and leg.rang_at is not None:
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


def _is_doubtful(leg: TrueLeg) -> bool:
    """Whether it rang is nobody's to know: refused after early media only, or lifted without a ring and put down."""
    if leg.told:
        return False
    if leg.rang_at is not None:
        return leg.how in ("declined", "forwarded", "not_accepted", *REFUSED)
    return leg.how == "not_accepted"


def _first_ring(legs: list[TrueLeg]) -> TrueLeg | None:
    rung = [leg for leg in _before_answer(legs) if _rung(leg) and not _is_doubtful(leg)]
    return min(rung, key=_begun, default=None)


def _begun(leg: TrueLeg) -> int:
    """From when its ringing counts: without a sign that it rings, from dialling."""
    return leg.rang_at if leg.told and leg.rang_at is not None else leg.dialled_at


def _verdicts(call: TrueCall) -> frozenset[str]:
    """Where it cannot be known whether a phone rang, what follows from either is right."""
    met = answer(call)
    if met is None and call.gave_up_at is None:
        ends = (call.ended_at, call.waited_until) if _in_silence(call) else ()
        maybe = [_clocked(call, end, "left_early", "missed") for end in ends if end is not None]
        return frozenset({"missed"}).union(*maybe)
    if met is not None:
        return _clocked(call, answered_at(met), "on_time", "late")
    left = _clocked(call, call.gave_up_at or 0, "left_early", "missed")
    return left | {"missed"} if _in_silence(call) else left


def _clocked(call: TrueCall, end: int, within: str, beyond: str) -> frozenset[str]:
    legs = [leg for leg in _before_answer(call.legs) if _begun(leg) <= end]
    sure = _first_ring(legs)
    maybe = [leg for leg in legs if _is_doubtful(leg) and (sure is None or _begun(leg) < _begun(sure))]
    same = [leg for leg in legs if sure is not None and _rung(leg) and _begun(leg) == _begun(sure)]
    starts = [sure, *maybe, *same]
    told = min((_begun(leg) for leg in legs if leg.told), default=end)
    said: set[str] = set()
    for start in starts:
        begun = _begun(start) if start else call.asked_at or 0
        clock = end - begun
        unsure = start is not None and not start.told and LIMIT <= clock < LIMIT + UNCERTAIN
        if not unsure:
            said.add(within if clock < LIMIT else beyond)
        else:
            said |= {"cannot_tell", beyond} if end - told >= LIMIT else {"cannot_tell"}
        if call.unheard and call.gave_up_at is not None and abs(clock - LIMIT) < A_MOMENT:
            said |= {within, beyond}
    return frozenset(said)


# --- why


def _causes(call: TrueCall) -> frozenset[str | None]:
    """A phone that somebody holds without talking yet may be called talking or in use."""
    causes: frozenset[str | None] = frozenset()
    for holding in ("talking", "in_use"):
        seen = {
            phone: {holding if state == "deciding" else state for state in states}
            for phone, states in call.phones.items()
        }
        causes |= _causes_by(call, seen, holding)
    return causes


def _causes_by(call: TrueCall, seen: dict[str, set[str]], holding: str) -> frozenset[str | None]:
    legs = _before_answer(call.legs)
    tried = {leg.phone for leg in legs}
    idle = {phone: states for phone, states in seen.items() if phone not in tried}
    if not legs:
        if not idle or any("free" in states for states in idle.values()):
            return frozenset({"routing"})
        return frozenset({"all_busy" if _all_occupied(idle) else "empty_seat"})
    talks = [leg.how == "busy" and leg.was in ("talking", "deciding" if holding == "talking" else "") for leg in legs]
    maybe = frozenset({"all_busy"} if all(talks) and _all_occupied(idle) else ())
    if maybe and all(leg.house for leg in legs):
        return maybe
    return maybe | _blame(call, legs)


def _all_occupied(idle: dict[str, set[str]]) -> bool:
    return all("talking" in states and states <= {"talking", "ringing"} for states in idle.values())


def _blame(call: TrueCall, legs: list[TrueLeg]) -> frozenset[str | None]:
    asked = [leg for leg in legs if leg.how != "picks_up"]
    blamed = [leg for leg in asked if _rung(leg) and _leg(leg, call) & PAST]
    by_hand = any(leg.how in REFUSED and leg.cause == SWITCHED_OFF_BY_HAND for leg in asked)
    picked_by_nobody = any(_is_doubtful(leg) and leg.how == "not_accepted" for leg in asked)
    sure = [leg for leg in blamed if not _is_doubtful(leg) and _leg(leg, call) <= {*PAST, "cannot_tell"}]
    if sure:
        return frozenset({"person"})
    by_whom = [leg.how == "dnd" and leg.cause in (0, 16) for leg in asked]  # phone or switch: nothing tells
    away = [leg.was in AWAY or leg.how in REFUSED or _is_silent(leg, UNCERTAIN) for leg in asked]
    maybe = [one or _is_silent(leg, 0) for one, leg in zip(away, asked, strict=True)]
    why = {"empty_seat"} if away and all(away) and not any(by_whom) else {"routing"}
    why |= {"empty_seat"} if any(maybe) else set()
    if picked_by_nobody:
        return frozenset({*why, "person", "empty_seat", "routing"})
    return frozenset(why | {"person", "empty_seat"} if blamed else why | {"person"} if by_hand else why)


def _is_silent(leg: TrueLeg, least: int) -> bool:
    """It gave no sign of life in all the time, at least so long, that it was dialled."""
    return not _rung(leg) and leg.how != "forwarded" and (leg.silent_at or 0) - leg.dialled_at >= least
