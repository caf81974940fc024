"""Repairs by itself, while the service runs, what gaps the logs of the switches fill."""

import asyncio

import structlog

from voicedesk.calls.model import Gap
from voicedesk.clock import NowUs
from voicedesk.errors import InputError, StoreError
from voicedesk.hall.lines import hall_of
from voicedesk.hall.switches import logs_of
from voicedesk.jobs.following.repair import Repairer
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.rounds import promise_round
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.store import Store

REPAIR_SECONDS = 60.0
ROUND_SECONDS = 4 * 3600.0
"""A round may read logs of many days."""

_log = structlog.get_logger()


class Repairing:
    """Fills gaps of every PBX whose logs can be read from here."""

    def __init__(self, store: Store, settings: Settings, now: NowUs, guard: Guard) -> None:
        self._store, self._settings, self._now, self._guard = store, settings, now, guard
        self._unfilled: dict[str, list[Gap]] = {}

    def change_settings(self, settings: Settings) -> None:
        """Logs, lines, phones and people are looked up in the new settings from now on."""
        self._settings = settings

    async def run(self) -> None:
        """Repairs once a minute until cancelled."""
        while True:
            promise_round(ROUND_SECONDS)
            await asyncio.sleep(REPAIR_SECONDS)
            for pbx in self._settings.pbx:
                with self._guard.one(Part.TASK, "repair", pbx=pbx.name):
                    if logs_of(pbx).all:
                        await self.repair(pbx)

    async def repair(self, pbx: PbxSettings) -> None:
        """Tries once for each new gap: reading the logs again would not fill what they do not cover."""
        gaps = [one.gap for one in await self._store.journal.gaps(pbx.name) if one.repaired_at is None]
        if self._unfilled.get(pbx.name) == gaps:
            return
        repairer = Repairer(self._store, pbx.name, hall_of(self._settings, pbx.name), self._guard)
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
