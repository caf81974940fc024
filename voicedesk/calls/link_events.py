"""Handles what is told of the link and of the switch itself: gaps, restarts, clock steps, and lists of what exists now.

Each call of which events may be missing carries a `Gap`, in the hall's time (`switch_clock`).
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.calls.bridge_events import BridgeEvents
from voicedesk.calls.callers import Callers
from voicedesk.calls.dial_events import DialEvents
from voicedesk.calls.gap_marks import STRAGGLER_US, GapMarks
from voicedesk.calls.model import Gap, GapReason, StartSource
from voicedesk.calls.phones import Phones
from voicedesk.calls.records import CallRecord
from voicedesk.calls.registry import SELF, Registry
from voicedesk.calls.switch_clock import APART_US, Step
from voicedesk.clock import MICROSECONDS, format_epoch, parse_epoch

CHECKPOINT = "VoicedeskCheckpoint"
OWN_EVENTS = frozenset({CHECKPOINT, "VoicedeskClock", "VoicedeskDoubt", "VoicedeskLink", "VoicedeskSnapshot"})
"""What our own client says, by our own clock."""
STOP_WINDOW_US = 2 * MICROSECONDS
"""Calls that ended this shortly before the PBX stopped were ended by the stop. Chosen: a switch that stops hangs up
its channels first and says Shutdown right after."""
_NOTHING = '{"device":{},"contact":{},"queues":{},"gaps":[]}'
_GAPS_TOLD = 20
"""A checkpoint names the latest gaps only, chosen to keep it short: a call that is still open has seldom lived through
more."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A gap that ended before `ours`, by our clock, and before `theirs`, by the switch's where it told it."""

    gap: Gap
    ours: int
    theirs: int | None = None


class LinkEvents:
    """Handlers of link marks, snapshots and the switch's own events; watches the PBX's clock.

    `ended` is a gap of which the next live event tells when it ended.
    """

    def __init__(
        self,
        registry: Registry,
        marks: GapMarks,
        phones: Phones,
        *,
        callers: Callers,
        dials: DialEvents,
        bridges: BridgeEvents,
    ) -> None:
        self._registry = registry
        self._marks = marks
        self._phones = phones
        self._callers = callers
        self._dials = dials
        self._bridges = bridges
        self.clock = registry.clock
        self.ended: _Ended | None = None
        self._lost_at: int | None = None
        self._is_up = False
        self._listed: set[str] | None = None
        self._listed_at = 0
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "CoreShowChannel": self._channel_listed,
            "Shutdown": self._shutdown,
            CHECKPOINT: self._whole_checkpoint,
            "VoicedeskClock": self._our_clock_set,
            "VoicedeskDoubt": self.doubt,
            "VoicedeskLink": self._link,
            "VoicedeskSnapshot": self._snapshot,
        }

    def heard(self, at: int, step: Step | None, *, is_live: bool) -> None:
        """An event at this instant. If the switch's clock was set before it, calls of that time have a gap."""
        if step is not None:
            self._stepped(step)
        if self.ended is not None and is_live:
            self._end_gap(self.ended, at)

    def _stepped(self, step: Step) -> None:
        gap = Gap(from_at=step.earlier - STRAGGLER_US, to_at=step.later, reason=GapReason.CLOCK_STEP)
        self._marks.mark_recent(gap)

    def _end_gap(self, ended: _Ended, at: int) -> None:
        """The first event after a gap, at the instant `at`: now it is known where the gap ended.

        From this event on nothing is missing. Where the switch told its own time behind the gap, that bounds it too.
        Ours cannot bound it so closely: this first event may have waited long before it was read, on a busy machine,
        and that looks as if the switch's clock were behind. But nothing waits longer than two clocks may be apart.
        """
        self.ended = None
        gap, clock = ended.gap, self.clock
        bound = clock.hall_time(ended.ours) + APART_US if ended.theirs is None else ended.theirs + clock.off_us
        to_at = max(min(bound, at), gap.from_at + 1)
        if to_at != gap.to_at:
            self._marks.change(gap, replace(gap, to_at=to_at))

    def _our_clock_set(self, event: AmiEvent, at: int) -> None:
        """Our own clock was set: what bears the switch's stamp is as it was, what bears none cannot be told apart."""
        ahead = int(event.get("Ahead") or 0)
        if self.clock.last_at is not None:
            self.clock.ours_was_set(ahead)
            return
        self._stepped(Step(*sorted((at - ahead, at))))

    # --- what was known at a point of the journal

    def checkpoint(self, at: int) -> AmiEvent:
        """All that is known beside the calls: a replay that begins with this event knows it too."""
        state = "up" if self._is_up else "lost"
        gaps = [(gap.from_at, gap.to_at, gap.reason) for gap in list(self._registry.gaps)[-_GAPS_TOLD:]]
        known = json.dumps(
            {
                **self._phones.known(),
                "gaps": gaps,
                "clock": self.clock.known(),
                "tells_beginnings": self._registry.tells_beginnings,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        headers: dict[str, object] = {
            "State": state,
            "Boot": self._registry.boot,
            "Known": known,
            "Timestamp": format_epoch(at),
        }
        return make_event(CHECKPOINT, headers, arrived_us=at)

    def _whole_checkpoint(self, event: AmiEvent, at: int) -> None:
        """One that is damaged tells nothing more than what could be read of it before."""
        with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self._checkpoint(event, at)

    def _checkpoint(self, event: AmiEvent, _at: int) -> None:
        """Changes nothing in a replay that began before it."""
        self._registry.boot = self._registry.boot or event.get("Boot")
        self._is_up = self._is_up or (self._lost_at is None and event.get("State") == "up")
        known = json.loads(event.get("Known") or _NOTHING)
        self._phones.assume(known)
        self.clock.assume(known.get("clock"))
        self._registry.tells_beginnings = self._registry.tells_beginnings or known.get("tells_beginnings") is True
        if not self._registry.gaps:
            self._registry.gaps += [Gap(from_at=a, to_at=b, reason=GapReason(reason)) for a, b, reason in known["gaps"]]

    # --- the link

    def _link(self, event: AmiEvent, at: int) -> None:
        now = self.clock.hall_time(at)
        last = self._heard_until(now)
        state = event.get("State")
        if state == "up":
            self._link_up(event, now, at)
        elif state == "dropped":
            self._note_gap(_Ended(Gap(from_at=last, to_at=max(now, last), reason=GapReason.EVENTS_DROPPED), at))
        else:
            self._is_up = False
            self._lost_at = last

    def _heard_until(self, now: int) -> int:
        """Until when nothing is missing: the newest event, or, where none was heard yet, the end of the last gap."""
        if self.clock.last_at is not None:
            return self.clock.last_at
        ends = [gap.to_at for gap in self._registry.gaps if gap.to_at is not None]
        return min(ends[-1], now) if ends else now

    def _link_up(self, event: AmiEvent, at: int, ours: int) -> None:
        """The link stands; it may say so again when only now the switch is up, without having been lost."""
        registry = self._registry
        theirs = parse_epoch(event.get("SwitchTime") or "")
        if theirs is not None and abs(theirs + self.clock.off_us - at) <= APART_US:
            at = theirs + self.clock.off_us
        boot = event.get("Boot") or None
        restarted = event.get("Restarted") == "1" or bool(registry.boot and boot and boot != registry.boot)
        if self._lost_at is None and not self._is_up:
            gap = Gap(from_at=0, to_at=at, reason=GapReason.BEFORE_LINK)
        else:
            lost_at = self._lost_at if self._lost_at is not None else (self.clock.last_at or at)
            reason = GapReason.PBX_RESTART if restarted else GapReason.LINK_LOST
            gap = Gap(from_at=lost_at, to_at=max(at, lost_at + 1), reason=reason)
        if restarted:
            registry.forget_boot(gap)
        registry.boot = boot or registry.boot
        if restarted or not self._is_up:
            self.clock.link_up()
            self._note_gap(_Ended(gap, ours, theirs))
        elif self.ended is not None and self.ended.theirs is None:
            self.ended = replace(self.ended, theirs=theirs)
        self._is_up = True
        self._lost_at = None

    def _note_gap(self, ended: _Ended) -> None:
        """A gap is over: in the hall's time only the next stamp makes sure when."""
        self._marks.note(ended.gap)
        self.ended = ended

    def _shutdown(self, _event: AmiEvent, at: int) -> None:
        """The switch stops: calls it cut off did not end by anyone's will."""
        self._marks.mark_recent(Gap(from_at=at - STOP_WINDOW_US, to_at=at, reason=GapReason.PBX_STOPPED))

    def doubt(self, event: AmiEvent, _at: int) -> None:
        """Text on the wire that the switch did not write: the call it touched is doubtful."""
        name = event.get("Channel")
        channels = self._registry.channels
        channel = channels.get(event.get("Uniqueid") or "") or next(
            (c for c in channels.values() if c.name == name), None
        )
        if channel is not None and not channel.call.doubtful:
            channel.call.doubtful = True
            self._registry.changed[channel.call] = None

    # --- lists of what exists now

    def _snapshot(self, event: AmiEvent, at: int) -> None:
        if event.get("State") == "begin":
            self._listed = set()
            self._phones.list_begins()
            since = self._registry.gaps[-1].to_at if self._registry.gaps else None
            self._listed_at = max(self.clock.hall_time(at), since or 0)
            return
        listed, self._listed = self._listed, None
        missing = (event.get("Missing") or "").split(",")
        self._phones.list_ended(is_whole=event.get("Complete") == "1" and "QueueStatus" not in missing)
        if listed is None or event.get("Complete") != "1":
            return
        for channel in list(self._registry.channels.values()):
            if channel.hung_at is None and channel.uniqueid not in listed:
                self._ended_unseen(channel.call)
                self._registry.hang_up_unseen(channel, self._listed_at)

    def _ended_unseen(self, record: CallRecord) -> None:
        """A gap that was filled from the switch's logs is one after all for a call whose end they do not tell."""
        last = record.last_at
        is_marked = any(gap.touches(last, self._listed_at) for gap in record.gaps)
        if self._marks.are_some_filled and last < self._listed_at and not is_marked:
            record.mark_gap(Gap(from_at=last, to_at=self._listed_at, reason=GapReason.LINK_LOST))

    def _channel_listed(self, event: AmiEvent, at: int) -> None:
        """A channel that exists now: what it did while nobody watched is known only by its state."""
        if self._listed is not None:
            self._listed.add(event.get("Uniqueid") or "")
            at = self._listed_at
        elif self._registry.gaps:  # a list in a capture bears no time: it was made after the last gap
            at = max(at, self._registry.gaps[-1].to_at or 0)
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        record = channel.call
        if record.start_at is None and record.start_source is StartSource.FIRST_EVENT:
            record.start_at = self._registry.born_at(record.linkedids[0], at)
            record.start_source = StartSource.SNAPSHOT
            if self._registry.gaps:  # it was there before it was listed
                record.mark_gap(self._registry.gaps[-1])
        state = event.get("ChannelStateDesc")
        if state == "Up":
            self._dials.went_up(channel, at, seen=False)
        elif state == "Ringing" and not channel.is_local:
            self._dials.leg(channel)
        bridge = event.get("BridgeId")
        if bridge:  # who is there with it is listed too; whether they wait only, no list tells
            self._bridges.in_bridge(channel, bridge, at)
            self._registry.changed[record] = None
        self._callers.describe_listed(channel, event)
