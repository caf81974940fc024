"""Runs every job of the service in one task group while this instance leads, and stops them in order.

The following of calls is the service. Whatever fails beside it, and what fails in it at one event or call, costs that
alone: jobs are begun again by a supervisor, and what was bad is set aside.

The running service is the only owner of the links to the switches. What other processes ask of it is a row that it
picks up (`reload`); one instance leads by a lease, a second one stands by and takes over.
"""

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import StoreError, StoreUnavailable, VoicedeskError
from voicedesk.hall.lines import halls_of
from voicedesk.jobs.following.resuming import resumed_log
from voicedesk.jobs.guard import Guard, Part, traceback_of
from voicedesk.jobs.job import Job
from voicedesk.jobs.rounds import LONGEST_PAUSE_SECONDS
from voicedesk.jobs.upkeep.our_clock import OurClock
from voicedesk.run import lead, signals
from voicedesk.run.at_work import AtWork
from voicedesk.run.reloading import SettingsInForce
from voicedesk.run.requests import Answering, Reload, Steps
from voicedesk.run.supervision import Supervisor
from voicedesk.run.systemd import ServiceManager
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store.requests import LEADER
from voicedesk.store.spill import spill_of
from voicedesk.store.store import Store

STOP_SECONDS = 8.0
RESIGN_SECONDS = 1.0
FOLLOW_PAUSE_SECONDS = 5.0
"""The following of calls is begun again at least so often, however often it fails."""
STARTS_IN_VAIN = 3
IN_VAIN_SECONDS = 60.0
SWITCH_SECONDS = 0.0005
"""SQLite's thread asks for the interpreter after every row: while the loop is busy each costs it one such wait."""

_log = structlog.get_logger()


class Service:
    """Voicedesk at work; `run` returns when it was told to stop. `reread` gives the settings anew for a reload."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings], now: NowUs = now_us) -> None:
        self._wall = now
        self._clock = OurClock(now)
        self._owner = str(lead.this_process())
        self._stop = asyncio.Event()
        self._guard = Guard(now)
        self._supervisor = Supervisor(self._guard)
        self._manager = ServiceManager()
        self._settings = SettingsInForce(settings, reread, self._guard)
        self._at_work: AtWork | None = None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """The jobs at work, by their names; none while it stands by."""
        return self._at_work.jobs if self._at_work is not None else {}

    def stop(self) -> None:
        """Ends `run` in order: links are closed, what was received is committed."""
        self._stop.set()

    def reload(self) -> tuple[str, bool]:
        """Reads the settings again. What came of it, and whether it was refused; never fails."""
        return self._settings.reload(self.jobs)

    async def run(self) -> None:
        """Runs until told to stop. While another instance leads on this database it stands by."""
        with signals.heard(self._stop, self.reload):
            alive = asyncio.create_task(self._manager.keep_alive(), name="watchdog")
            self._manager.tell("READY=1", "STATUS=waiting for the database")
            try:
                await self._run_on()
            finally:
                self._manager.tell("STOPPING=1")
                alive.cancel()
                await asyncio.wait({alive})

    async def _run_on(self) -> None:
        """From the beginning again where the database cannot be had, or after a fault that ended more than a job."""
        told, in_vain = False, 0
        while not self._stop.is_set():
            begun = asyncio.get_running_loop().time()
            try:
                await self._run_once()
            except StoreUnavailable as error:
                if not told:
                    _log.error("store_unavailable", reason=str(error))
                told = True
            except VoicedeskError:
                raise
            except Exception as error:  # calls are followed again at once, not after a restart
                self._guard.set_aside(Part.TASK, error, about="service", content=traceback_of(error))
                lasted = asyncio.get_running_loop().time() - begun
                in_vain = in_vain + 1 if lasted < IN_VAIN_SECONDS else 1
                if in_vain >= STARTS_IN_VAIN:
                    raise
                _log.error("service_begins_again", reason=f"{type(error).__name__}: {error}")
            else:
                return
            await lead.pause(self._stop)

    async def _run_once(self) -> None:
        """From the opened database to its end. Raises StoreUnavailable where it cannot be opened or led on now."""
        settings = self._settings.settings
        spill = spill_of(settings)
        async with Store.open(settings.store.url, now=self._wall, spill=spill) as store:
            self._manager.tell("STATUS=standing by")
            if not await lead.take_lead(store.requests, self._owner, self._stop):
                return
            self._manager.tell("STATUS=leading")
            try:
                await store.writer.take_up()
                await self._lead(store)
            finally:
                self._at_work = None
                spill.close()
                with contextlib.suppress(StoreError, TimeoutError):
                    async with asyncio.timeout(RESIGN_SECONDS):
                        await store.requests.resign(LEADER, self._owner)

    async def _lead(self, store: Store) -> None:
        store.database.unread.tell = self._set_row_aside
        settings = self._settings.settings
        logs = {
            name: await resumed_log(store, name, hall, self._guard, self._clock.begin)
            for name, hall in halls_of(settings).items()
        }
        gc.freeze()  # what was loaded stays loaded: looking through it again and again would only cost
        sys.setswitchinterval(SWITCH_SECONDS)
        self._at_work = at_work = AtWork(
            store,
            settings,
            logs,
            in_force=lambda: self._settings.settings,
            wall=self._wall,
            clock=self._clock,
            guard=self._guard,
        )
        if self._settings.settings is not settings:  # there was a reload while calls were taken up
            self._settings.hand_to(self.jobs)
        _log.info("service_started", pbxs=list(logs), lines=[line.name for line in settings.lines])
        await self._work(store, at_work)
        _log.info("service_stopped")

    def _set_row_aside(self, error: Exception, about: str, content: bytes) -> None:
        self._guard.set_aside(Part.ROW, error, about=about, content=content)

    async def _work(self, store: Store, at_work: AtWork) -> None:
        """Everything at once, until told to stop or until something fails that ends it all: then that is raised."""

        def steps_by_kind() -> Mapping[str, Steps | None]:
            return {StepKind.RELOAD: Reload(self.reload), **at_work.steps_by_kind()}

        answering = Answering(store.requests, self._owner, steps_by_kind, set_aside=self._guard.note)
        writer = asyncio.create_task(store.writer.run(), name="writer")
        keep = self._supervisor.keep
        try:
            async with asyncio.TaskGroup() as tasks:
                parts = [
                    keep(
                        name,
                        job.run,
                        longest_pause=FOLLOW_PAUSE_SECONDS if name in at_work.urgent else LONGEST_PAUSE_SECONDS,
                    )
                    for name, job in at_work.jobs.items()
                ]
                parts += [
                    keep("requests", answering.run),
                    keep("lease", partial(lead.keep_lead, store.requests, self._owner), ends=(VoicedeskError,)),
                    _ended(writer),
                    keep("quarantine", partial(self._guard.run, store)),
                ]
                running = [tasks.create_task(part) for part in parts]
                await self._stop.wait()
                for task in running:
                    task.cancel()
        except* VoicedeskError as group:
            raise group.exceptions[0] from group
        finally:
            at_work.settle()
            writer.cancel()
            await asyncio.wait({writer}, timeout=STOP_SECONDS)


async def _ended(task: asyncio.Task[None]) -> None:
    """The writer never ends by itself: if it does, the service must not go on without it."""
    await asyncio.wait({task})
    task.result()


def run(settings: Settings, reread: Callable[[], Settings]) -> None:
    """Runs the service until it is stopped."""
    asyncio.run(Service(settings, reread).run())
