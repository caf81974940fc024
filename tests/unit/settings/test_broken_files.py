"""Whatever a settings file holds, or a file that it names, reading it says what is wrong and raises nothing else."""

from pathlib import Path

import pytest
from voicedesk.errors import InputError, SettingsError
from voicedesk.greeting.rules import rules_from_file
from voicedesk.settings import load_settings
from voicedesk.work_calendar import read_own_days

FILES = {
    "binary": b"\xff\xfe\x00x",
    "nested values": b"a = " + b"[" * 50_000,
    "nested tables": b"a = " + b"{b = " * 5000,
    "nested keys": b".".join([b"a"] * 5000) + b" = 1",
    "a number of 6,000 digits": b"[log]\nlevel = " + b"9" * 6000,
    "a number as a key": b"9" * 6000 + b" = 1",
    "a date of no calendar": b"[hall]\nname = 2026-99-99",
    "a date": b"[hall]\nname = 2026-01-01\n",
    "NUL": b'[hall]\nname = "a\\u0000b"\ntimezone = "a\\u0000b"\n',
    "half a character": b'[hall]\nname = "\\ud800"\n',
    "no end of a text": b'[hall]\nname = "x',
    "infinite": b"[[lines]]\nname = 'x'\nlimit_seconds = inf\n",
    "not a number": b"[[lines]]\nname = 'x'\nlimit_seconds = nan\n",
    "a table in place of a list": b"[pbx]\nname = 'x'\n",
    "a list in place of a table": b"hall = [1]\n",
}
CALENDARS = {
    "no closing mark": b'date,kind\n2026-01-01,"' + b"x" * 200_000,
    "a field without measure": b"date,kind\n2026-01-01," + b"x" * 200_000,
    "NUL": b"date,kind\n2026-01-01,\0rest\n",
    "year 0": b"0000-01-01,rest\n",
    "a year of 5,000 digits": b"9" * 5000 + b"-01-01,rest\n",
    "neither UTF-8 nor GB 18030": b"\xff\xff\xff\n",
}


@pytest.mark.parametrize("name", FILES)
def test_fault_73_a_broken_settings_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / "voicedesk.toml"
    file.write_bytes(FILES[name])
    file.chmod(0o600)
    with pytest.raises(SettingsError) as refused:
        load_settings(file, {})
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("name", CALENDARS)
def test_fault_73_a_broken_calendar_is_refused_in_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_bytes(CALENDARS[name])
    with pytest.raises(SettingsError) as refused:
        read_own_days(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    "name", ["binary", "nested values", "nested tables", "a number of 6,000 digits", "NUL", "a date"]
)
def test_broken_greeting_rules_are_refused_in_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(FILES[name])
    with pytest.raises(InputError) as refused:
        rules_from_file(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("value", ["[" * 50_000, "9" * 6000, "{a=" * 5000, "\ud800"])
def test_fault_73_a_broken_variable_of_the_environment_is_refused(value: str) -> None:
    for key in ("VOICEDESK_LOG__LEVEL", "VOICEDESK_SPEECH__WORKERS", "VOICEDESK_LINES__0__PHONES"):
        with pytest.raises(SettingsError):
            load_settings(None, {key: value, "VOICEDESK_CONFIG": "/nonexistent"})
