"""Settings: one voicedesk.toml, VOICEDESK_* laid over it, checked as a whole before anything starts.

Every message names the file, the line and the cure; all that is wrong is told at once.
"""

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from voicedesk.errors import SettingsError
from voicedesk.ownership import give_like
from voicedesk.plain_files import read_plain
from voicedesk.settings.checks import Problem, problems, webhook_problems
from voicedesk.settings.environment import keys_of, lay_over, nearest, table_type
from voicedesk.settings.houses import with_pbx
from voicedesk.settings.listed import (
    AgentSettings,
    AssignmentSettings,
    LineSettings,
    PbxSettings,
    PhoneSettings,
    WebhookSettings,
)
from voicedesk.settings.model import Settings
from voicedesk.settings.source import (
    FILE_NAME,
    FILE_VARIABLE,
    SYSTEM_FILE,
    KeyPath,
    Source,
    find_file,
    lines_of,
    read_file,
)

Moved = TypeVar("Moved", bound=BaseModel)

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "SYSTEM_FILE",
    "AgentSettings",
    "AssignmentSettings",
    "LineSettings",
    "LoadedSettings",
    "PbxSettings",
    "PhoneSettings",
    "Settings",
    "WebhookSettings",
    "load_settings",
    "origins",
    "read_settings",
    "with_key",
]

_CURES = {
    "int_type": "write a whole number without quotes",
    "float_type": "write a number without quotes",
    "bool_type": "write true or false without quotes",
    "string_type": 'write the text in quotes: "…"',
    "tuple_type": 'write a list: ["…", "…"]',
    "path_type": 'write the path in quotes: "…"',
    "timezone_aware": "add the time zone, as in 2026-01-01T00:00:00+08:00",
    "datetime_type": "write it as 2026-01-01T00:00:00+08:00",
    "datetime_from_date_parsing": "write it as 2026-01-01T00:00:00+08:00",
}
_PATTERNS = {
    "area_code": "write the long-distance code, as in 0371, or leave it out",
    "listen": "write host and port, as in 127.0.0.1:4573",
    "url": "write it as sqlite:///voicedesk.db or postgresql://user@host:5432/name, a password goes into ~/.pgpass",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings with the file they came from and, per key, where it was written."""

    settings: Settings
    file: Path | None
    places: dict[KeyPath, str]


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings to work with. Raises SettingsError if anything is wrong.

    `path` None: VOICEDESK_CONFIG, ./voicedesk.toml, /etc/voicedesk/voicedesk.toml, or defaults and environment alone.
    """
    return read_settings(path, environ).settings


def read_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> LoadedSettings:
    """As `load_settings`, and where everything was written."""
    environ = os.environ if environ is None else environ
    file = find_file(path, environ)
    try:
        return _read(file, environ)
    except SettingsError:
        raise
    except Exception as error:  # whatever a file holds: it is refused, and whoever works by the old ones goes on
        place, what = file or "the environment", "a value is nested without end, or larger than any that is used"
        raise SettingsError(f"{place}: cannot be read ({type(error).__name__}): {what}: remove it") from error


def _read(file: Path | None, environ: Mapping[str, str]) -> LoadedSettings:
    source = read_file(file) if file else Source(file=None)
    lay_over(source, environ)
    try:
        settings = with_pbx(Settings.model_validate(source.data))
    except ValidationError as error:
        raise _refused(source, (_explained(found) for found in error.errors())) from None  # it would show values
    _refuse_if_any(source, problems(settings))
    settings = _with_secrets(_with_full_paths(settings, source), source)
    _refuse_if_any(source, webhook_problems(settings))
    return LoadedSettings(settings=settings, file=file, places=source.places)


def with_key(file: Path, table: str, key: str, value: str) -> None:
    """Writes one text value into a settings file and leaves all else as it is; whole or not at all.

    Raises SettingsError, with the file unchanged, if it would be wrong then or cannot be written.
    """
    lines = read_plain(file).decode("utf-8").splitlines()
    entry = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    places = lines_of("\n".join(lines))
    header = next((n for n, line in enumerate(lines) if line.split("#")[0].strip() == f"[{table}]"), None)
    if (table, key) in places:
        lines[places[table, key] - 1] = entry
    elif header is not None:
        lines.insert(header + 1, entry)
    else:
        lines += ["", f"[{table}]", entry]
    changed = file.with_name(f".{file.name}.changed")
    try:
        changed.touch(mode=file.stat().st_mode & 0o777)
        give_like(changed, file)
        changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        read_settings(changed)
        changed.replace(file)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        changed.unlink(missing_ok=True)


def origins(loaded: LoadedSettings) -> dict[KeyPath, str]:
    """Where each setting in force comes from: a line of the file, a variable of the environment, or "default"."""
    found: dict[KeyPath, str] = {}
    for table, value in loaded.settings:
        rows = [((table, i), row) for i, row in enumerate(value)] if isinstance(value, tuple) else [((table,), value)]
        for path, row in rows:
            for key in keys_of(type(row)):
                found[*path, key] = loaded.places.get((*path, key), "default")
    return found


def _refuse_if_any(source: Source, found: Iterable[Problem]) -> None:
    listed = list(found)
    if listed:
        raise _refused(source, listed)


def _refused(source: Source, found: Iterable[Problem]) -> SettingsError:
    """One error that tells everything that is wrong, a line each."""
    lines = {f"{source.place_of(path)}: {_dotted(path)}: {text}": source.place_of(path) for path, text in found}
    return SettingsError("\n".join(sorted(lines, key=lambda line: _in_order(lines[line]))))


def _in_order(place: str) -> tuple[str, int]:
    before, _, number = place.rpartition(" ")
    return (before, int(number)) if number.isdecimal() else (place, 0)


def _dotted(path: KeyPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _explained(found: Any) -> Problem:
    """What pydantic found wrong, in the words of somebody who edits the file."""
    kind, path, message = found["type"], found["loc"], found["msg"]
    key = str(path[-1])
    match kind:
        case "extra_forbidden":
            text = f"there is no such key: {nearest(key, _known(path[:-1]))}"
        case "missing":
            text = f"is missing: add {key} = … to this table"
        case "value_error":
            text = message.removeprefix("Value error, ")
        case "tuple_type" if len(path) == 1:
            text = f"there may be several of these: write [[{key}]] with two brackets"
        case "model_type":
            text = f"is a table: write [{path[0]}] with one pair of brackets, and its keys below"
        case "string_pattern_mismatch":
            text = f"cannot be used: {_PATTERNS.get(key, 'correct the value')}"
        case _:
            text = f"{message[0].lower()}{message[1:]}: {_CURES.get(kind, 'correct the value')}"
    return path, text


def _known(path: KeyPath) -> list[str]:
    tables = keys_of(Settings)
    return list(keys_of(table_type(tables[str(path[0])])) if path else tables)


def _with_full_paths(settings: Settings, source: Source) -> Settings:
    """Relative paths are taken from the settings file's folder, wherever the command was started."""
    folder = source.folder.absolute()
    calendar, store = settings.calendar, settings.store
    if calendar.file:
        calendar = calendar.model_copy(update={"file": folder / calendar.file})
    database = store.url.removeprefix("sqlite:///")
    if database not in (":memory:", store.url):
        store = store.model_copy(update={"url": f"sqlite:///{folder / database}"})
    if store.spill_folder or database == store.url:
        store = store.model_copy(update={"spill_folder": folder / (store.spill_folder or "")})
    switches = tuple(
        pbx.model_copy(
            update={
                "secret_file": folder / pbx.secret_file if pbx.secret_file else None,
                "dial_secret_file": folder / pbx.dial_secret_file if pbx.dial_secret_file else None,
                "pause_secret_file": folder / pbx.pause_secret_file if pbx.pause_secret_file else None,
                "tls_ca_file": folder / pbx.tls_ca_file if pbx.tls_ca_file else None,
                "cel_csv": folder / pbx.cel_csv if pbx.cel_csv else None,
                "cdr_csv": folder / pbx.cdr_csv if pbx.cdr_csv else None,
                "queue_log": folder / pbx.queue_log if pbx.queue_log else None,
                "recordings": folder / pbx.recordings if pbx.recordings else None,
            }
        )
        for pbx in settings.pbx
    )
    recording = settings.recording.model_copy(update={"folder": folder / settings.recording.folder})
    speech = settings.speech.model_copy(update={"models_folder": folder / settings.speech.models_folder})
    tables = {"calendar": calendar, "store": store, "speech": speech, "recording": recording, "pbx": switches}
    named = {
        "notices": _moved(settings.notices, folder, "folder"),
        "prompts": _moved(settings.prompts, folder, "folder", "asterisk_folder", "texts", "recordings"),
        "ivr": _moved(settings.ivr, folder, "folder"),
        "web": _moved(settings.web, folder, "folder", "certificate", "certificate_key"),
        "greeting": _moved(settings.greeting, folder, "rules"),
        "webhooks": tuple(_moved(one, folder, "url_file", "secret_file", "ca_file") for one in settings.webhooks),
    }
    return settings.model_copy(update={**tables, **named})


def _moved(table: Moved, folder: Path, *keys: str) -> Moved:
    """A table whose paths are taken from a folder."""
    paths = {key: getattr(table, key) for key in keys}
    return table.model_copy(update={key: folder / path for key, path in paths.items() if path is not None})


def _with_secrets(settings: Settings, source: Source) -> Settings:
    keys = ("secret", "dial_secret", "pause_secret")
    switches = [_with_read(pbx, ("pbx", n), source, *keys) for n, pbx in enumerate(settings.pbx)]
    webhooks = [_with_read(one, ("webhooks", n), source, "url", "secret") for n, one in enumerate(settings.webhooks)]
    return settings.model_copy(update={"pbx": tuple(switches), "webhooks": tuple(webhooks)})


def _with_read(table: Moved, path: KeyPath, source: Source, *keys: str) -> Moved:
    """A table with the secrets that stand in files of their own."""
    secrets = {}
    for key in keys:
        file = getattr(table, f"{key}_file")
        if file is None:
            continue
        try:
            secrets[key] = SecretStr(_read_secret(file))
        except ValueError as error:
            raise _refused(source, [((*path, f"{key}_file"), str(error))]) from error
    return table.model_copy(update=secrets)


def _read_secret(file: Path) -> str:
    """The first line of a file that nobody but its owner can read."""
    try:
        mode = file.stat().st_mode
        if mode & 0o077:
            raise ValueError(f"{file} can be read by others (mode {mode & 0o777:04o}): chmod 600 {file}")
        lines = read_plain(file).decode("utf-8").splitlines()
    except FileNotFoundError as error:
        made = f"make it, readable by its owner alone: (umask 077; openssl rand -hex 24 > {shlex.quote(str(file))})"
        raise ValueError(f"{file} is not there: correct the path, or for a new manager user {made}") from error
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror}): correct the path or its owner") from error
    if not lines or not lines[0].strip():
        raise ValueError(f"{file} is empty: put the secret into it")
    return lines[0].strip()
