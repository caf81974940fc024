"""Which staff phone rings first when a citizen is rung back, and on which PBX."""

from voicedesk.clock import to_datetime
from voicedesk.errors import InputError
from voicedesk.hall.seats import phones_called, seats_of, the_one_meant
from voicedesk.settings import PbxSettings, Settings


def phone_to_ring(
    by: str, phone: str | None, pbx: str | None, ticket_pbx: str, *, settings: Settings, at: int
) -> tuple[PbxSettings, str]:
    """The PBX that rings a staff phone, and the phone's inside number there.

    `phone` is the one that was named; None: the phone where `by` sits at instant `at`. `pbx` was named with it, or is
    None. The phone decides on the PBX: on another PBX the same number rings somebody else. Where the phone is on
    several PBXs, or the person sits at several, the one that the ticket's call came to (`ticket_pbx`) comes first.
    Raises InputError that says what to set or to name.
    """
    able = {one.name: one for one in settings.pbx if one.dial_username}
    if not able:
        raise InputError("no PBX may place calls: set dial_username and dial_secret_file of its [[pbx]]")
    own = seats_of(by, settings, to_datetime(at), pbx)
    if phone:
        meant = the_one_meant(phone, phones_called(phone, settings, pbx), own)
        seats = [meant] if meant is not None else []
    else:
        seats = [one for one in own if one.endpoint is not None]
    seats = [one for one in seats if one.extension is not None]
    if not seats:
        raise InputError(f"no phone to ring: {phone or by!r} has no [[phones]] extension; give one with --phone")
    ways = [(name, one.extension) for one in seats for name in one.pbxs if name in able and one.extension]
    if not ways:
        where = ", ".join(dict.fromkeys(name for one in seats for name in one.pbxs))
        raise InputError(f"{where} may place no calls: set dial_username and dial_secret_file of that [[pbx]]")
    name, extension = next((way for way in ways if way[0] == ticket_pbx), ways[0])
    return able[name], extension
