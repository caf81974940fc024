"""Reads what was recorded of a conversation: a raw capture as it came from the socket, or a journal of events."""

from collections.abc import Iterable, Iterator

from voicedesk.ami.framing import Framer
from voicedesk.ami.message import NOWHERE, AmiEvent, Origin
from voicedesk.ami.screen import Screen

_BANNER = b"Asterisk Call Manager/"


class RecordedConversation:
    """Bytes of a recording in, its believable events out, the same however the bytes are cut.

    The recording may begin with the greeting or anywhere in the stream. Responses are left out; items of lists and
    our own pseudo events stand where they came. An event's arrival is its own Timestamp, or that of the last one
    that had any: nothing better is known.
    """

    def __init__(self, wanted: Iterable[str] | None = None, origin: Origin = NOWHERE) -> None:
        self.framer = Framer(expect_banner=False)
        self.screen = Screen(wanted, recorded=True)
        self.screen.origin = origin
        self._is_at_start = True
        self._clock_us = 0

    def receive_data(self, data: bytes) -> list[AmiEvent]:
        """The events completed by `data`, in order."""
        blocks = self.framer.receive_data(data)
        if blocks and self._is_at_start:
            self._is_at_start = False
            if blocks[0].startswith(_BANNER):
                blocks[0] = blocks[0].partition(b"\r\n")[2]
        events = [kept for kept in self.screen.sift(blocks, 0) if isinstance(kept, AmiEvent)]
        for event in events:
            self._clock_us = event.timestamp_us or self._clock_us
            event.arrived_us = self._clock_us
        return events

    def read(self, chunks: Iterable[bytes]) -> Iterator[AmiEvent]:
        """The events of a whole recording, chunk by chunk."""
        for chunk in chunks:
            yield from self.receive_data(chunk)

    @property
    def is_damaged(self) -> bool:
        """Whether something in it could not be read or believed, or it ends in the middle of a message."""
        counters = self.screen.counters
        return self.framer.has_partial or self.framer.counters.dropped > 0 or counters.distrusted > 0
