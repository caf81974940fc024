"""Installs speech models: a folder or a ZIP from outside is looked through before any of it is believed.

An installed model lies in a folder of its own below the models' folder, with the checksum of each of its files.
"""

import hashlib
import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voicedesk.data_packages import joined, sha256_of
from voicedesk.errors import InputError, reason_of
from voicedesk.speech.models import EMBEDDED, SpeechModel, embedded_model, read_model
from voicedesk.speech.packaged import DATA, WHISPER_BASE
from voicedesk.speech.whisper.folder import is_whisper

CHECKSUMS = "checksums.json"
MAX_BYTES = 8 * 1024**3
MAX_FILES = 2000
_MAX_RATIO = 200
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    """A model that can be named in the settings, and how large it is; `problem` where it cannot be used."""

    name: str
    path: Path
    size_bytes: int
    model: SpeechModel | None
    problem: str | None = None


def find_model(named: str, folder: Path) -> SpeechModel:
    """The model that the settings name: the embedded one, the packaged one, an installed one, or the one in a folder.

    The packaged one is joined below the models' folder where it is not there yet: this takes seconds, and later ones
    take none. Raises InputError if it is not there or not whole.
    """
    if named == EMBEDDED:
        return embedded_model()
    if named == WHISPER_BASE:
        return read_model(joined(DATA, folder))
    installed = folder / named
    try:
        is_installed = installed.is_dir()
    except OSError as error:  # a name of thousands of characters
        raise InputError(f"{named[:80]!r} can be no model's name: {reason_of(error)}") from error
    return read_model(installed if is_installed else Path(named))


def list_models(folder: Path) -> list[InstalledModel]:
    """The embedded model, and all that are installed."""
    found = [_listed(EMBEDDED, embedded_model().path)]
    if folder.is_dir():
        found += [_listed(path.name, path) for path in sorted(folder.iterdir()) if _is_shown(path)]
    return found


def install_model(source: Path, folder: Path) -> SpeechModel:
    """Copies a model from a folder, a ZIP or packages (`whisper-base`) below the models' folder, whole or not at all.

    Raises InputError for what is no model, holds paths that lead elsewhere, is far too large, or is there already.
    """
    if str(source) == WHISPER_BASE and not source.exists():
        return find_model(WHISPER_BASE, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=folder) as scratch:
        unpacked = Path(scratch) / "model"
        unpacked.mkdir()
        if source.is_dir():
            _copy(source, unpacked)
        else:
            _unzip(source, unpacked)
        root = _root_of(unpacked, source)
        read_model(root)
        name = source.stem if root == unpacked else root.name
        target = folder / _plain_name(name)
        if target.name == WHISPER_BASE:
            _refuse_other_packaged(root)
        if target.exists():
            raise InputError(f"{target}: a model of this name is installed: delete that folder first")
        (root / CHECKSUMS).write_text(json.dumps(dict(_checksums(root)), indent=1), encoding="utf-8")
        root.rename(target)
    return read_model(target)


def verify_model(model: SpeechModel) -> None:
    """Compares an installed model with the checksums kept when it was installed.

    Raises InputError naming the first file that differs; a model without checksums was never installed, and passes.
    """
    if model.path.name == WHISPER_BASE and model.kind == "whisper":
        _verify_packaged(model.path)
        return
    try:
        kept = json.loads((model.path / CHECKSUMS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{model.path / CHECKSUMS}: it cannot be read: install the model again") from error
    for name, digest in kept.items() if isinstance(kept, dict) else (("", ""),):
        path = model.path / name
        if not _is_file(path) or _digest(path) != digest:
            raise InputError(f"{path}: it is not what was installed: delete {model.path} and install the model again")


def _verify_packaged(path: Path) -> None:
    for file in DATA.files:
        if not _is_file(path / file.name) or _digest(path / file.name) != file.sha256:
            raise InputError(
                f"{path / file.name}: it is not what was installed: voicedesk model install {WHISPER_BASE}"
            )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_shown(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _listed(name: str, path: Path) -> InstalledModel:
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    try:
        return InstalledModel(name=name, path=path, size_bytes=size, model=read_model(path))
    except InputError as error:
        return InstalledModel(name=name, path=path, size_bytes=size, model=None, problem=str(error))


def _plain_name(name: str) -> str:
    """A name that can stand in the settings and in a path."""
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name).strip(".-")
    if not plain or plain == EMBEDDED:
        raise InputError(f"{name!r} cannot be a model's name: rename the folder or the file")
    return plain


def _copy(source: Path, target: Path) -> None:
    """Regular files only: what a model is made of."""
    files = sorted(path for path in source.rglob("*") if not path.is_dir())
    _refuse_if_too_much(len(files), sum(path.lstat().st_size for path in files), source)
    for path in files:
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{path}: a model is made of plain files; this is a link or a device")
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _unzip(source: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            _refuse_if_too_much(len(members), sum(one.file_size for one in members), source)
            names: set[str] = set()
            for member in members:
                _refuse_if_unsafe(member, names, source)
                _extract(archive, member, target)
    except FileNotFoundError as error:
        raise InputError(f"{source}: there is no such file or folder") from error
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"{source}: it cannot be unpacked: {reason_of(error)}") from error


def _refuse_if_too_much(files: int, size: int, source: Path) -> None:
    if files > MAX_FILES or size > MAX_BYTES:
        raise InputError(f"{source}: {files} files of {size >> 20} MiB are no speech model")


def _refuse_if_unsafe(member: zipfile.ZipInfo, names: set[str], source: Path) -> None:
    """A ZIP may name paths that lead elsewhere, links, one file twice, or grow without end."""
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or "\0" in member.filename:
        raise InputError(f"{source}: {member.filename!r} leads out of the model's folder: this is no honest archive")
    if kind not in (0, stat.S_IFREG):
        raise InputError(f"{source}: {member.filename!r} is a link or a device: a model is made of plain files")
    if member.filename.casefold() in names:
        raise InputError(f"{source}: {member.filename!r} is there twice")
    if member.file_size > _MAX_RATIO * max(member.compress_size, 1):
        raise InputError(
            f"{source}: {member.filename!r} is packed {_MAX_RATIO} times and more: this is no honest archive"
        )
    names.add(member.filename.casefold())


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Never more than the archive said beforehand."""
    path = target / member.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as packed, path.open("wb") as file:
        while block := packed.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise InputError(f"{archive.filename}: {member.filename!r} is larger than it says")
            file.write(block)


def _root_of(unpacked: Path, source: Path) -> Path:
    """A model may lie in a folder of its own within the archive."""
    candidates = [unpacked, *sorted(path for path in unpacked.iterdir() if path.is_dir())]
    found = [path for path in candidates if (path / "am" / "final.mdl").is_file() or is_whisper(path)]
    if not found:
        raise InputError(f"{source}: there is no model in it: neither am/final.mdl (Vosk) nor model.bin (Whisper)")
    return found[0]


def _refuse_other_packaged(root: Path) -> None:
    """The packaged model's name stands for the very files of the packages, wherever they come from."""
    if any(not (root / file.name).is_file() or sha256_of(root / file.name) != file.sha256 for file in DATA.files):
        raise InputError(
            f"{WHISPER_BASE!r} is the name of the model that comes in packages, and these are other files: rename the"
            " folder or the file"
        )


def _checksums(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        yield path.relative_to(root).as_posix(), _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
