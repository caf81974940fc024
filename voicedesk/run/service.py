"""Builds every part from the settings, runs them in one task group and stops them in order.

The following of calls is the service. Whatever fails beside it, and what fails in it at one event or call, costs that
alone: parts are begun again by a supervisor, and what was bad is set aside.

The running service is the only owner of the links to the switches. What other processes ask of it is a row that it
picks up (`reload`); one instance leads by a lease, a second one stands by and takes over.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

import structlog

from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.reports import LinkStatus
from voicedesk.calls.model import Gap, Hall
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import NowUs, now_us
from voicedesk.doctor.watch import HouseWatch
from voicedesk.errors import InputError, SettingsError, StoreError, StoreUnavailable, VoicedeskError
from voicedesk.greeting.calibration import thresholds_of
from voicedesk.greeting.rules import GreetingRules
from voicedesk.hall.greetings import rules_of
from voicedesk.hall.lines import hall_of, halls_of
from voicedesk.hall.switches import address_of, dial_address_of, logs_of, pause_address_of
from voicedesk.jobs.deciding import steps as verdict_steps
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.journal_replay import event_about
from voicedesk.jobs.following.link_watch import LinkWatch
from voicedesk.jobs.following.rebuilder import Rebuilder
from voicedesk.jobs.following.repair import Repairer
from voicedesk.jobs.guard import Guard, Part, traceback_of
from voicedesk.jobs.hearing.watch import GreetingWatch
from voicedesk.jobs.news import steps as news_steps
from voicedesk.jobs.news.messenger import Messenger
from voicedesk.jobs.news.news import Tell, log_news
from voicedesk.jobs.news.receivers import sender
from voicedesk.jobs.phones import steps as break_steps
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.phones.steps import BreakSteps
from voicedesk.jobs.ringing_back import steps as ticket_steps
from voicedesk.jobs.ringing_back.clerk import TicketDesk
from voicedesk.jobs.ringing_back.steps import TicketSteps
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.telling import steps as outage_steps
from voicedesk.jobs.telling.host import IvrHost
from voicedesk.jobs.telling.outages import Outages
from voicedesk.jobs.upkeep import forgetting, retention
from voicedesk.jobs.upkeep.forgetting import ForgetSteps, Forgetting
from voicedesk.jobs.upkeep.our_clock import OurClock
from voicedesk.jobs.upkeep.quarantine import RETRY, QuarantineSteps, TryAgain
from voicedesk.log import configure_logging
from voicedesk.run import lead
from voicedesk.run.requests import Answering, Reload, Steps
from voicedesk.run.supervision import Supervisor
from voicedesk.run.systemd import ServiceManager
from voicedesk.settings import PbxSettings, Settings
from voicedesk.speech.install import find_model
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.quarantine import SetAside
from voicedesk.store.requests import LEADER
from voicedesk.store.spill import spill_of
from voicedesk.store.store import Store
from voicedesk.webhooks.client import WebhookClient

SETTLE_SECONDS = 0.05
SWEEP_SECONDS = 60.0
PRUNE_SECONDS = 3600.0
REPAIR_SECONDS = 60.0
OUTAGE_SECONDS = 1.0
RULES_SECONDS = 10.0
HOUSE_SECONDS = 600.0
STOP_SECONDS = 8.0
RESIGN_SECONDS = 1.0
ROUND_SECONDS = 60.0
LONG_ROUND_SECONDS = 4 * 3600.0
"""Within so many seconds a loop comes round, or it hangs; the long one for what may read or delete very much."""
FOLLOW_PAUSE_SECONDS = 5.0
STARTS_IN_VAIN = 3
IN_VAIN_SECONDS = 60.0
SWITCH_SECONDS = 0.0005
"""SQLite's thread asks for the interpreter after every row: while the loop is busy each costs it one such wait."""
NEEDS_RESTART = ("pbx", "store", "speech", "ivr")
"""Tables that are read only when the service starts; all others are read again by a reload."""

_log = structlog.get_logger()


class Service:
    """Voicedesk at work; `run` returns when it was told to stop. `reread` gives the settings anew for a reload."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings], now: NowUs = now_us) -> None:
        self._settings = settings
        self._reread = reread
        self._wall = now
        self._clock = OurClock(now)
        self._now = self._clock.now
        self._owner = str(lead.this_process())
        self._stop = asyncio.Event()
        self._guard = Guard(now)
        self._supervisor = Supervisor(self._guard)
        self._manager = ServiceManager()
        self._logs: dict[str, CallLog] = {}
        self._addresses: dict[str, AmiAddress] = {}
        self._clients: dict[str, AmiClient] = {}
        self._forgetting: Forgetting
        self._unfilled: dict[str, list[Gap]] = {}
        self._greetings: GreetingWatch | None = None
        self._greeting_rules: GreetingRules | None = None
        self._ivr: IvrHost | None = None
        self._desk: TicketDesk | None = None
        self._steps: TicketSteps | None = None
        self._messenger: Messenger | None = None
        self._phones: PhoneDesk | None = None
        self._breaks: BreakSteps | None = None
        self._quarantine: QuarantineSteps | None = None
        self._forget_steps: ForgetSteps | None = None
        self._stored_steps: dict[str, Steps] = {}

    def stop(self) -> None:
        """Ends `run` in order: links are closed, what was received is committed."""
        self._stop.set()

    async def run(self) -> None:
        """Runs until told to stop. While another instance leads on this database it stands by."""
        with self._signals():
            alive = asyncio.create_task(self._manager.keep_alive(), name="watchdog")
            self._manager.tell("READY=1", "STATUS=waiting for the database")
            try:
                await self._run_on()
            finally:
                self._manager.tell("STOPPING=1")
                alive.cancel()
                await asyncio.wait({alive})

    async def _run_on(self) -> None:
        """From the beginning again where the database cannot be had, or after a fault that ended more than a part."""
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
        spill = spill_of(self._settings)
        async with Store.open(self._settings.store.url, now=self._wall, spill=spill) as store:
            self._manager.tell("STATUS=standing by")
            if not await lead.take_lead(store.requests, self._owner, self._stop):
                return
            self._manager.tell("STATUS=leading")
            try:
                await store.writer.take_up()
                await self._lead(store)
            finally:
                spill.close()
                with contextlib.suppress(StoreError, TimeoutError):
                    async with asyncio.timeout(RESIGN_SECONDS):
                        await store.requests.resign(LEADER, self._owner)

    async def _lead(self, store: Store) -> None:
        store.database.unread.tell = self._set_row_aside
        halls = halls_of(self._settings)
        self._addresses = {pbx.name: address_of(pbx) for pbx in self._settings.pbx}
        self._logs = {name: await self._resumed(name, hall, store) for name, hall in halls.items()}
        self._clients = {name: self._client(name) for name in self._logs}
        self._forgetting = Forgetting(self._logs, self._now)
        gc.freeze()  # what was loaded stays loaded: looking through it again and again would only cost
        sys.setswitchinterval(SWITCH_SECONDS)
        _log.info("service_started", pbxs=list(self._logs), lines=[line.name for line in self._settings.lines])
        await self._work(store)
        _log.info("service_stopped")

    def _client(self, name: str) -> AmiClient:
        return AmiClient(self._addresses[name], wanted=WANTED_EVENTS, now=self._wall)

    async def _resumed(self, pbx: str, hall: Hall, store: Store) -> CallLog:
        """A call log that goes on where the journal ends; where that cannot be read, it begins there."""
        log = CallLog(pbx, hall, store.writer, self._guard)
        position = await store.journal.position(pbx)
        if position is None:
            return log
        self._clock.begin(position.last_at)
        store.writer.begin(pbx, position.sequence)
        with self._guard.one(Part.ROW, "the journal, from which calls are taken up", pbx=pbx):
            journal = [pair async for pair in store.journal.events(pbx, since=position.resume_from)]
            open_ids = await store.calls.open_ids(pbx)
            steps = log.resuming(
                journal, resume_from=position.resume_from, open_ids=open_ids, stopped_at=position.last_at
            )
            for _ in steps:
                await asyncio.sleep(0)  # a watchdog hears that we are alive
            return log
        log = CallLog(pbx, hall, store.writer, self._guard)
        log.resume([], resume_from=position.sequence + 1, open_ids=(), stopped_at=position.last_at)
        return log

    async def _work(self, store: Store) -> None:
        """Everything at once, until told to stop or until something fails that ends it all: then that is raised."""
        send = sender(WebhookClient(), lambda: self._settings, self._now)
        self._messenger = Messenger(store, self._settings, self._now, send=send, guard=self._guard)
        links = LinkWatch({name: partial(self._status_of, name) for name in self._logs}, self._now, self._tell)
        ways: dict[Part, TryAgain] = {Part.RECORDING: self._hear_again, Part.ROW: self._save_again}
        self._quarantine = QuarantineSteps(store, {**ways, Part.DELIVERY: self._messenger.send_again})
        self._forget_steps = ForgetSteps(self._forgetting, self._to_forget, store.writer.flush, self._read_tickets_anew)
        by_now: tuple[Store, Callable[[], Settings], NowUs] = (store, lambda: self._settings, self._now)
        self._stored_steps = {
            outage_steps.KIND: outage_steps.OutageSteps(*by_now),
            news_steps.KIND: news_steps.NewsSteps(*by_now),
            verdict_steps.KIND: verdict_steps.VerdictSteps(*by_now),
        }
        writer = asyncio.create_task(store.writer.run(), name="writer")
        self._watch_phones(store)
        keep = self._supervisor.keep
        follow = partial(keep, longest_pause=FOLLOW_PAUSE_SECONDS)
        try:
            async with asyncio.TaskGroup() as tasks:
                parts = [follow(f"follow {name}", partial(self._follow, name)) for name in self._logs]
                parts += [
                    follow("settle", partial(self._every, SETTLE_SECONDS, self._settle)),
                    follow("calls anew", Rebuilder(self._logs, store).run),
                    keep("sweep", partial(self._every, SWEEP_SECONDS, self._sweep)),
                    keep("prune", partial(self._prune, store)),
                    keep("repair", partial(self._repair, store)),
                    keep("requests", self._answering(store).run),
                    keep("lease", partial(lead.keep_lead, store.requests, self._owner), ends=(VoicedeskError,)),
                    _ended(writer),
                    keep("greetings", partial(self._hear, store)),
                    keep("ivr", partial(self._converse, store)),
                    keep("tickets", partial(self._work_off, store)),
                    keep("news", self._messenger.run),
                    keep("links", links.run),
                    keep("phones", self._look_at_phones),
                    keep("house", partial(self._look_at_house, store)),
                    keep("quarantine", partial(self._guard.run, store)),
                ]
                running = [tasks.create_task(part) for part in parts]
                await self._stop.wait()
                for task in running:
                    task.cancel()
        except* VoicedeskError as group:
            raise group.exceptions[0] from group
        finally:
            self._settle()
            writer.cancel()
            await asyncio.wait({writer}, timeout=STOP_SECONDS)

    def _status_of(self, name: str) -> LinkStatus:
        return self._clients[name].status()

    async def _follow(self, name: str) -> None:
        """Every event of one PBX, in order, into its call log."""
        log = self._logs[name]
        client = self._clients[name] = self._client(name)
        async with client:
            try:
                async for told in client.batches():
                    self._clock.heard(told[-1].timestamp_us, told[-1].arrived_us)
                    events = self._forgetting.events(name, told)
                    log.take(events)
                    if self._greetings is not None:
                        self._hand(name, events, self._greetings.receive, "greetings")
                    if self._phones is not None:
                        self._hand(name, events, self._phones.receive, "phones")
            finally:
                try:
                    await client.close()
                finally:
                    async for told in client.batches():
                        log.take(self._forgetting.events(name, told))

    def _hand(
        self, name: str, events: list[AmiEvent], receive: Callable[[str, Iterator[AmiEvent]], None], whom: str
    ) -> None:
        """Hands events on; one that cannot be taken there costs nobody another."""

        def set_aside(event: AmiEvent, error: Exception) -> None:
            about = f"{event_about(event)}, for {whom}"
            self._guard.set_aside(Part.EVENT, error, about=about, content=event.raw, pbx=name)

        self._guard.each(Part.EVENT, events, partial(receive, name), set_aside)

    async def _hear(self, store: Store) -> None:
        """Greetings, where a switch's recordings can be read. Whatever is wrong with it, calls are followed."""
        if not any(pbx.recordings for pbx in self._settings.pbx):
            return
        try:
            speech = self._settings.speech
            model = find_model(speech.model, speech.models_folder)
            thresholds = thresholds_of(model)
        except InputError as error:
            _log.error("speech_unavailable", reason=str(error))
            return
        log = _log.warning if model.synthetic_only else _log.info
        log(
            "speech_model",
            model=model.name,
            rate=model.rate,
            calibrated=thresholds.calibrated,
            statement=model.statement or None,
        )
        rules = await self._rules_at_last()
        workers = SpeechWorkers(model.path, self._settings.speech.workers)
        self._greetings = GreetingWatch(
            store,
            workers,
            self._settings,
            {name: log.call_of for name, log in self._logs.items()},
            self._now,
            rules=rules,
            thresholds=thresholds,
            tell=self._tell,
            guard=self._guard,
        )
        try:
            await self._greetings.run()
        finally:
            self._greetings = None
            await workers.close()

    async def _hear_again(self, item: SetAside) -> str:
        if self._greetings is None:
            raise InputError("recordings are not heard now: see `voicedesk doctor`")
        return await self._greetings.hear_again(item)

    def _set_row_aside(self, error: Exception, about: str, content: bytes) -> None:
        self._guard.set_aside(Part.ROW, error, about=about, content=content)

    async def _save_again(self, item: SetAside) -> str:
        if self._ivr is None:
            raise InputError("this row belongs to no part that runs now")
        return await self._ivr.save_again(item)

    async def _rules_at_last(self) -> GreetingRules:
        """The rules of greetings, once they can be read: until then recordings wait, and nobody is judged by others."""
        told = ""
        while True:
            try:
                self._greeting_rules = await asyncio.to_thread(rules_of, self._settings)
            except InputError as error:
                if str(error) != told:
                    _log.error("greeting_rules_unread", reason=str(error))
                told = str(error)
                await asyncio.sleep(RULES_SECONDS)
            else:
                _log.info("greeting_rules", version=self._greeting_rules.version)
                return self._greeting_rules

    def _reload_greetings(self, settings: Settings) -> str:
        """Greetings and rules as they are written now; what is to be said of it. Broken ones change nothing."""
        if self._greetings is None:
            return ""
        before = self._greeting_rules
        try:
            rules = rules_of(settings)
        except InputError as error:
            _log.error("greeting_rules_refused", reason=str(error))
            return f"; greetings are judged by the rules and lines as before: {error}"
        self._greeting_rules = rules
        self._greetings.change_settings(settings, rules)
        if before == rules:
            return ""
        _log.info("greeting_rules", version=rules.version)
        if before is not None and before.version == rules.version:
            _log.warning("greeting_rules_same_version", version=rules.version)
            return f"; the greeting rules changed and still call themselves {rules.version!r}: give them a new version"
        return f"; greetings are judged by {rules.version} now"

    async def _converse(self, store: Store) -> None:
        """The IVR, where there is one. Whatever is wrong with it, calls are followed."""
        if self._settings.ivr.address is None:
            return
        workers = self._choosers()
        outages = Outages(store, self._settings)
        known = {name: log.call_of for name, log in self._logs.items()}
        self._ivr = IvrHost(
            store,
            self._settings,
            known,
            self._now,
            outages=outages,
            phones=self._phones,
            workers=workers,
            guard=self._guard,
        )
        self._ivr.as_kept = self._forgetting.value
        await outages.refresh()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._refresh(outages), name="outages")
                tasks.create_task(self._ivr.run(), name="ivr calls")
        except* InputError as group:
            _log.error("ivr_unavailable", reason=str(group.exceptions[0]))
        finally:
            self._ivr = None
            if workers is not None:
                await workers.close()

    async def _work_off(self, store: Store) -> None:
        """The desk, with the tickets that follow from calls and requests."""
        known = {name: log.call_of for name, log in self._logs.items()}
        self._desk = TicketDesk(store, self._settings, known, self._now, tell=self._tell, guard=self._guard)
        self._steps = TicketSteps(self._desk, self._settings, dial_address_of, self._now)
        await self._desk.run()

    @property
    def _tell(self) -> Tell:
        """How people are told of anything."""
        return self._messenger.tell if self._messenger is not None else log_news

    def _watch_phones(self, store: Store) -> None:
        """From now on whatever a switch tells is told to the watch over phones too: its lists come first."""
        desk = PhoneDesk(store, self._settings, hall_of(self._settings), self._now, tell=self._tell, guard=self._guard)

        def tie(name: str) -> None:
            """What calls teach of the phones behind members is known once."""
            desk.watch.switches[name].ties = self._logs[name].ties

        for name, log in self._logs.items():
            tie(name)
            log.replaced = partial(tie, name)
            desk.take_calls(name, log.open_calls())
            log.changed = partial(desk.take_calls, name)
        self._phones = desk
        self._breaks = BreakSteps(desk, self._settings, pause_address_of, self._now)

    async def _look_at_phones(self) -> None:
        if self._phones is not None:
            await self._phones.run()

    async def _look_at_house(self, store: Store) -> None:
        """Tells in the log what keeps answered calls from being recorded."""
        watch = HouseWatch(store, self._now)
        while True:
            promise_round(LONG_ROUND_SECONDS)
            await asyncio.sleep(HOUSE_SECONDS)
            with self._logged("house_unseen"):
                await watch.look(self._settings)

    def _choosers(self) -> SpeechWorkers | None:
        """The workers that hear which item a caller names; none where nobody is asked to speak."""
        speech, ivr = self._settings.speech, self._settings.ivr
        if ivr.folder is None or not ivr.speech:
            return None
        try:
            return SpeechWorkers(find_model(speech.model, speech.models_folder).path)
        except InputError as error:
            _log.error("ivr_speech_unavailable", reason=str(error))
            return None

    async def _refresh(self, outages: Outages) -> None:
        while True:
            promise_round(ROUND_SECONDS)
            await asyncio.sleep(OUTAGE_SECONDS)
            await outages.refresh()

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            promise_round(seconds + ROUND_SECONDS)
            await asyncio.sleep(seconds)
            work()

    def _settle(self) -> None:
        for name, log in self._logs.items():
            with self._guard.one(Part.CALL, "what was to be settled", pbx=name):
                log.settle()

    def _sweep(self) -> None:
        for name, log in self._logs.items():
            with self._guard.one(Part.CALL, "what was to be swept", pbx=name):
                log.sweep(self._wall())
        self._forgetting.let_go()

    async def _prune(self, store: Store) -> None:
        """Deletes what was kept long enough, once an hour."""
        while True:
            promise_round(LONG_ROUND_SECONDS)
            with self._logged("prune_failed"):
                gone = await retention.prune(store, self._settings, self._now())
                _log.info("pruned", **asdict(gone.rows), recordings=gone.recordings)
            await asyncio.sleep(PRUNE_SECONDS)

    async def _repair(self, store: Store) -> None:
        """Fills gaps where the switch's logs can be read from here."""
        while True:
            promise_round(LONG_ROUND_SECONDS)
            await asyncio.sleep(REPAIR_SECONDS)
            for pbx in self._settings.pbx:
                with self._guard.one(Part.TASK, "repair", pbx=pbx.name):
                    if logs_of(pbx).all:
                        await self._repair_one(store, pbx)

    async def _repair_one(self, store: Store, pbx: PbxSettings) -> None:
        """Tries once for each new gap: reading the logs again would not fill what they do not cover."""
        gaps = [one.gap for one in await store.journal.gaps(pbx.name) if one.repaired_at is None]
        if self._unfilled.get(pbx.name) == gaps:
            return
        repairer = Repairer(store, pbx.name, hall_of(self._settings, pbx.name), self._guard)
        zone = self._settings.hall.zone
        try:
            done = await repairer.repair(logs_of(pbx), zone=zone, now=self._now(), by="service")
        except (InputError, StoreError) as error:
            _log.error("repair_failed", pbx=pbx.name, reason=str(error))
            return
        if not done.waiting:
            filled = [one.gap for one in done.gaps if one.is_covered]
            self._unfilled[pbx.name] = [gap for gap in gaps if gap not in filled]
        for problem in done.problems:
            _log.error("log_not_read", pbx=pbx.name, reason=problem)
        if done.changed:
            _log.info("repaired", pbx=pbx.name, gaps=len(done.gaps), calls=len(done.changed))

    def _answering(self, store: Store) -> Answering:
        """What other processes ask."""
        return Answering(store.requests, self._owner, self._steps_by_kind, set_aside=self._guard.note)

    def _steps_by_kind(self) -> dict[str, Steps | None]:
        return {
            "reload": Reload(self._reload),
            ticket_steps.KIND: self._steps,
            break_steps.KIND: self._breaks,
            RETRY: self._quarantine,
            forgetting.KIND: self._forget_steps,
            **self._stored_steps,
        }

    def _to_forget(self) -> list[object]:
        """The parts that may hold a caller's number in memory, after what waits to be written was handed on."""
        self._settle()
        parts = (self._greetings, self._phones, self._ivr, self._messenger, self._guard)
        return [part for part in parts if part is not None]

    def _read_tickets_anew(self) -> None:
        if self._desk is not None:
            self._desk.change_settings(self._settings)

    def _reload(self) -> tuple[str, bool]:
        """Reads the settings again; wrong ones change nothing. Never fails."""
        try:
            return self._reloaded(), False
        except SettingsError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001  # what nobody foresaw in a file is no reason to end
            reason = f"they cannot be read: {type(error).__name__}: {error}"
            self._guard.set_aside(Part.SETTINGS, error, about="reload", content=traceback_of(error))
        _log.error("reload_refused", reason=reason)
        return reason, True

    def _reloaded(self) -> str:
        """What is to be said of a reload. Raises SettingsError where nothing was changed."""
        settings = self._reread()
        hall, halls = hall_of(settings), halls_of(settings)
        old = self._settings
        waiting = [table for table in NEEDS_RESTART if getattr(settings, table) != getattr(old, table)]
        self._settings = settings
        if settings.log != old.log:
            configure_logging(level=settings.log.level, format=settings.log.format)
        for name, log in self._logs.items():
            if name in halls:  # a PBX that left the settings is followed until the restart, by what held
                log.change_hall(halls[name])
        greetings = self._reload_greetings(settings)
        if self._phones is not None:
            with self._guard.one(Part.SETTINGS, "new settings, for phones"):
                self._phones.change_settings(settings, hall)
        for part in (self._ivr, self._desk, self._steps, self._breaks, self._messenger):
            if part is not None:
                with self._guard.one(Part.SETTINGS, f"new settings, for {type(part).__name__}"):
                    part.change_settings(settings)
        _log.info("reloaded", needs_restart=waiting)
        named = ", ".join(f"[[{table}]]" if table == "pbx" else f"[{table}]" for table in waiting)
        rest = f"; what changed in {named} needs a restart" if waiting else ""
        return f"lines, phones and people are read again{greetings}{rest}"

    @contextlib.contextmanager
    def _logged(self, action: str) -> Iterator[None]:
        """A database in trouble, or a file that may not be touched, is logged; the service goes on."""
        try:
            yield
        except (StoreError, InputError) as error:
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


async def _ended(task: asyncio.Task[None]) -> None:
    """The writer never ends by itself: if it does, the service must not go on without it."""
    await asyncio.wait({task})
    task.result()


def run(settings: Settings, reread: Callable[[], Settings]) -> None:
    """Runs the service until it is stopped."""
    asyncio.run(Service(settings, reread).run())
