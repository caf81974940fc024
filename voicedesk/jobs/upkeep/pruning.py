"""Deletes what was kept long enough, once an hour while the service runs."""

import asyncio
from dataclasses import asdict

import structlog

from voicedesk.clock import NowUs
from voicedesk.errors import InputError, StoreError
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.upkeep import retention
from voicedesk.settings import Settings
from voicedesk.store.store import Store

PRUNE_SECONDS = 3600.0
ROUND_SECONDS = 4 * 3600.0
"""A round may delete what was kept for years."""

_log = structlog.get_logger()


class Pruning:
    """Keeps to `[retention]`."""

    def __init__(self, store: Store, settings: Settings, now: NowUs) -> None:
        self._store, self._settings, self._now = store, settings, now

    async def run(self) -> None:
        """Deletes until cancelled; a database in trouble, or a file that may not go, is logged."""
        while True:
            promise_round(ROUND_SECONDS)
            try:
                gone = await retention.prune(self._store, self._settings, self._now())
                _log.info("pruned", **asdict(gone.rows), recordings=gone.recordings)
            except (StoreError, InputError) as error:
                _log.error("prune_failed", reason=str(error))
            await asyncio.sleep(PRUNE_SECONDS)

    def change_settings(self, settings: Settings) -> None:
        """From the next round on, things are kept as long as the new settings say."""
        self._settings = settings
