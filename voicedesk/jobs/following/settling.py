"""Two loops over all call logs: one judges and stores changed calls, the other ends calls that are stuck."""

import asyncio
from collections.abc import Callable, Mapping

from voicedesk.clock import NowUs
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.rounds import promise_round
from voicedesk.settings import Settings

SETTLE_SECONDS = 0.08
"""With the writer's own interval this keeps what was received on disk within a fifth of a second.

Not less: an open call is made into facts, judged and written again each time that something of it changed.
"""
SWEEP_SECONDS = 60.0
ROUND_SECONDS = 60.0


class Settling:
    """Judges what changed in the calls, and hands it on to be written."""

    def __init__(self, logs: Mapping[str, CallLog], guard: Guard) -> None:
        self._logs, self._guard = logs, guard

    async def run(self) -> None:
        """Settles until cancelled."""
        while True:
            promise_round(SETTLE_SECONDS + ROUND_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)
            self.settle()

    def settle(self) -> None:
        """Once, all call logs; a fault in one costs the others nothing."""
        for name, log in self._logs.items():
            with self._guard.one(Part.CALL, "what was to be settled", pbx=name):
                log.settle()

    def change_settings(self, _settings: Settings) -> None:
        """Nothing here depends on the settings."""


class Sweeping:
    """Ends calls of which nothing was heard any more; `afterwards` is called after each sweep."""

    def __init__(
        self, logs: Mapping[str, CallLog], wall: NowUs, guard: Guard, *, afterwards: Callable[[], None]
    ) -> None:
        self._logs, self._wall, self._guard, self._afterwards = logs, wall, guard, afterwards

    async def run(self) -> None:
        """Sweeps until cancelled."""
        while True:
            promise_round(SWEEP_SECONDS + ROUND_SECONDS)
            await asyncio.sleep(SWEEP_SECONDS)
            for name, log in self._logs.items():
                with self._guard.one(Part.CALL, "what was to be swept", pbx=name):
                    log.sweep(self._wall())
            self._afterwards()

    def change_settings(self, _settings: Settings) -> None:
        """Nothing here depends on the settings."""
