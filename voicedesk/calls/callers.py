"""Who calls whom: when a call began, and the number and the extension of the channel that began it."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.caller_numbers import caller_number, is_of_the_hall
from voicedesk.calls.model import StartSource
from voicedesk.calls.records import CallRecord, Channel
from voicedesk.calls.registry import SELF, Registry
from voicedesk.clock import MICROSECONDS

_NO_EXTENSION = frozenset({"", "s", "h", "i", "t", "T", "e", "o", "a", "failed"})
"""Extensions of the dialplan that nobody dials: its start, its end, an invalid choice, a timeout and so on."""
OURS, UNCLEANED, SEEN, CLEANED, ANNOUNCED = range(5)
"""How far a caller's number can be trusted, least first: the hall's own number is nobody's; told before the dialplan
cleaned it, told by some event, told after the dialplan cleaned it, announced by the dialplan."""


class Callers:
    """Handlers of what begins a call and tells who calls."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "Newchannel": self._newchannel,
            "UserEvent": self._user_event,
        }

    def _newchannel(self, event: AmiEvent, at: int) -> None:
        self._registry.tells_beginnings = self._registry.tells_beginnings or not self._registry.reads_log
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        record = channel.call
        if channel is record.first_channel:
            if record.start_source is not StartSource.USEREVENT:
                self._start(record, at, StartSource.NEWCHANNEL, event)
            self.describe(channel, event, UNCLEANED)

    def _user_event(self, event: AmiEvent, at: int) -> None:
        name = event.get("UserEvent")
        if name not in ("VoicedeskCall", "VoicedeskNotice", "VoicedeskQueueEnd"):
            return
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        if name == "VoicedeskCall":
            self._announced(channel, event, at)
        elif name == "VoicedeskQueueEnd":
            channel.ran_out_at = at
        elif event.get("Complete") == "1":
            channel.call.notice_heard = True

    def _announced(self, channel: Channel, event: AmiEvent, at: int) -> None:
        """The dialplan announces a call: its true start, its line and the cleaned number."""
        record = channel.call
        self._start(record, at, StartSource.USEREVENT, event)
        record.line_hint = record.line_hint or event.get("Line")
        self.describe(channel, event, ANNOUNCED)
        number = _number(event.get("Number") or "", record, self._registry.hall.area_code)
        if number is not None:
            channel.number = number

    def _start(self, record: CallRecord, at: int, source: StartSource, event: AmiEvent) -> None:
        was_listed, record.start_source = record.start_source is StartSource.SNAPSHOT, source
        if event.timestamp_us is None:
            record.start_source = StartSource.ARRIVAL
        if was_listed and record.start_at is not None and record.start_at <= at < record.start_at + MICROSECONDS:
            # a list tells the second only; the call began while it was made, and nothing of it was missed
            record.start_at = at
            record.gaps = [gap for gap in record.gaps if gap.to_at is None or gap.to_at > at]
        else:
            record.start_at = at if record.start_at is None else min(record.start_at, at)

    def describe(self, channel: Channel, event: AmiEvent, rank: int) -> None:
        """Keeps the number and the extension of a call's first channel, from the most trusted event that tells them.

        An event that tells no number, a withheld one, or one of the hall's says nothing against a number that was told.
        """
        if channel.extension is None:
            channel.extension = extension_of(event)
        if rank > channel.number_rank:
            hall = self._registry.hall
            number = _number(event.get("CallerIDNum") or "", channel.call, hall.area_code)
            if number is None:
                return
            channel.calls_as_itself = channel.calls_as_itself or channel.endpoint.partition("/")[2] == number
            trust = OURS if is_of_the_hall(number, hall) else rank
            if trust > channel.number_rank:
                channel.number, channel.number_rank = number, trust

    def describe_listed(self, channel: Channel, event: AmiEvent) -> None:
        """As `describe`, for a channel found in a list."""
        self.describe(channel, event, SEEN)


def extension_of(event: AmiEvent) -> str | None:
    """The number that was dialled, without what a telephone adds to it ("4001;user=phone"); None for none."""
    extension = (event.get("Exten") or "").partition(";")[0]
    return None if extension in _NO_EXTENSION else extension


def _number(text: str, record: CallRecord, area_code: str) -> str | None:
    """A caller's number as it may be kept; what no number looks like makes the call doubtful."""
    number, is_none = caller_number(text, area_code)
    record.doubtful = record.doubtful or is_none
    return number
