"""What the settings say about tickets: deadlines, who answers for them, limits of dialling, line groups."""

from voicedesk.calls.model import CallFacts, Role
from voicedesk.phone_numbers import normalise
from voicedesk.settings import Settings
from voicedesk.tickets.dial_rules import DialLimits
from voicedesk.tickets.model import Kind
from voicedesk.tickets.plan import HOUR_US, Plan
from voicedesk.work_calendar import WorkCalendar

_MINUTE_US = HOUR_US // 60


def plan_of(settings: Settings) -> Plan:
    """When things are due (S4, S6, S9), in the working hours of each line group: those of its first line."""
    times = settings.tickets
    duty = {line.group_name: line.duty for line in reversed(settings.lines)}
    return Plan(
        calendar=WorkCalendar.of(settings),
        duty=duty,
        within_us=round(times.within_hours * HOUR_US),
        remind_us=round(times.remind_hours * HOUR_US),
        retry_us=tuple(minutes * _MINUTE_US for minutes in settings.callbacks.retry_minutes),
        kinds_us={
            Kind.REFERRAL: round(times.referral_hours * HOUR_US),
            Kind.COMPLAINT: round(times.complaint_hours * HOUR_US),
            Kind.HOME_VISIT: round(times.home_visit_hours * HOUR_US),
        },
    )


def responsible_for(kind: Kind, settings: Settings) -> str | None:
    """Who answers for a ticket that nobody was named for: complaints go to the unit's head (S9), visits to the
    supervisor (S8)."""
    people = settings.tickets
    match kind:
        case Kind.COMPLAINT:
            return people.complaints_to or people.supervisor
        case Kind.HOME_VISIT:
            return people.supervisor
        case _:
            return None


def dial_limits(settings: Settings) -> DialLimits:
    """Whom the hall may ring and how often; its own numbers are never rung."""
    rules = settings.callbacks
    own = {extension for line in settings.lines for extension in line.extensions} | set(rules.own_numbers)
    own |= {line.shown_number for line in settings.lines if line.shown_number}
    return DialLimits(
        enabled=rules.enabled,
        tries_a_day=rules.tries_a_day,
        calls_an_hour=rules.calls_an_hour,
        own_numbers=frozenset(own),
        area_code=settings.hall.area_code,
    )


def switchboards_of(settings: Settings) -> frozenset[str]:
    """The numbers that many people call from, each in the form in which calls have it, however it was written."""
    numbers = (normalise(number, settings.hall.area_code) for number in settings.callbacks.switchboards)
    return frozenset(number for number in numbers if number is not None)


def group_of(facts: CallFacts, settings: Settings) -> str | None:
    """The line group of a call: of the line that was called, or of the staff phone that placed it; None: unknown."""
    if facts.line is not None:
        return group_of_line(facts.line, settings)
    staff = [leg.endpoint for leg in facts.legs if leg.role is Role.STAFF]
    phones = {facts.placed_by} if facts.placed_by else set(staff)
    groups = {line.group_name for line in settings.on(facts.pbx).lines if phones & set(line.phones)}
    return groups.pop() if len(groups) == 1 else None


def group_of_line(name: str, settings: Settings) -> str:
    """The line group of a line; a line that left the settings is a group of its own, under its name."""
    line = settings.line(name)
    return line.group_name if line is not None else name
