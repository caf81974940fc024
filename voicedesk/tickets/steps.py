"""What staff ask of the desk, one class for each step, and how a row says it, for who asks and who answers."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from voicedesk.step_rows import STRICT, Given, Instant, Note, StepRows, Word
from voicedesk.tickets.model import Kind, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnTicket:
    """A step on one ticket: its id, or how it begins; `by` is the person who does it."""

    __pydantic_config__ = STRICT
    ticket: Given
    by: Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(_OnTicket):
    """Take a ticket for ten minutes."""

    do: Literal["claim"] = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(_OnTicket):
    """Give a claimed ticket back."""

    do: Literal["release"] = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(_OnTicket):
    """Confirm having read a referral, and become responsible for it (S4)."""

    do: Literal["confirm"] = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(_OnTicket):
    """Hand a ticket to the superior (S4); without `to` it is [tickets] supervisor."""

    do: Literal["report"] = "report"
    note: Note = ""
    to: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone(_OnTicket):
    """Give a late ticket its reason and a new date (S6)."""

    do: Literal["postpone"] = "postpone"
    due_at: Instant
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(_OnTicket):
    """The citizen was told why it takes longer, and how (S6)."""

    do: Literal["told"] = "told"
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(_OnTicket):
    """Of a try whose result is unknown: nobody spoke."""

    do: Literal["settle"] = "settle"
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(_OnTicket):
    """End a ticket with what came of it (S6)."""

    do: Literal["close"] = "close"
    note: Note = ""
    outcome: Outcome = Outcome.SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial(_OnTicket):
    """Ring the staff phone named, or where `by` sits, then the citizen."""

    do: Literal["dial"] = "dial"
    phone: Word | None = None
    pbx: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Take in a referral, complaint or home visit, as a person writes it down (S4, S9, S8)."""

    __pydantic_config__ = STRICT
    do: Literal["register"] = "register"
    by: Given
    kind: Literal[Kind.REFERRAL, Kind.COMPLAINT, Kind.HOME_VISIT]
    group: Given
    note: Note = ""
    to: Word | None = None
    number: Word | None = None
    citizen: Word = ""
    unit: Word = ""
    codes: Annotated[tuple[Word, ...], Field(max_length=50)] = ()


OnTicket = Claim | Release | Confirm | Report | Postpone | Told | Settle | Close
"""The steps that change one ticket and ask no switch."""
TicketStep = OnTicket | Dial | Register

_ROWS: StepRows[TicketStep] = StepRows(Annotated[TicketStep, Field(discriminator="do")])
to_row = _ROWS.to_row
from_row = _ROWS.from_row
