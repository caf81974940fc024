"""Makes the calls of a PBX anew from the journal where a fault may have left them wrong, while events go on coming."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import structlog

from voicedesk.errors import StoreError
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.rounds import GrowingPause, promise_round
from voicedesk.settings import Settings
from voicedesk.store.store import Store

LOOK_SECONDS = 0.1
ROUND_SECONDS = 600.0

_log = structlog.get_logger()


class Rebuilder:
    """Looks after call logs. Each is made anew at most once a second, and less often where it comes again and again:
    until then nobody is accused by what is known of its open calls."""

    def __init__(self, logs: Mapping[str, CallLog], store: Store) -> None:
        self._logs, self._store = logs, store
        self._not_before: defaultdict[str, float] = defaultdict(float)
        self._pauses: defaultdict[str, GrowingPause] = defaultdict(GrowingPause)

    async def run(self) -> None:
        """Looks until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            promise_round(ROUND_SECONDS)
            for name, log in self._logs.items():
                calm_seconds = clock() - self._not_before[name]
                if log.is_in_doubt and calm_seconds >= 0:
                    pause = self._pauses[name].next_seconds(calm_seconds)
                    await self.make_anew(log)
                    self._not_before[name] = clock() + pause
            await asyncio.sleep(LOOK_SECONDS)

    def change_settings(self, _settings: Settings) -> None:
        """Nothing here depends on the settings."""

    async def make_anew(self, log: CallLog) -> None:
        """Once; where the journal cannot be read now, the log stays in doubt."""
        resume_from, until = log.begin_anew(self._store.writer.seal)
        try:
            await self._store.writer.flush()
            journal = [pair async for pair in self._store.journal.events(log.pbx, since=resume_from) if pair[0] < until]
            replay = log.replay()
            for _ in replay.steps(journal, resume_from):
                await asyncio.sleep(0)
        except BaseException as error:
            log.give_up_anew()
            if not isinstance(error, StoreError):
                raise
            _log.error("calls_in_doubt", pbx=log.pbx, reason=str(error))
            return
        log.go_on_with(replay)
        _log.warning("calls_made_anew", pbx=log.pbx, events=len(journal), open=len(log.open_calls()))
