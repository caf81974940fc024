"""A switch and its phones in a few words: what it tells, as events, and a watch that has been told."""

from datetime import datetime
from zoneinfo import ZoneInfo

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.model import (
    Assignment,
    CallFacts,
    Direction,
    Hall,
    LegFacts,
    Line,
    Outcome,
    PhoneState,
    RingSource,
    Role,
    StartSource,
)
from voicedesk.clock import from_datetime
from voicedesk.phones.conditions import PhoneRules
from voicedesk.phones.watch import PhoneWatch
from voicedesk.work_calendar import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
SECOND = 1_000_000
MINUTE = 60 * SECOND
A1, A2, A3 = "PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"
DUTY = ("Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00")


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZONE))


MORNING = at("2026-03-02T10:00")


def rules(**more) -> PhoneRules:
    hall = Hall(
        lines=(
            Line(name="社保", queues=frozenset({"hotline"}), phones=frozenset({A1, A2})),
            Line(name="医保", queues=frozenset({"medical"})),
        ),
        phones=frozenset({A1, A2}),
        assignments=(Assignment(agent="wang", endpoint=A1), Assignment(agent="li", member="Agent Two")),
    )
    usual = {"hall": hall, "calendar": WorkCalendar(), "duty": {"社保": DUTY, "医保": DUTY}, "zone": ZONE}
    return PhoneRules(**(usual | {"extensions": {A1: "6001", A2: "6002"}} | more))


def event(name: str, when: int, **headers) -> AmiEvent:
    lines = [f"Event: {name}", "Privilege: agent,all", f"Timestamp: {when // SECOND}.{when % SECOND:06d}"]
    lines += [f"{key}: {value}" for key, value in headers.items() if value is not None]
    return AmiEvent.from_bytes("\r\n".join(lines).encode())


def device(endpoint: str, state: str, when: int) -> AmiEvent:
    return event("DeviceStateChange", when, Device=endpoint, State=state)


def member(
    endpoint: str,
    when: int,
    *,
    paused: bool,
    name: str = "QueueMemberPause",
    queue: str = "hotline",
    reason: str = "",
    last: int | None = None,
    **more,
) -> AmiEvent:
    last_pause = (when if paused else 0) if last is None else last
    headers = {
        "Queue": queue,
        "MemberName": "Agent Two" if endpoint == A2 else endpoint.rpartition("/")[2],
        "Interface": endpoint,
        "StateInterface": endpoint,
        "LastPause": last_pause // SECOND,
        "Paused": int(paused),
        "PausedReason": reason,
    }
    return event(name, when, **(headers | more))


def snapshot(when: int, *items: AmiEvent, complete: int = 1, missing: str | None = None) -> list[AmiEvent]:
    """The lists after a link came up."""
    return [
        make_mark("VoicedeskLink", "up", when),
        make_mark("VoicedeskSnapshot", "begin", when),
        *items,
        make_mark("VoicedeskSnapshot", "end", when, Complete=complete, Missing=missing),
    ]


def lost(when: int) -> AmiEvent:
    return make_mark("VoicedeskLink", "lost", when)


def listed(when: int, **paused: int) -> list[AmiEvent]:
    """Both phones there and free; `agent1=LastPause` are paused since then."""
    found = []
    for endpoint in (A1, A2):
        since = paused.get(endpoint.rpartition("/")[2])
        found.append(device(endpoint, "NOT_INUSE", when))
        found.append(member(endpoint, when, paused=since is not None, name="QueueMember", last=since or 0))
    return found


class Hall1:
    """A watch over one switch whose phones are free at the beginning, and all that it ever said."""

    def __init__(self, when: int = MORNING, **more):
        self.rules = rules(**more)
        self.watch = PhoneWatch(["hall"], self.rules)
        self.breaks, self.findings = [], []
        self.tell(*snapshot(when, *listed(when)))
        self.look(when)

    def tell(self, *events: AmiEvent) -> None:
        self.watch.receive("hall", events)

    def look(self, when: int) -> None:
        changes = self.watch.look(when)
        self.breaks += changes.breaks
        self.findings += changes.findings

    def found(self) -> list[tuple[str, str | None, bool]]:
        """Kind, subject, whether it is over; in the order in which they were told."""
        return [(one.kind.value, one.endpoint or one.line, one.to_at is not None) for one in self.findings]

    def restarted(self) -> None:
        """The service ends and begins anew on what was stored."""
        stored_breaks = {one.id: one for one in self.breaks}
        stored = {one.id: one for one in self.findings}
        self.watch = PhoneWatch(["hall"], self.rules)
        self.watch.assume(
            [one for one in stored_breaks.values() if one.to_at is None],
            [one for one in stored.values() if one.to_at is None],
        )


def leg(endpoint: str, when: int, outcome: Outcome | None, **more) -> LegFacts:
    usual = {
        "uniqueid": f"{endpoint} {when}",
        "channel": f"{endpoint}-00000001",
        "role": Role.STAFF,
        "dialled_at": when,
        "ended_at": when + SECOND // 10,
        "state_before": PhoneState.FREE,
    }
    return LegFacts(endpoint=endpoint, outcome=outcome, **(usual | more))


def rang(endpoint: str, when: int, **more) -> LegFacts:
    usual = {"ring_source": RingSource.NEWSTATE, "ringing_at": when, "ended_at": when + 5 * SECOND}
    return leg(endpoint, when, Outcome.NO_ANSWER, **(usual | more))


def call(when: int, *legs: LegFacts, **more) -> CallFacts:
    usual = {
        "id": f"call {when}",
        "pbx": "hall",
        "boot": None,
        "linkedids": ("1.1",),
        "line": "社保",
        "direction": Direction.INBOUND,
        "caller_number": "13800138000",
        "started_at": when,
        "started_at_source": StartSource.USEREVENT,
        "legs": legs,
    }
    return CallFacts(**(usual | more))
