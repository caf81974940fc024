"""What people will do, before the switch is asked: plans of calls, drawn from a tape of bytes.

A tape is what hypothesis gives: it shrinks by getting shorter and its bytes smaller, and the first choice everywhere
is the plainest, so that what is left of a finding is a short history of plain calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

STEP = 10_000
"""Plans move in steps of 10 ms; calls lie 3 ms apart, so that no two of them act in the same millisecond."""
SECOND = 1_000_000
LIMIT = 15 * SECOND
PHONES = ("agent1", "agent2", "agent3", "agent4")
MEMBERS = PHONES[:3]
GUEST = "guest"
"""A phone of the house that stands in no setting."""
MOBILES = {"mobile1": "13900139001", "mobile2": "13900139002"}
"""Phones of the staff's own, reached through the trunk."""
QUEUES = {"queue": "hotline", "local": "hotline", "plain_local": "hotline", "hint": "fpbx"}
SPANS = (2, 6, 1, 3, 0.5, 4, 5, 9, 10, 12, 14.98, 14.99, 15, 15.01, 16, 16.99, 17.01, 19, 25, 40, 0.2, 0.03)
EDGES = (0, 0, 0, 0, 1, -1, 1000, -1000)


class Tape:
    """Choices, one byte each; an empty tape chooses the first of everything."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def pick(self, options: Sequence):
        return options[next(self._data, 0) % len(options)]

    def span(self) -> int:
        """A stretch of time in microseconds, often close to the limit, sometimes a microsecond beside it."""
        seconds = self.pick(SPANS)
        return round(seconds * SECOND) + (self.pick(EDGES) if seconds >= 14 else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What one phone does when dialled: `says` 180 (it rings), 183 (early media), both or nothing; then, `after`,
    `acts`.

    `via` a Local channel, kept or optimised away. Who is asked to accept the call (`decides` so long after lifting the
    handset) does, or not: `result` is how the dial ends then. `cause`: with which the phone refuses. `contacts`: it
    rings at two places. `dialled`: the form of the dial string of a number outside. `to`: where it forwards to.
    """

    phone: str
    says: str = "180"
    delay: int = 0
    acts: str = "never"
    after: int = 0
    via: str = ""
    decides: int | None = None
    result: str = "ANSWER"
    holds: bool = False
    told_early: bool = False
    cause: int = 0
    contacts: int = 1
    dialled: tuple[str, str] = ("PJSIP/trunk", "{number}@trunk")
    to: "Reaction | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """One call: `rounds` of phones dialled together, each for `ring_for`, `pause` between them; then, where the queue
    is left by time, key or redirection after `leaves`, rounds of Dial (`failover`)."""

    start: int
    kind: str
    rounds: tuple[tuple[Reaction, ...], ...]
    failover: tuple[tuple[Reaction, ...], ...]
    way: str
    leaves: int | None
    ring_for: int
    pause: int
    patience: int | None
    menu: int
    talk: int
    then: str
    then_to: Reaction
    caller_ends: bool
    lingers: int
    line: str
    announcement: int | None
    wrap_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """What the phones are at the beginning, and the calls; `earlier` there was a call that told bridges."""

    paused: frozenset[str]
    unregistered: frozenset[str]
    calls: tuple[CallPlan, ...]
    earlier: bool


KINDS = (
    "queue",
    "dial",
    "queue",
    "dial",
    "local",
    "hint",
    "internal",
    "outbound",
    "callback",
    "menu",
    "other_line",
    "plain_local",
    "hint",
    "dial",
)
ACTS = ("answers", "never", "answers", "declines", "never", "busy", "answers", "unreachable", "refuses", "picked_up")
THEN = ("ends", "ends", "ends", "blind", "attended", "ends", "parked")
NOBODY = (frozenset(), frozenset(), frozenset(), frozenset({"agent1"}), frozenset({"agent2", "agent3"}))
SHAPES = ("", "", "", "mobile", "confirm", "", "contacts", "local", "dnd", "forwards", "", "guest")
CAUSES = (19, 17, 20, 21, 1, 34, 127, 3, 18, 0, 16, 31, 58, 200)
"""With which a phone, or the road to it, refuses without ringing; the last is none that anybody knows."""
RESULTS = ("ANSWER", "ANSWER", "CONTINUE", "ANSWER", "ABORT", "GOTO", "DONTCALL", "TORTURE", "NOANSWER")
DIALLED = (
    ("PJSIP/trunk", "{number}@trunk"),
    ("PJSIP/trunk", "trunk/sip:{number}@10.0.0.1"),
    ("PJSIP/trunk", "trunk/sip:+86{number}@10.0.0.1:5060;user=phone"),
    ("IAX2/gateway", "hall:secret@gateway/{number}"),
    ("DAHDI/i1", "g0/w{number}"),
)
"""How a number outside is dialled: what the channel is called, and the dial string."""


def draw_day(tape: Tape, most: int = 4) -> DayPlan:
    """A stretch of a hall's day with up to `most` calls, often at the same time."""
    count = tape.pick(range(1, most + 1))
    start, calls = SECOND, []
    for n in range(count):
        calls.append(draw_call(tape, start // STEP * STEP + 3000 * n))
        start += tape.pick((1, 4, 0, 9, 30, 70)) * SECOND
    paused, unregistered, known = tape.pick(NOBODY), tape.pick(NOBODY), tape.pick((True, True, False))
    return DayPlan(paused=paused, unregistered=unregistered, calls=tuple(calls), earlier=known)


def draw_call(tape: Tape, start: int) -> CallPlan:
    """One call that begins at `start`."""
    kind = tape.pick(KINDS)
    way = tape.pick(("", "", "over", "", "key", "redirect"))
    return CallPlan(
        start=start,
        kind=kind,
        rounds=tuple(_round(tape) for _ in range(tape.pick((1, 2, 1, 3, 4)))),
        failover=tuple(_round(tape) for _ in range(tape.pick((1, 0, 2)))) if way else (),
        way=way,
        leaves=tape.pick((2, 6, 1, 9, 14, 16, 25)) * SECOND if way in ("key", "redirect") else None,
        ring_for=tape.pick((20, 30, 60, 5, 10, 15, 3)) * SECOND,
        pause=tape.pick((5, 1, 0)) * SECOND + STEP,
        patience=tape.pick((None, None, tape.span())),
        menu=tape.pick((0, 0, 4 * SECOND)),
        talk=tape.pick((8, 2, 30, 90)) * SECOND,
        then=tape.pick(THEN),
        then_to=replace(_plain(tape), via=""),
        caller_ends=tape.pick((True, False)),
        lingers=tape.pick((0, 200_000, 4 * SECOND)),
        line=tape.pick(("", "", "", "unheard", "rings", "withheld")),
        announcement=tape.pick((None, None, None, 2 * SECOND, 400_000, 16 * SECOND)),
        wrap_up=tape.pick((0, 0, 10 * SECOND)),
    )


def _round(tape: Tape) -> tuple[Reaction, ...]:
    reactions = (_reaction(tape) for _ in range(tape.pick((1, 1, 2, 3))))
    return tuple({reaction.phone: reaction for reaction in reactions}.values())


def _plain(tape: Tape) -> Reaction:
    return Reaction(
        phone=tape.pick(PHONES),
        says=tape.pick(("180", "180", "180", "183", "nothing")),
        delay=tape.pick((0, 0, 100_000, 1_500_000)),
        acts=tape.pick(ACTS),
        after=tape.span(),
    )


def _reaction(tape: Tape) -> Reaction:
    """A phone as it is, then up to two things that other houses add."""
    reaction = _plain(tape)
    for shape in dict.fromkeys((tape.pick(SHAPES), tape.pick(SHAPES))):
        if shape == "mobile":
            says, way = tape.pick((reaction.says, "183", "both", "nothing")), tape.pick(DIALLED)
            if not way[0].startswith("PJSIP/"):
                says = "180"  # what other lines do not say means nothing
            where = tape.pick(tuple(MOBILES))
            reaction = replace(reaction, phone=where, says=says, dialled=way, cause=tape.pick(CAUSES))
        elif shape == "guest":
            reaction = replace(reaction, phone=GUEST)
        elif shape == "confirm":
            decides = tape.pick((2, 0.4, 0.6, 6, 13, 20))
            reaction = replace(reaction, decides=round(decides * SECOND), result=tape.pick(RESULTS))
            reaction = replace(reaction, told_early=tape.pick((False, False, True)), holds=tape.pick((False, True)))
        elif shape == "contacts":
            reaction = replace(reaction, contacts=2)
        elif shape == "local":
            reaction = replace(reaction, via=tape.pick(("optimised", "kept")))
        elif shape == "dnd":
            reaction = replace(reaction, acts="dnd", cause=tape.pick(CAUSES))
        elif shape == "forwards":
            reaction = replace(reaction, acts="forwards", after=tape.pick((0, reaction.after)), to=_target(tape))
    return reaction


def _target(tape: Tape) -> Reaction:
    """Where a phone forwards to."""
    plain = _plain(tape)
    return replace(plain, phone=tape.pick((*PHONES, *MOBILES)), via=tape.pick(("optimised", "kept")))
