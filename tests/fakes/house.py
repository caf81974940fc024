"""A switch's lists and a day of calls as a test writes them down: dialplans as in extensions.conf, calls as stories."""

import re

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.discovery.day import HouseDay
from voicedesk.discovery.dialplan import Dialplan
from voicedesk.discovery.lists import HouseSeen, Member
from voicedesk.doctor.names import Surroundings
from voicedesk.settings import Settings

SECOND = 1_000_000
START = 1_795_421_000 * SECOND


def listed(name: str, **headers: object) -> AmiEvent:
    return make_event(name, headers, arrived_us=0)


def dialplan(text: str, *, is_whole: bool = True) -> Dialplan:
    """From lines of extensions.conf: [context], include =>, exten =>, same => n, hint."""
    items, context, extension, priority = [], "", "", 0
    for line in text.strip().splitlines():
        row = line.strip()
        if row.startswith("["):
            context = row[1:-1]
        elif row.startswith("include"):
            items.append(listed("ListDialplan", Context=context, IncludeContext=row.partition("=> ")[2]))
        elif row.startswith("switch"):
            items.append(listed("ListDialplan", Context=context, Switch=row.partition("=> ")[2]))
        else:
            if row.startswith("exten"):
                extension, first, row = row.partition("=> ")[2].split(",", 2)
                priority = 1
                if first == "hint":
                    items.append(
                        listed("ListDialplan", Context=context, Extension=extension, Priority="hint", Application=row)
                    )
                    continue
            else:
                row, priority = re.sub(r"^same => n(\(\S+?\))?,", "", row), priority + 1
            application, _, data = row.partition("(")
            items.append(
                listed(
                    "ListDialplan",
                    Context=context,
                    Extension=extension,
                    Priority=priority,
                    Application=application,
                    AppData=data.removesuffix(")"),
                )
            )
    return Dialplan(items, is_whole=is_whole)


def house(
    pbx: str = "main",
    *,
    queues: dict[str, list[str]] | None = None,
    devices: str | None = "",
    hints: dict[str, str] | None = None,
    plan: str | None = None,
    **more: object,
) -> HouseSeen:
    """`queues`: members as "interface|state interface|name"; `devices` by blanks; None: not told."""
    return HouseSeen(
        pbx=pbx,
        queues=None
        if queues is None
        else {name: tuple(_member(name, one) for one in of) for name, of in queues.items()},
        devices=None if devices is None else dict.fromkeys(devices.split(), "NOT_INUSE"),
        hints=dict(hints or {}),
        hint_items=tuple((number, "ext-local", devices) for number, devices in (hints or {}).items()),
        dialplan=None if plan is None else dialplan(plan),
        **more,  # type: ignore[arg-type]
    )


def _member(queue: str, text: str) -> Member:
    interface, state, name = [*text.split("|"), "", ""][:3]
    return Member(queue=queue, interface=interface, state_interface=state or interface, name=name or interface)


def settings(*, pbx: tuple[str, ...] = ("main",), **tables: object) -> Settings:
    switches = [{"name": name, "host": "h", "username": "u", "secret": "s"} for name in pbx]
    return Settings.model_validate({"pbx": switches, **tables})


def around(hall: Settings, *houses: HouseSeen, **days: HouseDay) -> Surroundings:
    return Surroundings(settings=hall, houses={one.pbx: one for one in houses}, days=days)


class Calls:
    """Calls of a switch, one after another, as the events a watcher reads."""

    def __init__(self, *, without: tuple[str, ...] = ()) -> None:
        self.day = HouseDay()
        self._without = without
        self._next = 1

    def _say(self, name: str, at: int, **headers: object) -> None:
        kind = {"UserEvent": "user", "Agent": "agent", "QueueC": "agent"}
        right = next((right for begin, right in kind.items() if name.startswith(begin)), "call")
        if name not in self._without and right not in self._without:
            stamp = f"{at // SECOND}.{at % SECOND:06d}"
            told = {"Privilege": f"{right},all", "Timestamp": stamp, **headers}
            self.day.receive(make_event(name, told, arrived_us=at))

    def call(
        self,
        number: str,
        *,
        queue: str | None = None,
        phone: str | None = "PJSIP/agent1",
        dialled: str | None = None,
        line: str | None = None,
        notice: str | None = None,
        recorded: bool = False,
        answered: bool = True,
        came_by: str = "PJSIP/trunk",
    ) -> str:
        """One call; its linkedid."""
        first = self._next
        self._next += 2
        at, linked = START + first * 60 * SECOND, f"{START // SECOND}.{first}"
        caller = {"Channel": f"{came_by}-{first:08x}", "Exten": number, "Uniqueid": linked, "Linkedid": linked}
        self._say("Newstate", at, **caller, ChannelStateDesc="Ring")
        if line is not None:
            self._say("UserEvent", at, UserEvent="VoicedeskCall", **caller, Line=line)
        if notice is not None:
            self._say("UserEvent", at, UserEvent="VoicedeskRecordingNotice", **caller, Status=notice)
        if queue is not None:
            self._say("QueueCallerJoin", at, **caller, Queue=queue)
        if phone is not None:
            self._phone(
                at, caller, f"{phone}-{first + 1:08x}", linked, first, queue, dialled or phone, answered, recorded
            )
        if queue is not None:
            self._say("QueueCallerLeave", at + 9 * SECOND, **caller, Queue=queue)
        self._say("Hangup", at + 30 * SECOND, **caller, Cause="16")
        return linked

    def _phone(self, at, caller, channel, linked, first, queue, dialled, answered, recorded) -> None:
        leg = f"{START // SECOND}.{first + 1}"
        dest = {"DestChannel": channel, "DestUniqueid": leg, "DestLinkedid": linked}
        own = {"Channel": channel, "Uniqueid": leg, "Linkedid": linked}
        if queue is not None:
            self._say("AgentCalled", at, **caller, **dest, Queue=queue, Interface=dialled, MemberName="x")
        self._say("DialBegin", at, **caller, **dest, DialString=dialled)
        self._say("Newstate", at + SECOND, **own, ChannelStateDesc="Ringing")
        self._say("DialState", at + SECOND, **caller, **dest, DialStatus="RINGING")
        if answered:
            self._say("Newstate", at + 4 * SECOND, **own, ChannelStateDesc="Up")
            self._say("BridgeEnter", at + 4 * SECOND, **own)
            if recorded:
                self._say("UserEvent", at + 4 * SECOND, UserEvent="VoicedeskRecording", **own, File=f"{leg}.sln48")
        self._say("DialEnd", at + 4 * SECOND, **caller, **dest, DialStatus="ANSWER" if answered else "NOANSWER")
