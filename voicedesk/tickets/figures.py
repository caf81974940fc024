"""The desk's key figures over tickets (S1); the formulas stand in docs/tickets.md, each share with both its numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from voicedesk.phone_numbers import can_be_rung
from voicedesk.tickets.model import Kind, Outcome, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share as its two numbers."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFigures:
    """Over the callbacks opened in a period, as of an instant. The left-out are counted, never silently gone."""

    time_to_call_back_us: float | None
    within_deadline: Share
    reached: Share
    still_open: int
    uncallable: int
    answered_moments_later: int


_NOT_OWED = (Outcome.ANSWERED_MOMENTS_LATER, Outcome.NOT_MISSED)


def callback_figures(tickets: Iterable[Ticket], as_of: int) -> CallbackFigures:
    """The figures at `as_of`; a callback still open counts as not in time once its promised time is over."""
    callbacks = [ticket for ticket in tickets if ticket.kind is Kind.CALLBACK]
    soon = [ticket for ticket in callbacks if ticket.outcome is Outcome.ANSWERED_MOMENTS_LATER]
    withheld = [one for one in callbacks if not can_be_rung(one.number) and one.outcome not in _NOT_OWED]
    owed = [one for one in callbacks if can_be_rung(one.number) and one.outcome not in _NOT_OWED]
    reached = [ticket for ticket in owed if ticket.outcome is Outcome.REACHED]
    decided = [ticket for ticket in owed if ticket.outcome is Outcome.REACHED or ticket.broke_promise(as_of)]
    spans = [ticket.closed_at - ticket.opened_at for ticket in reached if ticket.closed_at is not None]
    in_time = sum(1 for one in reached if not one.broke_promise(as_of))
    return CallbackFigures(
        time_to_call_back_us=median(spans) if spans else None,
        within_deadline=Share(part=in_time, whole=len(decided)),
        reached=Share(part=len(reached), whole=sum(1 for ticket in owed if ticket.is_closed)),
        still_open=sum(1 for ticket in owed if not ticket.is_closed),
        uncallable=len(withheld),
        answered_moments_later=len(soon),
    )
