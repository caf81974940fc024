"""What `doctor` says of names: those of the settings that the switch does not have, and those of the switch that stand
in no setting. Pure: lists and a day of calls in, findings out.

A name is called wrong only where the switch told its names and this one is not among them: what was not told is
unknown.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from voicedesk.calls.members import Ties
from voicedesk.calls.model import Hall
from voicedesk.discovery.day import CallSeen, HouseDay
from voicedesk.discovery.dialplan import Dialplan
from voicedesk.discovery.lists import HouseSeen, Member, number_in
from voicedesk.discovery.settings_file import toml_list
from voicedesk.doctor.finding import Finding, Grade, both
from voicedesk.english_counts import counted
from voicedesk.hall.lines import pbxs_of
from voicedesk.settings import LineSettings, Settings

MOST_NAMED = 8
_ON_THE_SWITCH = frozenset({"PJSIP", "SIP", "IAX2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that was seen of a hall: its settings, each switch's lists, each switch's last day."""

    settings: Settings
    houses: Mapping[str, HouseSeen] = field(default_factory=dict)
    days: Mapping[str, HouseDay] = field(default_factory=dict)

    @property
    def is_seen(self) -> bool:
        """Every switch of the settings told its lists: what none of them has is nowhere."""
        return bool(self.houses) and all(pbx.name in self.houses for pbx in self.settings.pbx)

    def houses_of(self, one: object) -> list[HouseSeen]:
        """The switches that a line or phone may be on: its own, or all where none is named."""
        named = pbxs_of(one)
        return [house for name, house in self.houses.items() if not named or name in named]

    def days_of(self, one: object) -> list[HouseDay]:
        """The same for the last day's calls."""
        named = pbxs_of(one)
        return [day for name, day in self.days.items() if not named or name in named]

    def phones(self) -> set[str]:
        """The phones of the settings."""
        return {phone.endpoint for phone in self.settings.phones}.union(*(one.phones for one in self.settings.lines))

    def pbx_of(self, one: object) -> str:
        """The name findings about a line or phone stand under."""
        named = pbxs_of(one) or tuple(pbx.name for pbx in self.settings.pbx)
        return named[0] if len(named) == 1 else "settings"

    def ties(self, house: HouseSeen) -> Ties:
        """How members of a switch's queues are tied to phones, by these settings and the last day's calls."""
        extensions = {phone.endpoint: phone.extension for phone in self.settings.phones if phone.extension}
        day = self.days.get(house.pbx)
        return house.ties(
            Hall(phones=frozenset(self.phones()), extensions=extensions), day.behind_local if day is not None else ()
        )


def check_names(around: Surroundings, now: datetime) -> Iterator[Finding]:
    """Everything about names, of all switches."""
    if around.is_seen:
        yield from _queues(around)
        yield from _phones(around)
        yield from _extensions(around)
        yield from _announced(around)
    for pbx, house in around.houses.items():
        yield from _members(around, pbx, house)
    for pbx, day in around.days.items():
        yield from _unknown_phones(around, pbx, day)
    yield from _people(around, now)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant: the same phone of another technology, else one that is written alike."""
    known = sorted(set(names))
    technology, _, device = name.partition("/")
    if device:
        same = [one for one in known if one.partition("/")[2] == device and one.partition("/")[0] != technology]
        if same:
            return same[0]
    # what every phone has in common says nothing of which one is meant
    alike = {one: difflib.SequenceMatcher(None, device or name, _own(one)).ratio() for one in known}
    close = [one for one in known if alike[one] >= 0.6]
    return max(close, key=alike.__getitem__, default=None)


def _own(name: str) -> str:
    """The part of a phone's name that is its own: `101` of `PJSIP/101`."""
    return name.partition("/")[2] or name


def _nearest_number(number: str, dialled: Mapping[str, int]) -> str | None:
    """The number most like one, the one dialled more often where two are."""
    likeness = {one: difflib.SequenceMatcher(None, number, one).ratio() for one in dialled}
    close = [one for one in dialled if likeness[one] >= 0.6]
    return max(close, key=lambda one: (likeness[one], dialled[one], one), default=None)


def _queues(around: Surroundings) -> Iterator[Finding]:
    for line in around.settings.lines:
        houses, days = around.houses_of(line), around.days_of(line)
        if not houses or any(house.queues is None for house in houses):
            continue
        known = {queue for house in houses for queue in house.queues or ()}
        known |= {queue for day in days for call in day.calls.values() for queue in call.queues}
        for queue in line.queues:
            if queue not in known:
                yield _no_queue(around, line, queue, known, houses)
            elif not any((house.queues or {}).get(queue) for house in houses):
                what = both(f"队列 {queue} 没有成员", f"nobody is in the queue {queue!r} of line {line.name!r}")
                why = both("来电无人可响", "no phone can ring for its callers")
                cure = "sign the phones on (AddQueueMember), or in queues.conf: member => PJSIP/…,0,NAME"
                yield Finding.note(around.pbx_of(line), "queue_members", what, why, cure)


def _no_queue(
    around: Surroundings, line: LineSettings, queue: str, known: set[str], houses: list[HouseSeen]
) -> Finding:
    meant = nearest(queue, known)
    what = both(f"交换机上没有队列 {queue}", f"the switch has no queue {queue!r}, which line {line.name!r} names")
    why = both("排队的来电认不出是哪条线路", "calls that come by this queue are not known to be this line's")
    others = toml_list([*(one for one in line.queues if one != queue), *([meant] if meant else [])])
    cure = f"in [[lines]] {line.name}: queues = {others}"
    if meant is None:
        there = ", ".join(sorted(known)[:MOST_NAMED])
        cure = f"{cure}   (it has {there})" if there else f"{cure}   (it has none at all: leave queues out)"
    # a queue in a database of the switch is listed when it was first used
    is_sure = meant is not None or not any(house.is_realtime for house in houses)
    return Finding(
        subject=around.pbx_of(line),
        check="queue_unknown",
        grade=Grade.BAD if is_sure else Grade.NOTE,
        what=what,
        why=why,
        cure=cure,
    )


def _phones(around: Surroundings) -> Iterator[Finding]:
    by_endpoint = {phone.endpoint: phone for phone in around.settings.phones}
    for endpoint in sorted(around.phones()):
        one = by_endpoint.get(endpoint)
        houses, days = around.houses_of(one), around.days_of(one)
        if endpoint.partition("/")[0].upper() not in _ON_THE_SWITCH or "@" in endpoint:
            continue
        if not houses or any(house.knows(endpoint) is not False for house in houses):
            continue
        if any(endpoint in day.rung() or endpoint in day.sources() for day in days):
            continue
        meant = nearest(endpoint, {name for house in houses for name in house.names()})
        what = both(f"交换机上没有分机 {endpoint}", f"the switch has no phone {endpoint!r}")
        why = both("这部话机的响铃、忙闲都看不到", "nothing it does will ever be seen under this name")
        cure = f'write endpoint = "{meant}"' if meant else f"take {endpoint!r} out of [[phones]] and [[lines]] phones"
        if meant is None and houses:
            names = sorted({name for house in houses for name in house.names()})
            cure += f"   (it has {', '.join(names[:MOST_NAMED])}{' …' if len(names) > MOST_NAMED else ''})"
        yield Finding.bad(around.pbx_of(one), "phone_unknown", what, why, cure)


def _extensions(around: Surroundings) -> Iterator[Finding]:
    ours = {extension for line in around.settings.lines for extension in line.extensions}
    for line in around.settings.lines:
        houses, days = around.houses_of(line), around.days_of(line)
        dialled: Counter[str] = Counter()
        for day in days:
            dialled.update(call.number for call in inbound(around, day) if call.number)
        known_queue = any(queue in (house.queues or {}) for house in houses for queue in line.queues)
        others = {number: times for number, times in dialled.items() if number not in ours}
        mine = {number: times for number, times in _came_to(line, days).items() if number in others}
        for extension in line.extensions:
            if dialled[extension]:
                continue
            place = around.pbx_of(line)
            meant = max(mine, key=lambda one: mine[one]) if mine else _nearest_number(extension, others)
            if meant is not None:
                yield _dialled_instead(place, line, extension, meant, dialled[meant], is_reached=bool(mine))
            elif _is_nowhere(extension, [house.dialplan for house in houses]):
                grade = Grade.NOTE if known_queue else Grade.BAD
                yield _in_no_dialplan(place, line, extension, houses, grade)


def _came_to(line: LineSettings, days: list[HouseDay]) -> Counter[str]:
    """The numbers by which calls came to a line that was known otherwise: as announced, or by its queue."""
    return Counter(
        call.number
        for day in days
        for call in day.calls.values()
        if call.number and (call.said == line.name or set(call.queues) & set(line.queues))
    )


def _dialled_instead(
    place: str, line: LineSettings, extension: str, meant: str, times: int, *, is_reached: bool
) -> Finding:
    what = both(
        f"号码 {extension} 最近一天无人拨打, 而 {meant} 有 {times} 通",
        f"nobody dialled {extension!r} of line {line.name!r} in the last day, but {meant!r} {counted(times, 'times')}",
    )
    why = both("这条线路的来电全部不判", "calls to this line are not known as such, and nothing of them is judged")
    if is_reached:
        why = both("只靠队列或拨号计划认出这条线路", "the line is known by its queue or the dialplan's word alone")
    grade = Grade.NOTE if is_reached else Grade.BAD
    numbers = toml_list([meant if one == extension else one for one in line.extensions])
    return Finding(
        subject=place,
        check="extension_unknown",
        grade=grade,
        what=what,
        why=why,
        cure=f"in [[lines]] {line.name}: extensions = {numbers}",
    )


def _in_no_dialplan(place: str, line: LineSettings, extension: str, houses: list[HouseSeen], grade: Grade) -> Finding:
    written = {number for house in houses if house.dialplan for number in _numbers(house.dialplan)}
    meant = nearest(extension, written)
    what = both(
        f"拨号计划里没有号码 {extension}", f"no context of the dialplan has the number {extension!r} of {line.name!r}"
    )
    why = both("来电不会以这个号码到达", "no call can come by this number as it is written")
    cure = (
        f"in [[lines]] {line.name}: extensions = {toml_list([meant])}" if meant else "write it as the trunk delivers it"
    )
    return Finding(subject=place, check="extension_unknown", grade=grade, what=what, why=why, cure=cure)


def _is_nowhere(extension: str, plans: list[Dialplan | None]) -> bool:
    return bool(plans) and all(plan is not None and plan.is_whole and not plan.places_of(extension) for plan in plans)


def _numbers(plan: Dialplan) -> set[str]:
    return {number for context in plan.contexts.values() for number in context.extensions if number.isdecimal()}


def _announced(around: Surroundings) -> Iterator[Finding]:
    """Lines that the dialplan announces and the settings do not know."""
    names = {line.name for line in around.settings.lines}
    known = names | {extension for line in around.settings.lines for extension in line.extensions}
    for pbx, house in around.houses.items():
        said = _lines_said(house.dialplan) if house.dialplan is not None else {}
        for name, context in sorted(said.items()):
            if name in known:
                continue
            meant = nearest(name, names)
            what = both(
                f"拨号计划报的线路 {name} 不在配置里",
                f"the dialplan announces the line {name!r}, which is no line of the settings",
            )
            why = both("按号码或队列才能认出线路", "its calls are known by number or queue only, or not at all")
            cure = f"in [{context}] of extensions.conf: UserEvent(VoicedeskCall,Line: {meant or 'NAME'},…)"
            yield Finding.note(pbx, "line_announced", what, why, cure)


def _lines_said(plan: Dialplan) -> dict[str, str]:
    found = {}
    for context in plan.contexts.values():
        for steps in context.extensions.values():
            for step in steps:
                if step.application == "userevent" and step.arguments[0] == "VoicedeskCall":
                    name = next((part.partition(":")[2].strip() for part in step.arguments if "Line:" in part), "")
                    if name and "$" not in name and "@" not in name:
                        found[name] = context.name
    return found


def _members(around: Surroundings, pbx: str, house: HouseSeen) -> Iterator[Finding]:
    """Members of our queues that are no phone of the settings."""
    ours = {queue for line in around.settings.lines for queue in line.queues}
    phones, numbers = around.phones(), {one.extension for one in around.settings.phones if one.extension}
    ties = around.ties(house)
    untied: list[Member] = []
    missing: list[str] = []
    for member in house.members:
        if member.queue not in ours:
            continue
        tied = ties.behind(member.interface, member.state_interface).phones
        if not tied:
            untied.append(member)
        elif not set(tied) & phones and tied[0] not in missing:
            missing.append(tied[0])
    if untied:
        named = ", ".join(sorted({f"{one.interface} ({one.state_interface})" for one in untied})[:MOST_NAMED])
        what = both(f"队列成员对不上话机: {named}", f"members of queues that no phone is known for: {named}")
        why = both("看不到它们的忙、离线和小休", "that they are busy, away or on a break cannot be seen")
        first = next((one for one in untied if number_in(one.interface) not in numbers), untied[0])
        phone, number = house.likely_phone(first, ties) or "PJSIP/…", number_in(first.interface) or "…"
        cure = f'add for each: [[phones]] endpoint = "{phone}" extension = "{number}"; or: voicedesk init --discover; '
        cure += "a mobile outside needs none: [[assignments]] number names who answers there"
        yield Finding.note(pbx, "members_untied", what, why, cure)
    if missing:
        yield _not_in_settings(pbx, house, missing, "queue_members_unknown", ("在队列里", "are in a queue"))


def _not_in_settings(pbx: str, house: HouseSeen | None, phones: list[str], check: str, how: tuple[str, str]) -> Finding:
    listed = ", ".join(phones[:MOST_NAMED]) + ("" if len(phones) <= MOST_NAMED else f" … ({len(phones)})")
    what = both(f"话机{how[0]}而不在配置里: {listed}", f"phones that {how[1]} and stand in no setting: {listed}")
    why = both("它们的通话算线路的, 不算任何人的", "their calls count for the line, and for no person")
    numbers = {phone: number for number, phone in (house.dials if house else {}).items()}
    extension = f' extension = "{numbers[phones[0]]}"' if phones[0] in numbers else ""
    cure = f'add for each: [[phones]] endpoint = "{phones[0]}"{extension}; all at once: voicedesk init --discover'
    return Finding.note(pbx, check, what, why, cure)


def _unknown_phones(around: Surroundings, pbx: str, day: HouseDay) -> Iterator[Finding]:
    """Phones that rang for callers and stand in no setting."""
    phones, trunks = around.phones(), day.trunks()
    house = around.houses.get(pbx)
    ties = around.ties(house) if house is not None else None
    members = {house.likely_phone(one, ties) for one in house.members} if house is not None and ties else set()
    rang = [one for one in day.rung() if one not in phones and one not in trunks and one not in members]
    if rang:
        yield _not_in_settings(pbx, house, sorted(rang), "phones_unknown", ("响过铃", "rang in the last day"))


def _people(around: Surroundings, now: datetime) -> Iterator[Finding]:
    """Lines at whose phones nobody sits now."""
    settings = around.settings
    held = [one for one in settings.assignments if one.holds_at(now)]
    why = both("判定只归线路和话机, 不归任何人", "verdicts stand for the line and the phone, never for a person")
    cure = '[[assignments]] agent = "ID" endpoint = "PJSIP/…" (and [[agents]] id, name)'
    if settings.lines and not held:
        what = both("没有任何人分配到座席", "nobody is assigned to any phone")
        yield Finding.note("settings", "people", what, why, cure)
        return
    seats = {one.endpoint for one in held if one.endpoint}
    names = {one.member for one in held if one.member}
    for line in settings.lines:
        phones, members = set(line.phones), set()
        for house in around.houses_of(line):
            ties = around.ties(house)
            for queue in line.queues:
                for member in (house.queues or {}).get(queue, ()):
                    members.add(member.name)
                    phones |= set(ties.behind(member.interface, member.state_interface).phones)
        if (phones or members) and not phones & seats and not members & names:
            what = both(f"线路 {line.name} 的话机没有人", f"nobody is assigned to a phone of line {line.name!r}")
            example = cure.replace("PJSIP/…", sorted(phones)[0]) if phones else cure
            yield Finding.note(around.pbx_of(line), "people", what, why, example)


def inbound(around: Surroundings, day: HouseDay) -> list[CallSeen]:
    """The calls that came from outside: by something that is no phone of the house."""
    phones = around.phones() | set(day.rung()) - day.trunks()
    return [call for call in day.calls.values() if call.first and call.endpoint not in phones]
