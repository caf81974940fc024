"""A ticket (工单) and the one table of what may be done with it; it ends only by being closed, and keeps its history.

A ticket's number is normalised or None (withheld: it cannot be rung). `MOVES` is the whole of the states: what is not
in it is refused. Whoever may be ringing the citizen keeps the ticket: a claim is a lock with a lease, and a lease
that runs out while dialling leaves `unknown`, never `open`, so that nobody is rung twice on a guess. A claim that is
given back leaves the ticket as it rested before, with who answers for it: claiming takes that from nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from voicedesk.errors import InputError


class Kind(StrEnum):
    """What a ticket is about (S1, S4, S9, S8)."""

    CALLBACK = "callback"
    REFERRAL = "referral"
    COMPLAINT = "complaint"
    HOME_VISIT = "home_visit"


class State(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    UNCALLABLE = "uncallable"
    REPORTED = "reported"
    CLOSED = "closed"


STANDS: Mapping[State, str] = {
    State.OPEN: "is open",
    State.ACCEPTED: "is accepted",
    State.CLAIMED: "is claimed",
    State.DIALLING: "is being dialled",
    State.WAITING: "waits for another try",
    State.UNKNOWN: "has a try whose end is unknown",
    State.UNCALLABLE: "is uncallable",
    State.REPORTED: "is reported",
    State.CLOSED: "is closed",
}
"""How a ticket stands, as the middle of a sentence."""


class Move(StrEnum):
    """What may happen to a ticket."""

    OPENED = "opened"
    MISSED_AGAIN = "missed_again"
    NOT_MISSED = "not_missed"
    CONFIRM = "confirm"
    CLAIM = "claim"
    RELEASE = "release"
    LEASE_OVER = "lease_over"
    DIAL = "dial"
    NOT_RUNG = "not_rung"
    TRY_FAILED = "try_failed"
    RESULT_UNKNOWN = "result_unknown"
    CONTACTED = "contacted"
    REACHED = "reached"
    SUGGEST = "suggest"
    REPORT = "report"
    POSTPONE = "postpone"
    CITIZEN_TOLD = "citizen_told"
    CLOSE = "close"


class Outcome(StrEnum):
    """How a ticket ended. `answered_moments_later` and `not_missed` count in no figure: nobody had to ring back."""

    REACHED = "reached"
    ANSWERED_MOMENTS_LATER = "answered_moments_later"
    NOT_MISSED = "not_missed"
    SETTLED = "settled"
    GIVEN_UP = "given_up"


S, M = State, Move
_LIVE = (S.OPEN, S.ACCEPTED, S.CLAIMED, S.DIALLING, S.WAITING, S.UNKNOWN, S.UNCALLABLE, S.REPORTED)
_AT_REST = (S.OPEN, S.ACCEPTED, S.WAITING, S.REPORTED)

MOVES: dict[tuple[State, Move], State] = {
    **{(state, M.MISSED_AGAIN): state for state in _LIVE},
    **{(state, M.NOT_MISSED): state for state in _LIVE},
    **{(state, M.SUGGEST): state for state in _LIVE},
    **{(state, M.POSTPONE): state for state in _LIVE},
    **{(state, M.CITIZEN_TOLD): state for state in _LIVE},
    **{(state, M.REACHED): S.CLOSED for state in _LIVE},
    **{(state, M.CLOSE): S.CLOSED for state in _LIVE if state is not S.DIALLING},
    **{(state, M.CLAIM): S.CLAIMED for state in _AT_REST},
    **{(state, M.REPORT): S.REPORTED for state in (S.OPEN, S.ACCEPTED, S.CLAIMED, S.WAITING, S.UNKNOWN)},
    (S.OPEN, M.CONFIRM): S.ACCEPTED,
    **{(S.UNCALLABLE, move): S.UNCALLABLE for move in (M.CONFIRM, M.REPORT)},
    (S.CLAIMED, M.RELEASE): S.OPEN,
    (S.CLAIMED, M.LEASE_OVER): S.OPEN,
    (S.CLAIMED, M.DIAL): S.DIALLING,
    (S.DIALLING, M.NOT_RUNG): S.CLAIMED,
    (S.DIALLING, M.TRY_FAILED): S.WAITING,
    (S.DIALLING, M.CONTACTED): S.ACCEPTED,
    (S.UNKNOWN, M.CONTACTED): S.ACCEPTED,
    (S.DIALLING, M.RESULT_UNKNOWN): S.UNKNOWN,
    (S.DIALLING, M.SUGGEST): S.UNKNOWN,
    (S.DIALLING, M.LEASE_OVER): S.UNKNOWN,
    (S.UNKNOWN, M.NOT_RUNG): S.OPEN,
    (S.UNKNOWN, M.TRY_FAILED): S.WAITING,
}
"""(state, move) → the state after it; OPEN after a claim stands for the state in which the ticket rested before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's history; `call_id` is the call it rests on, `by` the person, empty for the desk itself."""

    at: int
    move: Move
    by: str = ""
    call_id: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One matter that the hall owes somebody an answer to.

    `missed_calls` are the calls in it, the first opened it; `waiting_since` is when the latest of them began. `tries`
    counts attempts that did not reach the citizen. `suggested_by` are calls that probably settled it, for a person to
    confirm. `owner` has it in hand now; `responsible` answers for it whoever has it (S4: the receiver, the superior;
    S9: the unit's head). `lease_until` is set while claimed, `resting` is the state a claim goes back to. `matter`,
    `citizen` (a name) and `unit` are as they were registered (S4); `recording` is the message left, `codes` are the
    notices heard before (S8). `told_at`: the citizen was told the reason and the new date (S6). `reminded_at` and
    `escalated_at`: people of the hall were told of the deadline.
    """

    id: str
    kind: Kind
    group: str
    number: str | None
    opened_at: int
    due_at: int
    promised_at: int
    waiting_since: int
    state: State = State.OPEN
    owner: str | None = None
    responsible: str | None = None
    lease_until: int | None = None
    resting: State = State.OPEN
    tries: int = 0
    next_try_at: int | None = None
    missed_calls: tuple[str, ...] = ()
    suggested_by: tuple[str, ...] = ()
    late_reason: str = ""
    told_at: int | None = None
    outcome: Outcome | None = None
    closed_at: int | None = None
    closed_by_call: str | None = None
    history: tuple[Entry, ...] = ()
    pbx: str = ""
    matter: str = ""
    citizen: str = ""
    unit: str = ""
    recording: str | None = None
    codes: tuple[str, ...] = ()
    reminded_at: int | None = None
    escalated_at: int | None = None

    @property
    def is_closed(self) -> bool:
        """True once the ticket was closed."""
        return self.state is State.CLOSED

    @property
    def is_to_be_told(self) -> bool:
        """True while the citizen does not know that it takes longer (S6)."""
        return bool(self.late_reason) and self.told_at is None and not self.is_closed

    def is_late(self, now: int) -> bool:
        """Whether it was closed after it was due, or is not closed and is past due."""
        return is_past(self.due_at, self.closed_at if self.closed_at is not None else now)

    def broke_promise(self, now: int) -> bool:
        """As `is_late`, but by the time that was promised first: a new date does not move it (S6)."""
        return is_past(self.promised_at, self.closed_at if self.closed_at is not None else now)


def is_past(limit: int, at: int) -> bool:
    """Whether an instant is no longer within a time limit: the limit itself still is.

    The standard says 在承诺的时限内 (S6), and 以内 includes its end (Civil Code 民法典, article 1259).
    """
    return at > limit


def moved(ticket: Ticket, entry: Entry) -> Ticket:
    """The ticket after a move, with the move in its history. Raises InputError if its state does not allow it."""
    after = MOVES.get((ticket.state, entry.move))
    if after is None:
        raise InputError(f"ticket {ticket.id} {STANDS[ticket.state]}: this is not possible now, look at it again")
    return replace(ticket, state=after, history=(*ticket.history, entry))
