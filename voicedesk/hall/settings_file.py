"""The settings file as a whole: looked at with all that it names; what is written is right, or nothing is."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from voicedesk.clock import to_datetime
from voicedesk.errors import InputError, SettingsError, reason_of
from voicedesk.hall.greetings import rules_of
from voicedesk.hall.switches import address_of
from voicedesk.plain_files import read_plain
from voicedesk.settings import LoadedSettings, Settings, WrongSetting, examine_settings
from voicedesk.settings.source import text_of
from voicedesk.work_calendar import WorkCalendar

KEPT = 10
"""So many earlier files stay beside the settings."""


def examined(config: Path | None, *, text: str | None = None) -> tuple[LoadedSettings | None, list[WrongSetting]]:
    """The settings as far as they can be used, and all that is wrong with them and with the files they name.

    `text` is looked at in place of what the file says.
    """
    try:
        found = examine_settings(config, text=text)
    except SettingsError as error:  # nothing else can be told of a file that cannot be read
        return None, [WrongSetting(place="", key="", what=str(error))]
    wrong = list(found.wrong)
    settings = found.loaded.settings
    looks: list[tuple[set[str], Callable[[], object]]] = [
        ({"calendar"}, lambda: WorkCalendar.of(settings)),
        *(({"pbx"}, partial(address_of, pbx)) for pbx in settings.pbx),  # it reads the certificates
        ({"greeting", "lines"}, lambda: rules_of(settings)),
    ]
    for tables, look in looks:
        if tables.isdisjoint(found.unread):
            try:
                look()
            except (SettingsError, InputError) as error:
                wrong.append(WrongSetting(place="", key="", what=str(error)))
    return found.loaded, wrong


def right_settings(file: Path, text: str) -> Settings:
    """The settings that a text would be in a file. Raises SettingsError with all that is wrong."""
    loaded, wrong = examined(file, text=text)
    if wrong or loaded is None:
        raise SettingsError("\n".join(map(str, wrong)))
    return loaded.settings


def may_write(file: Path) -> bool:
    """Whether this process can put another file in the place of the settings and leave owner and mode as they were."""
    place = file.resolve()
    if not os.access(place.parent, os.W_OK | os.X_OK):
        return False
    with suppress(OSError):
        found = place.stat()
        mine = {os.getegid(), *os.getgroups()}
        return os.geteuid() in (0, found.st_uid) and (os.geteuid() == 0 or found.st_gid in mine)
    return True


def save(file: Path, text: str, *, before: str, at: int) -> Path | None:
    """Puts a text in the place of what a settings file says; where the file that was there is kept, if there was one.

    `before` is what it was made from: a file that somebody changed meanwhile stays. `at` is now. Raises SettingsError,
    with the file unchanged, where the new one would be wrong or cannot be written.
    """
    right_settings(file, text)
    place = file.resolve()
    try:
        with _alone(place.parent):
            there = place.exists()
            if (text_of(place) if there else "") != before:
                raise SettingsError(f"{file} was changed by somebody else meanwhile: look at it again, then save")
            kept = _kept_beside(place, at) if there else None
            _put(place, text.encode(), like=place if there else place.parent, mode=None if there else 0o600)
            return kept
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {reason_of(error)}") from error


def write_secret(folder: Path, name: str, secret: str, *, like: Path) -> Path:
    """A secret in a new file of its own, for the owner of `like` alone to read; one that is there stays.

    Raises SettingsError.
    """
    tried = 1
    while True:
        file = folder / (name if tried == 1 else f"{name}-{tried}")
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            tried += 1
            continue
        except OSError as error:
            raise SettingsError(f"{file} cannot be written: {reason_of(error)}") from error
        with open(handle, "w", encoding="utf-8") as stream:
            _own(handle, like)
            stream.write(f"{secret}\n")
        return file


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two that save at the same moment do so one after the other."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _kept_beside(place: Path, at: int) -> Path:
    """A copy of what is there, and no more than KEPT of them."""
    head = f"{place.name}.before-"
    stamp = f"{to_datetime(at).astimezone():%Y%m%d-%H%M%S-%f}"
    kept = place.with_name(f"{head}{stamp}")
    _put(kept, read_plain(place), like=place, mode=None)
    for old in sorted(place.parent.glob(f"{head}[0-9]*"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return kept


def _put(place: Path, content: bytes, *, like: Path, mode: int | None) -> None:
    """A file as a whole, with the owner, and without `mode` the mode, of another."""
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as stream:
            _own(handle, like)
            os.fchmod(handle, like.stat().st_mode & 0o7777 if mode is None else mode)
            stream.write(content)
            stream.flush()
            os.fsync(handle)
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)


def _own(handle: int, like: Path) -> None:
    found, mine = like.stat(), os.fstat(handle)
    if (found.st_uid, found.st_gid) == (mine.st_uid, mine.st_gid):
        return
    if like.is_dir() and os.geteuid() != 0:  # a new file is its maker's
        return
    os.fchown(handle, found.st_uid if found.st_uid != mine.st_uid else -1, found.st_gid)
