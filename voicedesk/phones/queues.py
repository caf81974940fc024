"""The members of one switch's queues: which phones are behind them, and since when they are paused."""

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties, is_local
from voicedesk.calls.phones import MEMBER_STATUS
from voicedesk.phones.devices import Devices
from voicedesk.phones.pauses import pause_began
from voicedesk.phones.phone import Membership, Phone, Place, clean_reason, phone_at
from voicedesk.phones.switch_clock import SwitchClock


class QueueMembers:
    """What the switch says of members goes to the `phones` behind them. `is_live`: pauses are told as they begin."""

    def __init__(self, phones: dict[str, Phone], ties: Ties, devices: Devices, clock: SwitchClock) -> None:
        self._phones, self._devices, self._clock = phones, devices, clock
        self.ties = ties
        self.is_live = False
        self._members: dict[Place, Membership] = {}
        self._placed = -1
        self._listed: set[Place] | None = None

    def untied(self) -> list[Membership]:
        """The members behind which no phone is known."""
        return [
            one for one in self._members.values() if not self.ties.behind(one.interface, one.state_interface).phones
        ]

    def settle(self) -> None:
        """Puts members and phones together, if which phone is where may have changed."""
        if self._placed == self.ties.version:
            return
        self._placed = self.ties.version
        for phone in self._phones.values():
            phone.members, phone.groups, phone.seat = {}, {}, ()
        for place, member in self._members.items():
            self._put_at_phones(place, member)

    # --- the list that each link begins with

    def link_lost(self) -> None:
        """The link is down: nothing is told any more, and a list that had begun does not end."""
        self.is_live = False
        self._listed = None

    def begin_list(self) -> None:
        """A whole list of members follows."""
        self._listed, self.is_live = set(), False

    def end_list(self) -> bool:
        """The list is over: a member that it did not name is gone. False if no list had begun."""
        if self._listed is None:
            return False
        listed, self._listed = self._listed, None
        for place in [one for one in self._members if one not in listed]:
            del self._members[place]
            self._take_from_phones(place)
        self.settle()
        self.is_live = True
        return True

    # --- events

    def told(self, event: AmiEvent, at: int) -> None:
        """How one member stands."""
        place, state_interface = _place_of(event)
        if not all(place):
            return
        self.settle()
        before = self._members.get(place)
        now = Membership(*place, member=event.get("MemberName") or event.get("Name") or "")
        now.state_interface, now.last_pause = state_interface, event.get("LastPause") or ""
        if event.get("Paused") == "1":
            self._pause(event, before, now, at)
        else:
            now.unpaused_at = at
        if before is not None and before.state_interface != state_interface:
            self._take_from_phones(place)
        self._members[place] = now
        was_on_break = {one.endpoint for one in self._phones_of(now) if one.is_on_break}
        self._put_at_phones(place, now)
        for phone in self._phones_of(now):
            if phone.endpoint in was_on_break and not phone.is_on_break:
                phone.unpaused_at = at
        self._tell_device(event, now, at)
        if self._listed is not None:
            self._listed.add(place)

    def removed(self, event: AmiEvent, at: int) -> None:
        """A member left its queue."""
        place, _ = _place_of(event)
        member = self._members.pop(place, None)
        if member is not None:
            for phone in self._phones_of(member):
                phone.unpaused_at = at
            self._take_from_phones(place)

    def _pause(self, event: AmiEvent, before: Membership | None, now: Membership, at: int) -> None:
        """Since when a member is paused.

        A pause that was seen and is told again, maybe with another reason, is the same pause. Of a pause that began
        while nobody watched, the switch tells the second.
        """
        now.reason = clean_reason(event.get("PausedReason") or "")
        now.unpaused_at = before.unpaused_at if before is not None else None
        is_same = before is not None and before.is_paused and (self.is_live or before.last_pause == now.last_pause)
        if is_same and before is not None:
            now.began = before.began
        else:
            free_at, behind = now.unpaused_at, self._clock.behind_us
            now.began = pause_began(event, at, unpaused_at=free_at, is_live=self.is_live, behind_us=behind)

    def _tell_device(self, event: AmiEvent, member: Membership, at: int) -> None:
        """A member's status is its phone's, or a hint's: a hint counts if nothing else tells."""
        status = MEMBER_STATUS.get(event.get("Status") or "")
        if status is None:
            return
        of = member.state_interface or member.interface
        phone = self.ties.phone(of)
        if phone:
            self._devices.told(phone, status, at)
            return
        tie = self.ties.behind(member.interface, member.state_interface)
        if len(tie.phones) == 1 and tie.is_seat and status != "INVALID" and not is_local(of):
            self._devices.told(tie.phones[0], status, at, is_hinted=True)

    # --- members at phones

    def _phones_of(self, member: Membership) -> list[Phone]:
        tie = self.ties.behind(member.interface, member.state_interface)
        return [phone_at(self._phones, one) for one in tie.phones]

    def _put_at_phones(self, place: Place, member: Membership) -> None:
        tie = self.ties.behind(member.interface, member.state_interface)
        for endpoint in tie.phones:
            phone = phone_at(self._phones, endpoint)
            (phone.members if tie.is_seat else phone.groups)[place] = member
            if tie.is_seat and len(tie.phones) > 1:
                phone.seat = tie.phones

    def _take_from_phones(self, place: Place) -> None:
        for phone in self._phones.values():
            phone.members.pop(place, None)
            phone.groups.pop(place, None)


def _place_of(event: AmiEvent) -> tuple[Place, str]:
    """A member's queue and how it is called there, and whose state its queue looks at."""
    state_interface = event.get("StateInterface") or ""
    interface = event.get("Interface") or event.get("Location") or state_interface
    return (event.get("Queue") or "", interface), state_interface
