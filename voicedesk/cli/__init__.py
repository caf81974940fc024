"""The commands a person types.

Exit codes: 0 done; 1 it failed, or something is wrong; 2 wrong usage or settings; 3 damaged or empty input, of which
what could be read was given; 4 nobody knows whether it was carried out.
"""

import contextlib
import io
import os
import signal
import sys

import typer

from voicedesk import __version__
from voicedesk.cli.common import ERROR, INTERRUPTED, UNKNOWN, USAGE, complain, complain_unsettled
from voicedesk.cli.help import speak
from voicedesk.cli.tree import CommandTree
from voicedesk.errors import OutcomeUnknown, SettingsError, VoicedeskError, WrongUsage, reason_of
from voicedesk.settings.language import language_of
from voicedesk.words import SPOKEN

app = typer.Typer(
    name="voicedesk",
    cls=CommandTree,
    help="铃响三声、必有应答: a public service hall's telephone standard, kept and shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"voicedesk {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Nothing is done before a command is."""


def main() -> None:
    """The entry point: known errors become one sentence and an exit code; a closed pipe and Ctrl-C are quiet."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal of another encoding cannot show is written as \uXXXX
            stream.reconfigure(errors="backslashreplace")
    spoken_before = SPOKEN.set(language_of(sys.argv[1:], os.environ))
    try:
        _run()
    finally:
        SPOKEN.reset(spoken_before)


def _run() -> None:
    try:
        try:
            command = typer.main.get_command(app)
            speak(command)
            command()
        finally:
            sys.stdout.flush()
    except SettingsError as error:
        complain_unsettled(str(error))
        sys.exit(USAGE)
    except WrongUsage as error:
        complain(str(error))
        sys.exit(USAGE)
    except OutcomeUnknown as error:
        complain(str(error))
        sys.exit(UNKNOWN)
    except VoicedeskError as error:
        complain(str(error))
        sys.exit(ERROR)
    except BrokenPipeError:
        _drop_output()
        sys.exit(ERROR)
    except OSError as error:
        _drop_output()
        reason = reason_of(error)
        named = f"{error.filename} cannot be read or written: {reason}"
        complain(named if error.filename else f"the answer cannot be written: {reason}")
        sys.exit(ERROR)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # pressed again while the interpreter ends, it would be killed
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(INTERRUPTED)


def _drop_output() -> None:
    """What is left of the answer goes nowhere, so that Python does not complain of it when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
