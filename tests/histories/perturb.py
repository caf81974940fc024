"""What a link, a switch or a clock may do to a history before it reaches the tracker."""

from dataclasses import dataclass, replace

from tests.histories.plan import SECOND, Tape
from tests.histories.wire import Said
from tests.histories.world import FIRST_BOOT, LATER_BOOT, History

ABOUT_PHONES = {"DeviceStateChange", "ExtensionStatus", "QueueMember", "QueueMemberStatus"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurt:
    """A history as it arrives, and the stretch (from, to) in which something of it is missing or cannot be trusted."""

    said: list[Said]
    start: int
    end: int
    shortens: bool = False


def mark(at: int, **headers: str) -> Said:
    """A mark of our own client about the link."""
    return Said(at, "VoicedeskLink", tuple(headers.items()))


def linked(said: list[Said]) -> list[Said]:
    """With the link's beginning, as every live history has it."""
    return [mark(0, State="up", Boot=FIRST_BOOT, Restarted="0"), *said]


def shuffled(said: list[Said], tape: Tape) -> list[Said]:
    """Each channel's events in their order, those of different channels up to a millisecond and a half apart."""
    latest: dict[str, int] = {}
    keyed = []
    for n, one in enumerate(said):
        key = max(one.at + tape.pick((0, 300, 700, 1500)), latest.get(one.about, 0))
        latest[one.about] = key
        keyed.append((key, n, one))
    return [one for _, _, one in sorted(keyed, key=lambda entry: entry[:2])]


def doubled(said: list[Said], tape: Tape) -> list[Said]:
    """Some events of channels come twice, up to a minute later."""
    again = [
        (one.at + later, n, one)
        for n, one in enumerate(said)
        if one.name not in ABOUT_PHONES and (later := tape.pick((0, 1, 1000, SECOND, 60 * SECOND)))
    ]
    keyed = [(one.at, n, one) for n, one in enumerate(said)]
    return [one for _, _, one in sorted([*keyed, *again], key=lambda entry: entry[:2])]


def stretch(history: History, tape: Tape) -> tuple[int, int]:
    """Any stretch of a history, between any two of its instants."""
    instants = [one.at for one in history.said]
    at = tape.pick(range(256)) * len(instants) // 256
    start = instants[at] + tape.pick((1, -1, 400, 2 * SECOND))
    return start, start + tape.pick((SECOND, 4 * SECOND, 16 * SECOND, 1000, 120 * SECOND))


def with_events_dropped(history: History, tape: Tape, *, every_right: bool) -> Hurt:
    """Events are lost between switch and tracker; the client says so and has listed what stands."""
    start, end = stretch(history, tape)
    seen = history.seen(every_right=every_right)
    kept = [one for one in seen if one.at < start]
    rest = [one for one in seen if one.at >= end]
    marks = [mark(end, State="dropped"), *_snapshot(history, end)]
    return Hurt(said=[*linked(kept), *marks, *rest], start=start, end=end)


def with_link_lost(history: History, tape: Tape, *, every_right: bool) -> Hurt:
    """The link is lost and comes back: what stands then is listed."""
    start, end = stretch(history, tape)
    seen = history.seen(every_right=every_right)
    kept = [one for one in seen if one.at < start]
    rest = [one for one in seen if one.at >= end]
    marks = [mark(start, State="lost"), mark(end, State="up", Boot=FIRST_BOOT, Restarted="0"), *_snapshot(history, end)]
    return Hurt(said=[*linked(kept), *marks, *rest], start=start, end=end)


def _snapshot(history: History, at: int) -> list[Said]:
    listed = []
    for since, until, standing in history.spans:
        if since < at <= until:
            channel, bridge = standing.channel, standing.bridge
            headers = [*channel.headers(), ("ChannelStateDesc", standing.state), ("Exten", channel.exten)]
            headers += [("CallerIDNum", channel.number), ("BridgeId", bridge.uniqueid if bridge else "")]
            listed.append(Said(at, "CoreShowChannel", tuple(headers)))
    phones: dict[str, Said] = {}
    for one in history.said:
        if one.name in ABOUT_PHONES and one.at < at:
            phones[f"{one.name} {one.headers[0]} {one.about}"] = replace(one, shift=at - one.at)
    begin = Said(at, "VoicedeskSnapshot", (("State", "begin"),))
    return [begin, *listed, *phones.values(), Said(at, "VoicedeskSnapshot", (("State", "end"), ("Complete", "1")))]


def with_restart(history: History, later: History, tape: Tape, *, every_right: bool) -> Hurt:
    """The PBX stops in the middle and starts anew: nothing of before goes on, and its ids come again."""
    start, _ = stretch(history, tape)
    end = start + 20 * SECOND
    kept = [one for one in history.seen(every_right=every_right) if one.at < start]
    shutdown = [Said(start, "Shutdown", (("Shutdown", "Cleanly"),))] if tape.pick((True, False)) else []
    says_so = tape.pick(("1", "0"))
    marks = [mark(start, State="lost"), mark(end, State="up", Boot=LATER_BOOT, Restarted=says_so)]
    empty = [Said(end, "VoicedeskSnapshot", (("State", "begin"),))]
    empty.append(Said(end, "VoicedeskSnapshot", (("State", "end"), ("Complete", "1"))))
    again = [replace(one, shift=end) for one in later.seen(every_right=every_right)]
    return Hurt(said=[*linked(kept), *shutdown, *marks, *empty, *again], start=start - 2 * SECOND, end=end)


def with_clock_step(history: History, tape: Tape, *, every_right: bool) -> Hurt:
    """The PBX's clock steps; when events arrived is known by our own."""
    start, _ = stretch(history, tape)
    step = tape.pick((3600, -3600, 90, -90, 5, -5)) * SECOND
    said = [
        replace(one, shift=step if one.at >= start else 0, arrived=one.at + 300)
        for one in history.seen(every_right=every_right)
    ]
    return Hurt(said=linked(said), start=start + min(step, 0), end=start, shortens=step < 0)
