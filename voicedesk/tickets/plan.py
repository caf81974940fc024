"""When things are due: deadlines in a line group's working hours, reminder before, supervisor after, retries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from voicedesk.clock import MICROSECONDS
from voicedesk.tickets.model import Kind, Ticket
from voicedesk.work_calendar import Duty, WorkCalendar

HOUR_US = 3600 * MICROSECONDS


class Notice(StrEnum):
    """What is to be said of a ticket's deadline at an instant; `escalate` is told to the supervisor."""

    NONE = "none"
    REMIND = "remind"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The promised times. Spans count working time of the group's line; a group without duty hours always works.

    `retry_us` holds the pauses after the first, second … failed try; the last one repeats. `kinds_us` holds the times
    of kinds that have another than callbacks.
    """

    calendar: WorkCalendar
    duty: Mapping[str, Duty] = field(default_factory=dict)
    within_us: int = 4 * HOUR_US
    remind_us: int = HOUR_US
    retry_us: tuple[int, ...] = (HOUR_US // 2, 2 * HOUR_US, 4 * HOUR_US)
    kinds_us: Mapping[Kind, int] = field(default_factory=dict)

    def due_at(self, group: str, opened_at: int, kind: Kind = Kind.CALLBACK) -> int:
        """The deadline of what is opened now: nights, weekends and holidays carry over."""
        return self._after(group, opened_at, self.kinds_us.get(kind, self.within_us))

    def retry_at(self, group: str, failed_at: int, tries: int) -> int:
        """When to ring again after the `tries`-th try failed (1 is the first)."""
        return self._after(group, failed_at, self.retry_us[min(tries, len(self.retry_us)) - 1])

    def notice(self, ticket: Ticket, now: int) -> Notice:
        """What is to be said now of the deadline of a ticket that is not closed."""
        if ticket.is_closed:
            return Notice.NONE
        if ticket.is_late(now):
            return Notice.ESCALATE
        reminded_at = self._after(ticket.group, now, self.remind_us)
        return Notice.REMIND if reminded_at >= ticket.due_at else Notice.NONE

    def is_working(self, group: str, at: int) -> bool:
        """True in the group's working hours."""
        return self.calendar.is_on_duty(self.duty.get(group, ()), at)

    def _after(self, group: str, at: int, span_us: int) -> int:
        return self.calendar.after(self.duty.get(group, ()), at, span_us)
