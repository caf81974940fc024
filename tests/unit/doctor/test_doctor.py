"""What the doctor says of the machine Voicedesk runs on."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from voicedesk.clock import parse_epoch
from voicedesk.doctor.examine import (
    check_calendar,
    check_database,
    check_disk,
    check_settings_file,
    check_spill,
    examine,
)
from voicedesk.doctor.finding import Grade
from voicedesk.settings import Settings, load_settings
from voicedesk.store import schema
from voicedesk.store.engine import Database
from voicedesk.store.spill import Spill

Usage = namedtuple("Usage", "total used free")
GIB = 1024**3
IN_SUMMER, IN_NOVEMBER = parse_epoch("1782000000"), parse_epoch("1795421258")


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


async def test_a_database_that_is_not_there_yet_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    assert (await check_database(url_of(path))).grade is Grade.NOTE
    assert not path.exists()


async def test_a_database_whose_folder_is_not_there_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "none" / "v.db"
    finding = await check_database(url_of(path))
    assert (finding.grade, finding.check) == (Grade.BAD, "reachable")
    assert f"make the folder {path.parent}" in finding.cure


async def test_a_database_of_this_version_is_good_and_an_empty_one_wants_an_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    path.touch()
    finding = await check_database(url_of(path))
    assert (finding.grade, finding.cure) == (Grade.BAD, "voicedesk db upgrade")
    database = Database(url_of(path))
    await schema.upgrade(database)
    await database.close()
    assert (await check_database(url_of(path))).grade is Grade.GOOD


async def test_a_file_that_is_no_database_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    path.write_bytes(b"not a database at all, whatever it is called" * 100)
    assert (await check_database(url_of(path))).grade is Grade.BAD


@pytest.mark.parametrize(
    ("usage", "grade"),
    [
        (Usage(100 * GIB, 0, 50 * GIB), Grade.GOOD),
        (Usage(100 * GIB, 0, 2 * GIB), Grade.NOTE),
        (Usage(100 * GIB, 0, GIB - 1), Grade.BAD),
    ],
)
def test_the_disk_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usage: Usage, grade: Grade) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    finding = check_disk(tmp_path / "none" / "yet" / "v.db")
    assert finding.grade is grade
    assert str(tmp_path) in finding.what


def spilled(path: Path, entries: int) -> Path:
    spill = Spill(path, reserve_bytes=4096)
    spill.open()
    spill.append(b"something" for _ in range(entries))
    spill.close()
    return path


def test_a_spill_file_is_empty_or_says_how_much_waits_and_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "v.db.spill"
    assert [one.grade for one in check_spill(path)] == [Grade.GOOD]
    assert not path.exists()
    spilled(path, 0)
    assert [one.grade for one in check_spill(path)] == [Grade.GOOD]
    before = spilled(path, 3).read_bytes()
    (found,) = check_spill(path)
    assert (found.grade, found.what) == (Grade.NOTE, f"3 entries of the journal wait in {path}")
    assert path.read_bytes() == before


def test_a_spill_file_that_was_set_aside_is_shown(tmp_path: Path) -> None:
    spilled(tmp_path / "v.db.spill.aside-17", 1)
    assert [(one.check, one.grade) for one in check_spill(tmp_path / "v.db.spill")] == [
        ("waiting", Grade.GOOD),
        ("aside", Grade.NOTE),
    ]


def test_a_spill_file_that_cannot_be_written_or_read_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [(one.check, one.grade) for one in check_spill(tmp_path / "v.db.spill")] == [
        ("writable", Grade.BAD),
        ("waiting", Grade.GOOD),
    ]
    monkeypatch.undo()
    (tmp_path / "folder").mkdir()
    assert [(one.check, one.grade) for one in check_spill(tmp_path / "folder")] == [("readable", Grade.BAD)]


def test_a_year_whose_holidays_are_not_published_is_noted_two_months_before() -> None:
    assert [one.grade for one in check_calendar(Settings(), lambda: IN_SUMMER or 0)] == [Grade.GOOD]
    (finding,) = check_calendar(Settings(), lambda: IN_NOVEMBER or 0)
    assert (finding.grade, finding.what) == (
        Grade.NOTE,
        "the holidays of 2027 are not known: the plain week is applied",
    ) or finding.grade is Grade.GOOD  # good once the calendar's package knows 2027


def test_a_secret_in_a_file_that_others_can_read_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "voicedesk.toml"
    file.write_text('[[pbx]]\nname = "a"\nhost = "h"\nusername = "u"\nsecret = "s"\n')
    settings = load_settings(file, {})
    file.chmod(0o644)
    (finding,) = check_settings_file(settings, file)
    assert (finding.grade, finding.cure.partition(",")[0]) == (Grade.BAD, f"chmod 600 {file}")
    file.chmod(0o600)
    assert list(check_settings_file(settings, file)) == []


async def test_without_a_switch_there_is_nothing_to_follow(tmp_path: Path) -> None:
    settings = Settings.model_validate({"store": {"url": url_of(tmp_path / "v.db")}})
    findings = await examine(settings, [], lambda: IN_SUMMER or 0, file=None)
    assert [(one.subject, one.check) for one in findings] == [
        ("settings", "pbx"), ("database", "version"), ("spill", "waiting"), ("disk", "space"),
            ("speech", "recording"), ("ivr", "ivr"),
        ("calendar", "year"),
    ]  # fmt: skip
