"""Settings: one voicedesk.toml, VOICEDESK_* laid over it, checked as a whole before anything starts.

Every message names the file, the line and the cure; all that is wrong is told at once.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voicedesk.errors import SettingsError, reason_of
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
from voicedesk.settings.named_files import with_full_paths, with_secrets
from voicedesk.settings.source import (
    FILE_NAME,
    FILE_VARIABLE,
    SYSTEM_FILE,
    KeyPath,
    Source,
    find_file,
    lines_of,
    read_file,
    source_of,
)

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "SYSTEM_FILE",
    "AgentSettings",
    "AssignmentSettings",
    "ExaminedSettings",
    "LineSettings",
    "LoadedSettings",
    "PbxSettings",
    "PhoneSettings",
    "Settings",
    "WebhookSettings",
    "WrongSetting",
    "examine_settings",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSetting:
    """One thing that is wrong: where it was written, the key (empty: none there is), and what, with the cure."""

    place: str
    key: str
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.key, self.what) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedSettings:
    """Settings that may be wrong. `unread` are tables of which nothing can be used: they stand at their defaults."""

    loaded: LoadedSettings
    wrong: tuple[WrongSetting, ...]
    unread: frozenset[str]


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings to work with. Raises SettingsError if anything is wrong.

    `path` None: VOICEDESK_CONFIG, ./voicedesk.toml, /etc/voicedesk/voicedesk.toml, or defaults and environment alone.
    """
    return read_settings(path, environ).settings


def read_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> LoadedSettings:
    """As `load_settings`, and where everything was written."""
    examined = examine_settings(path, environ)
    if examined.wrong:
        raise SettingsError("\n".join(map(str, examined.wrong)))
    return examined.loaded


def examine_settings(
    path: Path | None = None, environ: Mapping[str, str] | None = None, *, text: str | None = None
) -> ExaminedSettings:
    """The settings as far as they can be used, and all that is wrong with them.

    `text` is looked at in place of what the file says: it is to stand there.

    Raises SettingsError where nothing can be told but one thing: the file cannot be read, or is no TOML.
    """
    environ = os.environ if environ is None else environ
    file = find_file(path, environ)
    try:
        return _examined(file, environ, text)
    except SettingsError:
        raise
    except Exception as error:  # whatever a file holds: it is refused, and whoever works by the old ones goes on
        place, what = file or "the environment", "a value is nested without end, or larger than any that is used"
        raise SettingsError(f"{place}: cannot be read ({type(error).__name__}): {what}: remove it") from error


def _examined(file: Path | None, environ: Mapping[str, str], text: str | None) -> ExaminedSettings:
    source = Source(file=None)
    if file is not None:
        source = read_file(file) if text is None else source_of(file, text)
    wrong = [WrongSetting(place=variable, key="", what=what) for variable, what in lay_over(source, environ)]
    found: list[Problem] = []
    try:
        settings = Settings.model_validate(source.data)
    except ValidationError as error:  # it is told in words: it would show values
        found += [_explained(one) for one in error.errors()]
        tables = {str(path[0]) for path, _ in found}
        settings = Settings.model_validate({key: value for key, value in source.data.items() if key not in tables})
    unread = frozenset(str(path[0]) for path, _ in found)
    settings = with_pbx(settings)
    found += problems(settings, unread)
    settings, of_files = with_secrets(with_full_paths(settings, source.folder.absolute()))
    found += of_files
    if not any(path[0] == "webhooks" for path, _ in found):
        found += webhook_problems(settings)
    wrong += [WrongSetting(place=source.place_of(path), key=_dotted(path), what=what) for path, what in found]
    loaded = LoadedSettings(settings=settings, file=file, places=source.places)
    in_order = dict.fromkeys(sorted(wrong, key=lambda one: _in_order(one.place)))
    return ExaminedSettings(loaded=loaded, wrong=tuple(in_order), unread=unread)


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
        raise SettingsError(f"{file} cannot be written: {reason_of(error)}") from error
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
