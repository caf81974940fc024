"""`voicedesk asterisk`: what Asterisk's own files need."""

from typing import Annotated

import typer

from voicedesk.cli.common import ConfigOption, complain, say, settings_of
from voicedesk.services.asterisk_files import Part, render

app = typer.Typer(help="What to put into Asterisk's own files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `snippet` a command of its own while it is the only one."""


@app.command()
def snippet(
    part: Annotated[Part, typer.Argument(help="Which file.")] = Part.ALL,
    pbx: Annotated[str | None, typer.Option("--pbx", help="For which [[pbx]]; else the first.")] = None,
    freepbx: Annotated[bool, typer.Option("--freepbx", help="For FreePBX's *_custom.conf files.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print what to put into manager.conf, extensions.conf and queues.conf, filled in from the settings.

    Example: `voicedesk asterisk snippet manager`

    The manager part shows the secret. A word left between @ signs is not in the settings: fill it in by hand.
    """
    settings = settings_of(config)
    if not settings.pbx:
        complain("no [[pbx]] in the settings: words between @ signs are left for you (see: voicedesk init)")
    say(render(part, settings, pbx=pbx, freepbx=freepbx))
