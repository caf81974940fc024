"""The values of a call: what the hall is, what was seen of a call (facts), and what follows (judgement).

Facts are what the switch said and no more; a judgement can be made from them again at any time (`three_rings`).
Instants are microseconds since the epoch (`*_at`, int), spans are microseconds (`*_us`); None is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from voicedesk.phone_numbers import national_digits


class Direction(StrEnum):
    """Which way a call goes, seen from the hall."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    CALLBACK = "callback"


class Disposition(StrEnum):
    """How a call ended, in the words of call detail records; `abandoned`: the caller gave up unanswered."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Role(StrEnum):
    """Whose phone a leg rang."""

    STAFF = "staff"
    CITIZEN = "citizen"


class RingSource(StrEnum):
    """Which event a leg's ring start was taken from, best first (S1)."""

    NEWSTATE = "newstate"
    DIALSTATE = "dialstate"
    DIALBEGIN = "dialbegin"
    AGENTCALLED = "agentcalled"


class StartSource(StrEnum):
    """Where a call's start was taken from; everything but the first two is approximate."""

    USEREVENT = "userevent"
    NEWCHANNEL = "newchannel"
    FIRST_EVENT = "first_event"
    ARRIVAL = "arrival"
    SNAPSHOT = "snapshot"


class Outcome(StrEnum):
    """How one ringing of one phone ended (S1, table of legs)."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    UNREACHABLE = "unreachable"


class Verdict(StrEnum):
    """What the three-rings rule says of a leg or a call (S1)."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    LEFT_EARLY = "left_early"
    NOT_JUDGED = "not_judged"
    CANNOT_TELL = "cannot_tell"


class Cause(StrEnum):
    """Why a call was late or missed; the first that fits, in this order (S1)."""

    ROUTING = "routing"
    ALL_BUSY = "all_busy"
    EMPTY_SEAT = "empty_seat"
    PERSON = "person"


class Reason(StrEnum):
    """Why something is `not_judged` or `cannot_tell`."""

    # not judged: a leg
    RUNG_TOO_SHORT = "rung_too_short"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    TALKING = "talking"
    ON_BREAK = "on_break"
    PICKED_UP = "picked_up"  # took a colleague's call over, by a phone that did not ring
    NOT_ACCEPTED = "not_accepted"  # lifted, but never connected with the caller
    SAME_PHONE = "same_phone"  # another contact of a phone that is judged already
    CITIZEN_LEG = "citizen_leg"
    # not judged: a call, and every leg of it
    OFF_DUTY = "off_duty"
    IVR_ONLY = "ivr_only"
    SELF_SERVED = "self_served"
    INTERNAL = "internal"
    OUTBOUND = "outbound"
    CALLBACK = "callback"
    NOISE = "noise"
    OTHER_LINE = "other_line"
    # cannot tell
    GAP = "gap"
    RING_START_UNCERTAIN = "ring_start_uncertain"
    CLOCK_SUSPECT = "clock_suspect"
    DOUBTFUL = "doubtful"
    STILL_OPEN = "still_open"


class PhoneState(StrEnum):
    """What a phone of the hall was doing."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"  # to a caller of the hall
    IN_USE = "in_use"  # busy with something that is not a call of the hall
    PAUSED = "paused"
    UNREGISTERED = "unregistered"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class GapReason(StrEnum):
    """Why events may be missing."""

    LINK_LOST = "link_lost"
    EVENTS_DROPPED = "events_dropped"
    PBX_RESTART = "pbx_restart"
    PBX_STOPPED = "pbx_stopped"
    BEFORE_LINK = "before_link"
    CAPTURE_END = "capture_end"
    CLOCK_STEP = "clock_step"
    SWEPT = "swept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A published hotline number and the rule it answers by.

    `ring_period_us` is one ring's length with its pause (1 s + 4 s here); `limit_us` the time before which an
    answer is on time, with the written source of the number beside it (S1).
    """

    name: str
    group: str | None = None
    extensions: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    limit_us: int = 15_000_000
    ring_period_us: int = 5_000_000
    limit_source: str = "GB/T 33358-2016"

    def __hash__(self) -> int:
        """By the name alone, which hardly two lines share: a line is looked up with every call."""
        return hash(self.name)


@lru_cache(maxsize=1000)
def _named(line: Line, name: str) -> Line:
    return replace(line, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who sat where, from when to when: `agent` at `endpoint`, signed on as queue `member`, or at a phone outside.

    `number` is that phone's, as `national_digits` has it.
    """

    agent: str
    endpoint: str | None = None
    member: str | None = None
    number: str | None = None
    from_at: int | None = None
    to_at: int | None = None

    def holds(self, endpoint: str, member: str | None, at: int, number: str | None = None) -> bool:
        """True if it names this phone (by endpoint, queue member or number outside) at this instant."""
        named = ((self.endpoint, endpoint), (self.member, member), (self.number, number))
        if not any(own is not None and own == seen for own, seen in named):
            return False
        return (self.from_at is None or self.from_at <= at) and (self.to_at is None or at < self.to_at)


def always_on_duty(_line: str | None, _at: int) -> bool:
    """The duty hours of a hall that never closes."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What the tracker must know of the hall: lines, staff phones, who sits where, and duty hours.

    `extensions` are the inside numbers by endpoint; `area_code` completes local numbers; `own_numbers` are what the
    hall shows to whom it calls, beside the numbers of its lines. `on_duty(line name, instant)`.
    With `every_extension_is_a_line` each number a caller dials counts as a line under `default_line`'s rule (a capture
    read without settings).
    """

    lines: tuple[Line, ...] = ()
    phones: frozenset[str] = frozenset()
    assignments: tuple[Assignment, ...] = ()
    area_code: str = ""
    own_numbers: frozenset[str] = frozenset()
    default_line: Line = field(default_factory=lambda: Line(name=""))
    every_extension_is_a_line: bool = False
    extensions: Mapping[str, str] = field(default_factory=dict)
    on_duty: Callable[[str | None, int], bool] = always_on_duty
    numbers: frozenset[str] = field(init=False, compare=False, repr=False)
    """The hall's own numbers and extensions, as they are written."""
    digits: frozenset[str | None] = field(init=False, compare=False, repr=False)
    """The national digits of the hall's own numbers."""

    def __post_init__(self) -> None:
        """Works out once what is asked for with every call."""
        own = (*self.own_numbers, *(extension for line in self.lines for extension in line.extensions))
        digits = {national_digits(one, self.area_code) for one in own} - {None}
        object.__setattr__(self, "numbers", frozenset((*own, *self.extensions.values())))
        object.__setattr__(self, "digits", frozenset(digits))

    def line_of(self, extension: str | None, queue: str | None) -> Line | None:
        """The line whose number was dialled, or whose queue the caller entered; None if it is none of ours."""
        for line in self.lines:
            if (extension and extension in line.extensions) or (queue and queue in line.queues):
                return line
        return None

    def line_named(self, hint: str | None) -> Line | None:
        """The line that the dialplan announced by name or number; None if it is none of ours."""
        if not hint:
            return None
        return next((line for line in self.lines if hint == line.name or hint in line.extensions), None)

    def default_named(self, name: str) -> Line:
        """A line under the default rule, for a capture that is read without settings."""
        return _named(self.default_line, name)

    def agent_at(self, endpoint: str, member: str | None, at: int, *, dialled: str | None = None) -> str | None:
        """The person who sat at a phone at an instant; None: the verdict stands for the phone, not a person.

        `dialled`: the number by which a phone outside was rung, behind whatever trunk (`endpoint`).
        """
        number = national_digits(dialled, self.area_code) if dialled else None
        for assignment in self.assignments:
            if assignment.holds(endpoint, member, at, number):
                return assignment.agent
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch in which events of a PBX may be missing; `to_at` None: not over when the facts were taken."""

    from_at: int
    to_at: int | None
    reason: GapReason

    def touches(self, start: int | None, end: int | None) -> bool:
        """True if it overlaps ]start, end[; an unknown bound reaches without end.

        An event at the very instant at which a gap begins or ends was seen.
        """
        return (end is None or self.from_at < end) and (start is None or self.to_at is None or start < self.to_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSeen:
    """A phone that was due to ring for a call, and the states it was seen in while the caller waited."""

    endpoint: str
    states: tuple[PhoneState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFacts:
    """One ringing of one phone. `state_before` is what the phone was doing when the switch dialled it.

    `number` is what was dialled where the phone is outside the house (a mobile over a trunk), masked ("139****0000").
    Without `answer_seen` the answer fell into a gap, some time before `answered_at`. `was_lifted`: it went off the hook
    and nobody was connected with it (a confirmation that never came). `from_log`: only a log of the switch tells of it,
    which does not know whether or when the phone rang; `may_ring_late`: it is no phone of the house, and may have rung
    long after it was dialled. `in_whole_seconds`: its answer or its end is told to the second.
    """

    uniqueid: str
    channel: str
    endpoint: str
    role: Role
    number: str | None = None
    member: str | None = None
    agent: str | None = None
    dialled_at: int | None = None
    ring_source: RingSource | None = None
    ringing_at: int | None = None
    ring_ended_at: int | None = None
    answered_at: int | None = None
    answer_seen: bool = True
    was_lifted: bool = False
    ended_at: int | None = None
    outcome: Outcome | None = None
    hangup_cause: int | None = None
    state_before: PhoneState = PhoneState.UNKNOWN
    transferred_from: str | None = None
    from_log: bool = False
    may_ring_late: bool = False
    in_whole_seconds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """One caller's matter with the hall, from the first event to the last hang-up.

    `asked_at`: the caller asked for a person (entered a queue, or a staff phone was dialled).
    `switch_answered_at`: an IVR, announcement or queue answered first: not an answer in the sense of S1.
    `person_answered_at`: when the caller was first connected with a person of the hall, whoever's phone it was.
    `gave_up_at`: the caller hung up while still waiting.
    `placed_by` is the staff phone that placed an outbound or internal call by hand.
    `ended_at` None: still open. `repaired`: something of it was taken from the switch's logs.
    """

    id: str
    pbx: str
    boot: str | None
    linkedids: tuple[str, ...]
    line: str | None
    direction: Direction
    caller_number: str | None
    started_at: int
    started_at_source: StartSource
    switch_answered_at: int | None = None
    asked_at: int | None = None
    person_answered_at: int | None = None
    ended_at: int | None = None
    disposition: Disposition | None = None
    gave_up_at: int | None = None
    is_line: bool = True
    on_duty: bool = True
    notice_heard: bool = False
    doubtful: bool = False
    repaired: bool = False
    limit_us: int = 15_000_000
    ring_period_us: int = 5_000_000
    limit_source: str = ""
    phones: tuple[PhoneSeen, ...] = ()
    gaps: tuple[Gap, ...] = ()
    legs: tuple[LegFacts, ...] = ()
    placed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegJudgement:
    """What the rule says of one leg; `rings_heard` counts rings begun before the answer or the end."""

    verdict: Verdict
    reason: Reason | None
    ring_us: int | None
    rings_heard: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rule says of a call and of each of its legs, in the order of `CallFacts.legs`."""

    verdict: Verdict
    cause: Cause | None
    reason: Reason | None
    rules_version: str
    answered_by: str | None
    agent: str | None
    ivr_us: int | None
    queue_us: int | None
    ring_us: int | None
    caller_total_us: int | None
    legs: tuple[LegJudgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCall:
    """A call's facts with the judgement made from them."""

    facts: CallFacts
    judgement: Judgement
