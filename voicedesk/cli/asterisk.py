"""`voicedesk asterisk`: what Asterisk's own files need."""

import sys
from typing import Annotated

import typer

from voicedesk.cli.common import ConfigOption, complain, say_lines, settings_of
from voicedesk.errors import InputError
from voicedesk.hall.asterisk_files import Part, pieces_of, render

app = typer.Typer(help="What to put into Asterisk's own files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `snippet` a command of its own while it is the only one."""


@app.command()
def snippet(
    part: Annotated[Part, typer.Argument(help="What it is for.")] = Part.ALL,
    file: Annotated[
        str | None, typer.Option("--file", help="Only what goes into this file, such as extensions.conf.")
    ] = None,
    pbx: Annotated[str | None, typer.Option("--pbx", help="For which [[pbx]]; else the first.")] = None,
    freepbx: Annotated[bool, typer.Option("--freepbx", help="For FreePBX's *_custom.conf files.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print what to put into manager.conf, extensions.conf and queues.conf, filled in from the settings.

    Example: `voicedesk asterisk snippet callback --file extensions.conf`

    What goes into several files is shown on the screen, parted; into a file or a pipe each goes by itself, by --file.
    The manager part shows the secret. A word left between @ signs is not in the settings: fill it in by hand.
    """
    settings = settings_of(config)
    if not settings.pbx:
        complain("no [[pbx]] in the settings: words between @ signs are left for you (see: voicedesk init)")
    text = render(part, settings, pbx=pbx, freepbx=freepbx, file=file)
    files = dict.fromkeys(one.file for one in pieces_of(part, settings, pbx=pbx, freepbx=freepbx) if one.file)
    if file is None and len(files) > 1 and not sys.stdout.isatty():
        told = ", ".join(f"--file {one}" for one in files)
        raise InputError(f"this goes into {len(files)} files of Asterisk: ask for each by itself, with {told}")
    say_lines(text)
