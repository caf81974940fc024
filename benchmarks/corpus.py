"""The stream every client is measured on: queue calls as Asterisk 22 tells them, the same for the same seed.

Each call has an answering phone; `truth` gives the microseconds from ringing to answer for every call that is whole.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

START_US = 1_761_890_000_000_000
STEP_US = 500
CONCURRENT = 50
NAMES = ("王小明", "李雷 (销售部)", "Иван Петров", "José Ñandú", "Alice Smith", "<unknown>", "Müller: Einkauf")
END = b"Event: UserEvent\r\nPrivilege: user,all\r\nTimestamp: 1999999999.000000\r\nUserEvent: BenchEnd\r\n\r\n"

Headers = list[tuple[str, str]]


@dataclass
class Channel:
    """What a channel snapshot holds."""

    name: str
    uniqueid: str
    linkedid: str
    number: str
    caller: str
    exten: str
    state: str = "Ring"
    connected: str = "<unknown>"
    variables: tuple[str, ...] = ()

    def snapshot(self, prefix: str = "") -> Headers:
        number = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6"}[self.state]
        headers = [
            ("Channel", self.name), ("ChannelState", number), ("ChannelStateDesc", self.state),
            ("CallerIDNum", self.number), ("CallerIDName", self.caller), ("ConnectedLineNum", self.connected),
            ("ConnectedLineName", self.connected), ("Language", "zh_CN"), ("AccountCode", ""),
            ("Context", "from-trunk"), ("Exten", self.exten), ("Priority", "7"), ("Uniqueid", self.uniqueid),
            ("Linkedid", self.linkedid),
        ]  # fmt: skip
        headers += [("ChanVariable", variable) for variable in self.variables]
        return [(prefix + key, value) for key, value in headers]


@dataclass
class Corpus:
    """A finished stream: its bytes, how many events, and the ring of each whole call by linkedid."""

    data: bytes
    events: int
    truth: dict[str, int] = field(default_factory=dict)


def _call(chance: random.Random, index: int, born: int) -> Iterator[tuple[str, str, Headers]]:
    """The events of one call: name, privilege, headers."""
    linkedid, other = f"pbx-{born}.{2 * index}", f"pbx-{born}.{2 * index + 1}"
    desk = 800 + chance.randrange(60)
    variables = (f"CAMPAIGN=spring-{chance.randrange(40)}", f"DID=0218{chance.randrange(10**7):07d}")
    caller = Channel(
        f"PJSIP/trunk-cmcc-{2 * index:08x}", linkedid, linkedid, f"1{chance.randrange(10**10):010d}",
        chance.choice(NAMES), "4001", variables=variables,
    )  # fmt: skip
    phone = Channel(
        f"PJSIP/{desk}-{2 * index + 1:08x}", other, linkedid, str(desk), chance.choice(NAMES), "4001", "Down",
        caller.number, variables,
    )  # fmt: skip
    both = lambda: caller.snapshot() + phone.snapshot("Dest")  # noqa: E731
    member = [("Queue", "hotline"), ("Interface", f"PJSIP/{desk}"), ("MemberName", f"Agent {desk}")]

    def variable(channel: Channel, name: str, value: str) -> tuple[str, str, Headers]:
        return "VarSet", "dialplan,all", [*channel.snapshot(), ("Variable", name), ("Value", value)]

    def statistics(channel: Channel) -> tuple[str, str, Headers]:
        more = [(f"Report0Field{n}", str(chance.randrange(10**6))) for n in range(12)]
        return "RTCPSent", "reporting,all", [*channel.snapshot(), ("To", "10.1.2.3:4000"), ("PT", "200(SR)"), *more]

    yield "Newchannel", "call,all", caller.snapshot()
    for name, value in (("SIPDOMAIN", "pbx.example.cn"), ("CALLINFO", "Subject: re: order"), ("GREETING", "")):
        yield variable(caller, name, value)
    yield "QueueCallerJoin", "agent,all", [*caller.snapshot(), ("Queue", "hotline"), ("Position", "1"), ("Count", "1")]
    yield "Newchannel", "call,all", phone.snapshot()
    yield "AgentCalled", "agent,all", both() + member
    yield "DialBegin", "call,all", [*both(), ("DialString", f"PJSIP/{desk}")]
    phone.state = "Ringing"
    yield "Newstate", "call,all", phone.snapshot()
    yield "DialState", "call,all", [*both(), ("DialStatus", "RINGING")]
    phone.state = "Up"
    yield "Newstate", "call,all", phone.snapshot()
    yield "DialEnd", "call,all", [*both(), ("DialStatus", "ANSWER")]
    yield variable(caller, "MEMBERINTERFACE", f"PJSIP/{desk}")
    yield "AgentConnect", "agent,all", [*both(), *member, ("HoldTime", "4"), ("RingTime", "4")]
    caller.state = "Up"
    yield "Newstate", "call,all", caller.snapshot()
    for channel, count in ((phone, "1"), (caller, "2")):
        bridge = [
            ("BridgeUniqueid", f"6f1c-{index}"), ("BridgeType", "basic"), ("BridgeTechnology", "simple_bridge"),
            ("BridgeCreator", "<unknown>"), ("BridgeName", "<unknown>"), ("BridgeNumChannels", count),
            ("BridgeVideoSourceMode", "none"),
        ]  # fmt: skip
        yield "BridgeEnter", "call,all", bridge + channel.snapshot()
    for channel in (caller, phone, caller):
        yield statistics(channel)
    yield variable(phone, "BRIDGEPEER", caller.name)
    for channel in (phone, caller):
        yield "Hangup", "call,all", [*channel.snapshot(), ("Cause", "16"), ("Cause-txt", "Normal Clearing")]


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it goes on the wire, and what it says: `ring` is set where it ends a whole call."""

    block: bytes
    headers: Headers
    ring: tuple[str, int] | None = None


def stream(events: int, seed: int = 7, start_us: int = START_US, concurrent: int = CONCURRENT) -> Iterator[Told]:
    """The events of some calls at a time, one after the other, from `start_us` on; no id ever comes again."""
    chance = random.Random(seed)
    live: list[Iterator[tuple[str, str, Headers]]] = []
    rings: dict[str, int] = {}
    index = sent = 0
    while sent < events:
        while len(live) < concurrent:
            live.append(_call(chance, index, start_us // 1_000_000))
            index += 1
        place = chance.randrange(len(live))
        told = next(live[place], None)
        if told is None:
            live.pop(place)
            continue
        at = start_us + sent * STEP_US
        sent += 1
        name, privilege, rest = told
        headers = [("Event", name), ("Privilege", privilege), ("Timestamp", _stamp(at)), *rest]
        yield Told(_render(headers), headers, _ring_ended(name, dict(rest), at, rings))


def make(events: int, seed: int = 7) -> Corpus:
    """A stream of `events` events, whole."""
    told = list(stream(events, seed))
    truth = dict(one.ring for one in told if one.ring)
    return Corpus(data=b"".join(one.block for one in told) + END, events=len(told), truth=truth)


def _stamp(at: int) -> str:
    return f"{at // 1_000_000}.{at % 1_000_000:06d}"


def _render(headers: Headers) -> bytes:
    return ("".join(f"{key}: {value}\r\n" for key, value in headers) + "\r\n").encode()


def _ring_ended(name: str, headers: dict[str, str], at: int, rings: dict[str, int]) -> tuple[str, int] | None:
    """Notes ringing and answer; the linkedid and the ring of a call that comes to its end."""
    linkedid = headers["Linkedid"]
    if name == "Newstate" and headers["Uniqueid"] != linkedid:
        rings[linkedid] = at + rings[linkedid] if headers["ChannelStateDesc"] == "Up" else -at
    elif name == "Hangup" and headers["Uniqueid"] == linkedid:
        return linkedid, rings.pop(linkedid)
    return None
