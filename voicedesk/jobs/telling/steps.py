"""What staff ask about outages by a row in the store (`outage start`, `outage stop`): carried out and answered."""

import asyncio
from collections.abc import Callable
from typing import assert_never

from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.hall.acting import acting
from voicedesk.ivr import steps
from voicedesk.ivr.steps import OutageStep, StartOutage, StopOutage
from voicedesk.jobs.telling import outages
from voicedesk.settings import Settings
from voicedesk.store.requests import Request
from voicedesk.store.store import Store


class OutageSteps:
    """Reads and carries out what rows of this kind ask, by the settings as they are then."""

    def __init__(self, store: Store, settings: Callable[[], Settings], now: NowUs) -> None:
        self._store, self._settings, self._now = store, settings, now

    def read(self, request: Request) -> OutageStep:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, _step: OutageStep) -> bool:
        """A text is spoken first, and a program of the hall's is run: that may take as long as a switch takes."""
        return True

    def in_order(self, _step: OutageStep) -> frozenset[str]:
        """One after another: an end that was asked after a beginning ends it."""
        return frozenset({"outage"})

    async def carry_out(self, step: OutageStep, request: Request) -> str:
        """What came of it: a line for what was done, then a line for each thing that callers will not hear.

        Raises InputError for a text that says nothing, a line that there is not, an end where nothing was announced,
        and for who is nobody of the hall.
        """
        settings = self._settings()
        by = acting(step.by, request.asked_by, settings)
        match step:
            case StartOutage():
                outages.refuse(step.text, step.line, settings)
                wrong = await asyncio.to_thread(outages.speak, step.text, settings)
                told = await outages.start(self._store, settings, step.text, line=step.line, by=by, now=self._now)
                return "\n".join((f"announced from now on; information centre: {told}", *wrong))
            case StopOutage():
                ended = await outages.stop(self._store, settings, line=step.line, by=by, now=self._now)
                lines = [f"{' '.join(one.text.split())}: ended; information centre: {told}" for one, told in ended]
                if not lines:
                    raise InputError("nothing was announced")
                return "\n".join(lines)
            case _:
                assert_never(step)
