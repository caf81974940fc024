"""The phones of all switches together: what was told of them becomes breaks and findings, each begun and ended once.

`receive` and `take_calls` only note; `look` concludes, some times a second. A restart takes up what stood open by
`assume`: it is not begun again, and what became of it meanwhile is told by the lists that each link begins with.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, PhoneState
from voicedesk.clock import MICROSECONDS
from voicedesk.phones.conditions import BadPhones, PhoneRules, availability, conditions, is_free, is_whole
from voicedesk.phones.ledger import Ledger
from voicedesk.phones.model import Break, BreakSource, Key, PhoneFinding, PhoneStanding, Slot
from voicedesk.phones.pauses import SAME_PAUSE_US
from voicedesk.phones.phone import Phone
from voicedesk.phones.seen import EXPECTED_US, Switch
from voicedesk.phones.talk import Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChanges:
    """Breaks and findings that began or ended, as they stand now."""

    breaks: list[Break] = field(default_factory=list)
    findings: list[PhoneFinding] = field(default_factory=list)


class PhoneWatch:
    """Feed it each PBX's events and calls in their order; `look` with a clock that does not go back."""

    def __init__(self, pbxs: Iterable[str], rules: PhoneRules) -> None:
        self._rules = rules
        self.switches = {pbx: Switch(pbx, Ties(rules.hall)) for pbx in pbxs}
        self._breaks: dict[Key, Break] = {}
        self._unseen: set[Key] = set()
        self._ledger = Ledger(self._agent_at)
        self._duty_since: dict[str, int] = {}
        self._has_looked = False
        self._bad: BadPhones = []

    @property
    def rules(self) -> PhoneRules:
        """The hall's rules for its phones; they may be others from now on."""
        return self._rules

    @rules.setter
    def rules(self, rules: PhoneRules) -> None:
        self._rules = rules
        for switch in self.switches.values():
            switch.ties.hall = rules.hall

    def assume(self, breaks: Iterable[Break], findings: Iterable[PhoneFinding]) -> None:
        """What stood open when the service stopped."""
        for one in breaks:
            key = (Slot.BREAK, one.pbx, one.endpoint)
            self._breaks[key] = one
            self._unseen.add(key)
        self._ledger.assume(findings)

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Notes what a switch tells; cheap, and never waits."""
        receive = self.switches[pbx].receive
        for event in events:
            if event.names_fit:
                receive(event)

    def take_calls(self, pbx: str, calls: Iterable[CallFacts], merged: Sequence[tuple[str, str]] = ()) -> None:
        """Notes calls that changed, as they stand now; `merged` are (gone, kept)."""
        for gone, kept in merged:
            self._ledger.rename(gone, kept)
        self.switches[pbx].take_calls(calls, merged)

    # --- looking

    def look(self, at: int) -> PhoneChanges:
        """What began and what ended by now."""
        for switch in self.switches.values():
            switch.settle()
        lines = {line.name for line in self.rules.hall.lines if self.rules.on_duty(line.name, at)}
        self._duty_since = {name: self._duty_since.get(name, at if self._has_looked else 0) for name in lines}
        self._has_looked = True
        self._forget_refusals()
        breaks = self._look_at_breaks(at)
        since = {key: one.from_at for key, one in self._breaks.items()}
        found = conditions(self.switches.values(), self.rules, self._duty_since, since, self._bad)
        findings = self._ledger.look(found, at, self._is_blind)
        return PhoneChanges(breaks=breaks, findings=findings)

    def take_bad(self) -> BadPhones:
        """The phones over which something was raised since the last time."""
        bad, self._bad = self._bad, []
        return bad

    def _forget_refusals(self) -> None:
        """What a phone refused on one day says nothing of the next."""
        for switch in self.switches.values():
            rules = self.rules.on(switch.pbx)
            for phone in switch.phones.values():
                if phone.refusals and not any(one.name in self._duty_since for one in rules.lines_of(phone)):
                    phone.refusals.clear()

    def _is_blind(self, key: Key) -> bool:
        switch = self.switches.get(key[1])
        return switch is not None and not switch.is_current

    def _look_at_breaks(self, at: int) -> list[Break]:
        changed: list[Break] = []
        for switch in self.switches.values():
            if not switch.is_current:
                self._unseen |= {key for key in self._breaks if key[1] == switch.pbx}
                continue
            for phone in list(switch.phones.values()):
                try:
                    changed += self._look_at_break(switch, phone, at)
                except Exception as error:  # noqa: BLE001  # it costs this phone
                    self._bad.append((switch.pbx, phone.endpoint, error))
        gone = [key for key in self._breaks if key[1] not in self.switches]
        for key in gone:  # a PBX that is no longer in the settings
            changed.append(self._ended(key, at, seen=False))
        return changed

    def _look_at_break(self, switch: Switch, phone: Phone, at: int) -> list[Break]:
        key = (Slot.BREAK, switch.pbx, phone.endpoint)
        open_break = self._breaks.get(key)
        if phone.queues or switch.is_whole:
            unseen = key in self._unseen
            self._unseen.discard(key)
        else:
            return []
        left_at, phone.unpaused_at = None if unseen else phone.unpaused_at, None
        began = phone.began if phone.is_on_break and phone.main == phone.endpoint else None
        if began is None:
            if open_break is None:
                return []
            return [self._ended(key, left_at if left_at is not None else at, seen=not unseen)]
        if open_break is None:
            return [self._begun(key, phone, began.latest)] if self.is_staff(switch.pbx, phone) else []
        if unseen:  # the same pause, if it can have begun then
            is_same = began.earliest is None or began.earliest <= open_break.from_at + SAME_PAUSE_US
        else:
            is_same = left_at is None
        if is_same:
            return []
        ended = self._ended(key, left_at if left_at is not None else began.latest, seen=not unseen)
        return [ended, self._begun(key, phone, began.latest)]

    def _begun(self, key: Key, phone: Phone, since: int) -> Break:
        source, by, asked_at = phone.expected or (BreakSource.SWITCH, "", 0)
        if abs(since - asked_at) > EXPECTED_US:
            source, by = BreakSource.SWITCH, ""
        phone.expected = None
        begun = Break(
            pbx=key[1],
            endpoint=phone.endpoint,
            from_at=since,
            reason=phone.reason,
            agent=self.rules.on(key[1]).hall.agent_at(phone.endpoint, phone.member, since),
            source=source,
            by=by,
        )
        self._breaks[key] = begun
        return begun

    def _ended(self, key: Key, at: int, *, seen: bool) -> Break:
        begun = self._breaks.pop(key)
        self._unseen.discard(key)
        return replace(begun, to_at=max(at, begun.from_at), end_seen=seen)

    def _agent_at(self, key: Key, at: int) -> str | None:
        switch = self.switches.get(key[1])
        phone = switch.phones.get(key[2]) if switch is not None else None
        hall = self.rules.on(key[1]).hall
        return hall.agent_at(key[2], phone.member if phone is not None else None, at)

    # --- how it stands

    def is_staff(self, pbx: str, phone: Phone) -> bool:
        """Whether it is a phone of the hall on that PBX: named in the settings, or in a queue of one of its lines."""
        rules = self.rules.on(pbx)
        return phone.endpoint in rules.hall.phones or bool(rules.lines_of(phone))

    def find(self, endpoint: str, pbxs: Collection[str] | None = None) -> list[tuple[Switch, Phone]]:
        """The phones of a name, each at its switch: those of some PBXs, or of all."""
        switches = [one for one in self.switches.values() if pbxs is None or one.pbx in pbxs]
        phones = ((switch, switch.phones.get(endpoint)) for switch in switches)
        return [(switch, phone) for switch, phone in phones if phone is not None and phone.is_known]

    def at_member(self, member: str, pbxs: Collection[str] | None = None) -> list[tuple[Switch, Phone]]:
        """The phones that are signed on to a queue under a name, each at its switch."""
        return [
            (switch, phone)
            for switch in self.switches.values()
            if pbxs is None or switch.pbx in pbxs
            for phone in switch.phones.values()
            if any(one.member == member for one in phone.members.values())
        ]

    def break_of(self, pbx: str, endpoint: str) -> Break | None:
        """The break that a phone is on, as of the last look: of a seat with several phones it is the main one's."""
        phone = self.switches[pbx].phones.get(endpoint) if pbx in self.switches else None
        return self._breaks.get((Slot.BREAK, pbx, phone.main if phone is not None else endpoint))

    def left_without(self, pbx: str, endpoint: str, at: int, *, leaving: Collection[tuple[str, str]] = ()) -> list[str]:
        """The lines on duty of which no other phone is free: if this one is paused, nobody is left to ring (S11).

        `leaving`: phones, by PBX, that are being paused and are not seen paused yet.
        """
        switch = self.switches[pbx]
        lines = self.rules.on(pbx).lines_of(switch.phone(endpoint))
        on_duty = [line.name for line in lines if self.rules.on_duty(line.name, at)]
        return [name for name in on_duty if not self._others(name, {(pbx, endpoint), *leaving})]

    def _others(self, line: str, leaving: Collection[tuple[str, str]]) -> bool:
        return any(
            (switch.pbx, phone.endpoint) not in leaving and is_free(switch, phone, self.rules.on(switch.pbx))
            for switch, phone in self._phones_of(line)
        )

    def _phones_of(self, line: str) -> Iterator[tuple[Switch, Phone]]:
        """The phones that ring for a line, each at its switch."""
        for switch in self.switches.values():
            rules = self.rules.on(switch.pbx)
            for phone in switch.phones.values():
                if any(one.name == line for one in rules.lines_of(phone)):
                    yield switch, phone

    def is_deserted(self, line: str) -> bool:
        """Whether every phone of a line is surely on a break, away or set to do-not-disturb."""
        states = [
            since
            for switch in self.switches.values()
            for lines, since in availability(switch, self.rules.on(switch.pbx))
            if line in [one.name for one in lines]
        ]
        sees_all = all(is_whole(one) for one in self.switches.values() if self.rules.has_line(one.pbx, line))
        return sees_all and bool(states) and all(isinstance(one, int) for one in states)

    def to_check(self, at: int) -> list[tuple[str, str, Talk]]:
        """Talks that are about to be found too long, if no ticket excuses them: (PBX, endpoint, talk)."""
        soon = at + 2 * MICROSECONDS - self.rules.held_us
        return [
            (switch.pbx, phone.endpoint, talk)
            for switch in self.switches.values()
            for phone in switch.phones.values()
            for talk in phone.talks.values()
            if talk.number and not talk.is_hall and not talk.is_excused and talk.since <= soon
        ]

    def excuse(self, pbx: str, endpoint: str, call_id: str) -> None:
        """That call is about an open ticket: it is the hall's work, however long it lasts."""
        talks = self.switches[pbx].phone(endpoint).talks
        if call_id in talks:
            talks[call_id] = replace(talks[call_id], is_excused=True)

    def findings(self) -> list[PhoneFinding]:
        """The findings without an end."""
        return self._ledger.standing()

    def standings(self) -> list[PhoneStanding]:
        """How every staff phone stands, in the order of their names."""
        return [
            self._standing(switch, phone)
            for switch in self.switches.values()
            for _, phone in sorted(switch.phones.items())
            if phone.is_known and self.is_staff(switch.pbx, phone)
        ]

    def _standing(self, switch: Switch, phone: Phone) -> PhoneStanding:
        on_break = self.break_of(switch.pbx, phone.endpoint)
        state, since = phone.device or PhoneState.UNKNOWN, phone.device_since
        hall = [talk.since for talk in phone.talks.values() if talk.is_hall]
        if phone.is_away:
            state = phone.away_as
        elif hall:
            state, since = PhoneState.TALKING, min(hall)
        elif on_break is not None and state is PhoneState.FREE:
            state, since = PhoneState.PAUSED, on_break.from_at
        extension = self.rules.on(switch.pbx).extension_of(switch, phone)
        return PhoneStanding(
            pbx=switch.pbx,
            endpoint=phone.endpoint,
            state=state,
            since=since,
            is_current=switch.is_current,
            on_break_since=on_break.from_at if on_break is not None else None,
            reason=on_break.reason if on_break is not None else "",
            dnd=(switch.dnd_since(extension) is not None) if switch.tells_dnd(extension) else None,
        )
