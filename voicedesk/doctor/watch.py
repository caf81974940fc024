"""Says in the log, while the service runs, that answered calls are not recorded: nobody asks the doctor every day."""

import asyncio

import structlog

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.discovery.day import day_of
from voicedesk.doctor.house import recordings_found
from voicedesk.doctor.names import Surroundings
from voicedesk.doctor.recording import check_recording
from voicedesk.errors import InputError, StoreError
from voicedesk.jobs.rounds import promise_round
from voicedesk.settings import Settings
from voicedesk.store.store import Store

HOUR_US = 3600 * MICROSECONDS
HOUSE_SECONDS = 600.0
ROUND_SECONDS = 4 * 3600.0
"""A look may read very much, from a slow disk."""
MOST_EVENTS = 20_000
"""What an hour of calls says at most; of more the newest will do, and calls are followed meanwhile."""

_log = structlog.get_logger()


class HouseWatch:
    """Looks at the last hour of each switch whose calls are to be recorded; tells each thing once until it is over."""

    def __init__(self, store: Store, settings: Settings, now: NowUs) -> None:
        self._store, self._settings, self._now = store, settings, now
        self._told: dict[str, set[str]] = {}

    async def run(self) -> None:
        """Looks every ten minutes until cancelled; a database in trouble is logged."""
        while True:
            promise_round(ROUND_SECONDS)
            await asyncio.sleep(HOUSE_SECONDS)
            try:
                await self.look()
            except (StoreError, InputError) as error:
                _log.error("house_unseen", reason=str(error))

    def change_settings(self, settings: Settings) -> None:
        """Switches and their recordings are looked up in the new settings from now on."""
        self._settings = settings

    async def look(self) -> None:
        """Logs what is wrong now and was not told yet. Raises StoreError where the store cannot be read."""
        since = self._now() - HOUR_US
        for pbx in self._settings.pbx:
            if pbx.recordings is None:
                continue
            days = {pbx.name: await day_of(self._store, pbx.name, since, most_events=MOST_EVENTS)}
            heard, waiting = await recordings_found(self._store, pbx, since)
            around = Surroundings(settings=self._settings, days=days)
            found = {one.cure: one for one in check_recording(around, pbx.name, heard=heard, waiting=waiting)}
            for cure in found.keys() - self._told.get(pbx.name, set()):
                _log.error("calls_not_recorded", pbx=pbx.name, reason=found[cure].what, cure=cure)
            if days[pbx.name].calls:
                self._told[pbx.name] = set(found)
