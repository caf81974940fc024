"""Listeners of the asterisk-ami package, which may be called with every event: their failures are their own."""

from asterisk.ami.event import EventListener

from voicedesk.ami.message import AmiEvent
from voicedesk.ami.reports import LinkReports


class Listeners:
    """Calls foreign listeners; one that raises is logged and counted, and keeps no other from its events."""

    def __init__(self, reports: LinkReports) -> None:
        self.errors = 0
        self._reports = reports
        self._listeners: list[EventListener] = []

    def add(self, listener: EventListener) -> None:
        """Call it with every event from now on."""
        self._listeners.append(listener)

    def remove(self, listener: EventListener) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def tell(self, events: list[AmiEvent], source: object) -> None:
        """Call every listener with these events; `source` is the client they came by."""
        for listener in self._listeners:
            for event in events:
                try:
                    listener(event=event, source=source)
                except Exception:  # noqa: BLE001  # a listener is foreign code: its failure is its own, the link goes on
                    self.errors += 1
                    self._reports.listener_failed(event.name)
