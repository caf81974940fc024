"""The breaks of staff phones: each begins once and ends once, also over a lost link and a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from voicedesk.phones.conditions import BadPhones, PhoneRules
from voicedesk.phones.model import Break, BreakSource, Key, Slot
from voicedesk.phones.pauses import SAME_PAUSE_US
from voicedesk.phones.phone import Phone
from voicedesk.phones.seen import EXPECTED_US, Switch


class Breaks:
    """The breaks that stand open, by phone; some of them unseen: their switch did not tell of them since a gap."""

    def __init__(self, rules: PhoneRules) -> None:
        self.rules = rules
        self._breaks: dict[Key, Break] = {}
        self._unseen: set[Key] = set()

    def assume(self, breaks: Iterable[Break]) -> None:
        """What stood open when the service stopped."""
        for one in breaks:
            key = (Slot.BREAK, one.pbx, one.endpoint)
            self._breaks[key] = one
            self._unseen.add(key)

    def of(self, pbx: str, endpoint: str) -> Break | None:
        """The break that a phone is on, as of the last look."""
        return self._breaks.get((Slot.BREAK, pbx, endpoint))

    def since(self) -> dict[Key, int]:
        """Since when each phone is on its break."""
        return {key: one.from_at for key, one in self._breaks.items()}

    def look(self, switches: Mapping[str, Switch], at: int, bad: BadPhones) -> list[Break]:
        """The breaks that began or ended by now. A phone over which something is raised goes to `bad`."""
        changed: list[Break] = []
        for switch in switches.values():
            if not switch.is_current:
                self._unseen |= {key for key in self._breaks if key[1] == switch.pbx}
                continue
            for phone in list(switch.phones.values()):
                try:
                    changed += self._look_at_break(switch, phone, at)
                except Exception as error:  # noqa: BLE001  # it costs this phone
                    bad.append((switch.pbx, phone.endpoint, error))
        gone = [key for key in self._breaks if key[1] not in switches]
        for key in gone:  # a PBX that is no longer in the settings
            changed.append(self._ended(key, at, seen=False))
        return changed

    def _look_at_break(self, switch: Switch, phone: Phone, at: int) -> list[Break]:
        key = (Slot.BREAK, switch.pbx, phone.endpoint)
        open_break = self._breaks.get(key)
        if not phone.queues and not switch.is_whole:
            return []
        unseen = key in self._unseen
        self._unseen.discard(key)
        left_at, phone.unpaused_at = None if unseen else phone.unpaused_at, None
        began = phone.began if phone.is_on_break and phone.main == phone.endpoint else None
        if began is None:
            if open_break is None:
                return []
            return [self._ended(key, left_at if left_at is not None else at, seen=not unseen)]
        if open_break is None:
            return [self._begun(key, phone, began.latest)] if self.rules.on(switch.pbx).is_staff(phone) else []
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
