"""Follows one PBX: each event, in order, goes into its call log and then to the other jobs that listen."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.reports import LinkStatus
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import NowUs
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.journal_replay import event_about
from voicedesk.jobs.guard import Guard, Part
from voicedesk.settings import Settings

Receive = Callable[[str, Iterable[AmiEvent]], None]
"""Takes the events of a PBX, one by one; must not wait."""
AsKept = Callable[[str, list[AmiEvent]], list[AmiEvent]]
"""The events of a PBX as they may be kept: nothing stands in them of a number that was forgotten."""
Heard = Callable[[int | None, int], None]
"""Is told what a switch's clock showed, and the instant of our own clock when that arrived."""


class Following:
    """The link to one PBX. `listeners` get each event after the call log, by the name that a fault is told under."""

    def __init__(
        self,
        address: AmiAddress,
        log: CallLog,
        listeners: Mapping[str, Receive],
        wall: NowUs,
        *,
        as_kept: AsKept,
        heard: Heard,
        guard: Guard,
    ) -> None:
        self._address, self.log, self._listeners, self._wall = address, log, listeners, wall
        self._as_kept, self._heard, self._guard = as_kept, heard, guard
        self._client = self._new_client()

    def _new_client(self) -> AmiClient:
        return AmiClient(self._address, wanted=WANTED_EVENTS, now=self._wall)

    def status(self) -> LinkStatus:
        """How the link stands."""
        return self._client.status()

    def change_settings(self, settings: Settings) -> None:
        """Lines, phones and people change; a PBX that left the settings is followed by the old ones until a restart."""
        if any(pbx.name == self.log.pbx for pbx in settings.pbx):
            self.log.change_hall(hall_of(settings, self.log.pbx))

    async def run(self) -> None:
        """Follows by a new link until cancelled; what had arrived by then is still taken."""
        client = self._client = self._new_client()
        async with client:
            try:
                async for told in client.batches():
                    self._heard(told[-1].timestamp_us, told[-1].arrived_us)
                    events = self._as_kept(self.log.pbx, told)
                    self.log.take(events)
                    for name, receive in self._listeners.items():
                        self._hand_on(events, receive, name)
            finally:
                try:
                    await client.close()
                finally:
                    async for told in client.batches():
                        self.log.take(self._as_kept(self.log.pbx, told))

    def _hand_on(self, events: list[AmiEvent], receive: Receive, name: str) -> None:
        """Gives events to a listener; one that it cannot take does not cost it the others."""

        def take(left: Iterator[AmiEvent]) -> None:
            receive(self.log.pbx, left)

        self._guard.each(Part.EVENT, events, take, partial(self._set_aside, name))

    def _set_aside(self, name: str, event: AmiEvent, error: Exception) -> None:
        about = f"{event_about(event)}, for {name}"
        self._guard.set_aside(Part.EVENT, error, about=about, content=event.raw, pbx=self.log.pbx)
