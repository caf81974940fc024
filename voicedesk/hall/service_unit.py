"""Voicedesk as a service of systemd: its user, its folders, and a unit that may do what it must and nothing else."""

import grp
import os
import pwd
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from voicedesk.errors import InputError, reason_of
from voicedesk.settings import Settings

USER = "voicedesk"
SETTINGS_FOLDER, DATA_FOLDER = Path("/etc/voicedesk"), Path("/var/lib/voicedesk")
UNIT, WEB_UNIT = Path("/etc/systemd/system/voicedesk.service"), Path("/etc/systemd/system/voicedesk-web.service")
USERS = Path("/etc/sysusers.d/voicedesk.conf")
SWITCH_GROUP = "asterisk"
"""Who is in it may read the switch's logs and recordings."""
HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 -- named, not used
"""What the unit does not see: programs cannot lie there."""

_UNIT = """\
# Made by `voicedesk init --service`, which writes it anew; put changes into: systemctl edit voicedesk
[Unit]
Description=Voicedesk: a service hall's telephone standard
After=network-online.target time-sync.target asterisk.service postgresql.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
User={user}
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
WatchdogSec=30
TimeoutStartSec=10min
TimeoutStopSec=30
StateDirectory=voicedesk
StateDirectoryMode=0755
WorkingDirectory={data}
UMask=0077

# it follows calls: it reads the switch's files, and writes its own and what the switch records for it
ProtectSystem=strict
ReadWritePaths=-/var/spool/asterisk
{hardened}"""

_WEB_UNIT = """\
# Made by `voicedesk init --service`, which writes it anew; put changes into: systemctl edit voicedesk-web
[Unit]
Description=Voicedesk: the desk on a screen
After=network-online.target postgresql.service voicedesk.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
TimeoutStopSec=30
StateDirectory=voicedesk
StateDirectoryMode=0755
WorkingDirectory={data}
UMask=0077

# it shows what the database holds, and never begins or ends with the service that follows calls
ProtectSystem=strict
{hardened}"""

_HARDENED = """\
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
NoNewPrivileges=true
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
RemoveIPC=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose files they are."""

    uid: int
    gid: int


def unit_text(python: Path, settings_file: Path) -> str:
    """The unit that runs the service by this interpreter."""
    return _filled(_UNIT, "run", python, settings_file)


def web_unit_text(python: Path, settings_file: Path) -> str:
    """The unit that serves the desk on a screen, beside the service and independent of it."""
    return _filled(_WEB_UNIT, "web", python, settings_file)


def _filled(unit: str, job: str, python: Path, settings_file: Path) -> str:
    file = str(settings_file).replace("$", "$$")  # in a program's own name it stands for nothing else
    words = (str(python), "-m", "voicedesk", job, "--config", file)
    return unit.format(user=USER, data=DATA_FOLDER, command=" ".join(map(_word, words)), hardened=_HARDENED)


def _word(word: str) -> str:
    """A word of a command as systemd reads it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if shlex.quote(word) == word else f'"{escaped}"'


def users_text(*, with_switch: bool) -> str:
    """Who the service is, for systemd-sysusers."""
    lines = [f'u {USER} - "Voicedesk" {DATA_FOLDER}', *([f"m {USER} {SWITCH_GROUP}"] if with_switch else [])]
    return "\n".join(lines) + "\n"


def make_user() -> Owner:
    """The service's user, made if it is not there, and in the switch's group if there is one. Raises InputError."""
    if os.geteuid() != 0:
        raise InputError("a service is installed by root: run it again with sudo")
    program = shutil.which("systemd-sysusers")
    if program is None:
        raise InputError("this machine has no systemd: run `voicedesk run` by the service manager that it has")
    write(USERS, users_text(with_switch=_has_group(SWITCH_GROUP)))
    done = subprocess.run((program, str(USERS)), capture_output=True, text=True, check=False)  # noqa: S603 -- systemd's own
    try:
        found = pwd.getpwnam(USER)
    except KeyError:
        raise InputError(f"the user {USER} cannot be made: {done.stderr.strip()}") from None
    return Owner(uid=found.pw_uid, gid=found.pw_gid)


def _has_group(name: str) -> bool:
    try:
        return bool(grp.getgrnam(name))
    except KeyError:
        return False


def check_python(python: Path) -> None:
    """Refuses an interpreter that the unit would not see. Raises InputError with the cure."""
    if not str(python).isprintable() or set(str(python)) & set("\"'\\"):
        raise InputError(f"systemd starts no program of this name: {str(python)!r}: install Voicedesk elsewhere")
    for path in (python, python.resolve()):
        for hidden in HIDDEN:
            if path.is_relative_to(hidden):
                raise InputError(
                    f"{path} lies in {hidden}, which a service does not see: install Voicedesk elsewhere, "
                    "python3 -m venv /opt/voicedesk with the system's own python3"
                )


def out_of_reach(settings: Settings) -> list[Path]:
    """What the service writes, and the unit does not let it: of settings that were there before."""
    file = settings.store.url.removeprefix("sqlite:///")
    written = [settings.recording.folder, *([Path(file)] if file != settings.store.url else [])]
    return [path for path in written if not path.is_relative_to(DATA_FOLDER)]


def give(owner: Owner, *paths: Path) -> None:
    """Makes files and folders that are there the service's own."""
    for path in paths:
        if path.exists():
            os.chown(path, owner.uid, owner.gid)


def write(path: Path, text: str) -> None:
    """Writes a file of the system's, whole or not at all, for everybody to read. Raises InputError."""
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.chmod(0o644)
        new.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason_of(error)}") from error


def tell_systemd() -> None:
    """Has a systemd that runs read the unit."""
    program = shutil.which("systemctl")
    if program is not None and Path("/run/systemd/system").is_dir():
        subprocess.run((program, "daemon-reload"), check=False)  # noqa: S603 -- systemd's own
