"""Freezes what was gathered of a call into facts: who called whom, and how each ringing ended.

Nothing here depends on the order in which events came, so the same events always give the same facts.
"""

import re

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
    PhoneState,
    RingSource,
    Role,
)
from voicedesk.calls.records import CALLBACK_PREFIX, CallRecord, Channel, Leg

_BUSY, _REFUSED, _FORWARDED, _ELSEWHERE = 17, 21, 23, 26
_UNREACHABLE_CAUSES = frozenset(
    {1, 2, 3, 5, 18, 20, 22, 25, 27, 28, 34, 38, 41, 42, 44, 47, 58, 66, 88, 96, 97, 111, 127}
)
_UNREACHABLE_STATUS = frozenset({"CHANUNAVAIL", "CONGESTION", "INVALIDARGS"})
_AWAY = frozenset({PhoneState.UNREGISTERED, PhoneState.UNREACHABLE})
_NOT_RUNG = frozenset({Outcome.BUSY, Outcome.DECLINED, Outcome.UNREACHABLE})
_OUTSIDE = re.compile(r"(?:[A-Za-z0-9]+/)?(?:\+?([0-9*#]{3,})@[^/]+|(?:g[0-9]+|[^/@:]+)/\+?([0-9*#]{5,}))")

SILENT_US = 2_000_000
"""A SIP phone that is there says within this time that it rings, or at least that it is trying."""
SETTLE_US = 500_000
"""Events of different channels about one moment arrive this close together at most."""
HAND_US = 50_000
"""No caller hangs up this soon after the switch gave up; within it the two happened together, and the caller did it."""


def outside_number(dial_string: str) -> str | None:
    """The number dialled through a trunk ("13800138000@trunk"); None if a phone of the house was dialled."""
    match = _OUTSIDE.fullmatch(dial_string)
    return (match[1] or match[2]) if match else None


def role_of(leg: Leg, hall: Hall) -> Role:
    """Whose phone it is: known staff phones and queue members are staff, numbers dialled through a trunk are not."""
    endpoint = leg.channel.endpoint
    if endpoint in hall.phones or leg.agent_called_at is not None or leg.member:
        return Role.STAFF
    if hall.phones or outside_number(leg.dial_string):
        return Role.CITIZEN
    return Role.STAFF


def direction_of(record: CallRecord, hall: Hall) -> Direction:
    """Which way the call goes, by who began it."""
    first = record.first_channel
    if record.linkedids[0].startswith(CALLBACK_PREFIX):
        return Direction.CALLBACK
    if first is None:
        return Direction.INBOUND
    originated = first.leg is not None and first.leg.dialler is None
    if not originated and first.endpoint not in hall.phones:
        return Direction.INBOUND
    roles = {role_of(leg, hall) for leg in record.legs()}
    return Direction.OUTBOUND if Role.CITIZEN in roles else Direction.INTERNAL


def freeze(record: CallRecord, hall: Hall, pbx: str) -> CallFacts:
    """The facts of a call as far as they are known."""
    direction = direction_of(record, hall)
    first = record.first_channel
    line = _line(record, hall) if direction is Direction.INBOUND else None
    rule = line or hall.default_line
    legs = record.legs()
    answers = [leg.answered_at for leg in legs if leg.answered_at is not None and role_of(leg, hall) is Role.STAFF]
    answered_at = min(answers, default=None)
    gave_up_at = _gave_up_at(record, legs, answered_at)
    frozen = tuple(
        sorted(
            (_freeze_leg(leg, legs, hall, gave_up_at) for leg in legs),
            key=lambda leg: (leg.ringing_at or leg.dialled_at or leg.ended_at or 0, leg.uniqueid),
        )
    )
    started_at = record.start_at if record.start_at is not None else record.first_at
    return CallFacts(
        id=record.id,
        pbx=pbx,
        boot=record.boot,
        linkedids=tuple(record.linkedids),
        line=line.name if line else None,
        direction=direction,
        caller_number=_citizen_number(direction, legs, first),
        started_at=started_at,
        started_at_source=record.start_source,
        switch_answered_at=_switch_answered_at(first, answered_at),
        asked_at=record.asked_at,
        person_answered_at=answered_at,
        ended_at=record.closed_at,
        disposition=_disposition(record, direction, frozen, answered_at, gave_up_at),
        gave_up_at=gave_up_at,
        is_line=line is not None,
        on_duty=hall.on_duty(line.name if line else None, record.asked_at or started_at),
        notice_heard=record.notice_heard,
        doubtful=record.doubtful,
        repaired=record.repaired,
        limit_us=rule.limit_us,
        ring_period_us=rule.ring_period_us,
        limit_source=rule.limit_source,
        phones=tuple(
            PhoneSeen(endpoint=endpoint, states=tuple(states))
            for endpoint, states in sorted(record.states_seen.items())
        ),
        gaps=tuple(sorted(record.gaps, key=_gap_order)),
        legs=frozen,
        placed_by=first.endpoint if first and direction in (Direction.OUTBOUND, Direction.INTERNAL) else None,
    )


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


def _switch_answered_at(first: Channel | None, answered_at: int | None) -> int | None:
    if first is None or first.leg is not None or first.up_at is None:
        return None
    return first.up_at if answered_at is None or first.up_at < answered_at else None


def _citizen_number(direction: Direction, legs: list[Leg], first: Channel | None) -> str | None:
    """The citizen's number: the caller's, or of a call that the hall placed the number dialled."""
    if direction in (Direction.CALLBACK, Direction.OUTBOUND):
        dialled = next((number for number in (outside_number(leg.dial_string) for leg in legs) if number), None)
        if dialled:
            return dialled
    if first is not None and direction is Direction.OUTBOUND and first.leg is None and first.extension is not None:
        return first.extension  # a log does not tell what was dialled, but what the phone was asked to dial
    return first.number if first else None


def _gave_up_at(record: CallRecord, legs: list[Leg], answered_at: int | None) -> int | None:
    """When the caller hung up while still waiting for a person; None if the switch ended the waiting first."""
    first = record.first_channel
    if answered_at is not None or first is None or record.asked_at is None or first.leg is not None:
        return None
    ends = [leg.dial_end_at for leg in legs if leg.dial_end_at is not None]
    waited_until = record.queue_left_at if record.queue_left_at is not None else max(ends, default=None)
    if first.hangup_requested_at is not None:
        early = waited_until is None or first.hangup_requested_at <= waited_until + HAND_US
        return first.hangup_requested_at if early else None
    cut_short = any(
        leg.dialler is first and leg.dial_status == "CANCEL" and _near(leg.dial_end_at, first.hung_at) for leg in legs
    )
    return first.hung_at if cut_short else None


def _near(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= SETTLE_US


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
    far = [leg for leg in legs if leg.role is Role.CITIZEN] or list(legs)
    if any(leg.answered_at is not None for leg in far):
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


# --- a leg


def _freeze_leg(leg: Leg, legs: list[Leg], hall: Hall, gave_up_at: int | None) -> LegFacts:
    channel = leg.channel
    outcome = _outcome(leg, legs, gave_up_at)
    source, ringing_at = _ring_start(leg, outcome)
    at = ringing_at or leg.dialled_at or channel.hung_at or 0
    dialler = leg.dialler
    member = leg.member or (dialler.call.local_members.get(local_base(dialler.name)) if dialler else None)
    return LegFacts(
        uniqueid=channel.uniqueid,
        channel=channel.name,
        endpoint=channel.endpoint,
        role=role_of(leg, hall),
        member=member,
        agent=hall.agent_at(channel.endpoint, member, at),
        dialled_at=leg.dialled_at,
        ring_source=source,
        ringing_at=ringing_at,
        ring_ended_at=_silent_at(leg, legs, outcome, gave_up_at),
        answered_at=leg.answered_at,
        answer_seen=not channel.up_unseen,
        ended_at=channel.hung_at,
        outcome=outcome,
        hangup_cause=channel.hangup_cause,
        state_before=leg.state_before,
        transferred_from=_transferred_from(leg, legs, hall),
        from_log=_is_from_log(leg),
        in_whole_seconds=leg.in_whole_seconds and channel.up_at is None,
        may_ring_late=_is_from_log(leg) and not _rings_when_dialled(leg, hall),
    )


def _is_from_log(leg: Leg) -> bool:
    """Nothing but a log tells of it: nobody saw the phone ring, or give any other sign of life."""
    return leg.from_log and not leg.is_alive and leg.ringing_at is None


def _rings_when_dialled(leg: Leg, hall: Hall) -> bool:
    """A phone of the house rings at once when it is dialled; a mobile, or whatever stands behind a member, need not."""
    endpoint = leg.channel.endpoint
    if hall.phones:
        return endpoint in hall.phones
    return endpoint.startswith(("PJSIP/", "SIP/")) and not outside_number(leg.dial_string)


def _transferred_from(leg: Leg, legs: list[Leg], hall: Hall) -> str | None:
    """The phone that passed the call on to this one, if any did."""
    record, at = leg.channel.call, leg.dialled_at
    if at is None:
        return None
    blind = [who for when, who in record.transfers if when <= at]
    if blind:
        return blind[-1]
    dialler = leg.dialler
    if dialler is not None and dialler is not record.first_channel and dialler.endpoint in hall.phones:
        return dialler.endpoint
    answered = {one.channel.endpoint: one.answered_at for one in legs if one is not leg and one.answered_at is not None}
    attended = (who for when, who in record.attended if who in answered and answered[who] < at < when)
    return next(attended, None)


def local_base(name: str) -> str:
    """What the two halves of a Local channel have in common: the name without ";1" or ";2"."""
    return name.rpartition(";")[0] or name


def _ring_start(leg: Leg, outcome: Outcome | None) -> tuple[RingSource | None, int | None]:
    """The best ring start there is and its source; a phone that refused without ringing never rang."""
    if leg.ringing_at is not None:
        return RingSource.NEWSTATE, leg.ringing_at
    if leg.dial_ringing_at is not None:
        return RingSource.DIALSTATE, leg.dial_ringing_at
    if outcome in _NOT_RUNG or leg.channel.hangup_cause == _FORWARDED:
        return None, None
    if leg.dial_begin_at is not None:
        return RingSource.DIALBEGIN, leg.dial_begin_at
    if leg.agent_called_at is not None:
        return RingSource.AGENTCALLED, leg.agent_called_at
    return None, None


def _ring_ended_at(leg: Leg) -> int | None:
    """When the phone fell silent: its answer, else the end of the dial, else the hang-up."""
    ends = (leg.answered_at, leg.dial_end_at, leg.queue_gave_up_at, leg.channel.hung_at)
    return next((at for at in ends if at is not None), None)


def _silent_at(leg: Leg, legs: list[Leg], outcome: Outcome | None, gave_up_at: int | None) -> int | None:
    """As `_ring_ended_at`; who took the ringing away did so a moment before the switch says that it is over."""
    ended_at = _ring_ended_at(leg)
    if outcome is Outcome.CANCELLED and gave_up_at is not None and _near(gave_up_at, ended_at):
        return min(gave_up_at, ended_at or gave_up_at)
    if outcome is Outcome.ANSWERED_ELSEWHERE:
        answers = (other.answered_at for other in legs if other is not leg)
        return min((at for at in (*answers, ended_at) if at is not None and _near(at, ended_at)), default=ended_at)
    return ended_at


def _outcome(leg: Leg, legs: list[Leg], gave_up_at: int | None) -> Outcome | None:
    """How the ringing ended; None while it lasts, or if nobody saw it end."""
    if leg.picked_up:
        return Outcome.ANSWERED_ELSEWHERE
    if leg.answered_at is not None:
        return Outcome.ANSWERED
    ended_at = _ring_ended_at(leg)
    if ended_at is None or leg.channel.hung_unseen or not _is_settled(leg):
        return None
    return _refused(leg) or _taken_away(leg, legs, ended_at, gave_up_at)


def _is_settled(leg: Leg) -> bool:
    """The hang-up, with its cause, follows the end of the dial at once, or was not seen."""
    last_dial = leg.dial_end_at if leg.dial_end_at is not None else leg.queue_gave_up_at
    return leg.channel.hung_at is not None or leg.channel.call.last_at > (last_dial or 0) + SETTLE_US


def _refused(leg: Leg) -> Outcome | None:
    """What the phone itself said; the hang-up cause tells what the dial status hides (busy and decline look alike)."""
    cause = leg.channel.hangup_cause
    rang = leg.ringing_at is not None or leg.dial_ringing_at is not None
    if cause == _ELSEWHERE:
        return Outcome.ANSWERED_ELSEWHERE
    if cause == _REFUSED:
        return Outcome.DECLINED
    if cause == _BUSY or leg.dial_status == "BUSY":
        return Outcome.DECLINED if rang else Outcome.BUSY
    return Outcome.UNREACHABLE if not rang and _was_unreachable(leg, cause) else None


def _was_unreachable(leg: Leg, cause: int | None) -> bool:
    """The switch says so, or the phone gave no sign of life in all the time that it was dialled."""
    if leg.dial_status in _UNREACHABLE_STATUS or cause in _UNREACHABLE_CAUSES or leg.state_before in _AWAY:
        return True
    ended_at = _ring_ended_at(leg)
    is_sip = leg.channel.name.startswith(("PJSIP/", "SIP/"))
    dialled_us = (ended_at - leg.dialled_at) if ended_at is not None and leg.dialled_at is not None else 0
    return is_sip and not leg.is_alive and not leg.from_log and dialled_us >= SILENT_US


def _taken_away(leg: Leg, legs: list[Leg], ended_at: int, gave_up_at: int | None) -> Outcome:
    """Who ended a ringing that nobody answered or refused: the caller, a colleague, or the switch."""
    if leg.dial_status == "NOANSWER":
        return Outcome.NO_ANSWER
    if gave_up_at is not None and gave_up_at <= ended_at + SETTLE_US:
        return Outcome.CANCELLED
    if any(_near(other.answered_at, ended_at) for other in legs if other is not leg):
        return Outcome.ANSWERED_ELSEWHERE
    return Outcome.NO_ANSWER
