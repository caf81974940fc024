"""Freezes what was gathered of a call into facts: who called whom, whether a person answered, and how it ended.

Nothing here depends on the order in which events came, so the same events always give the same facts.
"""

import re

from voicedesk.calls.legs import SETTLE_US, Answers, answers_of, freeze_joined, freeze_leg, near, number_outside
from voicedesk.calls.model import (
    CallFacts,
    Direction,
    Disposition,
    Gap,
    Hall,
    LegFacts,
    Line,
    Outcome,
    PhoneSeen,
    Role,
    StartSource,
)
from voicedesk.calls.records import CALLBACK_PREFIX, CallRecord, Channel, Leg
from voicedesk.switch_logs.logged import WAITED

HAND_US = 50_000
"""Where a caller hung up within this time after the switch gave up, the two happened together: the caller did it.

Chosen between two figures: events of one moment were measured at most 14 ms apart, and no hand is as fast as 50 ms.
"""
_TELL_WHO_HUNG_UP = ("PJSIP/", "SIP/", "IAX2/")
"""Technologies of which the switch always says when the far end hung up."""
_LONGEST_EXTENSION = 6
"""Chosen: halls have extensions of three or four digits; the shortest number of a citizen has seven."""
_EXTENSION = re.compile(r"(?!1[12][0-9]$)[1-9][0-9]{2,3}")
"""A number as phones of a house have it. Not 110, 114, 120 …, from which others call, and not 0000 for none."""
_SEEN_STARTS = frozenset({StartSource.NEWCHANNEL, StartSource.USEREVENT})
_TICK_US = 1_000_000
"""Queues count their callers' time in whole seconds."""


def role_of(leg: Leg, hall: Hall) -> Role:
    """Whose phone it is in a call that the hall placed: staff phones and queue members are staff, an outside number is
    a citizen's. (In a call that came in, the citizen is the caller, and whoever is rung is the hall's.)
    """
    endpoint, first = leg.channel.endpoint, leg.channel.call.first_channel
    if endpoint in hall.phones or leg.agent_called_at is not None or leg.member:
        return Role.STAFF
    wished = (first.extension or "") if first is not None else ""
    if not leg.outside_number and 0 < len(wished) <= _LONGEST_EXTENSION and endpoint.partition("/")[2] == wished:
        return Role.STAFF  # a phone that the settings do not name, dialled by its own name
    if hall.phones or leg.outside_number:
        return Role.CITIZEN
    return Role.STAFF


def direction_of(record: CallRecord, hall: Hall) -> Direction:
    """Which way the call goes, by who began it."""
    first = record.first_channel
    if record.linkedids[0].startswith(CALLBACK_PREFIX):
        return Direction.CALLBACK
    if first is None or not (_was_placed(record, first) or is_house_phone(first, hall)):
        return Direction.INBOUND
    roles = {role_of(leg, hall) for leg in record.legs()}
    return Direction.OUTBOUND if Role.CITIZEN in roles else Direction.INTERNAL


def _was_placed(record: CallRecord, first: Channel) -> bool:
    """The switch itself made the channel that began the call (Originate). A caller never has a Local channel. On some
    lines a caller's own channel says Ringing; but of a channel that the switch rings it also tells a dial, if it was
    heard from the beginning, and such a channel can neither dial nor wait before it is up.
    """
    if first.is_local:
        return True
    if first.leg is None or first.leg.dialler is not None or first.rings_at_extension:
        return False
    if first.leg.dialled_at is None and record.start_source in _SEEN_STARTS and not record.gaps:
        return False
    began_at = min((at for at in (first.dialled_at, first.joined_at) if at is not None), default=None)
    return began_at is None or (first.up_at is not None and first.up_at <= began_at)


def is_house_phone(channel: Channel, hall: Hall) -> bool:
    """A staff phone; also one that the settings do not name, if it calls with its own name as its number."""
    if channel.endpoint in hall.phones:
        return True
    if channel.name.startswith(WAITED):  # nothing but queue_log tells of it, and that names no phone
        return _is_inside_number(channel.number or "", hall)
    return channel.calls_as_itself and len(channel.endpoint.partition("/")[2]) <= _LONGEST_EXTENSION


def _is_inside_number(number: str, hall: Hall) -> bool:
    """Whose caller is a phone of the house: no citizen has so short a number. The number of a line is none: the
    dialplan puts it in place of a citizen's."""
    if number in hall.own_numbers or any(number in line.extensions for line in hall.lines):
        return False
    return number in hall.extensions.values() or _EXTENSION.fullmatch(number) is not None


def has_caller(record: CallRecord, hall: Hall) -> bool:
    """Somebody from outside called one of the lines: a matter of its own, whomever it meets."""
    first = record.first_channel
    if hall.every_extension_is_a_line or not hall.phones:  # without settings nobody knows whose phone is whose
        return False
    if first is None or direction_of(record, hall) is not Direction.INBOUND:
        return False
    return _line(record, hall) is not None


def is_citizen(channel: Channel, hall: Hall) -> bool:
    """The caller of a call, or the outside number that a call of the hall's was placed to."""
    record = channel.call
    if direction_of(record, hall) is Direction.INBOUND:
        return channel is record.first_channel
    return channel.leg is not None and role_of(channel.leg, hall) is Role.CITIZEN


def freeze(record: CallRecord, hall: Hall, pbx: str) -> CallFacts:
    """The facts of a call as far as they are known."""
    direction = direction_of(record, hall)
    is_inbound = direction is Direction.INBOUND
    first = record.first_channel
    line = _line(record, hall) if is_inbound else None
    rule = line or hall.default_line
    legs = [leg for leg in record.legs() if leg.channel is not first or not is_inbound]
    answers = answers_of(record, legs, is_inbound=is_inbound)
    answered_at = answers.person_at if is_inbound else _staff_answered_at(answers, hall)
    gave_up_at = _gave_up_at(record, answered_at, is_inbound=is_inbound)
    frozen = [
        freeze_leg(leg, answers, Role.STAFF if is_inbound else role_of(leg, hall), hall, gave_up_at) for leg in legs
    ]
    if answers.joined:
        frozen += [freeze_joined(record, channel, at, hall) for channel, at in answers.joined.items()]
    frozen.sort(key=_leg_order)
    told_legs = tuple(frozen)
    started_at = record.start_at if record.start_at is not None else record.first_at
    asked_at = record.asked_at
    if asked_at is None and is_inbound and answered_at is not None:  # nobody was dialled for the caller, and came
        asked_at = min((leg.ringing_at for leg in told_legs if leg.ringing_at is not None), default=answered_at)
        asked_at = min(max(asked_at, started_at), answered_at)
    return CallFacts(
        id=record.id,
        pbx=pbx,
        boot=record.boot,
        linkedids=tuple(record.linkedids),
        line=line.name if line else None,
        direction=direction,
        caller_number=_citizen_number(direction, legs, first, hall),
        started_at=started_at,
        started_at_source=record.start_source,
        switch_answered_at=_switch_answered_at(first, answered_at, is_inbound=is_inbound),
        asked_at=asked_at,
        person_answered_at=answered_at,
        ended_at=record.closed_at,
        disposition=_disposition(record, direction, told_legs, answered_at, gave_up_at),
        gave_up_at=gave_up_at,
        is_line=line is not None,
        on_duty=hall.on_duty(line.name if line else None, asked_at or started_at),
        notice_heard=record.notice_heard,
        doubtful=record.doubtful,
        repaired=record.repaired,
        limit_us=rule.limit_us,
        ring_period_us=rule.ring_period_us,
        limit_source=rule.limit_source,
        phones=_phones(record) if record.states_seen else (),
        gaps=tuple(sorted(record.gaps, key=_gap_order)) if record.gaps else (),
        legs=told_legs,
        placed_by=first.endpoint if first and direction in (Direction.OUTBOUND, Direction.INTERNAL) else None,
    )


def _staff_answered_at(answers: Answers, hall: Hall) -> int | None:
    return min((at for leg, at in answers.at.items() if role_of(leg, hall) is Role.STAFF), default=None)


def _phones(record: CallRecord) -> tuple[PhoneSeen, ...]:
    seen = sorted(record.states_seen.items())
    return tuple([PhoneSeen(endpoint=endpoint, states=tuple(states)) for endpoint, states in seen])


def _leg_order(leg: LegFacts) -> tuple[int, str]:
    return leg.ringing_at or leg.dialled_at or leg.answered_at or leg.ended_at or 0, leg.uniqueid


def _gap_order(gap: Gap) -> tuple[int, str]:
    return gap.from_at, gap.reason


# --- the call


def _line(record: CallRecord, hall: Hall) -> Line | None:
    """The line that was called: as the dialplan announced it, else by number dialled, else by queue."""
    hinted = hall.line_named(record.line_hint)
    if hinted:
        return hinted
    first = record.first_channel
    extension = first.extension if first else None
    line = hall.line_of(extension, record.queue)
    if line is None and hall.every_extension_is_a_line:
        name = extension or record.queue
        return hall.default_named(name) if name else None
    return line


def _switch_answered_at(first: Channel | None, answered_at: int | None, *, is_inbound: bool) -> int | None:
    if first is None or (first.leg is not None and not is_inbound) or first.up_at is None:
        return None
    return first.up_at if answered_at is None or first.up_at < answered_at else None


def _citizen_number(direction: Direction, legs: list[Leg], first: Channel | None, hall: Hall) -> str | None:
    """The citizen's number: the caller's, or of a call that the hall placed the number dialled."""
    if direction in (Direction.CALLBACK, Direction.OUTBOUND):
        dialled = next((number for number in (number_outside(leg, hall) for leg in legs) if number), None)
        if dialled:
            return dialled
        # a log does not tell what was dialled, but what the phone was asked to dial
        wished = (first.extension or "") if first else ""
        if len(wished) > _LONGEST_EXTENSION and wished.removeprefix("+").isdecimal():
            return wished
        if first is not None and is_house_phone(first, hall):
            return None
    return first.number if first else None


def _gave_up_at(record: CallRecord, answered_at: int | None, *, is_inbound: bool) -> int | None:
    """When the caller hung up while still waiting for a person; None if the switch ended the waiting first."""
    first = record.first_channel
    if (
        answered_at is not None
        or first is None
        or record.asked_at is None
        or (first.leg is not None and not is_inbound)
    ):
        return None
    left_at = _left_at(record, first)
    waited_until = _waited_until(record, first)
    early = waited_until is None or (left_at is not None and left_at <= waited_until + HAND_US)
    return left_at if early else None


def _left_at(record: CallRecord, first: Channel) -> int | None:
    """When the caller hung up, as the far end, a dial that was cut short, or the queue tells; None: the switch did."""
    if first.hangup_requested_at is not None:
        return first.hangup_requested_at
    if first.hung_at is None:
        return None
    cut_short_at = _cut_short_at(record, first)
    if cut_short_at is not None:
        return cut_short_at
    return first.abandoned_at if _left_the_queue(first) else None


def _cut_short_at(record: CallRecord, first: Channel) -> int | None:
    """When a dial for the caller ended because the caller was gone.

    A dial ends in the same way for a phone that forwards, and if a key or a redirection takes the caller to other
    phones.
    """
    dials = [one.leg for one in record.channels.values() if one.leg is not None and one.leg.dialler is first]
    last_at = max((leg.dialled_at for leg in dials if leg.dialled_at is not None), default=0)
    waited_until = _waited_until(record, first) or 0  # a colleague's phone is cut short when one is lifted, too
    ends = (leg.dial_end_at for leg in dials if leg.dial_status == "CANCEL" and not leg.was_forwarded)
    cut_short = (at for at in ends if at is not None and at >= last_at and at + HAND_US >= waited_until)
    return min((at for at in cut_short if near(at, first.hung_at)), default=None)


def _left_the_queue(first: Channel) -> bool:
    """The queue lost its caller, who was gone then. (It says "abandoned" also where its own time ran out.)"""
    abandoned_at, hung_at = first.abandoned_at, first.hung_at
    if abandoned_at is None or hung_at is None or first.ran_out_at is not None or hung_at > abandoned_at + SETTLE_US:
        return False
    if first.cut_off_at is not None and first.cut_off_at <= abandoned_at:
        return True  # a manager's Hangup, or no sound came any more
    if first.name.startswith(_TELL_WHO_HUNG_UP) or first.joined_at is None:
        return False
    waited_us = abandoned_at - first.joined_at
    return waited_us < _TICK_US or waited_us % _TICK_US > HAND_US  # a queue's time is over after whole seconds


def _waited_until(record: CallRecord, first: Channel) -> int | None:
    """Until when the caller had something to wait for (the queue, a ringing phone). None: until the call's end."""
    ends: list[int] = []
    if record.queue is not None:
        if record.queue_left_at is None:
            return None
        ends.append(record.queue_left_at)
    for channel in record.channels.values():
        leg = channel.leg
        if leg is None or channel is first:
            continue
        said = (leg.dial_end_at, leg.queue_gave_up_at) if leg.lifted_at is None or channel.is_local else ()
        # a phone that was lifted and not connected may still be asked whether it takes the call
        end = next((at for at in (*said, channel.hung_at) if at is not None), None)
        if end is None:
            return None
        ends.append(end)
    return max(ends, default=None)


def _disposition(
    record: CallRecord,
    direction: Direction,
    legs: tuple[LegFacts, ...],
    answered_at: int | None,
    gave_up_at: int | None,
) -> Disposition | None:
    """How it ended, in the words of call detail records; None while it lasts unanswered."""
    if direction is not Direction.INBOUND:
        return _placed_disposition(record, legs)
    if answered_at is not None:
        return Disposition.ANSWERED
    if record.closed_at is None or _ended_unseen(record):
        return None
    if gave_up_at is not None:
        return Disposition.ABANDONED
    first = record.first_channel
    if record.asked_at is None:
        return Disposition.ANSWERED if first and first.up_at is not None else Disposition.NO_ANSWER
    return _unanswered({leg.outcome for leg in legs})


def _ended_unseen(record: CallRecord) -> bool:
    """The call's end fell into a gap: nobody saw how it ended."""
    return any(gap.touches(record.last_at, None) for gap in record.gaps)


def _placed_disposition(record: CallRecord, legs: tuple[LegFacts, ...]) -> Disposition | None:
    """Of a call the hall placed the far end's leg tells: the citizen's, else the last one dialled."""
    citizens = [leg for leg in legs if leg.role is Role.CITIZEN]
    far = citizens or list(legs)
    first = record.first_channel
    # a staff phone that reached no other phone was answered by the switch: voicemail, a conference, a feature code
    by_switch = first is not None and first.leg is None and first.up_at is not None and not citizens
    if by_switch or any(leg.answered_at is not None for leg in far):
        return Disposition.ANSWERED
    if record.closed_at is None:
        return None
    if far:
        return _unanswered({leg.outcome for leg in far})
    first = record.first_channel
    return Disposition.ANSWERED if first is not None and first.up_at is not None else Disposition.FAILED


def _unanswered(outcomes: set[Outcome | None]) -> Disposition:
    if outcomes == {Outcome.BUSY}:
        return Disposition.BUSY
    if outcomes == {Outcome.UNREACHABLE}:
        return Disposition.FAILED
    return Disposition.NO_ANSWER
