"""Keeps the IVR at work, where there is one: its server, its sounds, the outages it announces, what hears callers."""

import asyncio

import structlog

from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.job import CallsNow
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.telling.host import IvrHost
from voicedesk.jobs.telling.outages import Outages
from voicedesk.jobs.telling.proof import AsKept
from voicedesk.jobs.telling.sounds_wanted import SoundsWanted
from voicedesk.settings import Settings
from voicedesk.speech.install import find_model
from voicedesk.speech.syllables import load_readings
from voicedesk.speech.workers import SpeechWorkers, limits_of
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store

OUTAGE_SECONDS = 1.0
ROUND_SECONDS = 60.0

_log = structlog.get_logger()


class Telling:
    """The IVR of the hall. Whatever is wrong with it, calls are followed."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: CallsNow,
        now: NowUs,
        *,
        phones: PhoneDesk,
        as_kept: AsKept,
        guard: Guard,
    ) -> None:
        self._store, self._settings, self._calls, self._now = store, settings, calls, now
        self._phones, self._as_kept, self._guard = phones, as_kept, guard
        self._host: IvrHost | None = None
        self._sounds = SoundsWanted(settings, now)

    async def run(self) -> None:
        """Tells callers until cancelled; where there is no IVR, it only has the notice of recording spoken."""
        if self._settings.ivr.address is None:
            await self._sounds.run()
            return
        workers = await asyncio.to_thread(self._workers)
        outages = Outages(self._store, self._settings)
        self._host = IvrHost(
            self._store,
            self._settings,
            self._calls,
            self._now,
            outages=outages,
            phones=self._phones,
            workers=workers,
            guard=self._guard,
            as_kept=self._as_kept,
        )
        try:
            await outages.refresh()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_refresh(outages), name="outages")
                tasks.create_task(self._host.run(), name="ivr calls")
                tasks.create_task(self._sounds.run(), name="sounds")
        except* InputError as group:
            _log.error("ivr_unavailable", reason=str(group.exceptions[0]))
        finally:
            self._host = None
            if workers is not None:
                await workers.close()

    def _workers(self) -> SpeechWorkers | None:
        """The workers that hear which item a caller names; None where nobody is asked to speak."""
        speech, ivr = self._settings.speech, self._settings.ivr
        if ivr.folder is None or not ivr.speech:
            return None
        try:
            model = find_model(speech.model, speech.models_folder)
            load_readings()
            return SpeechWorkers(model.path, limits=limits_of(model))
        except InputError as error:
            _log.error("ivr_speech_unavailable", reason=str(error))
            return None

    def change_settings(self, settings: Settings) -> None:
        """Hours, items and texts are looked up in the new settings from now on."""
        self._settings = settings
        self._sounds.change_settings(settings)
        if self._host is not None:
            self._host.change_settings(settings)

    async def save_again(self, item: SetAside) -> str:
        """A row that was set aside is saved again; what is told of it. Raises InputError where it cannot be."""
        if self._host is None:
            raise InputError("this row belongs to no part that runs now")
        return await self._host.save_again(item)


async def _refresh(outages: Outages) -> None:
    while True:
        promise_round(ROUND_SECONDS)
        await asyncio.sleep(OUTAGE_SECONDS)
        await outages.refresh()
