"""The phones of all switches together: what was told of them becomes breaks and findings, each begun and ended once.

`receive` and `take_calls` only note; `look` concludes, some times a second. A restart takes up what stood open by
`assume`: it is not begun again, and what became of it meanwhile is told by the lists that each link begins with.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, PhoneState
from voicedesk.clock import MICROSECONDS
from voicedesk.phones.breaks import Breaks
from voicedesk.phones.conditions import BadPhones, PhoneRules, conditions
from voicedesk.phones.coverage import has_free_phone, is_deserted
from voicedesk.phones.ledger import Ledger
from voicedesk.phones.model import Break, Key, PhoneFinding, PhoneStanding
from voicedesk.phones.phone import Phone
from voicedesk.phones.seen import Switch
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
        self._breaks = Breaks(rules)
        self._ledger = Ledger(self._agent_at)
        self._duty_since: dict[str, int] = {}
        self._has_looked = False
        self._bad: BadPhones = []

    @property
    def rules(self) -> PhoneRules:
        """The hall's rules for its phones; after a reload new ones are set here."""
        return self._rules

    @rules.setter
    def rules(self, rules: PhoneRules) -> None:
        self._rules = self._breaks.rules = rules
        for switch in self.switches.values():
            switch.ties.hall = rules.hall

    def assume(self, breaks: Iterable[Break], findings: Iterable[PhoneFinding]) -> None:
        """What stood open when the service stopped."""
        self._breaks.assume(breaks)
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
        breaks = self._breaks.look(self.switches, at, self._bad)
        since = self._breaks.since()
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

    def _agent_at(self, key: Key, at: int) -> str | None:
        switch = self.switches.get(key[1])
        phone = switch.phones.get(key[2]) if switch is not None else None
        hall = self.rules.on(key[1]).hall
        return hall.agent_at(key[2], phone.member if phone is not None else None, at)

    # --- how it stands

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
        return self._breaks.of(pbx, phone.main if phone is not None else endpoint)

    def left_without(self, pbx: str, endpoint: str, at: int, *, leaving: Collection[tuple[str, str]] = ()) -> list[str]:
        """The lines on duty of which no other phone is free: if this one is paused, nobody is left to ring (S11).

        `leaving`: phones, by PBX, that are being paused and are not seen paused yet.
        """
        rules = self.rules.on(pbx)
        lines = rules.lines_of(self.switches[pbx].phone(endpoint))
        on_duty = [line.name for line in lines if rules.on_duty(line.name, at)]
        switches, without = self.switches.values(), {(pbx, endpoint), *leaving}
        return [name for name in on_duty if not has_free_phone(name, switches, self.rules, without=without)]

    def is_deserted(self, line: str) -> bool:
        """Whether every phone of a line is surely on a break, away or set to do-not-disturb."""
        return is_deserted(line, self.switches.values(), self.rules)

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
            if phone.is_known and self.rules.on(switch.pbx).is_staff(phone)
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
