"""Files that settings name: paths made whole, and the secrets that stand in files of their own."""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr

from voicedesk.errors import reason_of
from voicedesk.plain_files import read_plain
from voicedesk.settings.checks import Problem
from voicedesk.settings.model import Settings

Moved = TypeVar("Moved", bound=BaseModel)

_SECRETS = {"pbx": ("secret", "dial_secret", "pause_secret"), "webhooks": ("url", "secret")}
"""Per table the keys of which each may stand in a file of its own, named by the key and `_file`."""


def with_full_paths(settings: Settings, folder: Path) -> Settings:
    """Relative paths are taken from the settings file's folder, wherever the command was started."""
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


def with_secrets(settings: Settings) -> tuple[Settings, list[Problem]]:
    """The settings with all secrets that could be read, and what is wrong with the files of the others."""
    found: list[Problem] = []
    tables: dict[str, tuple[BaseModel, ...]] = {}
    for table, keys in _SECRETS.items():
        rows: Iterable[BaseModel] = getattr(settings, table)
        read = [_secrets_of(row, (table, index), keys, found) for index, row in enumerate(rows)]
        tables[table] = tuple(row.model_copy(update=dict(one)) for row, one in zip(rows, read, strict=True))
    return settings.model_copy(update=tables), found


def _secrets_of(row: BaseModel, path: tuple[str, int], keys: Iterable[str], found: list[Problem]) -> Mapping[str, Any]:
    secrets = {}
    for key in keys:
        file = getattr(row, f"{key}_file")
        if file is None:
            continue
        try:
            secrets[key] = SecretStr(_read_secret(file))
        except ValueError as error:
            found.append(((*path, f"{key}_file"), str(error)))
    return secrets


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
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8: write the secret into it as plain text") from error
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({reason_of(error)}): correct the path or its owner") from error
    if not lines or not lines[0].strip():
        raise ValueError(f"{file} is empty: put the secret into it")
    return lines[0].strip()
