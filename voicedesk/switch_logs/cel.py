"""Channel events with microseconds, as `dialplans/voicedesk-cel_custom.conf` writes them, told as manager events.

The log knows when a channel was made, answered and hung up, and by whom; where it was asked for, who was bridged with
whom. It does not know when a phone rang: a phone's clock runs from when it was dialled, which overstates, and S1 judges
such a start with care (`ring_start_uncertain`).
"""

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from voicedesk.switch_logs.cel_rows import COLUMNS, ChannelStory, Row, Stories, read_row, read_time, stories_of
from voicedesk.switch_logs.logged import BadLines, LoggedEvent, logged, whole_lines

_MADE_BY_SWITCH = (
    "Announcer/", "Bridge/", "CBAnn/", "CBRec/", "Message/", "Recorder/", "Snoop/", "Surrogate/"
)  # fmt: skip
TOGETHER_US = 500_000
"""A phone that was bridged with the caller this soon after it was answered was answered for the caller."""
_OUTSIDE_DIGITS = 7


class CelReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing. `zone`: of times without one.

    `perhaps_asked` are callers who gave up unanswered and of whom the log does not say whether they waited for a
    person: whoever has no queue_log either takes them for such.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.bad_lines = 0
        self.good_lines = 0
        self.unforeseen = BadLines()
        self.perhaps_asked: list[LoggedEvent] = []
        self._zone = zone

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, in the order of their time."""
        rows = []
        for line in whole_lines(lines):
            row = None
            with self.unforeseen.skipping(line):
                row = read_row(line, self._zone)
            if row is None:
                self.bad_lines += 1
                continue
            self.good_lines += 1
            if not row.channel.startswith(_MADE_BY_SWITCH):
                rows.append(row)
        rows.sort(key=lambda row: row.at)
        telling = _Telling(stories_of(rows))
        told: list[LoggedEvent] = []
        for row in rows:
            with self.unforeseen.skipping(row):
                told += list(telling.of(row))
        self.perhaps_asked += telling.perhaps_asked
        yield from sorted(told, key=lambda one: one.at)


class _Telling:
    """Tells rows with what the log says of their channels as a whole."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self._dialled: dict[str, list[ChannelStory]] = {}
        for story in stories.channels.values():
            if story.is_dialled and story.started is not None:
                self._dialled.setdefault(story.started.linkedid, []).append(story)
        self._endless = [
            (uniqueid, story)
            for uniqueid, story in stories.channels.items()
            if story.started is not None and story.hung is None and story.ended is None
        ]
        self.perhaps_asked: list[LoggedEvent] = []

    def of(self, row: Row) -> Iterator[LoggedEvent]:
        """What the switch would have said of a row live."""
        channel: dict[str, object] = {"Channel": row.channel, "Uniqueid": row.uniqueid, "Linkedid": row.linkedid}
        match row.kind:
            case "CHAN_START":
                yield from self._started(row, channel)
            case "ANSWER":
                yield from self._answered(row, channel)
            case "HANGUP":
                yield from self._hung_up(row, channel)
            case "CHAN_END" if self._stories.channels[row.uniqueid].hung is None:
                yield logged("Hangup", row.at, channel, doubtful=True)
            case "LINKEDID_END":
                yield from self._all_ended(row)
            case "APP_START" if row.application == "Queue":
                yield logged("QueueCallerJoin", row.at, channel)
            case "BRIDGE_ENTER" | "BRIDGE_EXIT":
                name = "BridgeEnter" if row.kind == "BRIDGE_ENTER" else "BridgeLeave"
                bridge = {"BridgeUniqueid": row.more.get("bridge_id")}
                bridge |= {"BridgeTechnology": row.more.get("bridge_technology")}
                yield logged(name, row.at, {**bridge, **channel})
            case "BLINDTRANSFER":
                yield logged("BlindTransfer", row.at, {"TransfererUniqueid": row.uniqueid})
            case "PICKUP":
                yield logged("Pickup", row.at, {"TargetUniqueid": row.uniqueid})
                yield logged("DialEnd", row.at, {**_picked_up_by(row), "DialStatus": "ANSWER"})

    # --- the beginning

    def _started(self, row: Row, channel: dict[str, object]) -> Iterator[LoggedEvent]:
        story = self._stories.channels[row.uniqueid]
        dialled: dict[str, object] = {f"Dest{key}": value for key, value in channel.items()}
        if not story.is_dialled:
            number = row.number or ("" if story.is_placed_by_switch else story.number)
            yield logged("Newchannel", row.at, {**channel, "CallerIDNum": number, "Exten": row.extension})
            if story.is_placed_by_switch:  # dialled, and by nobody
                yield logged("DialBegin", row.at, dialled)
            return
        first = self._stories.first_of(row.linkedid)
        if first is not None and first.is_placed_by_switch and len(story.number) >= _OUTSIDE_DIGITS:
            dialled["DialString"] = f"{story.number}@{row.channel.partition('/')[2].rpartition('-')[0]}"
        yield logged("DialBegin", row.at, {"Uniqueid": row.linkedid, "Linkedid": row.linkedid, **dialled})

    # --- the answer

    def _answered(self, row: Row, channel: dict[str, object]) -> Iterator[LoggedEvent]:
        story = self._stories.channels[row.uniqueid]
        if not story.is_dialled:
            number = "" if story.is_placed_by_switch else row.number
            said = {"CallerIDNum": number, "Exten": row.extension, "ChannelStateDesc": "Up"}
            yield logged("Newstate", row.at, {**channel, **said})
            return
        at = self._accepted_at(story, row.at)
        if at is None:
            return
        yield logged("Newstate", at, {**channel, "ChannelStateDesc": "Up"})
        dialled = {f"Dest{key}": value for key, value in channel.items()}
        yield logged("DialEnd", at, {"Uniqueid": row.linkedid, "Linkedid": row.linkedid, **dialled} | _ANSWERED)

    def _accepted_at(self, story: ChannelStory, at: int) -> int | None:
        """When a phone that was answered at an instant was answered for the caller; None: it never was."""
        callers = [first for one in story.linkedids if (first := self._stories.first_of(one)) is not None]
        if not callers or callers[0].is_placed_by_switch:
            return at
        was_handed_over = not self._stories.handed_over.isdisjoint(story.linkedids)
        if self._tells_bridges(story, callers):
            joined = story.talking_from(at)
            together = [met for one in callers if joined is not None and (met := one.talking_from(joined)) is not None]
            if joined is not None and was_handed_over:
                together.append(joined)
            met_at = min(together, default=None)
            return at if met_at is not None and met_at - at <= TOGETHER_US else met_at
        if was_handed_over:
            return at
        return min((met for one in callers if (met := self._connected_at(story, at, one)) is not None), default=None)

    def _connected_at(self, story: ChannelStory, at: int, caller: ChannelStory) -> int | None:
        """The same without bridges: a caller who was not answered before is when a phone is connected."""
        if _never_answered(caller):
            return None
        answered_at = caller.answered_at
        if answered_at is None or answered_at - at <= TOGETHER_US:
            return at
        was_gone = story.hung is not None and story.hung.at <= answered_at
        by_another = any(_is_near(one, answered_at) for one in self._beside(story) if one is not story)
        return None if was_gone or by_another else answered_at

    def _beside(self, story: ChannelStory) -> list[ChannelStory]:
        """The channels that the switch dialled in the calls that this one was in."""
        return [one for linkedid in story.linkedids for one in self._dialled.get(linkedid, ())]

    def _tells_bridges(self, story: ChannelStory, callers: list[ChannelStory]) -> bool:
        """True if the log tells of the bridges of this call: not each switch was asked to."""
        if any(one.talks for one in self._beside(story)):
            return True
        since = self._stories.bridges_since
        if since is None or any(one.talks for one in callers):
            return False
        return all(one.started is not None and one.started.at >= since for one in callers)

    # --- the end

    def _hung_up(self, row: Row, channel: dict[str, object]) -> Iterator[LoggedEvent]:
        story = self._stories.channels[row.uniqueid]
        gave_up = row.source == row.channel
        is_caller = row.uniqueid == row.linkedid and not story.is_dialled and not story.is_placed_by_switch
        unanswered = is_caller and not self._reached_somebody(story)
        if unanswered and not row.source and row.dial_status == "CANCEL":
            gave_up = True  # a dial is cancelled by nobody but its caller
        if gave_up:
            yield logged("HangupRequest", row.at, channel)
        cut_off = is_caller and row.cause == 0 and "hangupsource" in row.more and not row.source
        who_is_known = gave_up or cut_off or bool(row.source)
        told = {**channel, "Cause": row.cause}
        yield logged("Hangup", row.at, told, doubtful=unanswered and not who_is_known)
        if cut_off:
            yield logged("Shutdown", row.at, {})  # a caller goes without cause or hand only where the switch stops
        if unanswered and story.answered_at is None and (gave_up or not row.source):
            self._perhaps_asked(story, row)

    def _reached_somebody(self, caller: ChannelStory) -> bool:
        dialled = [one for linkedid in caller.linkedids for one in self._dialled.get(linkedid, ())]
        if not self._stories.handed_over.isdisjoint(caller.linkedids):
            return True
        return any(
            one.answered_at is not None and self._accepted_at(one, one.answered_at) is not None for one in dialled
        )

    def _perhaps_asked(self, story: ChannelStory, row: Row) -> None:
        begun = story.started
        asks = self._stories.asks_since
        if begun is None or self._dialled.get(row.linkedid) or (asks is not None and asks <= begun.at):
            return
        headers = {"Channel": row.channel, "Uniqueid": row.uniqueid, "Linkedid": row.linkedid}
        self.perhaps_asked.append(logged("QueueCallerJoin", begun.at, headers, doubtful=True))

    def _all_ended(self, row: Row) -> Iterator[LoggedEvent]:
        """The last channel of a call is gone: so are those whose own end the log lost."""
        for uniqueid, story in self._endless:
            if [*story.linkedids][-1] == row.linkedid and story.last_at <= row.at:
                gone = {"Channel": story.name, "Uniqueid": uniqueid, "Linkedid": row.linkedid}
                yield logged("Hangup", row.at, gone, doubtful=True)


_ANSWERED = {"DialStatus": "ANSWER"}


def _never_answered(caller: ChannelStory) -> bool:
    """True if the log tells a caller's whole call and no answer in it: nobody was put through to them."""
    if caller.started is None or caller.hung is None or caller.is_dialled:
        return False
    return caller.answered_at is None and caller.hung.dial_status != "ANSWER"


def _is_near(phone: ChannelStory, at: int) -> bool:
    """True if a phone was answered at about an instant. A Local channel is answered with the phone behind it."""
    answered_at = phone.answered_at
    return answered_at is not None and abs(at - answered_at) <= TOGETHER_US and not phone.name.startswith("Local/")


def _picked_up_by(row: Row) -> dict[str, object]:
    """The channel that took a call over, as the one that was dialled in the end."""
    return {
        "Uniqueid": row.linkedid,
        "Linkedid": row.linkedid,
        "DestChannel": row.more.get("pickup_channel"),
        "DestUniqueid": row.more.get("pickup_channel_uniqueid"),
        "DestLinkedid": row.linkedid,
    }


__all__ = ["COLUMNS", "CelReader", "read_time"]
