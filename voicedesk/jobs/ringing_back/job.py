"""The job of tickets: runs the clerk who keeps them, and the steps that staff ask."""

from voicedesk.clock import NowUs
from voicedesk.hall.switches import dial_address_of
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.job import CallsNow
from voicedesk.jobs.news.news import Tell
from voicedesk.jobs.ringing_back.clerk import TicketClerk
from voicedesk.jobs.ringing_back.steps import TicketSteps
from voicedesk.settings import Settings
from voicedesk.store.store import Store


class RingingBack:
    """The tickets of the hall. Each `run` begins with a new desk, which knows only what the store holds."""

    def __init__(
        self, store: Store, settings: Settings, calls: CallsNow, now: NowUs, *, tell: Tell, guard: Guard
    ) -> None:
        self._store, self._settings, self._calls, self._now = store, settings, calls, now
        self._tell, self._guard = tell, guard
        self._begin()

    def _begin(self) -> None:
        self._desk = TicketClerk(
            self._store, self._settings, self._calls, self._now, tell=self._tell, guard=self._guard
        )
        self._steps = TicketSteps(self._desk, self._settings, dial_address_of, self._now)

    @property
    def steps(self) -> TicketSteps:
        """How the rows are carried out by which staff ask for steps at a ticket."""
        return self._steps

    async def run(self) -> None:
        """Works until cancelled."""
        self._begin()
        await self._desk.run()

    def change_settings(self, settings: Settings) -> None:
        """Hours, deadlines, limits, phones and people change; what was promised before stays promised."""
        self._settings = settings
        self._desk.change_settings(settings)
        self._steps.change_settings(settings)

    def read_anew(self) -> None:
        """The desk reads the tickets again before its next step: the store was changed behind it."""
        self._desk.change_settings(self._settings)
