"""Which phones stand behind what a queue or a hint names: the one place that ties such a name to phones.

A member may be a phone's own name, a Local channel, a hint or a custom device. The first of these that fits decides:
it names a phone itself; its number is an extension of the settings; the switch told the devices of that number's hint;
a phone is called by that number; calls were seen to end at a phone behind that Local channel.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from voicedesk.calls.dial_strings import endpoint_of, outside_number
from voicedesk.calls.model import Hall
from voicedesk.calls.records import local_base

_SPELLED = {name.casefold(): name for name in ("PJSIP", "SIP", "IAX2", "DAHDI", "SCCP", "MGCP", "Skinny", "Console")}
_NO_PHONES = frozenset(("agent", "announcer", "bridge", "local", "message", "recorder", "snoop", "stasis", "surrogate"))
_ADDRESS = re.compile(r"(?:local/|(hint):)([^@/;&]+)(?:@([^/;&]+?))?(?:-[0-9a-f]{8})?(?:/[a-zA-Z]*)?", re.IGNORECASE)
_CUSTOM = re.compile(r"custom:.*?([0-9]+)", re.IGNORECASE)
_MOST_PAIRS = 1000
_MOST_BEHIND = 20
"""Bounds for memory, chosen: so many Local channels within Local channels, and so many phones behind one number."""


@dataclass(frozen=True, slots=True)
class Tie:
    """The phones behind a member, the main one first; empty if they cannot be told.

    `is_seat`: they are one person's, so that the member's pause is theirs; else they are a group's, or somebody else's.
    """

    phones: tuple[str, ...] = ()
    is_seat: bool = False


@dataclass(frozen=True, slots=True)
class _Address:
    """A number that a member is known by, and the context it is dialled or watched in, if one is named."""

    number: str
    context: str
    is_hint: bool = False


UNTIED = Tie()


class Ties:
    """The ties of one PBX. `version` grows with everything that may change an answer."""

    def __init__(self, hall: Hall) -> None:
        self.version = 0
        self._names: dict[str, str] = {}
        self._spelled: dict[str, str] = {}
        self._hints: dict[str, dict[str, tuple[str, ...]]] = {}
        self._behind: dict[str, dict[str, None]] = {}
        self._outer: OrderedDict[str, str] = OrderedDict()
        self._found: dict[tuple[str, str], Tie] = {}
        self._numbers: dict[str, list[str]] | None = None
        self.hall = hall

    @property
    def hall(self) -> Hall:
        """The hall whose settings name phones and their extensions; it may be another after a reload."""
        return self._hall

    @hall.setter
    def hall(self, hall: Hall) -> None:
        self._hall = hall
        self._extensions: dict[str, list[str]] = {}
        self._staff: dict[str, list[str]] = {}
        for phone in sorted(hall.phones | hall.extensions.keys()):
            self._spelled[phone.casefold()] = phone
            self._staff.setdefault(phone.partition("/")[2], []).append(phone)
            if phone in hall.extensions:
                self._extensions.setdefault(hall.extensions[phone], []).append(phone)
        self._names.clear()
        self._changed()

    # --- asking

    def phone(self, name: str) -> str:
        """A phone's name as its channels have it (a queue may spell it otherwise); empty if `name` names no phone."""
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = self._phone(name)
        return found

    def behind(self, interface: str, state_interface: str = "") -> Tie:
        """The phones behind a member, by how its queue calls it and by whose state it looks at."""
        key = interface, state_interface
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look(interface, state_interface)
        return found

    def number_of(self, phone: str) -> str | None:
        """The inside number of a phone: by the settings, by the only hint that names it, or because it is called so."""
        if phone in self._hall.extensions:
            return self._hall.extensions[phone]
        resource = phone.partition("/")[2]
        if resource.isdecimal():
            return resource
        if self._numbers is None:
            self._numbers = {}
            for number in self._hints:
                for one in self._of_number(number):
                    self._numbers.setdefault(one, []).append(number)
        numbers = self._numbers.get(phone, [])
        return numbers[0] if len(numbers) == 1 else None

    # --- learning

    def saw_device(self, name: str) -> str:
        """Notes that a device of this name exists. Returns its phone, or an empty name."""
        phone = self.phone(name)
        if phone and phone.casefold() not in self._spelled:
            self._spelled[phone.casefold()] = phone
            self._changed()
        return phone

    def saw_hint(self, number: str | None, context: str | None, devices: str | None) -> None:
        """The switch told which devices a hint watches ("PJSIP/101&Custom:DND101,CustomPresence:101")."""
        if not number or not context or devices is None:
            return
        told = (self.phone(device.strip()) for device in devices.partition(",")[0].split("&"))
        phones = tuple(dict.fromkeys(phone for phone in told if phone))
        contexts = self._hints.setdefault(number, {})
        if contexts.get(context) != phones:
            contexts[context] = phones
            self._changed()

    def saw_dial(self, dialler: str, dialled: str, dial_string: str) -> None:
        """The channel `dialler` dialled the channel `dialled`: behind a Local channel there is a phone, or another."""
        if not dialler.startswith("Local/") or not dial_string:
            return
        outermost = self._outer.get(local_base(dialler)) or _local_number(dialler)
        if dialled.startswith("Local/"):
            self._outer[local_base(dialled)] = outermost
            if len(self._outer) > _MOST_PAIRS:
                self._outer.popitem(last=False)
            return
        phone = self.phone(endpoint_of(dialled))
        number = outside_number(dial_string, dialled.partition("/")[0])
        if phone and outermost and (phone in self._hall.phones or number is None):
            behind = self._behind.setdefault(outermost, {})
            if phone not in behind and len(behind) < _MOST_BEHIND:
                behind[phone] = None
                self._changed()

    def known(self) -> dict[str, Any]:
        """What was learned, as plain values that `assume` takes."""
        hints = {number: {c: list(p) for c, p in of.items()} for number, of in self._hints.items() if any(of.values())}
        return {"hints": hints, "behind": {address: list(phones) for address, phones in self._behind.items()}}

    def assume(self, known: dict[str, Any]) -> None:
        """Takes what had been learned at this point, where nothing else was learned since."""
        for number, contexts in known.get("hints", {}).items():
            for context, phones in contexts.items():
                self._hints.setdefault(number, {}).setdefault(context, tuple(phones))
        for address, phones in known.get("behind", {}).items():
            self._behind.setdefault(address, {}).update(dict.fromkeys(phones))
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self._found.clear()
        self._numbers = None

    # --- the sources, best first

    def _look(self, interface: str, state_interface: str) -> Tie:
        for name in (state_interface, interface):
            phone = self.phone(name)
            if phone:
                return Tie((phone,), is_seat=True)
        if _is_agent(state_interface) or _is_agent(interface):  # the number is a person's, and says nothing of a phone
            return self._by_calls(_addresses(interface))
        addresses = list(_addresses(state_interface, interface))
        for source in (self._by_settings, self._by_hints, self._by_name, self._by_calls):
            tie = source(addresses)
            if tie.phones:
                return tie
        return UNTIED

    def _by_settings(self, addresses: Iterable[_Address]) -> Tie:
        """The phone of that extension, and the devices that the extension's own hint has beside it."""
        for address in addresses:
            named = self._extensions.get(address.number, [])
            if named:
                hinted = self._of_number(address.number, address.context)
                beside = [one for one in hinted if self._own_number(one) in (None, address.number)]
                return Tie(tuple(dict.fromkeys((*named, *(beside if set(named) & set(hinted) else ())))), is_seat=True)
        return UNTIED

    def _by_hints(self, addresses: Iterable[_Address]) -> Tie:
        """Several phones of which one has another number of its own are a group, not one person's."""
        for address in addresses:
            phones = self._of_number(address.number, address.context)
            if phones:
                is_seat = len(phones) == 1 or {self._own_number(one) for one in phones} <= {None, address.number}
                return Tie(phones, is_seat=is_seat)
        return UNTIED

    def _by_name(self, addresses: Iterable[_Address]) -> Tie:
        for address in addresses:
            named = self._staff.get(address.number) or [
                phone for phone in self._spelled.values() if phone.partition("/")[2] == address.number
            ]
            if named:
                return Tie(tuple(named), is_seat=True)
        return UNTIED

    def _by_calls(self, addresses: Iterable[_Address]) -> Tie:
        """Where calls ended may be where somebody forwarded them to: such a phone is nobody's seat for that."""
        for address in addresses:
            phones = tuple(self._behind.get(f"{address.number}@{address.context}", ()))
            if phones:
                is_own = len(phones) == 1 and self.number_of(phones[0]) in (None, address.number)
                return Tie(phones, is_seat=is_own)
        return UNTIED

    def _own_number(self, phone: str) -> str | None:
        """The extension that a phone is known to have: of the settings, or of a hint of its own name."""
        resource = phone.partition("/")[2]
        return self._hall.extensions.get(phone) or (resource if any(self._hints.get(resource, {}).values()) else None)

    def _of_number(self, number: str, context: str = "") -> tuple[str, ...]:
        """The phones that the hints of a number watch; of several contexts only where they agree."""
        contexts = self._hints.get(number, {})
        if contexts.get(context):
            return contexts[context]
        told = {phones for phones in contexts.values() if phones}
        return told.pop() if len(told) == 1 else ()

    def _phone(self, name: str) -> str:
        technology, slash, resource = name.partition("/")
        if not slash or not resource or not technology.isalnum() or technology.casefold() in _NO_PHONES:
            return ""
        if "@" in resource or outside_number(resource) is not None:
            return ""
        spelled = f"{_SPELLED.get(technology.casefold(), technology)}/{resource}"
        return self._spelled.get(spelled.casefold(), spelled)


def is_local(name: str) -> bool:
    """Whether a state so named only says if a Local channel is up: nothing of a phone."""
    return name[:6].casefold() == "local/"


def _is_agent(name: str) -> bool:
    return name[:6].casefold() in ("agent/", "agent:")


def _addresses(*names: str) -> Iterator[_Address]:
    """The numbers in a member's names: of hints first, of Local channels next, of custom devices last."""
    found = [_address(name) for name in names]
    order: Callable[[_Address], tuple[bool, bool]] = lambda one: (not one.is_hint, not one.context)  # noqa: E731
    yield from sorted((one for one in found if one is not None), key=order)


def _address(name: str) -> _Address | None:
    match = _ADDRESS.fullmatch(name)
    if match is not None:
        return _Address(match[2], match[3] or "default", is_hint=match[1] is not None)
    match = _CUSTOM.fullmatch(name)
    return _Address(match[1], "") if match is not None else None


def _local_number(channel: str) -> str:
    """How a Local channel is dialled, without what tells it from others: "6001@phones"."""
    address = _address(channel.rpartition(";")[0] or channel)
    return f"{address.number}@{address.context}" if address is not None else ""
