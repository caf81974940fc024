"""Dates and times that a person typed, and the days of the hall as instants."""

from datetime import UTC, datetime, timedelta, tzinfo

from voicedesk.clock import from_datetime, is_instant, to_datetime
from voicedesk.errors import WrongUsage


def moment(text: str | None, zone: tzinfo) -> int | None:
    """Microseconds of a date or time a person typed ("2026-11-23" or "2026-11-23 14:30"), in the hall's time."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        aware = read if read.tzinfo else read.replace(tzinfo=zone)
        return round(aware.astimezone(UTC).timestamp() * 1_000_000)
    except (ValueError, OverflowError) as error:
        raise WrongUsage(f"{text[:40]!r} is no date or time: write 2026-11-23 or 2026-11-23T14:30") from error


def span(since: str | None, until: str | None, zone: tzinfo) -> tuple[int | None, int | None]:
    """From when to before when a list reaches, as `moment` reads both. Raises WrongUsage where nothing lies between."""
    return in_order(moment(since, zone), moment(until, zone))


def in_order(from_at: int | None, to_at: int | None) -> tuple[int | None, int | None]:
    """Both ends of a time. Raises WrongUsage where it would end before, or as soon as, it begins."""
    if from_at is not None and to_at is not None and from_at >= to_at:
        raise WrongUsage("the time ends before it begins: give a later end; a day ends where the next one begins")
    return from_at, to_at


def instant(text: str | None, zone: tzinfo) -> int | None:
    """The same where it must be a time that a calendar shows and a database keeps. Raises WrongUsage."""
    found = moment(text, zone)
    if found is not None and not is_instant(found):
        raise WrongUsage(f"{text!r} is no date or time: write 2026-11-23 or 2026-11-23T14:30")
    return found


def day_of(now: int, zone: tzinfo, days_ago: int = 0) -> int:
    """The instant at which a day of the hall begins: today, or so many days ago."""
    today = to_datetime(now).astimezone(zone).date() - timedelta(days=days_ago)
    return from_datetime(datetime(today.year, today.month, today.day, tzinfo=zone))


def month_of(now: int, zone: tzinfo) -> int:
    """The instant at which the hall's month began."""
    today = to_datetime(now).astimezone(zone).date()
    return from_datetime(datetime(today.year, today.month, 1, tzinfo=zone))
