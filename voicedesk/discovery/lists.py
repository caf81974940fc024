"""What a switch's own lists tell of the house: queues and members, phones, numbers, channels, dialplan.

Each list is asked for once; one that the manager user may not have, or the switch does not know, is None: unknown, and
never taken for empty. The user with the fewest rights may have all but the lists of PJSIP's own.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from asterisk.ami.action import Action

from voicedesk.ami.link import AmiAddress, Link, open_link
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import AmiProtocol
from voicedesk.calls.members import Ties
from voicedesk.calls.model import Hall
from voicedesk.clock import NowUs
from voicedesk.discovery.dialplan import Dialplan, devices_in
from voicedesk.errors import AmiError, AmiLinkLost

LIST_SECONDS, MOST_SECONDS = 10.0, 60.0
MOST_EXTENSIONS, TRIED_NUMBERS = 500, 8
MORE_RIGHTS = {
    "PJSIPShowEndpoints": "system",
    "GetConfig": "config",
}
"""Lists that the user with the fewest rights is refused, and the right in `write` that would show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a queue as the switch names it: what is rung, and whose state counts."""

    queue: str
    interface: str
    state_interface: str
    name: str

    @property
    def person(self) -> str | None:
        """Its name, where that is more than what it rings."""
        plain = {self.interface, self.state_interface, self.interface.partition("/")[2], ""}
        return None if self.name in plain or self.name.isdecimal() else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A PJSIP endpoint or a SIP or IAX peer, where the user may list them."""

    name: str
    has_contact: bool = False
    is_trunk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSeen:
    """The lists of one switch; None where a list was not told. `refused`: why, by the list's name.

    `registered`: endpoints of which a phone registered here. `dials` and `people`: what FreePBX's own database says of
    a number, its phone and whose it is.
    """

    pbx: str
    queues: dict[str, tuple[Member, ...]] | None = None
    devices: dict[str, str] | None = None
    hints: dict[str, str] | None = None
    hint_items: tuple[tuple[str, str, str], ...] = ()
    channels: tuple[AmiEvent, ...] | None = None
    endpoints: dict[str, Endpoint] | None = None
    dialplan: Dialplan | None = None
    registered: frozenset[str] = frozenset()
    dials: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    is_realtime: bool = False
    writes_records: bool | None = None
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        """Every member of every queue."""
        return [member for members in (self.queues or {}).values() for member in members]

    def ties(self, hall: Hall | None = None, dials: Iterable[tuple[str, str, str]] = ()) -> Ties:
        """How members are tied to phones, as the service itself ties them: by a hall, hints, and calls seen."""
        ties = Ties(hall or Hall())
        for device in self.devices or ():
            ties.saw_device(device)
        for number, context, devices in self.hint_items:
            ties.saw_hint(number, context, devices)
        for dialler, dialled, dial_string in dials:
            ties.saw_dial(dialler, dialled, dial_string)
        return ties

    def likely_phone(self, member: Member, ties: Ties) -> str | None:
        """The phone of a member: as it is tied, else as FreePBX's database or the dialplan let one think."""
        tied = ties.behind(member.interface, member.state_interface).phones
        if tied:
            return tied[0]
        for number in (number_in(member.state_interface), number_in(member.interface)):
            if number in self.dials:
                return self.dials[number]
            devices = self.dialplan.devices() if self.dialplan is not None else {}
            dialled = [device for device, extension in devices.items() if extension == number]
            if number is not None and len(dialled) == 1:
                return dialled[0]
        return None

    def knows(self, endpoint: str) -> bool | None:
        """Whether the switch has a phone of this name; None where it did not tell enough to say no."""
        technology = endpoint.partition("/")[0].upper()
        if self._names_it(endpoint):
            return True
        if technology not in ("PJSIP", "SIP", "IAX2") or "@" in endpoint:
            return None
        if self.endpoints is not None and any(name.startswith(f"{technology}/") for name in self.endpoints):
            return False
        return None if self.devices is None or self.is_realtime else False

    def _names_it(self, endpoint: str) -> bool:
        named = {*(self.devices or ()), *(self.endpoints or ()), *self.registered, *self.dials.values()}
        return endpoint in named or any(endpoint in (one.interface, one.state_interface) for one in self.members)

    def names(self) -> set[str]:
        """The phones it has, by all that was told."""
        named = {*(self.devices or ()), *(self.endpoints or ()), *self.registered, *self.dials.values()}
        return {name for name in named if name.partition("/")[0] in ("PJSIP", "SIP", "IAX2", "DAHDI", "SCCP")}


def number_in(interface: str) -> str | None:
    """The number that a member or its state is known by (`Local/101@from-queue/n`, `hint:101@ext-local`); else None."""
    for prefix in ("Local/", "hint:"):
        if interface.lower().startswith(prefix.lower()):
            number = interface[len(prefix) :].partition("@")[0].partition("/")[0]
            return number or None
    return None


async def look_at_house(address: AmiAddress, now: NowUs, *, numbers: Iterable[str] = ()) -> HouseSeen | None:
    """Everything the lists tell; None where the switch cannot be reached or refuses the login.

    `numbers`: extensions of which FreePBX's database may know the phone and the person.
    """
    try:
        return await ask_house(address, now, _ignore, numbers=numbers)
    except AmiError:
        return None


async def ask_house(
    address: AmiAddress,
    now: NowUs,
    deliver: Callable[[list[AmiEvent]], None],
    *,
    numbers: Iterable[str] = (),
    listen_seconds: float = 0,
) -> HouseSeen:
    """The same, with what happens meanwhile, and for some seconds more, handed on. Raises AmiError."""
    link = await open_link(address, AmiProtocol(address.credentials), now, deliver, timeout_seconds=10)
    try:
        house = await _ask_all(link, address.pbx, set(numbers))
        await asyncio.sleep(listen_seconds)
        await link.log_off()
    finally:
        link.abort()
    return house


async def _ask_all(link: Link, pbx: str, numbers: set[str]) -> HouseSeen:
    lists: dict[str, tuple[AmiEvent, ...] | None] = {}
    refused: dict[str, str] = {}
    for name in ("QueueStatus", "DeviceStateList", "ExtensionStateList", "CoreShowChannels"):
        lists[name] = await _list(link, Action(name, {}), refused)
    endpoints = await _endpoints(link, refused)
    plan = await _dialplan(link, refused)
    settings = await _response(link, Action("CoreSettings", {}))
    queues = _queues(lists["QueueStatus"])
    hint_items = _hint_items(lists["ExtensionStateList"] or ())
    hints = _hints(hint_items) if lists["ExtensionStateList"] is not None else None
    numbers |= {number for number in hints or () if number.isdecimal()}
    members = [member for listed in (queues or {}).values() for member in listed]
    numbers |= {number for one in members if (number := number_in(one.interface))}
    dials, people = await _from_database(link, sorted(number for number in numbers if number.isdecimal()))
    registered = await _list(link, Action("DBGetTree", {"Family": "registrar"}), {}) or ()
    return HouseSeen(
        pbx=pbx,
        queues=queues,
        devices=_devices(lists["DeviceStateList"]),
        hints=hints,
        hint_items=hint_items,
        channels=lists["CoreShowChannels"],
        endpoints=endpoints,
        dialplan=plan,
        registered=frozenset(f"PJSIP/{kept}" for item in registered if (kept := _registered_name(item))),
        dials=dials,
        people=people,
        is_realtime=settings.get("CoreRealTimeEnabled", "") == "Yes",
        writes_records=None if "CoreCDRenabled" not in settings else settings["CoreCDRenabled"] == "Yes",
        refused=refused,
    )


def _queues(items: tuple[AmiEvent, ...] | None) -> dict[str, tuple[Member, ...]] | None:
    if items is None:
        return None
    queues: dict[str, tuple[Member, ...]] = {}
    for item in items:
        queue = item.get("Queue")
        if not queue:
            continue
        queues.setdefault(queue, ())
        interface = item.get("Location") or item.get("Interface") or ""
        if item.name == "QueueMember" and interface:
            state, name = item.get("StateInterface") or interface, item.get("Name") or item.get("MemberName") or ""
            queues[queue] += (Member(queue=queue, interface=interface, state_interface=state, name=name),)
    if not queues.get("default", (None,)):
        del queues["default"]  # FreePBX's own, which nobody is in
    return queues


def _devices(items: tuple[AmiEvent, ...] | None) -> dict[str, str] | None:
    if items is None:
        return None
    told = {item.get("Device") or "": item.get("State") or "" for item in items}
    return {device: state for device, state in told.items() if "/" in device and ":" not in device.partition("/")[0]}


def _hint_items(items: tuple[AmiEvent, ...]) -> tuple[tuple[str, str, str], ...]:
    told = ((item.get("Exten") or "", item.get("Context") or "", item.get("Hint") or "") for item in items)
    return tuple(one for one in told if one[0] and devices_in(one[2]))


def _hints(items: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    hints: dict[str, str] = {}
    for number, _, devices in items:
        hints.setdefault(number, devices)
    return hints


async def _endpoints(link: Link, refused: dict[str, str]) -> dict[str, Endpoint] | None:
    found: dict[str, Endpoint] = {}
    told = False
    for action, technology in (("PJSIPShowEndpoints", "PJSIP"), ("SIPpeers", "SIP"), ("IAXpeerlist", "IAX2")):
        items = await _list(link, Action(action, {}), refused)
        told = told or items is not None
        for item in items or ():
            name = item.get("ObjectName")
            if name and item.name in ("EndpointList", "PeerEntry"):
                # a peer at a fixed address, or one that we log in to, is no phone that registers here
                is_trunk = bool(item.get("OutboundAuths"))
                has_contact = bool(item.get("Contacts")) or (item.get("Dynamic") or "").lower() == "yes"
                named = f"{technology}/{name}"
                found[named] = Endpoint(name=named, has_contact=has_contact, is_trunk=is_trunk)
    return found if told else None


async def _dialplan(link: Link, refused: dict[str, str]) -> Dialplan | None:
    try:
        answer = await link.ask(Action("ShowDialPlan", {}), LIST_SECONDS, most_seconds=MOST_SECONDS)
    except AmiLinkLost:
        link.raise_if_lost()
        return None
    if answer.response.is_error() or answer.response.get("EventList").lower() != "start":
        refused["ShowDialPlan"] = answer.response.message
        return None
    return Dialplan(answer.items, is_whole=answer.complete)


async def _from_database(link: Link, numbers: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """FreePBX keeps there which phone a number is, and whose; nothing else of it is asked for."""
    dials: dict[str, str] = {}
    people: dict[str, str] = {}
    for tried, number in enumerate(numbers[:MOST_EXTENSIONS], 1):
        dial = await _database_value(link, f"DEVICE/{number}", "dial")
        if tried == TRIED_NUMBERS and not dials:
            break  # no FreePBX: one of the first numbers would be there
        if dial is not None and "/" in dial:
            dials[number] = dial
        person = await _database_value(link, f"AMPUSER/{number}", "cidname")
        if person is not None and person != number:
            people[number] = person
    return dials, people


async def _database_value(link: Link, family: str, key: str) -> str | None:
    items = await _list(link, Action("DBGet", {"Family": family, "Key": key}), {})
    return next((item.get("Val") or None for item in items or ()), None)


def _registered_name(item: AmiEvent) -> str | None:
    """The endpoint of a registration: as its value says, else as its key does (`/registrar/contact/NAME;@…`)."""
    said = re.search(r'"endpoint":\s*"([^"]+)"', item.get("Val") or "")
    if said is not None:
        return said[1]
    key = item.get("Key") or ""
    _, found, rest = key.partition("contact/")
    return rest.partition(";@")[0] or None if found else None


async def _list(link: Link, action: Action, refused: dict[str, str]) -> tuple[AmiEvent, ...] | None:
    try:
        answer = await link.ask(action, LIST_SECONDS, most_seconds=MOST_SECONDS)
    except AmiLinkLost:
        link.raise_if_lost()
        return None
    if answer.response.is_error() or answer.response.get("EventList").lower() != "start":
        refused[action.name] = answer.response.message
        return None
    return answer.items


async def _response(link: Link, action: Action) -> dict[str, str]:
    try:
        answer = await link.ask(action, LIST_SECONDS)
    except AmiLinkLost:
        link.raise_if_lost()
        return {}
    return {} if answer.response.is_error() else {str(key): str(value) for key, value in answer.response.keys.items()}


def _ignore(_events: list[AmiEvent]) -> None:
    """What happens meanwhile is another check's matter."""
