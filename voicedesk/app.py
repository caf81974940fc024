"""Builds every part from the settings, runs them in one task group and stops them in order.

The running service is the only owner of the links to the switches. What other processes ask of it is a row that it
picks up (`reload`); one instance leads by a lease, a second one stands by and takes over.
"""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.calls.model import Assignment, Hall, Line
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import MICROSECONDS, NowUs, from_datetime, now_us
from voicedesk.errors import SettingsError, StoreError, VoicedeskError
from voicedesk.services.call_log import CallLog
from voicedesk.settings import LineSettings, PbxSettings, Settings
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

SETTLE_SECONDS = 0.05
SWEEP_SECONDS = 60.0
PRUNE_SECONDS = 3600.0
LEASE_SECONDS = 10.0
STANDBY_SECONDS = 1.0
ASK_SECONDS = 0.2
STOP_SECONDS = 10.0
LEADER = "service"
DAY_US = 24 * 3600 * MICROSECONDS

_log = structlog.get_logger()


def hall_of(settings: Settings) -> Hall:
    """What the tracker must know of the hall."""
    calendar = WorkCalendar.of(settings)
    lines = tuple(_line(line) for line in settings.lines)
    duties = {line.name: line.duty for line in settings.lines}
    phones = {phone.endpoint for phone in settings.phones}.union(*(line.phones for line in settings.lines))
    assignments = tuple(
        Assignment(
            agent=one.agent,
            endpoint=one.endpoint,
            member=one.member,
            from_at=from_datetime(one.from_) if one.from_ else None,
            to_at=from_datetime(one.to) if one.to else None,
        )
        for one in settings.assignments
    )

    def on_duty(line: str | None, at: int) -> bool:
        return calendar.is_on_duty(duties.get(line or "", ()), at)

    return Hall(lines=lines, phones=frozenset(phones), assignments=assignments, on_duty=on_duty)


def _line(line: LineSettings) -> Line:
    return Line(
        name=line.name,
        group=line.group,
        extensions=frozenset(line.extensions),
        queues=frozenset(line.queues),
        phones=frozenset(line.phones),
        limit_us=round(line.limit_seconds * MICROSECONDS),
        ring_period_us=round((line.ring_on_seconds + line.ring_off_seconds) * MICROSECONDS),
        limit_source=line.limit_source,
    )


def address_of(pbx: PbxSettings) -> AmiAddress:
    """Where a PBX is and how to log in."""
    context = None
    if pbx.tls:
        try:
            context = ssl.create_default_context(cafile=str(pbx.tls_ca_file) if pbx.tls_ca_file else None)
        except OSError as error:
            raise SettingsError(f"pbx {pbx.name!r}: tls_ca_file {pbx.tls_ca_file} cannot be read: {error}") from error
    return AmiAddress(
        pbx=pbx.name,
        host=pbx.host,
        port=pbx.port,
        credentials=Credentials(username=pbx.username, secret=pbx.secret_value()),
        tls=context,
        tls_server_name=pbx.tls_server_name,
    )


class Service:
    """Voicedesk at work; `run` returns when it was told to stop. `reread` gives the settings anew for a reload."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings], now: NowUs = now_us) -> None:
        self._settings = settings
        self._reread = reread
        self._now = now
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stop = asyncio.Event()
        self._logs: dict[str, CallLog] = {}
        self._clients: dict[str, AmiClient] = {}

    def stop(self) -> None:
        """Ends `run` in order: links are closed, what was received is committed."""
        self._stop.set()

    async def run(self) -> None:
        """Runs until told to stop. While another instance leads on this database it stands by."""
        with self._signals():
            async with Store.open(self._settings.store.url, now=self._now) as store:
                if not await self._take_lead(store):
                    return
                try:
                    await self._lead(store)
                finally:
                    with contextlib.suppress(StoreError):
                        await store.requests.resign(LEADER, self._owner)

    async def _take_lead(self, store: Store) -> bool:
        """Waits until this instance leads; False if it was told to stop before."""
        told = False
        while not await store.requests.lead(LEADER, self._owner, LEASE_SECONDS):
            holder = await store.requests.holder(LEADER)
            if holder is not None and _is_gone(holder):
                await store.requests.resign(LEADER, holder)
                continue
            if not told:
                _log.warning("standing_by", leader=holder)
                told = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STANDBY_SECONDS):
                    await self._stop.wait()
            if self._stop.is_set():
                return False
        return True

    async def _lead(self, store: Store) -> None:
        hall = hall_of(self._settings)
        for pbx in self._settings.pbx:
            self._logs[pbx.name] = await self._resumed(pbx.name, hall, store)
            self._clients[pbx.name] = AmiClient(address_of(pbx), wanted=WANTED_EVENTS, now=self._now)
        gc.freeze()  # what was loaded stays loaded: looking through it again and again would only cost
        _log.info("service_started", pbxs=list(self._logs), lines=[line.name for line in hall.lines])
        await self._work(store)
        _log.info("service_stopped")

    async def _resumed(self, pbx: str, hall: Hall, store: Store) -> CallLog:
        """A call log that goes on where the journal ends."""
        log = CallLog(pbx, hall, store.writer)
        position = await store.journal.position(pbx)
        if position is not None:
            store.writer.begin(pbx, position.sequence)
            journal = [pair async for pair in store.journal.events(pbx, since=position.resume_from)]
            log.resume(journal, position.last_at)
        return log

    async def _work(self, store: Store) -> None:
        writer = asyncio.create_task(store.writer.run(), name="writer")
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(self._follow(name), name=f"follow {name}") for name in self._logs]
                running += [
                    tasks.create_task(self._every(SETTLE_SECONDS, self._settle), name="settle"),
                    tasks.create_task(self._every(SWEEP_SECONDS, self._sweep), name="sweep"),
                    tasks.create_task(self._prune(store), name="prune"),
                    tasks.create_task(self._answer(store), name="requests"),
                    tasks.create_task(self._keep_lead(store), name="lease"),
                    tasks.create_task(_ended(writer), name="writer watch"),
                ]
                await self._stop.wait()
                for task in running:
                    task.cancel()
        finally:
            self._settle()
            writer.cancel()
            await asyncio.wait({writer}, timeout=STOP_SECONDS)

    async def _follow(self, name: str) -> None:
        """Every event of one PBX, in order, into its call log."""
        log, client = self._logs[name], self._clients[name]
        async with client:
            try:
                async for events in client.batches():
                    log.take(events)
            finally:
                await client.close()
                async for events in client.batches():
                    log.take(events)

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            work()

    def _settle(self) -> None:
        for log in self._logs.values():
            log.settle()

    def _sweep(self) -> None:
        for log in self._logs.values():
            log.sweep(self._now())

    async def _prune(self, store: Store) -> None:
        """Deletes what was kept long enough, once an hour."""
        while True:
            keep, now = self._settings.retention, self._now()
            with self._logged("prune_failed"):
                pruned = await store.retention.prune(
                    calls_before=now - keep.calls_days * DAY_US, journal_before=now - keep.journal_days * DAY_US
                )
                _log.info("pruned", calls=pruned.calls, journal=pruned.journal, gaps=pruned.gaps)
            await asyncio.sleep(PRUNE_SECONDS)

    async def _keep_lead(self, store: Store) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with self._logged("lease_not_renewed"):
                if not await store.requests.lead(LEADER, self._owner, LEASE_SECONDS):
                    raise VoicedeskError("another instance took the lead: this one ends")

    async def _answer(self, store: Store) -> None:
        """What other processes ask."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            with self._logged("requests_unread"):
                request = await store.requests.take(self._owner, LEASE_SECONDS)
                if request is None:
                    continue
                if request.kind == "reload":
                    outcome, failed = self._reload()
                else:
                    outcome, failed = f"this version does not know {request.kind!r}", True
                await store.requests.finish(request.id, outcome, failed=failed)

    def _reload(self) -> tuple[str, bool]:
        """Reads the settings again; wrong ones change nothing."""
        try:
            settings = self._reread()
            hall = hall_of(settings)
        except SettingsError as error:
            _log.error("reload_refused", reason=str(error))
            return str(error), True
        needs_restart = settings.pbx != self._settings.pbx or settings.store != self._settings.store
        self._settings = settings
        for log in self._logs.values():
            log.change_hall(hall)
        _log.info("reloaded", needs_restart=needs_restart)
        rest = "; changes of [[pbx]] and [store] need a restart" if needs_restart else ""
        return f"lines, phones and people are read again{rest}", False

    @contextlib.contextmanager
    def _logged(self, action: str) -> Iterator[None]:
        """A database in trouble is logged; the service goes on."""
        try:
            yield
        except StoreError as error:
            _log.error(action, reason=str(error))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop in order, a second one at once; SIGHUP reloads."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if self._stop.is_set():
                os._exit(1)
            self.stop()

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: self._reload}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)


def _is_gone(owner: str) -> bool:
    """True if a lease is held by a process of this machine that no longer runs: it was killed."""
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    return int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists()


async def _ended(task: asyncio.Task[None]) -> None:
    """The writer never ends by itself: if it does, the service must not go on without it."""
    await asyncio.wait({task})
    task.result()


def run(settings: Settings, reread: Callable[[], Settings]) -> None:
    """Runs the service until it is stopped."""
    asyncio.run(Service(settings, reread).run())
