"""One instance leads on a database: who holds the lease, when its holder is gone, and what ends who lost it.

A holder is known to be gone only where we would see its process: on the same machine since the same start of it, in the
same namespace of processes. Everybody else's lease is watched until it has stood still for its whole length, by a clock
that nobody sets: what a machine's time of day says counts for nothing here.
"""

import asyncio
import hashlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from voicedesk.errors import StoreError, VoicedeskError
from voicedesk.store.leases import Lease
from voicedesk.store.requests import LEADER, Requests

LEASE_SECONDS = 10.0
STANDBY_SECONDS = 1.0
SteadySeconds = Callable[[], float]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, as a lease names it. `machine`, `boot`, `pids` and `started` are empty where they cannot be read."""

    host: str
    pid: int
    started: str
    machine: str
    boot: str
    pids: str
    mark: str

    def __str__(self) -> str:
        return ":".join((self.host, *map(str, (self.pid, self.started, self.machine, self.boot, self.pids, self.mark))))


def this_process() -> Holder:
    """Who we are, with a mark that no other holder has."""
    return Holder(
        host=socket.gethostname(),
        pid=os.getpid(),
        started=_started(os.getpid()) or "",
        machine=_machine(),
        boot=_short(_read(Path("/proc/sys/kernel/random/boot_id"))),
        pids=_namespace_of_pids(),
        mark=secrets.token_hex(4),
    )


def read_holder(owner: str) -> Holder | None:
    """The process that a lease names; None for what another version, or anybody else, wrote."""
    parts = owner.rsplit(":", 6)
    if len(parts) != 7 or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 10):
        return None
    return Holder(parts[0], int(parts[1]), *parts[2:])


def is_gone(owner: str, us: Holder | None = None) -> bool:
    """True only if the holder surely runs no more: a process that we would see, and do not."""
    holder, us = read_holder(owner), us or this_process()
    if holder is None:
        return False
    theirs = (holder.machine, holder.boot, holder.pids)
    if "" in (*theirs, holder.started) or theirs != (us.machine, us.boot, us.pids):
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is somebody else's
    started = _started(holder.pid)
    return started is not None and started != holder.started


class Watch:
    """Watches a lease from the side of who would take it over."""

    def __init__(self, lease_seconds: float, steady: SteadySeconds = time.monotonic) -> None:
        self._lease_seconds = lease_seconds
        self._steady = steady
        self._seen: tuple[Lease, float] | None = None

    def is_over(self, lease: Lease) -> bool:
        """Whether it was seen to stand still for its whole length."""
        now = self._steady()
        if self._seen is None or self._seen[0] != lease:
            self._seen = (lease, now)
        return now >= self._seen[1] + self._lease_seconds


async def take_lead(requests: Requests, owner: str, stopped: asyncio.Event) -> bool:
    """Waits until `owner` leads; False if told to stop before. Raises StoreError."""
    watch, told = Watch(LEASE_SECONDS), False
    while not stopped.is_set():
        lease = await requests.lease(LEADER)
        is_free = lease is None or lease.is_given_back or lease.owner == owner
        is_over = lease is not None and (is_gone(lease.owner) or watch.is_over(lease))
        if (is_free or is_over) and await requests.lead(LEADER, owner, LEASE_SECONDS, over=lease):
            return True
        if not told:
            _log.warning("standing_by", leader=lease.owner if lease is not None else None)
            told = True
        await pause(stopped)
    return False


async def keep_lead(requests: Requests, owner: str) -> None:
    """Renews the lease for ever; a database in trouble is logged. Raises VoicedeskError where another one leads."""
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        try:
            leads = await requests.lead(LEADER, owner, LEASE_SECONDS)
        except StoreError as error:
            _log.error("lease_not_renewed", reason=str(error))
            continue
        if not leads:
            raise VoicedeskError("another instance took the lead: this one ends")


async def pause(stopped: asyncio.Event) -> None:
    """A second, or until told to stop."""
    try:
        async with asyncio.timeout(STANDBY_SECONDS):
            await stopped.wait()
    except TimeoutError:
        pass


def _machine() -> str:
    """The machine's id, hashed: it shall stand in no database or log as it is."""
    for file in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        found = _read(Path(file))
        if len(found) == 32:
            return _short(found)
    return ""


def _namespace_of_pids() -> str:
    """With that of clocks: the start of a process is told by its reader's. Empty where /proc shows another one's."""
    try:
        if os.readlink("/proc/self") != str(os.getpid()):
            return ""
        return ".".join(str(os.stat(f"/proc/self/ns/{kind}").st_ino) for kind in ("pid", "time"))
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When a process began, in the kernel's ticks; None where that cannot be read, "" once it is dead and unburied."""
    _, _, fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")  # its name may hold anything
    found = fields.split()
    if found[:1] == ["Z"]:
        return ""
    return found[19] if len(found) > 19 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""
