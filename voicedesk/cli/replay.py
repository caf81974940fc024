"""`voicedesk replay`: a recorded AMI conversation judged without a PBX."""

from pathlib import Path
from typing import Annotated

import typer

from voicedesk.calls.export import as_json
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay as replay_capture
from voicedesk.cli.calls import show_table
from voicedesk.cli.common import DAMAGED, JsonOption, complain, path_of, say_json, settings_of
from voicedesk.desk.calls import row_of
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError, WrongUsage, reason_of
from voicedesk.hall.lines import hall_of
from voicedesk.settings import Settings
from voicedesk.store.calls import StoredCall


def replay(
    captures: Annotated[
        list[Path], typer.Argument(help="Raw AMI conversations, or exported journals.", metavar="FILE", parser=path_of)
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Lines, phones and people of the hall; without it every number is a line.",
            parser=path_of,
            metavar="PATH",
        ),
    ] = None,
    pbx: Annotated[
        str | None,
        typer.Option("--pbx", help="Which [[pbx]] it was recorded at; may be left out where there is one only."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge the calls of a recorded AMI conversation, without a PBX.

    Example: `voicedesk replay capture.raw --json`

    With several PBXs in the settings say by --pbx whose it is: lines, phones and people are those of that PBX. Exit
    code 3 if a file is empty or damaged: what could be read is given, and what is wrong is told.
    """
    settings = settings_of(config) if config else None
    name = _pbx_of(settings, pbx)
    hall = hall_of(settings, name) if settings else None
    calls: list[JudgedCall] = []
    is_damaged = False
    for path in captures:
        told = replay_capture(_read(path), pbx=name, hall=hall)
        calls += told.calls
        for problem in told.problems:
            complain(f"{path}: {problem}")
            is_damaged = True
    calls.sort(key=lambda call: (call.facts.started_at, call.facts.id))
    if json:
        say_json([as_json(call) for call in calls])
    else:
        viewer = AT_THE_MACHINE
        shown = [StoredCall(call=call, verdict=call.judgement.verdict.value) for call in calls]
        rows = [row_of(one, viewer=viewer, names={}, now=None) for one in shown]
        show_table(rows, settings.hall.zone if settings else None)
    if is_damaged:
        raise typer.Exit(DAMAGED)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error


def _pbx_of(settings: Settings | None, named: str | None) -> str:
    """The PBX named, or the only one; the same calls get the same ids whatever the file is called."""
    known = [one.name for one in settings.pbx] if settings is not None else []
    if named is not None and known and named not in known:
        raise InputError(f"no [[pbx]] is called {named!r}: there are {', '.join(known)}")
    if named is None and len(known) > 1:
        raise WrongUsage(f"which PBX was it recorded at? give --pbx with one of: {', '.join(known)}")
    return named or (known[0] if known else "capture")
