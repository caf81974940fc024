"""When a line is to be answered: weekly hours, holidays, made-up work days, the hall's own days, odd clocks."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from voicedesk.clock import from_datetime
from voicedesk.errors import SettingsError
from voicedesk.settings import load_settings
from voicedesk.work_calendar import DayKind, WorkCalendar, parse_duty, read_own_days

WEEK = ("Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00")


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("text", "weekdays", "minutes"),
    [
        ("Mon-Fri 09:00-12:00", {0, 1, 2, 3, 4}, (540, 720)),
        ("周一至周五 9:00-12:00", {0, 1, 2, 3, 4}, (540, 720)),
        ("星期一到星期三 09:00至12:00", {0, 1, 2}, (540, 720)),
        ("周六、周日 00:00-24:00", {5, 6}, (0, 1440)),
        ("mon, WED 08:30 – 11:45", {0, 2}, (510, 705)),
        ("Sat-Mon 10:00-11:00", {5, 6, 0}, (600, 660)),
        ("Sun 10\uff1a00-11\uff1a00", {6}, (600, 660)),
        ("每天 10:00-11:00", set(range(7)), (600, 660)),
    ],
)
def test_hours_are_read_in_both_languages(text: str, weekdays: set[int], minutes: tuple[int, int]) -> None:
    hours = parse_duty(text)
    assert (hours.weekdays, (hours.from_minute, hours.to_minute)) == (weekdays, minutes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not duty hours: write it as"),
        ("09:00-12:00", "is not duty hours"),
        ("Mon 9-12", "is not duty hours"),
        ("Mon-Tue-Wed 09:00-12:00", "'mon-tue-wed' is no weekday"),
        ("Weekdays 09:00-12:00", "'weekdays' is no weekday"),
        ("Mon 09:00-09:00", "ends before it begins"),
        ("Mon 22:00-06:00", "for a night write two entries"),
        ("Mon 09:00-24:01", "24:01 is no time of day"),
        ("Mon 09:60-12:00", "09:60 is no time of day"),
    ],
)
def test_hours_nobody_can_mean_are_refused_with_the_cure(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_duty(text)


@pytest.mark.parametrize(
    ("moment", "on_duty"),
    [
        ("2026-11-23T08:59:59.999999", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T11:59:59.999999", True),
        ("2026-11-23T12:00:00", False),
        ("2026-11-23T13:30:00", True),
        ("2026-11-21T10:00:00", False),  # a Saturday
        ("2026-10-01T10:00:00", False),  # the National Day, a Thursday
        ("2026-02-14T10:00:00", True),  # a Saturday worked instead
        ("2028-02-29T10:00:00", True),
    ],
)
def test_a_line_is_on_duty_in_its_hours_on_working_days(moment: str, on_duty: bool) -> None:
    calendar = WorkCalendar()
    assert calendar.is_on_duty(WEEK, at(moment)) is on_duty
    assert calendar.is_on_duty(WEEK, at(moment)) is on_duty  # and again, from memory


def test_no_hours_mean_always_and_daily_hours_hold_on_holidays() -> None:
    calendar = WorkCalendar()
    assert calendar.is_on_duty((), at("2026-10-01T03:00:00"))
    assert calendar.is_on_duty(("daily 00:00-24:00",), at("2026-10-01T23:59:59"))


def test_a_saturday_worked_instead_has_its_own_hours_if_it_is_named() -> None:
    calendar, hours = WorkCalendar(), (*WEEK, "Sat 10:00-11:00")
    assert not calendar.is_on_duty(hours, at("2026-02-14T09:30:00"))
    assert calendar.is_on_duty(hours, at("2026-02-14T10:30:00"))
    assert calendar.is_on_duty(hours, at("2026-11-21T10:30:00"))
    daily = (*WEEK, "daily 20:00-21:00")
    assert calendar.is_on_duty(daily, at("2026-02-14T09:30:00"))
    assert calendar.is_on_duty(daily, at("2026-02-14T20:30:00"))


def test_fault_72_a_year_nobody_has_published_follows_the_plain_week_and_is_named() -> None:
    calendar = WorkCalendar()
    assert calendar.is_on_duty(WEEK, at("2026-11-23T10:00:00"))
    assert calendar.unconfirmed_years == frozenset()
    assert calendar.is_on_duty(WEEK, at("2027-10-01T10:00:00"))
    assert not calendar.is_on_duty(WEEK, at("2027-10-02T10:00:00"))
    assert calendar.unconfirmed_years == {2027}


def test_the_hall_s_own_days_win_and_confirm_their_year(tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_bytes(
        "日期,类型,说明\n2027/10/01,休,国庆节\n\n# a remark\n2026-10-01,work,on call\n2027-10-9,work\n".encode(
            "gb18030"
        )
    )
    (tmp_path / "voicedesk.toml").write_text('[calendar]\nfile = "days.csv"\n')
    calendar = WorkCalendar.of(load_settings(tmp_path / "voicedesk.toml", {}))
    assert not calendar.is_on_duty(WEEK, at("2027-10-01T10:00:00"))
    assert calendar.is_on_duty(WEEK, at("2026-10-01T10:00:00"))
    assert calendar.is_on_duty(WEEK, at("2027-10-09T10:00:00"))
    assert calendar.is_on_duty(WEEK, at("2027-10-11T10:00:00"))
    assert calendar.unconfirmed_years == frozenset()
    assert read_own_days(file)[date(2027, 10, 1)].note == "国庆节"
    assert calendar.kind_of(date(2027, 10, 1)) is DayKind.REST


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2027-01-01,rest\n2027-13-01,rest\n", "line 2: '2027-13-01' is no date: write it as 2027-01-01"),
        (b"2027-01-01,holiday\n", "line 1: the second column must be work or rest"),
        (b"2027-01-01\n", "line 1: the second column must be work or rest"),
        (b"2027-01-01,rest\n2027/1/1,work\n", "line 2: 2027-01-01 is there twice"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_calendar_file_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "days.csv").write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        read_own_days(tmp_path / "days.csv")


def test_a_calendar_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"calendar.file .*none.csv cannot be read"):
        WorkCalendar(own_days=read_own_days(tmp_path / "none.csv"))


def test_fault_72_days_of_23_and_25_hours_begin_and_end_by_the_wall_clock() -> None:
    calendar, hours = WorkCalendar("Europe/Berlin"), ("daily 02:30-04:00",)
    assert not calendar.is_on_duty(hours, at("2026-03-29T01:59:59", "Europe/Berlin"))
    assert calendar.is_on_duty(hours, at("2026-03-29T03:59:59", "Europe/Berlin"))
    assert calendar.is_on_duty(hours, at("2026-10-25T03:59:59", "Europe/Berlin"))
    assert not calendar.is_on_duty(hours, at("2026-10-25T04:00:00", "Europe/Berlin"))


@pytest.mark.parametrize(
    ("date_", "on_duty"),
    [("2028-02-29", True), ("2028-02-28", True), ("2028-03-01", True), ("2032-02-29", False)],
    ids=["a leap day, a Tuesday", "the day before", "the day after", "a leap day, a Sunday"],
)
def test_fault_72_a_leap_day_is_a_day_like_its_weekday(date_: str, on_duty: bool) -> None:
    assert WorkCalendar().is_on_duty(WEEK, at(f"{date_}T10:00:00")) is on_duty


def test_memory_of_days_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicedesk.work_calendar._CACHED_DAYS", 3)
    calendar = WorkCalendar()
    for day in range(1, 20):
        calendar.is_on_duty(WEEK, at(f"2026-11-{day:02}T10:00:00"))
    assert len(calendar._spans) <= 3
