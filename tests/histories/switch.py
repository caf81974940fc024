"""A small Asterisk in a hall: channels, bridges and phones; it writes the events of what happens, and knows the truth.

Order and doubling of events are those of real captures (tests/captures): a DialState may come before its DialBegin, a
DialEnd may come twice, a queue says NOANSWER for a busy phone, and an abandonment is reported for a timeout as well.
"""

import heapq
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.histories.plan import GUEST, MEMBERS, MOBILES, PHONES, DayPlan
from tests.histories.truth import TrueCall, TrueLeg
from tests.histories.wire import T0, Channel, Said

Steps = Generator[int, None, None]
HOUSE = (*PHONES, GUEST)
NUMBERS = {phone: f"600{n + 1}" for n, phone in enumerate(HOUSE)}
"""The short number of each phone of the house."""


@dataclass(slots=True, eq=False)
class Bridge:
    """Where channels hear each other; nobody hears anybody in a holding bridge."""

    uniqueid: str
    technology: str
    channels: list[Channel] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        return {
            "BridgeUniqueid": self.uniqueid,
            "BridgeType": "basic" if self.technology != "holding_bridge" else "",
            "BridgeTechnology": self.technology,
            "BridgeNumChannels": str(len(self.channels)),
        }


@dataclass(slots=True)
class Standing:
    """What a list made now would show of a channel."""

    channel: Channel
    state: str
    since: int
    bridge: Bridge | None = None


class Switch:
    """The switch at work. `said` holds every event with full rights, in order of time."""

    def __init__(self, day: DayPlan) -> None:
        self.day = day
        self.now = 0
        self.calls: list[TrueCall] = []
        self.rings: dict[str, int] = dict.fromkeys((*HOUSE, *MOBILES), 0)
        self.talks: dict[str, str | None] = dict.fromkeys((*HOUSE, *MOBILES))
        self.wraps_up: dict[str, int] = {}
        self.alive: dict[str, Standing] = {}
        self._told: dict[str, int] = {}
        self.spans: list[tuple[int, int, Standing]] = []
        self.tells_bridges = False
        self._said: list[tuple[int, int, Said]] = []
        self._numbers = count()
        self._locals = count()
        self._bridges = count()
        self._order = count()
        self._jitter = count()
        self._agenda: list[tuple[int, int, Steps]] = []

    @property
    def said(self) -> list[Said]:
        return [said for _, _, said in sorted(self._said, key=lambda entry: entry[:2])]

    def run(self, scripts: Iterator[tuple[int, Steps]]) -> None:
        """Lets every script go on when its time has come, until all have ended."""
        self._members()
        for start, script in scripts:
            heapq.heappush(self._agenda, (start, next(self._order), script))
        while self._agenda:
            self.now, _, script = heapq.heappop(self._agenda)
            until = next(script, None)
            if until is not None:
                heapq.heappush(self._agenda, (until, next(self._order), script))

    # --- channels and events

    def channel(self, endpoint: str, linkedid: str = "", **more: str) -> Channel:
        """A new channel; without `linkedid` it begins a matter of its own."""
        number = next(self._numbers)
        uniqueid = more.pop("uniqueid", f"{T0 + self.now // 1_000_000}.{number}")
        name = endpoint if ";" in endpoint else f"{endpoint}-{number:08x}"
        made = Channel(name, uniqueid, linkedid or uniqueid, **more)
        self.alive[uniqueid] = Standing(made, "Down", self.now)
        self.say("Newchannel", made, ChannelStateDesc="Down", lag=0)
        if endpoint == "PJSIP/trunk":
            self.say("DeviceStateChange", Device="PJSIP/trunk", State="INUSE", lag=200)
        return made

    def local(self, number: str, context: str, linkedid: str, *, kept: bool) -> tuple[Channel, Channel]:
        """The two halves of a new Local channel."""
        base = f"Local/{number}@{context}-{next(self._locals):08x}"
        one, two = self.channel(f"{base};1", linkedid), self.channel(f"{base};2", linkedid)
        headers = dict(one.headers("LocalOne")) | dict(two.headers("LocalTwo"))
        self.say("LocalBridge", lag=0, **headers, LocalOptimization="No" if kept else "Yes")
        return one, two

    def say(self, name: str, *channels: Channel | None, lag: int | None = None, **headers: str) -> None:
        """Writes an event now, or up to some hundred microseconds later where the switch's parts race."""
        late = self.lag() + (300 if name == "Hangup" else 0) if lag is None else lag
        lines: list[tuple[str, str]] = []
        for channel, prefix in zip(channels, ("", "Dest"), strict=False):
            if channel is not None:
                lines += channel.headers(prefix)
                if not prefix and channel.exten:
                    lines += [("CallerIDNum", channel.number), ("Exten", channel.exten)]
        said = Said(self.now + late, name, (*lines, *headers.items()))
        self._said.append((said.at, len(self._said), said))

    def lag(self) -> int:
        """Some microseconds by which parts of the switch race each other."""
        return next(self._jitter) * 173 % 290

    def state(self, channel: Channel, state: str) -> None:
        """The channel is Ringing or Up from this very moment."""
        self._changes(channel).state = state
        self.say("Newstate", channel, lag=0, ChannelStateDesc=state)

    def is_up(self, channel: Channel) -> bool:
        return self.alive[channel.uniqueid].state == "Up"

    def hangup(self, channel: Channel, cause: int, lag: int | None = None) -> None:
        """The channel is gone, and leaves its bridge; nothing happens if it was gone before."""
        if channel.uniqueid not in self.alive:
            return
        self.leave(channel)
        self._changes(channel)
        del self.alive[channel.uniqueid]
        if channel.exten or channel.name.endswith(";2"):  # it runs through the dialplan, which is over
            self.say("SoftHangupRequest", channel, lag=290 if lag is None else lag - 1, Cause="16")
        self.say("Hangup", channel, lag=lag, Cause=str(cause))
        if channel.name.startswith("PJSIP/trunk") and not any(
            standing.channel.name.startswith("PJSIP/trunk") for standing in self.alive.values()
        ):
            self.say("DeviceStateChange", Device="PJSIP/trunk", State="NOT_INUSE")

    def moved(self, channel: Channel) -> None:
        """The channel belongs to another matter from now on."""
        self._changes(channel).channel = channel

    def _changes(self, channel: Channel) -> Standing:
        """Remembers how a channel stood until now: what a list made at any moment would show."""
        was = self.alive[channel.uniqueid]
        self.spans.append((was.since, self.now, was))
        self.alive[channel.uniqueid] = Standing(was.channel, was.state, self.now, was.bridge)
        return self.alive[channel.uniqueid]

    # --- bridges

    def bridge(self, technology: str = "simple_bridge", lag: int = 400) -> Bridge:
        """A new bridge, empty."""
        made = Bridge(f"b{next(self._bridges):04x}", technology)
        self.say("BridgeCreate", lag=lag, **made.headers())
        return made

    def enter(self, bridge: Bridge, channel: Channel, lag: int) -> int:
        """The channel enters the bridge; returns when."""
        bridge.channels.append(channel)
        self.tells_bridges = self.tells_bridges or bridge.technology != "holding_bridge"
        self._changes(channel).bridge = bridge
        self.say("BridgeEnter", channel, lag=lag, **bridge.headers())
        return self.now + lag

    def leave(self, channel: Channel, lag: int | None = None) -> None:
        """The channel leaves the bridge it is in, if any; an empty bridge is gone."""
        bridge = self.alive[channel.uniqueid].bridge if channel.uniqueid in self.alive else None
        if bridge is None:
            return
        bridge.channels = [one for one in bridge.channels if one.uniqueid != channel.uniqueid]
        self._changes(channel).bridge = None
        self.say("BridgeLeave", channel, lag=lag, **bridge.headers())
        if not bridge.channels:
            self.say("BridgeDestroy", lag=300 if lag is None else lag, **bridge.headers())

    # --- phones

    def _members(self) -> None:
        for phone in MEMBERS:
            own = {"Queue": "hotline", "Interface": f"PJSIP/{phone}", "StateInterface": f"PJSIP/{phone}"}
            self.say("QueueMember", lag=0, **own, **self._standing(phone))
            behind = {"Interface": f"Local/{NUMBERS[phone]}@from-queue/n", "MemberName": phone}
            hint = {"Queue": "fpbx", **behind, "StateInterface": f"hint:{NUMBERS[phone]}@ext-local"}
            self.say("QueueMember", lag=0, **hint, **self._standing(phone))
        for phone in HOUSE:
            self.device(phone)

    def _standing(self, phone: str) -> dict[str, str]:
        status = {"UNAVAILABLE": "5", "INUSE": "2", "RINGING": "6"}.get(self._device_state(phone), "1")
        return {"Status": status, "Paused": "1" if phone in self.day.paused else "0"}

    def device(self, phone: str) -> None:
        """Tells what a phone is doing, and notes it for everybody who waits for it."""
        if phone in HOUSE:
            number = NUMBERS[phone]
            state = self._device_state(phone)
            hinted = {"INUSE": "1", "RINGING": "8", "UNAVAILABLE": "4"}.get(state, "0")
            # a phone's states are told in their order
            told_at = self._told[phone] = max(self.now + self.lag(), self._told.get(phone, 0) + 1)
            lag = told_at - self.now
            self.say("DeviceStateChange", lag=lag, Device=f"PJSIP/{phone}", State=state)
            hint = {"Exten": number, "Context": "ext-local", "Hint": f"PJSIP/{phone}", "Status": hinted}
            self.say("ExtensionStatus", lag=lag, **hint)
        if phone in MEMBERS:
            member = {"Interface": f"Local/{number}@from-queue/n", "StateInterface": f"hint:{number}@ext-local"}
            self.say("QueueMemberStatus", lag=lag, Queue="fpbx", MemberName=phone, **member, **self._standing(phone))
        for call in self.calls:
            self.watch(call, phone)

    def _device_state(self, phone: str) -> str:
        if phone in self.day.unregistered:
            return "UNAVAILABLE"
        if self.talks[phone]:
            return "INUSE"
        return "RINGING" if self.rings[phone] else "NOT_INUSE"

    def what(self, phone: str, call: TrueCall | None = None) -> str:
        """What a phone truly does, other than for this call."""
        talks = self.talks.get(phone)
        if talks and talks not in ("internal", "outbound", "deciding"):
            return "talking"
        if phone in self.day.paused:
            return "paused"
        if talks:
            return "deciding" if talks == "deciding" else "in_use"
        if phone in self.day.unregistered:
            return "unregistered"
        here = sum(1 for leg in call.legs if leg.phone == phone and leg.silent_at is None) if call else 0
        return "ringing" if self.rings.get(phone, 0) > here else "free"

    def watch(self, call: TrueCall, phone: str) -> None:
        """A caller waits: what a due phone does that is not ringing for this very call."""
        waiting = call.asked_at is not None and call.waited_until is None
        rung = any(leg.phone == phone and leg.silent_at is None for leg in call.legs)
        if waiting and phone in call.due and not rung:
            call.phones[phone].add(self.what(phone, call))

    def ask(self, call: TrueCall, due: tuple[str, ...]) -> None:
        """The caller asks for a person."""
        if call.asked_at is None:
            call.asked_at, call.due = self.now, due
            call.phones = {phone: {self.what(phone, call)} for phone in due}

    def begin_ring(self, leg: TrueLeg) -> None:
        """The switch dials the phone: nobody else gets it now."""
        if leg.staff:
            self.rings[leg.phone] += 1
            for call in self.calls:
                self.watch(call, leg.phone)

    def end_ring(self, leg: TrueLeg, how: str) -> None:
        """The phone falls silent, or is no longer of this call."""
        leg.how = how
        if leg.silent_at is not None:
            return
        leg.silent_at = self.now
        if leg.staff:
            self.rings[leg.phone] -= 1
            self.device(leg.phone)
