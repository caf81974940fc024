"""`voicedesk config`: is the settings file right, and what is in force."""

import json as jsonlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from voicedesk.cli.common import (
    USAGE,
    ConfigOption,
    JsonOption,
    complain,
    complain_unsettled,
    path_of,
    say,
    say_answer,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.clock import now_us
from voicedesk.errors import NotBegun, SettingsError, StoreError
from voicedesk.hall.settings_file import examined, save
from voicedesk.language.translate import translated
from voicedesk.settings import LoadedSettings, WrongSetting, origins, read_settings
from voicedesk.settings.listed import NO_LIMIT_SOURCE
from voicedesk.settings.source import find_file, text_of
from voicedesk.step_rows import StepKind
from voicedesk.words import in_both

app = typer.Typer(help="The settings: check them, show what is in force.", no_args_is_help=True)

OriginOption = Annotated[
    bool, typer.Option("--origin", help="With each value where it comes from: file and line, variable or default.")
]


@app.command()
def check(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Say whether the settings are right; if not, all that is wrong, in which line, and the cure (exit code 2).

    Example: `voicedesk config check --config voicedesk.toml`
    """
    loaded, wrong = examined(config)
    if json:
        say_json(_checked_json(loaded, wrong))
    if wrong:
        if not json:
            complain_unsettled("\n".join(map(str, wrong)))
        raise typer.Exit(USAGE)
    if loaded is None or json:
        return
    for line in loaded.settings.lines:
        if line.source_of_limit == NO_LIMIT_SOURCE:
            complain(
                f"line {line.name!r}: limit_seconds = {line.limit_seconds:g} has no limit_source: {NO_LIMIT_SOURCE}"
            )
    where = loaded.file or translated("no file: defaults and environment")
    counts = _counts(loaded)
    found = f"{counts['pbx']} pbx, {counts['lines']} lines, {counts['agents']} agents"
    say(f"{where}: {in_both('正确', 'right')} ({translated(found)})")


@app.command()
def take(
    file: Annotated[
        Path, typer.Argument(help="Settings that were proposed, as a file.", parser=path_of, metavar="PATH")
    ],
    config: ConfigOption = None,
) -> None:
    """Put proposed settings in the place of those in force: checked as a whole, the old file kept, the service asked.

    Example: `voicedesk config take /var/lib/voicedesk/web/setup/voicedesk.toml`

    Owner and mode stay. Where the new settings are wrong nothing is changed (exit code 2).
    """
    from voicedesk.cli.asking import ask_service  # it reads the database, which the other commands here do not need

    place = find_file(config, os.environ)
    if place is None:
        raise SettingsError("there is no settings file to replace: name it with --config")
    text = text_of(file)
    kept = save(place, text, before=text_of(place) if place.exists() else "", at=now_us())
    if kept is None:
        say(f"{place} is written")
    else:
        say(f"{place} is written; what stood there before is kept as {kept}")
    try:
        say_answer(wait(ask_service(settings_of(place), StepKind.RELOAD, {}, look="the service's log")))
    except (NotBegun, StoreError):
        say("no service runs: it reads these settings when it starts")


def _counts(loaded: LoadedSettings) -> dict[str, int]:
    settings = loaded.settings
    return {"pbx": len(settings.pbx), "lines": len(settings.lines), "agents": len(settings.agents)}


def _checked_json(loaded: LoadedSettings | None, wrong: list[WrongSetting]) -> dict[str, Any]:
    """What was found: with settings that are right how much there is, else each thing that is wrong."""
    file = str(loaded.file) if loaded is not None and loaded.file else None
    if loaded is None or wrong:
        return {"file": file, "wrong": [asdict(one) for one in wrong]}
    return {"file": file, **_counts(loaded), "wrong": []}


@app.command()
def show(config: ConfigOption = None, origin: OriginOption = False, json: JsonOption = False) -> None:
    """Show the settings in force, as TOML; secrets are never shown.

    Example: `voicedesk config show --origin`
    """
    loaded = read_settings(config)
    if json:
        say_json(_as_json(loaded, origin))
        return
    places = origins(loaded)
    for table, value in loaded.settings:
        rows = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, row in rows:
            say_as_it_is(f"[{table}]" if index is None else f"[[{table}]]")
            for key, part in _shown(row).items():
                path = (table, key) if index is None else (table, index, key)
                say_as_it_is(f"{key} = {_toml(part)}" + (f"  # {places[path]}" if origin else ""))
            say_as_it_is("")


def _as_json(loaded: LoadedSettings, with_origin: bool) -> dict[str, Any]:
    values = loaded.settings.model_dump(mode="json", by_alias=True)
    if not with_origin:
        return values
    names = {".".join(map(str, path)): place for path, place in origins(loaded).items()}
    return {"settings": values, "origins": names}


def _shown(row: BaseModel) -> dict[str, Any]:
    """A table's keys and values; a secret that was read from a file is not one of them."""
    shown = row.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key in ("secret", "dial_secret", "pause_secret", "url"):
        if f"{key}_file" in shown:
            del shown[key]
    return shown


def _toml(value: Any) -> str:
    """A value as TOML writes it; JSON's texts, numbers and lists are TOML's too."""
    return jsonlib.dumps(value, ensure_ascii=False)
