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
from voicedesk.cli import (
    accounts,
    asterisk,
    audit,
    breaks,
    calls,
    catalogue,
    config,
    db,
    decisions,
    greeting,
    model,
    news,
    notices,
    outage,
    prompts,
    quarantine,
    recordings,
    tickets,
)
from voicedesk.cli.agents import agents
from voicedesk.cli.common import ERROR, INTERRUPTED, UNKNOWN, USAGE, complain, complain_unsettled
from voicedesk.cli.doctor import doctor
from voicedesk.cli.help import speak
from voicedesk.cli.init import init
from voicedesk.cli.practice import practice
from voicedesk.cli.repair import repair
from voicedesk.cli.replay import replay
from voicedesk.cli.service import reload, run
from voicedesk.cli.web import web
from voicedesk.errors import OutcomeUnknown, SettingsError, VoicedeskError, WrongUsage, why
from voicedesk.settings.language import language_of
from voicedesk.words import SPOKEN

app = typer.Typer(
    name="voicedesk",
    help="铃响三声、必有应答: a public service hall's telephone standard, kept and shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(init)
app.command()(run)
app.command()(web)
app.command()(doctor)
calls.app.command("decide")(decisions.decide_call)
calls.app.command("appeal")(decisions.appeal_call)
calls.app.command("agreement")(decisions.call_agreement)
app.add_typer(calls.app, name="calls")
app.command()(replay)
app.command()(repair)
app.command()(calls.rejudge)
greeting.app.command("decide")(decisions.decide_greeting)
greeting.app.command("appeal")(decisions.appeal_greeting)
greeting.app.command("agreement")(decisions.greeting_agreement)
app.add_typer(greeting.app, name="greeting")
app.command()(practice)
app.add_typer(recordings.app, name="recordings")
app.add_typer(model.app, name="model")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(prompts.app, name="prompts")
app.add_typer(notices.app, name="notices")
app.add_typer(outage.app, name="outage")
app.add_typer(tickets.app, name="tickets")
app.add_typer(news.app, name="news")
app.add_typer(breaks.app, name="breaks")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(accounts.app, name="account")
app.add_typer(audit.app, name="audit")
app.command()(agents)
app.command()(reload)
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")
app.add_typer(asterisk.app, name="asterisk")


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
        reason = why(error)
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
