"""Keeps the watch over staff's phones at work, and tells it what the calls of each PBX say of them."""

from collections.abc import Iterable, Mapping
from functools import partial

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import NowUs
from voicedesk.hall.lines import hall_of
from voicedesk.hall.switches import pause_address_of
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.news.news import Tell
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.phones.steps import BreakSteps
from voicedesk.settings import Settings
from voicedesk.store.store import Store


class WatchingPhones:
    """The phones of the hall. What switches and calls tell is noted from the beginning, also while `run` is not on."""

    def __init__(
        self, store: Store, settings: Settings, logs: Mapping[str, CallLog], now: NowUs, *, tell: Tell, guard: Guard
    ) -> None:
        self.desk = PhoneDesk(store, settings, hall_of(settings), now, tell=tell, guard=guard)
        self.steps = BreakSteps(self.desk, settings, pause_address_of, now)
        for name, log in logs.items():
            self._tie(name, log)
            log.replaced = partial(self._tie, name, log)
            self.desk.take_calls(name, log.open_calls())
            log.changed = partial(self.desk.take_calls, name)

    def _tie(self, name: str, log: CallLog) -> None:
        """What calls teach of the phones behind queue members is known once, by the call log."""
        self.desk.tie(name, log.ties)

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Notes what a switch tells; cheap, and never waits."""
        self.desk.receive(pbx, events)

    async def run(self) -> None:
        """Looks at the phones until cancelled."""
        await self.desk.run()

    def change_settings(self, settings: Settings) -> None:
        """Lines, hours, phones, people and limits change."""
        self.steps.change_settings(settings)
        self.desk.change_settings(settings, hall_of(settings))
