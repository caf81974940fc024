"""Call stories as tables: a line is `seconds event channel [> channel] [key=value …]`.

Channels are phones (`agent1`, `trunk`) or halves of Local channels (`local;1`), with `#2` for the second channel of
one phone. A channel belongs to the call of the first channel named, or to the call a `call=NAME` column names.
"""

import re

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Assignment, Hall, JudgedCall, Line
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker

T0 = 1_800_000_000
_STATES = {"Ringing", "Up", "Ring"}


class Story:
    """Turns the lines of a story into events."""

    def __init__(self, t0: int = T0):
        self.t0 = t0
        self.uniqueids: dict[str, str] = {}
        self.linkedids: dict[str, str] = {}

    def events(self, text: str) -> list[AmiEvent]:
        lines = (line.split("#!")[0].strip() for line in text.splitlines())
        return [self.event(line) for line in lines if line]

    def uniqueid(self, channel: str) -> str:
        return self.uniqueids.setdefault(channel, f"{self.t0}.{len(self.uniqueids)}")

    def channel(self, name: str, prefix: str = "", call: str = "") -> list[tuple[str, str]]:
        phone, _, number = name.partition("#")
        base, semicolon, half = phone.partition(";")
        full = f"Local/{base}@agents-1;{half}" if semicolon else f"PJSIP/{phone}-{number or 1:0>8}"
        uniqueid = self.uniqueid(name)
        linkedid = self.linkedids.setdefault(call, uniqueid)
        return [(prefix + "Channel", full), (prefix + "Uniqueid", uniqueid), (prefix + "Linkedid", linkedid)]

    def event(self, line: str) -> AmiEvent:
        columns = line.split()
        fields = dict(column.split("=", 1) for column in columns if re.match(r"[A-Za-z-]+=", column))
        words = [column for column in columns if not re.match(r"[A-Za-z-]+=", column)]
        at, name, channels = words[0], words[1], [word for word in words[2:] if word != ">"]
        call = fields.pop("call", "")
        stamp = f"{self.t0 + float(at):.6f}"
        headers = [("Event", "Newstate" if name in _STATES else name), ("Privilege", "call,all"), ("Timestamp", stamp)]
        if channels:
            headers += self.channel(channels[0], "", call) if channels[0] != "-" else []
        if len(channels) > 1:
            headers += self.channel(channels[1], "Dest", call)
        if name in _STATES:
            headers.append(("ChannelStateDesc", name))
        if fields.get("State") == "up":
            fields.setdefault("SwitchTime", stamp)
        headers += fields.items()
        raw = "\r\n".join(f"{key}: {value}" for key, value in headers).encode()
        return AmiEvent.from_bytes(raw)


HALL = Hall(
    lines=(Line(name="hotline", extensions=frozenset({"4001"}), queues=frozenset({"hotline"})),),
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"}),
    assignments=(
        Assignment(agent="zhang", endpoint="PJSIP/agent1"),
        Assignment(agent="li", member="Agent-Two"),
    ),
)


def track(events: list[AmiEvent], hall: Hall = HALL, *, ended: bool = False) -> list[JudgedCall]:
    """The calls of a list of events, judged; with `ended` as of a capture that stops here."""
    tracker = Tracker("pbx", hall)
    for event in events:
        tracker.receive(event)
    if ended:
        tracker.end_of_events()
    changes = tracker.take_changes()
    gone = {old for old, _ in changes.merged}
    calls = [JudgedCall(facts=facts, judgement=judge(facts)) for facts in changes.calls if facts.id not in gone]
    return sorted(calls, key=lambda call: call.facts.started_at)


def tell(text: str, hall: Hall = HALL, *, ended: bool = False) -> list[JudgedCall]:
    """The calls of a story."""
    return track(Story().events(text), hall, ended=ended)


def tell_one(text: str, hall: Hall = HALL, *, ended: bool = False) -> JudgedCall:
    """The only call of a story."""
    (call,) = tell(text, hall, ended=ended)
    return call
