"""`voicedesk init`: the first settings file, and the secret beside it."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from voicedesk.cli import discovering
from voicedesk.cli.common import say
from voicedesk.errors import InputError
from voicedesk.services.switch_logs import LogPaths
from voicedesk.settings import FILE_NAME, load_settings

SECRET_NAME = "ami-secret"  # noqa: S105  # a file's name

_HEAD = """\
# Voicedesk's settings. Every key is described in docs/settings.md; check this file with: voicedesk config check
# A key may be set by the environment instead: VOICEDESK_LOG__LEVEL=debug, VOICEDESK_PBX__0__HOST=10.0.0.5

[hall]
name = "Service hall"
timezone = "Asia/Shanghai"
# area_code = "0371"              # put before local numbers, so that they can be called back

[store]
url = "sqlite:///voicedesk.db"    # beside this file; elsewhere: "sqlite:////var/lib/voicedesk/voicedesk.db"

[retention]
journal_days = 90                 # what the switch said, to judge calls anew
calls_days = 1095
recordings_days = 90

[log]
level = "info"                    # debug, info, warning, error
format = "console"                # or json

# [calendar]
# file = "calendar.csv"           # the hall's own days: 2027-01-01,rest,New Year

# [speech]
# model = "embedded"              # it hears synthetic voices only: voicedesk model install, voicedesk model use
# models_folder = "models"
# workers = 1                     # processes that hear greetings

# [recording]
# folder = "recordings"           # what the staff said, as evidence

# [greeting]
# rules = "rules.toml"            # the hall's own greeting rules in place of those that came with Voicedesk

# [notices]
# folder = "notices"              # what callers are told of each item: voicedesk catalogue init notices
# samples = false                 # true: tell also the samples that no hall approved, for a demonstration

# [prompts]
# folder = "prompts"              # the sounds: voicedesk prompts build
# recordings = "recorded-prompts" # what people recorded in place of the synthetic voice

# [ivr]
# listen = "127.0.0.1:4573"       # where Asterisk's AGI finds the IVR
# folder = "/var/spool/asterisk/voicedesk-ivr"    # where Asterisk records what callers say

# [outage]
# notify_command = ["/usr/local/bin/tell-the-information-centre"]

# [tickets]
# within_hours = 4                # a missed call is rung back within so many working hours
# supervisor = "li"               # who answers for what is late or unclear
# complaints_to = "zhao"          # the unit's head, to whom complaints go

# [callbacks]
# enabled = true                  # false: nobody is rung back from here
# tries_a_day = 2
# calls_an_hour = 30

# [breaks]
# limit_minutes = 30              # a longer break is told to the supervisor
# reasons = ["午餐", "会议"]       # *311, *312 …

# [phone_watch]
# away_seconds = 20               # a phone that is away longer in duty hours is told of
# refused_calls = 3               # so many refused at once, one after another: do-not-disturb is suspected
# held_minutes = 10               # a longer call that is no caller's is told of

[[pbx]]
name = "main"
host = "{host}"
port = {port}
username = "{username}"
secret_file = "{secret}"
# tls = true
# tls_ca_file = "ca.pem"
# dial_username = "voicedesk-dialler"             # to ring back: voicedesk asterisk snippet callback
# dial_secret_file = "dialler.secret"
# pause_username = "voicedesk-pauser"             # breaks by command: voicedesk asterisk snippet breaks
# pause_secret_file = "pauser.secret"
# recordings = "/var/spool/asterisk/voicedesk"    # where it records what the staff say: greetings are judged

"""

_EXAMPLE = """\
[[lines]]
name = "hotline"
extensions = ["4001"]             # the number as the trunk delivers it
queues = ["hotline"]
phones = ["PJSIP/agent1", "PJSIP/agent2"]
limit_seconds = 15                # three rings: before this an answer is on time
limit_source = "GB/T 33358-2016"
ring_on_seconds = 1.0
ring_off_seconds = 4.0
duty = ["Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"]   # none: always
# department = "社会保险事业管理中心"                       # what the greeting must name
# department_aliases = ["社保中心"]
# shown_number = "037112333"       # what citizens see when they are rung back
# greeting = ["hello", "department", "number", "matter"]   # 您好，社保中心 8 号为您服务，请问……
# pbx = "main"                    # with several [[pbx]]: on which; so too in [[phones]] and [[assignments]]

[[phones]]
endpoint = "PJSIP/agent1"
extension = "6001"

[[phones]]
endpoint = "PJSIP/agent2"
extension = "6002"

# [[agents]]
# id = "zhang"
# name = "张三"
# number = "008"                  # the staff number (工号) they say

# [[assignments]]
# agent = "zhang"
# endpoint = "PJSIP/agent1"       # or: member = "Agent One"; or number = "13900000000", a mobile
# from = 2026-01-01T00:00:00+08:00

"""

_TAIL = """\
# [[webhooks]]
# name = "supervisors"            # who is told of new tickets, deadlines, faults: docs/news.md
# form = "wecom"                  # or dingtalk, or json
# url_file = "robot-url"          # its first line is the robot's address; chmod 600
"""

_TEMPLATE = f"{_HEAD}\n{_EXAMPLE}\n{_TAIL}"

_NEXT = """\
{file} is written, and a new secret in {secret}. Now:
  1. give Asterisk the manager user:  voicedesk asterisk snippet manager --config {file}
     and load it:  asterisk -rx 'manager reload'
  2. put your lines, phones and people into {file} (voicedesk init --discover proposes them),
     then:  voicedesk config check --config {file}
  3. see whether all is well:  voicedesk doctor --config {file}
  4. begin:  voicedesk run --config {file}"""


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")] = Path(),
    host: Annotated[str, typer.Option(help="The PBX's address.")] = "127.0.0.1",
    username: Annotated[str, typer.Option(help="The manager user's name.")] = "voicedesk",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of its manager interface.")] = 5038,
    discover: Annotated[
        bool, typer.Option("--discover", help="Ask the switch, and propose lines, queues, phones and people.")
    ] = False,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="With --discover: where the manager user's secret stands.")
    ] = None,
    listen: Annotated[
        float, typer.Option("--listen", min=0, max=3600, help="With --discover: seconds to watch calls.")
    ] = 0,
    cel_csv: Annotated[Path | None, typer.Option("--cel-csv", help="With --discover: the switch's CEL log.")] = None,
    queue_log: Annotated[Path | None, typer.Option("--queue-log", help="With --discover: its queue_log.")] = None,
    cdr_csv: Annotated[Path | None, typer.Option("--cdr-csv", help="With --discover: its call records.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there, and make a new secret.")] = False,
) -> None:
    """Write a settings file with every table explained, and a random secret that only you can read.

    Example: `voicedesk init /etc/voicedesk --host 10.0.0.5`

    With `--discover` the switch is asked, with the manager user of the settings that are there or of --host,
    --username and --secret-file; what is there is never overwritten without --force, and no secret ever is.
    """
    file, secret = folder / FILE_NAME, folder / SECRET_NAME
    for name, value in (("--host", host), ("--username", username)):
        if not value.isprintable() or not value.strip() or '"' in value or "\\" in value:
            raise InputError(f"{name} {value!r} cannot be used: give a plain name")
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
        raise InputError(f"{' and '.join(there)} exists and stays as it is: to overwrite it, add --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(secret, f"{secrets.token_urlsafe(32)}\n")
        _write_private(file, _TEMPLATE.format(host=host, port=port, username=username, secret=SECRET_NAME))
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    load_settings(file, {})
    say(_NEXT.format(file=file, secret=secret))


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
        head = _HEAD.format(host=host, port=port, username=username, secret=named)
    text, proposal = discovering.discover(
        head, folder, addresses=addresses, more_logs=logs, listen_seconds=listen_seconds
    )
    if not file.exists():
        text = f"{text}\n{_TAIL}"
    try:
        _write_private(target, text)
    except OSError as error:
        raise InputError(f"{error.filename or target} cannot be written: {error.strerror}") from error
    load_settings(target, {})
    discovering.tell(target, proposal)


def _write_private(path: Path, text: str) -> None:
    """Replaces a file as a whole; at no moment can anybody else read it."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(path)
