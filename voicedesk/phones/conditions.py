"""What is true of phones and lines at an instant, as far as it is known: pure code, computed again at every look.

All but breaks is looked at in duty hours only. `Unknown` is an answer of its own: while a link is lost, or a list is
missing, no finding begins and none ends.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from voicedesk.calls.model import Hall, Line, PhoneState
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.phones.model import FindingKind, Key, Slot
from voicedesk.phones.phone import Phone
from voicedesk.phones.seen import Switch
from voicedesk.work_calendar import Duty, WorkCalendar

WINDOW_US = 4 * 3600 * MICROSECONDS
"""Refusals that lie further back from the last one are not counted with it. Chosen: half a working day."""
_PHONE_SLOTS = (Slot.BREAK, Slot.AWAY, Slot.DND, Slot.SUSPECTED, Slot.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRules:
    """The hall's rules for its phones. `duty`: hours by line; `extensions`: inside numbers by endpoint.

    `houses`: where there are several PBXs, the rules with the lines, phones and people of each alone.
    """

    hall: Hall
    calendar: WorkCalendar
    duty: Mapping[str, Duty]
    zone: tzinfo
    extensions: Mapping[str, str] = field(default_factory=dict)
    break_us: int = 30 * 60 * MICROSECONDS
    away_us: int = 20 * MICROSECONDS
    held_us: int = 600 * MICROSECONDS
    refusals: int = 3
    houses: Mapping[str, "PhoneRules"] = field(default_factory=dict)

    def on(self, pbx: str) -> "PhoneRules":
        """The rules for the phones of one PBX: equal names on another are other phones."""
        return self.houses.get(pbx, self)

    def has_line(self, pbx: str, line: str) -> bool:
        """Whether phones of a PBX may ring for a line."""
        return any(one.name == line for one in self.on(pbx).hall.lines)

    def on_duty(self, line: str, at: int) -> bool:
        """Whether a line is to be answered at an instant."""
        return self.calendar.is_on_duty(self.duty.get(line, ()), at)

    def extension_of(self, switch: Switch, phone: Phone) -> str | None:
        """A phone's inside number, by the settings or as its switch knows it."""
        return self.extensions.get(phone.endpoint) or switch.ties.number_of(phone.endpoint)

    def lines_of(self, phone: Phone) -> list[Line]:
        """The lines that a phone is rung for: they name it, or it is in one of their queues."""
        queues = phone.queues
        return [line for line in self.hall.lines if phone.endpoint in line.phones or not line.queues.isdisjoint(queues)]

    def is_staff(self, phone: Phone) -> bool:
        """Whether it is a phone of the hall: named in the settings, or in a queue of one of its lines."""
        return phone.endpoint in self.hall.phones or bool(self.lines_of(phone))

    def too_long_at(self, lines: Iterable[Line], began: int) -> int | None:
        """When a break is too long: time in which no line had to be answered is no absence (S11)."""
        ends = (self.calendar.after(self.duty.get(line.name, ()), began, self.break_us) for line in lines)
        return min(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something holds since `since`; from `ripe_at` on it is a finding."""

    kind: FindingKind
    since: int
    ripe_at: int
    evidence: str
    about: str = ""


UNKNOWN: Final = "unknown"
"""Whether it holds cannot be told now."""
Conditions = dict[Key, Condition | str]
"""What holds (a Condition) or cannot be told (UNKNOWN); what is absent does not hold."""


BadPhones = list[tuple[str, str, Exception]]
"""Phones over which something was raised that nobody foresaw: PBX, endpoint, fault."""


def conditions(
    switches: Collection[Switch],
    rules: PhoneRules,
    duty_since: Mapping[str, int],
    breaks: Mapping[Key, int],
    bad: BadPhones,
) -> Conditions:
    """Everything that holds. `duty_since`: the lines on duty now, and since when they are seen to be.

    `breaks` says of phones on a break since when they are. A phone that goes to `bad` cannot be told, others are.
    """
    found: Conditions = {}
    by_line: dict[str, list[int | str | None]] = {name: [] for name in duty_since}
    for switch in switches:
        own = rules.on(switch.pbx)
        for lines, since in availability(switch, own):
            for line in lines:
                if line.name in by_line:
                    by_line[line.name].append(since)
        for phone in switch.phones.values():
            try:
                found.update(_of_one(switch, phone, own, duty_since, breaks))
            except Exception as error:  # noqa: BLE001  # it costs this phone
                bad.append((switch.pbx, phone.endpoint, error))
                found.update({(slot, switch.pbx, phone.endpoint): UNKNOWN for slot in _PHONE_SLOTS})
    for name, phones in by_line.items():
        sees_all = all(is_whole(switch) for switch in switches if rules.has_line(switch.pbx, name))
        found.update(_of_line(name, phones, rules, duty_since[name], sees_all=sees_all))
    return found


def _of_one(
    switch: Switch, phone: Phone, own: PhoneRules, duty_since: Mapping[str, int], breaks: Mapping[Key, int]
) -> Conditions:
    if not phone.is_known:
        return dict(_of_unknown(switch, phone))
    lines = own.lines_of(phone)
    if not lines:
        return {}
    on_duty = [duty_since[line.name] for line in lines if line.name in duty_since]
    if not switch.is_current:
        return {(slot, switch.pbx, phone.endpoint): UNKNOWN for slot in _PHONE_SLOTS}
    began = breaks.get((Slot.BREAK, switch.pbx, phone.endpoint))
    return dict(_of_phone(_At(switch, phone, own, lines, min(on_duty, default=None)), began))


def is_whole(switch: Switch) -> bool:
    """Whether the switch has told all that it can of its phones: a phone that it did not name does not exist there."""
    return switch.is_current and switch.is_whole


def availability(switch: Switch, rules: PhoneRules) -> Iterator[tuple[list[Line], int | str | None]]:
    """For each phone that a switch can ring: its lines, and since when it can take no call (as `unavailable_since`).

    A queue member whose phone is not known counts as reachable, unless it is paused.
    """
    for phone in switch.phones.values():
        if phone.is_known:
            yield rules.lines_of(phone), unavailable_since(switch, phone, rules)
    for member in switch.untied():
        lines = [line for line in rules.hall.lines if member.queue in line.queues]
        yield lines, member.began.latest if member.began is not None and switch.is_current else UNKNOWN


def unavailable_since(switch: Switch, phone: Phone, rules: PhoneRules) -> int | str | None:
    """Since when a phone can take no call, neither now nor when its own call ends; None: it can; or UNKNOWN."""
    if not switch.is_current:
        return UNKNOWN
    since = []
    if phone.is_away:
        since.append(phone.device_since)
    if phone.began is not None:
        since.append(phone.began.latest)
    dnd_since = switch.dnd_since(rules.extension_of(switch, phone))
    if dnd_since is not None:
        since.append(dnd_since)
    if since:
        return min(since)
    tells = switch.is_whole or switch.tells_dnd(rules.extension_of(switch, phone))
    return None if tells and phone.device is not None else UNKNOWN


def is_free(switch: Switch, phone: Phone, rules: PhoneRules) -> bool:
    """Whether a call would ring it now, as far as the switch knows."""
    return phone.device is PhoneState.FREE and unavailable_since(switch, phone, rules) is None


def _of_unknown(switch: Switch, phone: Phone) -> Conditions:
    if is_whole(switch):
        return {}
    return {(slot, switch.pbx, phone.endpoint): UNKNOWN for slot in _PHONE_SLOTS}


@dataclass(frozen=True, slots=True)
class _At:
    """A phone to look at. `duty_since` None: none of its lines is on duty now."""

    switch: Switch
    phone: Phone
    rules: PhoneRules
    lines: list[Line]
    duty_since: int | None

    def key(self, slot: Slot) -> Key:
        return slot, self.switch.pbx, self.phone.endpoint


def _of_phone(one: _At, began: int | None) -> Conditions:
    """`began`: when the break began that it is on."""
    switch, phone, rules = one.switch, one.phone, one.rules
    found: Conditions = {}
    too_long = _break(phone, rules, one.lines, began)
    if too_long is not None:
        found[one.key(Slot.BREAK)] = too_long
    elif not phone.members and not switch.is_whole:
        found[one.key(Slot.BREAK)] = UNKNOWN
    if one.duty_since is None:
        return found
    if phone.device is None:
        return found | {one.key(slot): UNKNOWN for slot in (Slot.AWAY, Slot.DND, Slot.SUSPECTED, Slot.HELD)}
    of_slots = {
        Slot.AWAY: _away(switch, phone, rules, one.duty_since),
        Slot.DND: _dnd(switch, phone, rules, one.duty_since),
        Slot.SUSPECTED: _suspected(switch, phone, rules),
        Slot.HELD: _held(phone, rules),
    }
    return found | {one.key(slot): holds for slot, holds in of_slots.items() if holds is not None}


def _break(phone: Phone, rules: PhoneRules, lines: list[Line], began: int | None) -> Condition | None:
    if began is None or not phone.is_on_break:
        return None
    ripe_at = rules.too_long_at(lines, began)
    if ripe_at is None:
        return None
    minutes = rules.break_us / (60 * MICROSECONDS)
    pause = phone.began
    is_seen = pause is None or pause.is_seen or pause.latest != began
    since = f"自{_clock(began, rules)}起离岗" if is_seen else f"最迟自{_clock(began, rules)}起离岗（开始时刻未被看到）"
    text = f"{since}（理由：{phone.reason or '未说明'}），值守时间内已超过{minutes:g}分钟"
    return Condition(
        kind=FindingKind.BREAK_TOO_LONG, since=began, ripe_at=ripe_at, evidence=text, about=f"break {began}"
    )


def _away(switch: Switch, phone: Phone, rules: PhoneRules, duty_since: int) -> Condition | None:
    if not switch.is_away(phone):
        return None
    since = max(phone.device_since, duty_since)
    kind = FindingKind.PHONE_UNREACHABLE if phone.is_lost else FindingKind.PHONE_UNREGISTERED
    why = "话机不再应答交换机的探询" if phone.is_lost else "话机未在交换机注册，或已不可用"
    return Condition(
        kind=kind,
        since=since,
        ripe_at=since + rules.away_us,
        evidence=f"自{_clock(since, rules)}起交换机报告该话机不可用：{why}",
    )


def _dnd(switch: Switch, phone: Phone, rules: PhoneRules, duty_since: int) -> Condition | str | None:
    extension = rules.extension_of(switch, phone)
    since = switch.dnd_since(extension)
    if since is None:
        return None if switch.is_whole or switch.tells_dnd(extension) else UNKNOWN
    since = max(since, duty_since)
    text = f"自{_clock(since, rules)}起交换机记录该话机为免打扰（DND）"
    return Condition(kind=FindingKind.DND_ON, since=since, ripe_at=since + rules.away_us, evidence=text)


def _suspected(switch: Switch, phone: Phone, rules: PhoneRules) -> Condition | str | None:
    """A SIP phone announces neither do-not-disturb nor a lifted handset: this can only be guessed, and says so."""
    if phone.is_away or phone.is_on_break:
        return UNKNOWN
    if switch.dnd_since(rules.extension_of(switch, phone)) is not None:
        return None
    last = max(phone.refusals.values(), default=0)
    counted = [at for at in phone.refusals.values() if at > last - WINDOW_US]
    if len(counted) < rules.refusals:
        return None
    text = (
        f"空闲时连续{len(counted)}次来电未振铃即被拒（{_clock(min(counted), rules)}至"
        f"{_clock(last, rules)}）。话机不会通报此状态，仅为推测，请到现场查看"
    )
    return Condition(kind=FindingKind.DND_SUSPECTED, since=min(counted), ripe_at=last, evidence=text)


def _held(phone: Phone, rules: PhoneRules) -> Condition | None:
    """A call that is neither the hotline's nor a callback nor about a ticket keeps the phone from callers (S15)."""
    if phone.device is not PhoneState.IN_USE or any(talk.is_hall for talk in phone.talks.values()):
        return None
    own = [talk for talk in phone.talks.values() if not talk.is_excused and not talk.is_doubtful]
    longest = min(own, key=lambda talk: talk.since, default=None)
    if longest is None:
        return None
    minutes = rules.held_us / (60 * MICROSECONDS)
    text = f"自{_clock(longest.since, rules)}起通话超过{minutes:g}分钟：不是热线来电，不是回拨，也无对应的未结工单"
    return Condition(
        kind=FindingKind.LINE_HELD,
        since=longest.since,
        ripe_at=longest.since + rules.held_us,
        evidence=text,
        about=longest.call_id,
    )


def _of_line(
    name: str, phones: list[int | str | None], rules: PhoneRules, duty_since: int, *, sees_all: bool
) -> Conditions:
    """A line of which every phone is on a break or away, so that nobody can answer it (S11).

    A switch that was not heard may have another phone of it.
    """
    key = (Slot.NOBODY, "", name)
    if None in phones:
        return {}
    told = [since for since in phones if isinstance(since, int)]
    if not sees_all or not phones or len(told) < len(phones):
        return {key: UNKNOWN}
    since = max(*told, duty_since)
    text = f"自{_clock(since, rules)}起，线路{name}在值守时间内全部{len(phones)}部话机离岗、离线或免打扰，无人可接"
    kind = FindingKind.NOBODY_FREE
    return {key: Condition(kind=kind, since=since, ripe_at=since + rules.away_us, evidence=text)}


def _clock(at: int, rules: PhoneRules) -> str:
    return to_datetime(at).astimezone(rules.zone).strftime("%H:%M:%S")
