"""Whether anybody is left to ring for a line: asked before a phone is paused, and before a caller waits (S11)."""

from collections.abc import Collection

from voicedesk.phones.conditions import PhoneRules, availability, is_free, is_whole
from voicedesk.phones.seen import Switch


def has_free_phone(
    line: str, switches: Collection[Switch], rules: PhoneRules, *, without: Collection[tuple[str, str]]
) -> bool:
    """Whether a call would ring some phone of a line now. `without`: phones, by PBX, that do not count."""
    return any(
        (switch.pbx, phone.endpoint) not in without and is_free(switch, phone, own)
        for switch in switches
        for own in [rules.on(switch.pbx)]
        for phone in switch.phones.values()
        if any(one.name == line for one in own.lines_of(phone))
    )


def is_deserted(line: str, switches: Collection[Switch], rules: PhoneRules) -> bool:
    """Whether every phone of a line is surely on a break, away or set to do-not-disturb."""
    states = [
        since
        for switch in switches
        for lines, since in availability(switch, rules.on(switch.pbx))
        if line in [one.name for one in lines]
    ]
    sees_all = all(is_whole(one) for one in switches if rules.has_line(one.pbx, line))
    return sees_all and bool(states) and all(isinstance(one, int) for one in states)
