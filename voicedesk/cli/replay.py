"""`voicedesk replay`: a recorded AMI conversation judged without a PBX."""

from pathlib import Path
from typing import Annotated

import typer

from voicedesk.app import hall_of
from voicedesk.calls.export import as_json
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay as replay_capture
from voicedesk.cli.calls import show_table
from voicedesk.cli.common import DAMAGED, JsonOption, complain, say_json, settings_of
from voicedesk.errors import InputError
from voicedesk.settings import Settings


def replay(
    captures: Annotated[
        list[Path], typer.Argument(help="Raw AMI conversations, or exported journals.", metavar="FILE")
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Lines, phones and people of the hall; without it every number is a line."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge the calls of a recorded AMI conversation, without a PBX.

    Example: `voicedesk replay capture.raw --json`

    Exit code 3 if a file is empty or damaged: what could be read is given, and what is wrong is told.
    """
    settings = settings_of(config) if config else None
    hall = hall_of(settings) if settings else None
    calls: list[JudgedCall] = []
    is_damaged = False
    for path in captures:
        told = replay_capture(_read(path), pbx=_pbx_of(settings), hall=hall)
        calls += told.calls
        for problem in told.problems:
            complain(f"{path}: {problem}")
            is_damaged = True
    calls.sort(key=lambda call: (call.facts.started_at, call.facts.id))
    if json:
        say_json([as_json(call) for call in calls])
    else:
        show_table(calls, settings.hall.zone if settings else None)
    if is_damaged:
        raise typer.Exit(DAMAGED)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _pbx_of(settings: Settings | None) -> str:
    """The only PBX of the settings; the same calls get the same ids whatever the file is called."""
    if settings is not None and len(settings.pbx) == 1:
        return settings.pbx[0].name
    return "capture"
