"""A small Asterisk in a hall: it runs plans of calls, writes the events they cause, and knows what truly happened.

Order and doubling of events are those of real captures (tests/captures): a DialState may come before its DialBegin, a
DialEnd may come twice, a queue says NOANSWER for a busy phone, and an abandonment is reported for a timeout as well.
"""

import heapq
from collections.abc import Generator, Iterator
from itertools import count

from tests.histories.plan import MEMBERS, PHONES, DayPlan
from tests.histories.truth import TrueCall, TrueLeg
from tests.histories.wire import T0, Channel, Said

Steps = Generator[int, None, None]


class Switch:
    """The switch at work. `said` holds every event with full rights, in order of time."""

    def __init__(self, day: DayPlan) -> None:
        self.day = day
        self.now = 0
        self.calls: list[TrueCall] = []
        self.rings: dict[str, int] = dict.fromkeys(PHONES, 0)
        self.talks: dict[str, str | None] = dict.fromkeys(PHONES)
        self.alive: dict[str, tuple[Channel, str, int]] = {}
        self.spans: list[tuple[int, int, Channel, str]] = []
        self._said: list[tuple[int, int, Said]] = []
        self._numbers = count()
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
        name = endpoint if ";" in endpoint else f"PJSIP/{endpoint}-{number:08x}"
        made = Channel(name, uniqueid, linkedid or uniqueid, **more)
        self.alive[uniqueid] = (made, "Down", self.now)
        self.say("Newchannel", made, ChannelStateDesc="Down", lag=0)
        return made

    def say(self, name: str, *channels: Channel | None, lag: int | None = None, **headers: str) -> None:
        """Writes an event now, or up to some hundred microseconds later where the switch's parts race."""
        late = next(self._jitter) * 173 % 290 + (300 if name == "Hangup" else 0) if lag is None else lag
        lines: list[tuple[str, str]] = []
        for channel, prefix in zip(channels, ("", "Dest"), strict=False):
            if channel is not None:
                lines += channel.headers(prefix)
                if not prefix and channel.exten:
                    lines += [("CallerIDNum", channel.number), ("Exten", channel.exten)]
        said = Said(self.now + late, name, (*lines, *headers.items()))
        self._said.append((said.at, len(self._said), said))

    def state(self, channel: Channel, state: str) -> None:
        """The channel is Ringing or Up from this very moment."""
        self._spans_of(channel)
        self.alive[channel.uniqueid] = (channel, state, self.now)
        self.say("Newstate", channel, lag=0, ChannelStateDesc=state)

    def hangup(self, channel: Channel, cause: int) -> None:
        if channel.uniqueid in self.alive:
            self._spans_of(channel)
            del self.alive[channel.uniqueid]
            self.say("Hangup", channel, Cause=str(cause))

    def _spans_of(self, channel: Channel) -> None:
        """Remembers from when to when a channel was in a state: what a list made at any moment would show."""
        _, state, since = self.alive[channel.uniqueid]
        self.spans.append((since, self.now, channel, state))

    # --- phones

    def _members(self) -> None:
        for phone in MEMBERS:
            self.say("QueueMember", Queue="hotline", StateInterface=f"PJSIP/{phone}", lag=0, **self._standing(phone))
        for phone in PHONES:
            self.device(phone)

    def _standing(self, phone: str) -> dict[str, str]:
        return {
            "Status": "5" if phone in self.day.unregistered else "1",
            "Paused": "1" if phone in self.day.paused else "0",
        }

    def device(self, phone: str) -> None:
        """Tells what a phone is doing, and notes it for everybody who waits for it."""
        if phone not in self.rings:
            return
        self.say("DeviceStateChange", Device=f"PJSIP/{phone}", State=self._device_state(phone))
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
        if talks and talks not in ("internal", "outbound"):
            return "talking"
        if phone in self.day.paused:
            return "paused"
        if talks:
            return "in_use"
        if phone in self.day.unregistered:
            return "unregistered"
        here = sum(1 for leg in call.legs if leg.phone == phone and leg.silent_at is None) if call else 0
        return "ringing" if self.rings[phone] > here else "free"

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
        """The phone falls silent."""
        leg.how, leg.silent_at = how, self.now
        if leg.staff:
            self.rings[leg.phone] -= 1
            self.device(leg.phone)
