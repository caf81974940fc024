"""Decides which blocks of bytes may be believed: the filter between framing and everybody else.

Rules, in order:
1. A block that begins with neither Event nor Response is dropped and counted as an orphan.
2. An event that describes a channel must be whole. After one that is not, what follows is suspect and dropped until
   the event's own remainder has come, or until nothing of it can come any more (`SUSPECT_BYTES`, `SUSPECT_US`).
   One of exactly the usual shape, with nothing amiss behind it, is whole and keeps the other rules too.
3. An event nobody wants is dropped by its name, before any object is made.
4. An event carries Privilege as its second header and, once this link has shown timestamps, Timestamp as its third;
   items of a list that was asked for carry that list's ActionID instead.
5. A single-valued header stands once, a channel is named before its caller, and the caller's headers stand together.
   A UserEvent may repeat one: its own headers come last, so the first value is right and the event is only flagged.

In place of a damaged event stands one `VoicedeskDoubt` with what could be read before the damage. Where what
followed was dropped in vain, for the event's remainder never came, a `VoicedeskLink` says that events are missing.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from voicedesk.ami.message import NOWHERE, AmiEvent, Origin, make_event, make_mark, match_description
from voicedesk.clock import MICROSECONDS, format_epoch

SUSPECT_BYTES = 64 * 1024
SUSPECT_US = MICROSECONDS // 4

_BEGUN = b"\nEvent: "
_CRLF = b"\r\n"
_EVENT = b"Event: "
_OWN_PREFIX = "voicedesk"
_FOLLOWS = {"Cdr": b"uniqueid", "QueueEntry": b"wait", "OriginateResponse": b"calleridname"}
_ONLY_NAMED = frozenset({"TestEvent", "Alarm", "AlarmClear", "DNDState", "FAXStatus"})  # name a channel, no more
_NAMES_LIMIT = 2000
# manager_build_channel_state_string_prefix() in Asterisk's main/manager_channels.c writes a channel's description: it
# ends with Uniqueid and Linkedid. CallerIDName is the last caller header of app_queue.c's QueueEntry and of manager.c's
# OriginateResponse, which print a caller without that function. So one of these is near the end of what was cut.
_ENDED = re.compile(rb"(?:\A|\r\n)(?:[a-z]*linkedid|uniqueid|calleridname): ", re.IGNORECASE)
_SINGLE = (b"\r\nChannel: ", b"\r\nUniqueid: ")
_CALLER = ("CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName")  # always in this order, together
_CALLERS = [[f"\r\n{prefix}{key}: ".encode() for key in _CALLER] for prefix in ("", "Dest")]
_AMISS = re.compile(
    rb"\r\n(?:[A-Za-z]*(?:CallerIDNum|CallerIDName|ConnectedLineNum|ConnectedLineName): |Channel: |Uniqueid: |Event: )"
)
"""What may not follow a channel's description: the same function writes each of these once, before Linkedid, and the
headers that an event adds of its own come last (the format strings of manager_channels.c, app_queue.c, bridges)."""


@dataclass(slots=True, kw_only=True)
class ScreenCounters:
    """Counts of what the screen saw and dropped. `garbled` events were kept, although some of their bytes are not
    UTF-8."""

    messages: int = 0
    unwanted: int = 0
    orphans: int = 0
    damaged: int = 0
    suspect: int = 0
    misplaced: int = 0
    flagged: int = 0
    garbled: int = 0

    @property
    def distrusted(self) -> int:
        """Blocks dropped because they could not be believed."""
        return self.orphans + self.damaged + self.suspect + self.misplaced


@dataclass(slots=True, kw_only=True)
class _Suspicion:
    """What is known of a channel event that was cut."""

    channel: str | None
    timestamp: str | None
    since_us: int
    bytes_left: int
    dropped: int = 0


class Screen:
    """Blocks in, believable messages out: events as `AmiEvent`, responses as their bytes, in order.

    `wanted` names the events to keep (None: all). `asked` holds the ActionIDs of lists under way: their items are
    kept whatever their name. `recorded` reads journals and captures: our own pseudo events are kept as they stand,
    and so are the items of lists nobody here has asked for.
    """

    def __init__(self, wanted: Iterable[str] | None = None, *, recorded: bool = False) -> None:
        self.counters = ScreenCounters()
        self.origin: Origin = NOWHERE
        self.asked: set[str] = set()
        self._all_wanted = wanted is None
        self._recorded = recorded
        self._names = {name.encode(): sys.intern(name) for name in wanted or () if recorded or not _is_own(name)}
        self._has_timestamps = False
        self._suspicion: _Suspicion | None = None

    def sift(self, blocks: list[bytes], arrived_us: int) -> list[AmiEvent | bytes]:
        """What may be believed of `blocks`, which all arrived at `arrived_us`."""
        kept: list[AmiEvent | bytes] = []
        names, origin, all_kinds = self._names, self.origin, self._all_wanted or self._recorded
        find, rfind, match, search_amiss = bytes.find, bytes.rfind, match_description, _AMISS.search
        unwanted = 0
        for block in blocks:
            if self._suspicion is not None or not block.startswith(_EVENT):
                self._sift_unusual(block, arrived_us, kept)
                continue
            end = find(block, _CRLF, 7)
            known = names.get(block[7:end])
            if known is not None and self._has_timestamps:
                found = match(block)
                if found is not None and search_amiss(block, found.end()) is None:
                    kept.append(AmiEvent(block, known, arrived_us, origin, found))
                    continue
            described = rfind(block, b"Linkedid: ")
            if (described < 0 or find(block, b"CallerIDNum: ", described) >= 0) and _is_cut(block):
                self._suspect(block, arrived_us, kept)
            elif known is None and not (all_kinds or self.asked):
                unwanted += 1
                if find(block, _BEGUN, 7) >= 0:
                    self._miss_swallowed(block, arrived_us, kept)
            elif known is None or not self._has_timestamps:
                self._examine(block, arrived_us, kept)
            elif (
                block.startswith(b"\r\nPrivilege: ", end)
                and block.startswith(b"\r\nTimestamp: ", find(block, _CRLF, end + 13))
                and not _is_odd(block)
            ):
                kept.append(AmiEvent(block, known, arrived_us, origin))
            else:
                self._examine(block, arrived_us, kept)
        self.counters.unwanted += unwanted
        self.counters.messages += len(blocks)
        if _is_garbled(b"\n".join(blocks)):  # all at once: hardly ever is one of them
            self.counters.garbled += sum(map(_is_garbled, blocks))
        return kept

    def _sift_unusual(self, block: bytes, arrived_us: int, kept: list[AmiEvent | bytes]) -> None:
        """Blocks that are no event in the usual spelling, and every block while a suspicion lasts."""
        if self._suspicion is not None and self._is_suspect(block, arrived_us, kept):
            return
        start = block[:9].lower()
        if start.startswith(b"response:"):
            kept.append(block)
        elif not start.startswith(b"event:"):
            self.counters.orphans += 1
            kept.append(self._doubt(AmiEvent(block, "", arrived_us), "orphan", arrived_us))
        elif _is_cut(block):
            self._suspect(block, arrived_us, kept)
        else:
            self._examine(block, arrived_us, kept)

    def _examine(self, block: bytes, arrived_us: int, kept: list[AmiEvent | bytes]) -> None:
        """Every rule again, slowly, for an event the fast way could not decide on."""
        event = AmiEvent.from_bytes(block, arrived_us=arrived_us, origin=self.origin)
        if _is_own(event.name):
            self._keep_own(event, kept)
        elif not self._is_wanted(event):
            self.counters.unwanted += 1
            self._miss_swallowed(block, arrived_us, kept)
        elif not self._is_in_place(event):
            self.counters.misplaced += 1
        elif not _is_odd(block):
            kept.append(event)
        elif event.name == "UserEvent":
            self.counters.flagged += 1
            event.doubtful = True
            kept.append(event)
        else:
            self.counters.damaged += 1
            kept.append(self._doubt(event, "repeated", arrived_us))

    def _miss_swallowed(self, block: bytes, arrived_us: int, kept: list[AmiEvent | bytes]) -> None:
        """An event that nobody wants and that was not ended as it should be holds the next one: that one is missing."""
        begun = block.rfind(_BEGUN)
        event = AmiEvent.from_bytes(block[begun + 1 :], arrived_us=arrived_us, origin=self.origin)
        if begun >= 0 and event.name.encode() in self._names:
            self.counters.damaged += 1
            kept.append(self._doubt(event, "repeated", arrived_us))

    def _keep_own(self, event: AmiEvent, kept: list[AmiEvent | bytes]) -> None:
        """A pseudo event is ours only where we recorded it; the wire can never deliver one."""
        if self._recorded:
            kept.append(event)
        else:
            self.counters.misplaced += 1

    def _is_wanted(self, event: AmiEvent) -> bool:
        """Whether somebody wants it; a name seen for the first time is learned for the fast way."""
        name = event.name.encode()
        if self._all_wanted and len(self._names) < _NAMES_LIMIT:
            self._names.setdefault(name, sys.intern(event.name))
        event.name = self._names.get(name, event.name)
        return self._all_wanted or name in self._names or self._is_asked_for(event)

    def _is_asked_for(self, event: AmiEvent) -> bool:
        return bool(self.asked) and event.get("ActionID") in self.asked

    def _is_in_place(self, event: AmiEvent) -> bool:
        """Whether Privilege and Timestamp stand where Asterisk writes them, or the event is an item of a list."""
        lines = event.raw.split(_CRLF, 3)
        if len(lines) < 2 or not lines[1].startswith(b"Privilege:"):
            return self._is_asked_for(event) or (self._recorded and event.get("ActionID") is not None)
        if len(lines) > 2 and lines[2].startswith(b"Timestamp:"):
            self._has_timestamps = True
            return True
        return not self._has_timestamps or event.name == "FullyBooted"

    def _suspect(self, block: bytes, arrived_us: int, kept: list[AmiEvent | bytes]) -> None:
        """A channel event was cut: say so, and distrust what follows."""
        self.counters.damaged += 1
        head = AmiEvent.from_bytes(block, arrived_us=arrived_us, origin=self.origin)
        self._suspicion = _Suspicion(
            channel=head.get("Channel") or head.get("DestChannel"),
            timestamp=head.get("Timestamp"),
            since_us=arrived_us,
            bytes_left=SUSPECT_BYTES,
        )
        kept.append(self._doubt(head, "cut", arrived_us))

    def _is_suspect(self, block: bytes, arrived_us: int, kept: list[AmiEvent | bytes]) -> bool:
        """Whether `block` may be part of the event that was cut; ends the suspicion where nothing more can come.

        Asterisk writes an event at once, so its parts arrive together and are no longer than one line may be. What
        bears an ActionID of ours is no part of it: nobody outside can know one.
        """
        suspicion = self._suspicion
        assert suspicion is not None  # noqa: S101  # for the type checker; the caller has looked
        suspicion.bytes_left -= len(block)
        if suspicion.bytes_left < 0 or arrived_us - suspicion.since_us > SUSPECT_US:
            self._suspicion = None
            if suspicion.dropped:  # with a remainder all was written by one event; without it some were others' own
                dropped = {"Dropped": suspicion.dropped}
                kept.append(make_mark("VoicedeskLink", "dropped", arrived_us, origin=self.origin, **dropped))
            return False
        if self._is_asked_for(AmiEvent(block, "", arrived_us)):
            return False
        if _is_remainder(block):
            if not _is_cut(block):  # an event describes two channels, and may be cut in each
                self._suspicion = None
            self.counters.orphans += 1
            kept.append(self._doubt(AmiEvent(block, "", arrived_us), "cut", arrived_us, suspicion))
        else:
            self.counters.suspect += 1
            suspicion.dropped += 1
        return True

    def _doubt(self, event: AmiEvent, reason: str, arrived_us: int, suspicion: _Suspicion | None = None) -> AmiEvent:
        """What stands in place of a damaged event: whose it was, as far as that could be read.

        What comes last of a header that stands twice is the channel's own: it follows the text that was let in.
        """
        channel = suspicion.channel if suspicion else event.get("Channel") or event.get("DestChannel")
        timestamp = suspicion.timestamp if suspicion else event.get("Timestamp")
        headers: dict[str, object] = {
            "Timestamp": timestamp or (format_epoch(arrived_us) if arrived_us else None),
            "Reason": reason,
            "Channel": channel,
            "Uniqueid": _last(event, "Uniqueid"),
            "Linkedid": _last(event, "Linkedid"),
        }
        return make_event("VoicedeskDoubt", headers, arrived_us=arrived_us, origin=self.origin)


def _is_garbled(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return True
    return False


def _is_own(name: str) -> bool:
    return name[:9].lower() == _OWN_PREFIX


def _last(event: AmiEvent, key: str) -> str | None:
    return next(reversed(event.get_all(key)), None)


def _is_cut(block: bytes) -> bool:
    """Whether a channel's description begins in this event and does not end.

    Asterisk always writes the whole description, from Channel and CallerIDNum to Linkedid, with one prefix; the few
    events that print a caller without it have another header that always follows (`_FOLLOWS`).
    """
    if b"CallerID" not in block and b"Channel: " not in block and not block.startswith(b"Event: Cdr"):
        return False
    lines = block.split(_CRLF)
    keys = [line.partition(b":")[0].lower() for line in lines]
    name = lines[0][6:].strip().decode("utf-8", "replace") if keys[0] == b"event" else ""
    if name in _FOLLOWS:
        return _FOLLOWS[name] not in keys
    if name in _ONLY_NAMED or _is_own(name):
        return False
    begun = [key.removesuffix(b"calleridnum") for key in keys if key.endswith(b"calleridnum")]
    if name == "UserEvent":
        begun = begun[:1]  # its own headers may be called anything
    if begun:
        return any(prefix + b"linkedid" not in keys for prefix in begun)
    return b"channel" in keys and b"uniqueid" not in keys and b"linkedid" not in keys


def _is_odd(block: bytes) -> bool:
    """Whether a single-valued header stands twice, or the headers of a caller are not where they belong."""
    if any(block.count(key) > 1 for key in _SINGLE) or block.find(b"\r\nEvent: ") >= 0:
        return True
    number = block.find(b"\r\nCallerIDNum: ")
    return 0 <= number < block.find(b"\r\nChannel: ") or any(_is_torn(block, keys) for keys in _CALLERS)


def _is_torn(block: bytes, keys: list[bytes]) -> bool:
    """Whether something stands between the headers of a caller, or one of them stands twice.

    In a UserEvent one may stand twice: its own headers, which come last, may be called anything.
    """
    if not block.startswith(b"Event: UserEvent") and any(block.count(key) > 1 for key in keys):
        return True
    places = [block.find(key) for key in keys]
    return any(here >= 0 and after >= 0 and after != block.find(_CRLF, here + 2) for here, after in pairwise(places))


def _is_remainder(block: bytes) -> bool:
    """Whether a block holds the end of a channel's description that began elsewhere."""
    return _ENDED.search(block) is not None and (block[:6].lower() != b"event:" or _is_odd(block))
