"""What `doctor` says of the notice catalogue."""

from datetime import UTC, date, datetime
from pathlib import Path

from tests.unit.catalogue.halls import ITEM, make_catalogue, write_item
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.publish import Approval, publish
from voicedesk.doctor.notices import check_notices
from voicedesk.settings import Settings

TODAY = date(2026, 1, 1)


def findings(settings: dict[str, object], day: date = TODAY) -> list[tuple[str, str]]:
    at = int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()) * 1_000_000
    found = check_notices(Settings.model_validate(settings), lambda: at)
    return [(one.grade.value, one.what) for one in found]


def own(folder: Path) -> dict[str, object]:
    return {"notices": {"folder": folder}}


def test_a_hall_without_an_ivr_hears_nothing_of_it() -> None:
    assert findings({}) == []


def test_samples_are_no_hall_s_word() -> None:
    ivr = {"ivr": {"listen": "127.0.0.1:4573"}}
    assert findings(ivr) == [("note", "callers are told of no item: none is published")]
    ((grade, what),) = findings({**ivr, "notices": {"samples": True}})
    assert (grade, "23 items are told, 23 of them samples" in what) == ("note", True)


def test_a_folder_without_a_catalogue_is_bad(tmp_path: Path) -> None:
    ((grade, what),) = findings(own(tmp_path))
    assert (grade, "groups.toml: cannot be read" in what) == ("bad", True)


def test_what_is_told_what_expires_and_what_expired(tmp_path: Path) -> None:
    folder = make_catalogue(tmp_path / "notices")
    approval = Approval(approver="张三", effective=TODAY, expires=date(2026, 3, 31))
    publish(load_catalogue(folder), ["card"], approval, today=TODAY, as_is=True)
    assert findings(own(folder)) == [("good", "1 items are told, all of them approved")]
    soon, told = findings(own(folder), date(2026, 3, 31))
    assert (soon[0], "version 1 expires on 2026-03-31" in soon[1], told[0]) == ("note", True, "good")
    expired, nothing = findings(own(folder), date(2026, 4, 1))
    assert (expired[0], "callers hear nothing of it any more" in expired[1], nothing[0]) == ("bad", True, "note")


def test_an_item_that_cannot_be_read_is_bad_while_its_version_is_still_told(tmp_path: Path) -> None:
    folder = make_catalogue(tmp_path / "notices")
    approval = Approval(approver="张三", effective=TODAY, expires=date(2026, 12, 31))
    publish(load_catalogue(folder), ["card"], approval, today=TODAY, as_is=True)
    write_item(folder, "card", ITEM + "?")
    broken, told = findings(own(folder))
    assert (broken[0], "is not TOML" in broken[1]) == ("bad", True)
    assert told == ("good", "1 items are told, all of them approved")
