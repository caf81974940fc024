"""How urgent a ticket is, and its deadline as people say it."""

from datetime import datetime, tzinfo
from enum import StrEnum

from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.desk.labels import Label
from voicedesk.desk.tickets import TicketRow
from voicedesk.tickets.model import State

_SOON_US = 3600 * MICROSECONDS


class Urgency(StrEnum):
    """The groups of the list, the most urgent first."""

    OVERDUE = "overdue"
    SOON = "soon"
    TODAY = "today"
    LATER = "later"
    WAITING = "waiting"
    UNCALLABLE = "uncallable"


def urgency_of(row: TicketRow, zone: tzinfo, now: int) -> Urgency:
    """The group that a ticket stands in now."""
    ticket = row.ticket
    if row.is_withheld or ticket.state is State.UNCALLABLE:
        return Urgency.UNCALLABLE
    if row.again_at is not None and row.again_at > now and not row.is_late:
        return Urgency.WAITING
    if row.is_late:
        return Urgency.OVERDUE
    if ticket.due_at - now <= _SOON_US:
        return Urgency.SOON
    return Urgency.TODAY if _at(ticket.due_at, zone).date() == _at(now, zone).date() else Urgency.LATER


def due_in_words(due_at: int, now: int, zone: tzinfo) -> Label:
    """A deadline as people say it: how far past, how much is left within the hour, else the time by which."""
    if now > due_at:
        chinese, english = _span(now - due_at)
        return Label(f"超时 {chinese}", f"{english} overdue")
    if due_at - now <= _SOON_US:
        chinese, english = _span(due_at - now)
        return Label(f"还剩 {chinese}", f"{english} left")
    due, here = _at(due_at, zone), _at(now, zone)
    days = (due.date() - here.date()).days
    if days == 0:
        return Label(f"{due:%H:%M} 前", f"by {due:%H:%M}")
    if days == 1:
        return Label(f"明天 {due:%H:%M} 前", f"by {due:%H:%M} tomorrow")
    return Label(f"{due:%m-%d %H:%M} 前", f"by {due:%m-%d %H:%M}")


def _at(us: int, zone: tzinfo) -> datetime:
    return to_datetime(us).astimezone(zone)


def _span(us: int) -> tuple[str, str]:
    """Minutes below two hours, hours below two days, else days."""
    minutes = us // (60 * MICROSECONDS)
    if minutes < 120:
        return f"{minutes} 分", f"{minutes} min"
    hours = minutes // 60
    return (f"{hours} 小时", f"{hours} h") if hours < 48 else (f"{hours // 24} 天", f"{hours // 24} days")
