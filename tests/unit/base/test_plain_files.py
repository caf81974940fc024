"""An ordinary file is read; whatever else bears a name is refused at once, and nobody waits for it."""

import os
from pathlib import Path

import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError, SettingsError
from voicedesk.greeting.rules import rules_from_file
from voicedesk.plain_files import open_plain, read_plain
from voicedesk.prompts.pronunciation import load_pronunciation
from voicedesk.settings.source import read_file
from voicedesk.switch_logs.files import read_lines
from voicedesk.work_calendar import read_own_days


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def link(path: Path, to: Path) -> Path:
    path.symlink_to(to)
    return path


@pytest.fixture(params=["pipe", "zero", "loop", "folder", "gone"])
def odd(request, tmp_path):
    """What is no file: some would be waited for, one has no end."""
    path = tmp_path / "odd"
    match request.param:
        case "pipe":
            return pipe(path)
        case "zero":
            return link(path, Path("/dev/zero"))
        case "loop":
            return link(path, path)
        case "folder":
            path.mkdir()
    return path


def test_an_ordinary_file_is_read_also_through_a_link(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"text")
    assert read_plain(file) == read_plain(link(tmp_path / "b", file)) == b"text"


def test_what_is_no_ordinary_file_is_refused_at_once(odd):
    with pytest.raises(OSError, match="odd"):
        open_plain(odd)


def test_a_file_that_is_larger_than_meant_is_refused(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"x" * 11)
    assert read_plain(file, 11) == b"x" * 11
    with pytest.raises(OSError, match="larger"):
        read_plain(file, 10)


def test_no_descriptor_is_left_open_by_a_refusal(odd):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(OSError, match="odd"):
            read_plain(odd)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (read_file, SettingsError),
        (read_own_days, SettingsError),
        (rules_from_file, InputError),
        (load_pronunciation, InputError),
        (read_sound, InputError),
        (lambda path: list(read_lines(path)), InputError),
    ],
    ids=["settings", "calendar", "rules", "pronunciation", "sound", "log"],
)
def test_whoever_reads_a_file_says_that_it_is_none(read, error, odd):
    with pytest.raises(error, match="odd"):
        read(odd)
