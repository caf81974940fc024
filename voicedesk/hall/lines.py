"""Makes the hall that calls are judged by (lines, phones, duty hours) from the settings: of all PBXs, or of one."""

from voicedesk.calls.model import Assignment, Hall, Line
from voicedesk.clock import MICROSECONDS, from_datetime
from voicedesk.phone_numbers import national_digits
from voicedesk.settings import AssignmentSettings, LineSettings, Settings
from voicedesk.work_calendar import WorkCalendar


def hall_of(settings: Settings, pbx: str | None = None) -> Hall:
    """The hall that calls of a PBX are judged by: its lines, phones and people alone. None: of all PBXs together.

    Raises SettingsError where the calendar's file cannot be read.
    """
    own = settings.on(pbx)
    calendar = WorkCalendar.of(settings)
    duties = {line.name: line.duty for line in own.lines}
    phones = {phone.endpoint for phone in own.phones}.union(*(line.phones for line in own.lines))

    def on_duty(line: str | None, at: int) -> bool:
        return calendar.is_on_duty(duties.get(line or "", ()), at)

    return Hall(
        lines=tuple(_line(line) for line in own.lines),
        phones=frozenset(phones),
        assignments=tuple(_assignment(one, settings.hall.area_code) for one in own.assignments),
        area_code=settings.hall.area_code,
        own_numbers=frozenset(
            (*settings.callbacks.own_numbers, *(one.shown_number for one in own.lines if one.shown_number))
        ),
        extensions={phone.endpoint: phone.extension for phone in own.phones if phone.extension},
        on_duty=on_duty,
    )


def halls_of(settings: Settings) -> dict[str, Hall]:
    """The hall of each PBX, by its name. Raises as `hall_of`."""
    return {pbx.name: hall_of(settings, pbx.name) for pbx in settings.pbx}


def _line(line: LineSettings) -> Line:
    return Line(
        name=line.name,
        group=line.group,
        extensions=frozenset(line.extensions),
        queues=frozenset(line.queues),
        phones=frozenset(line.phones),
        limit_us=round(line.limit_seconds * MICROSECONDS),
        ring_period_us=round((line.ring_on_seconds + line.ring_off_seconds) * MICROSECONDS),
        limit_source=line.source_of_limit,
    )


def _assignment(one: AssignmentSettings, area_code: str) -> Assignment:
    return Assignment(
        agent=one.agent,
        endpoint=one.endpoint,
        member=one.member,
        number=national_digits(one.number, area_code),
        from_at=from_datetime(one.from_) if one.from_ else None,
        to_at=from_datetime(one.to) if one.to else None,
    )


def pbxs_of(one: object) -> tuple[str, ...]:
    """The switches that a line, phone or seat names; none: all."""
    return tuple(getattr(one, "pbx", None) or ())
