"""Proposes lines, phones and people from what switches tell: guesses with their source, for a person to confirm. Pure.

Phones are told from trunks: a phone is a queue's member, has a hint, a number of its own, or registered here; a trunk
is logged in to, is dialled with a number, or brings calls and is never rung.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voicedesk.bounds import whole_number
from voicedesk.calls.model import Hall
from voicedesk.discovery.day import CallSeen, HouseDay
from voicedesk.discovery.dialplan import Ringing, devices_in, trunk_of
from voicedesk.discovery.lists import MORE_RIGHTS, HouseSeen

_LIKE_A_PHONE = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP)/\D{0,6}\d{2,6}", re.IGNORECASE)
_UNKNOWN = frozenset({"", "<unknown>", "unknown", "anonymous"})


@dataclass(slots=True, kw_only=True)
class LineGuess:
    """A line: each number and queue with where it was seen. Not `is_likely`: a group within the house, as it may be."""

    pbx: str
    name: str
    extensions: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    is_likely: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneGuess:
    """A phone, the number it is reached by inside, and what shows that it is one."""

    pbx: str
    endpoint: str
    extension: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonGuess:
    """Somebody's name beside the phone it was seen at."""

    pbx: str
    id: str
    name: str
    endpoint: str
    source: str


@dataclass(slots=True, kw_only=True)
class Proposal:
    """Everything proposed; `unclear` may be phones or trunks, `notes` are for the person who looks at it."""

    lines: list[LineGuess] = field(default_factory=list)
    phones: list[PhoneGuess] = field(default_factory=list)
    people: list[PersonGuess] = field(default_factory=list)
    trunks: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def propose(houses: Sequence[HouseSeen], days: Mapping[str, HouseDay]) -> Proposal:
    """What these switches show, with a stretch of calls of each."""
    proposal = Proposal()
    for house in houses:
        _House(house, days.get(house.pbx, HouseDay()), proposal).propose()
    _named_once(proposal.lines)
    return proposal


class _House:
    """One switch at work on the proposal."""

    def __init__(self, house: HouseSeen, day: HouseDay, proposal: Proposal) -> None:
        self.house, self.day, self.proposal = house, day, proposal
        self.numbers = _numbers_of_phones(house)
        self.ties = house.ties(Hall(), day.behind_local)
        self.trunks = self._trunks()
        self.phones = self._phones()
        self.trunks -= set(self.phones)

    def propose(self) -> None:
        house, proposal = self.house, self.proposal
        proposal.lines += self._lines()
        extensions = {phone: number for number, phone in _first_of(self.numbers).items()}
        for endpoint, source in sorted(self.phones.items(), key=lambda one: _by_number(one[0])):
            number = extensions.get(endpoint)
            proposal.phones.append(PhoneGuess(pbx=house.pbx, endpoint=endpoint, extension=number, source=source))
        proposal.people += self._people(extensions)
        proposal.trunks += sorted(self.trunks)
        proposal.unclear += sorted(house.names() - set(self.phones) - self.trunks, key=_by_number)
        proposal.notes += self._notes()

    def _trunks(self) -> set[str]:
        plan = self.house.dialplan
        found = self.day.trunks() | (plan.trunks() if plan is not None else set())
        found |= {name for name, one in (self.house.endpoints or {}).items() if one.is_trunk}
        rung = self.day.rung()
        return found | {
            name for name in self.day.sources() if name not in rung and "/" in name and _brings(self.day, name)
        }

    def _phones(self) -> dict[str, str]:
        """Each phone with what shows that it is one, the surest first."""
        house, found = self.house, dict[str, str]()
        for member in house.members:
            phone = house.likely_phone(member, self.ties)
            if phone is not None and trunk_of(phone) is None:
                found.setdefault(phone, f"queue {member.queue}")
        for number, dial in house.dials.items():
            found.setdefault(dial, f"FreePBX's extension {number}")
        for number, hint in (house.hints or {}).items():
            for device in devices_in(hint):
                if not device.startswith("Local/"):
                    found.setdefault(device, f"hint of {number}")
        for name in house.registered:
            found.setdefault(name, "registered here")
        for name, one in (house.endpoints or {}).items():
            if one.has_contact and not one.is_trunk and _LIKE_A_PHONE.fullmatch(name):
                found.setdefault(name, "list of endpoints")
        unsure = {phone: f"dialled by {number}" for phone, number in self.numbers.items()}
        unsure |= {phone: f"rang {times} times" for phone, times in self.day.rung().items()}
        unsure |= {name: "its name" for name in house.names() if _LIKE_A_PHONE.fullmatch(name)}
        for phone, source in unsure.items():
            if phone not in self.trunks and not phone.startswith("Local/") and "@" not in phone:
                found.setdefault(phone, source)
        return found

    def _lines(self) -> list[LineGuess]:
        """A line for each queue with the numbers that lead to it, and one for each number without a queue."""
        lines = {queue: self._of_queue(queue) for queue in sorted(self.house.queues or {})}
        taken: set[str] = set()
        for number, calls in self._called().items():
            queue = next((queue for call in calls for queue in call.queues), None)
            line = lines.get(queue or "") if queue else self._without_queue(number, calls, lines)
            if queue is not None and line is None:
                line = lines[queue] = self._of_queue(queue)
            if line is not None:
                line.extensions[number] = f"dialled {len(calls)} times"
                line.name = next((call.said for call in calls if call.said), line.name)
                for call in calls:
                    for leg in call.phones:
                        if leg.endpoint in self.phones:
                            line.phones.setdefault(leg.endpoint, f"rang for {number}")
                taken.add(number)
        self._from_dialplan(lines, taken)
        return list(lines.values())

    def _of_queue(self, queue: str) -> LineGuess:
        line = LineGuess(pbx=self.house.pbx, name=queue, queues={queue: "the switch's list of queues"})
        for member in (self.house.queues or {}).get(queue, ()):
            phone = self.house.likely_phone(member, self.ties)
            if phone in self.phones:
                line.phones[phone] = f"member {member.interface}"
        return line

    def _without_queue(self, number: str, calls: list[CallSeen], lines: dict[str, LineGuess]) -> LineGuess | None:
        """A number that rings phones directly; what rings nothing is no line."""
        if not any(call.phones for call in calls):
            return None
        return lines.setdefault(number, LineGuess(pbx=self.house.pbx, name=number))

    def _called(self) -> dict[str, list[CallSeen]]:
        """The calls from outside by the number they came to, the most frequent first."""
        found: dict[str, list[CallSeen]] = {}
        for call in self.day.calls.values():
            if (
                call.number
                and call.endpoint
                and call.endpoint not in self.phones
                and not call.first.startswith("Local/")
            ):
                found.setdefault(call.number, []).append(call)
        return dict(sorted(found.items(), key=lambda one: -len(one[1])))

    def _from_dialplan(self, lines: dict[str, LineGuess], taken: set[str]) -> None:
        plan = self.house.dialplan
        own = set(self.numbers.values())
        for context in plan.contexts.values() if plan is not None else ():
            for number in context.extensions:
                if plan is None or not number.isdecimal() or len(number) < 3 or number in taken | own:
                    continue
                rung = plan.ringing(context.name, number)
                source = f"dialplan [{context.name}]"
                queue = next((one.target for one in rung if one.is_queue and "$" not in one.target), None)
                if queue is not None and queue in lines:
                    lines[queue].extensions[number] = source
                    taken.add(number)
                elif queue is None and (phones := self._group(rung)):
                    line = LineGuess(pbx=self.house.pbx, name=number, extensions={number: source}, is_likely=False)
                    line.phones = dict.fromkeys(phones, source)
                    lines[number] = line
                    taken.add(number)

    def _group(self, rung: list[Ringing]) -> list[str]:
        """The phones of a number that rings several: one phone's own number is no line."""
        dialled = [part for one in rung for part in one.target.split("&")]
        phones = sorted({part for part in dialled if part in self.phones})
        return phones if len(phones) > 1 else []

    def _people(self, extensions: Mapping[str, str]) -> list[PersonGuess]:
        found: dict[str, tuple[str, str]] = {}
        for number, person in self.house.people.items():
            phone = self.house.dials.get(number)
            if phone in self.phones:
                found.setdefault(phone, (person, f"FreePBX's name of {number}"))
        for member in self.house.members:
            phone = self.house.likely_phone(member, self.ties)
            if phone in self.phones and member.person is not None:
                found.setdefault(phone, (member.person, f"its name in queue {member.queue}"))
        for item in self.house.channels or ():
            phone = (item.get("Channel") or "").rpartition("-")[0]
            name = item.get("CallerIDName") or ""
            if phone in self.phones and name not in _UNKNOWN and item.get("CallerIDNum") == extensions.get(phone):
                found.setdefault(phone, (name, "its caller id"))
        return [
            PersonGuess(
                pbx=self.house.pbx,
                id=_id_of(name, extensions.get(phone, phone)),
                name=name,
                endpoint=phone,
                source=source,
            )
            for phone, (name, source) in sorted(found.items(), key=lambda one: _by_number(one[0]))
            if name not in (phone, phone.partition("/")[2], extensions.get(phone))
        ]

    def _notes(self) -> list[str]:
        house = self.house
        notes = [
            f"{house.pbx}: {name} is refused: with {right} in write (for this one look) it would show more"
            for name, right in MORE_RIGHTS.items()
            if "denied" in house.refused.get(name, "").lower()
        ]
        if house.queues is None:
            notes.append(f"{house.pbx}: it tells of no queues: app_queue is not loaded, or the user may not ask")
        if house.dialplan is None:
            notes.append(f"{house.pbx}: the dialplan may not be read: numbers come from calls alone")
        elif not house.dialplan.is_whole:
            notes.append(f"{house.pbx}: the dialplan is looked up elsewhere too, or is too long to be listed whole")
        if not self.day:
            notes.append(f"{house.pbx}: no calls were seen: call each line once, and ask again with --listen 60")
        return notes


def _numbers_of_phones(house: HouseSeen) -> dict[str, str]:
    """The number of each phone: FreePBX's word first, then hints, then what dials it."""
    found = {dial: number for number, dial in house.dials.items()}
    for number, hint in (house.hints or {}).items():
        for device in devices_in(hint) if number.isdecimal() else ():
            found.setdefault(device, number)
    for device, number in (house.dialplan.devices() if house.dialplan is not None else {}).items():
        found.setdefault(device, number)
    return found


def _first_of(numbers: Mapping[str, str]) -> dict[str, str]:
    """A number belongs to one phone: the first that has it."""
    found: dict[str, str] = {}
    for phone, number in numbers.items():
        found.setdefault(number, phone)
    return found


def _brings(day: HouseDay, name: str) -> bool:
    """An endpoint that calls numbers which lead to queues or several phones, and is never rung, is a trunk."""
    return any(call.endpoint == name and (call.queues or len(call.phones) > 1) for call in day.calls.values())


def _named_once(lines: list[LineGuess]) -> None:
    names: Counter[str] = Counter()
    for line in lines:
        names[line.name] += 1
        if names[line.name] > 1:
            line.name = f"{line.name}-{names[line.name]}"


def _id_of(name: str, number: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") if name.isascii() else ""
    return plain or f"agent-{number.rpartition('/')[2]}"


def _by_number(name: str) -> tuple[str, int, str]:
    digits = re.search(r"\d+", name)
    return re.sub(r"\d+.*", "", name), whole_number(digits[0], most_digits=18) or 0 if digits else 0, name
