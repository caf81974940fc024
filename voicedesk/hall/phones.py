"""The rules that the staff's phones are watched by, made from the settings: for the whole hall, and for each PBX."""

from dataclasses import replace

from voicedesk.calls.model import Hall
from voicedesk.clock import MICROSECONDS
from voicedesk.hall.lines import halls_of
from voicedesk.phones.conditions import PhoneRules
from voicedesk.settings import Settings
from voicedesk.work_calendar import WorkCalendar


def phone_rules_of(settings: Settings, hall: Hall) -> PhoneRules:
    """The rules of the whole `hall`, which hold those of each PBX.

    Raises SettingsError where the calendar's file cannot be read.
    """
    watch = settings.phone_watch
    rules = PhoneRules(
        hall=hall,
        calendar=WorkCalendar.of(settings),
        duty={line.name: line.duty for line in settings.lines},
        zone=settings.hall.zone,
        extensions=_extensions(settings),
        break_us=round(settings.breaks.limit_minutes * 60 * MICROSECONDS),
        away_us=round(watch.away_seconds * MICROSECONDS),
        held_us=round(watch.held_minutes * 60 * MICROSECONDS),
        refusals=watch.refused_calls,
    )
    houses = {
        pbx: replace(rules, hall=own, extensions=_extensions(settings.on(pbx)))
        for pbx, own in halls_of(settings).items()
    }
    return replace(rules, houses=houses)


def _extensions(settings: Settings) -> dict[str, str]:
    return {phone.endpoint: phone.extension for phone in settings.phones if phone.extension}
