"""Freezes one ringing of one phone into facts: when it rang, whether it was answered, and how it ended.

Nothing here depends on the order in which events came, so the same events always give the same facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from voicedesk.calls.bridges import first_connected
from voicedesk.calls.model import Hall, LegFacts, Outcome, PhoneState, RingSource, Role
from voicedesk.calls.q850 import ANSWERED_ELSEWHERE, CALL_REJECTED, NOBODY_CAME, NOT_REFUSED, USER_BUSY
from voicedesk.calls.records import CallRecord, Channel, Leg, local_base
from voicedesk.phone_numbers import mask

_UNREACHABLE_STATUS = frozenset({"CHANUNAVAIL", "CONGESTION", "INVALIDARGS"})
_AWAY = frozenset({PhoneState.UNREGISTERED, PhoneState.UNREACHABLE})

SILENT_US = 2_000_000
"""A SIP phone that is there says within this time that it rings, or at least that it is trying.

Chosen, not measured: by then the switch has sent its INVITE three times (RFC 3261: after 0, 0.5 and 1.5 s).
"""
AT_ONCE_US = 900_000
"""The switch tries a phone for whole seconds, so for one at least: a dial that was over sooner was refused, if nobody
took it away. The tenth of a second is a margin for stamps."""
SETTLE_US = 500_000
"""Events of different channels about one moment lie at most this far apart.

Measured on a machine with 50 calls: at most 14 ms (BridgeEnter behind the answer); the rest is a margin for busy
switches.
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """Which legs of a call were answered, and when; `person_at`: since when the caller heard somebody of the hall."""

    at: Mapping[Leg, int]
    person_at: int | None
    joined: Mapping[Channel, int]


def near(one: int | None, other: int | None) -> bool:
    """True if two instants are known and belong to one moment."""
    return one is not None and other is not None and abs(one - other) <= SETTLE_US


# --- answers


def answers_of(record: CallRecord, legs: list[Leg], *, is_inbound: bool) -> Answers:
    """A phone that was lifted is answered once somebody is connected with it; in an inbound call, with the caller.

    `joined` are phones that nobody rang and that were connected with the caller all the same (a parked call fetched).
    """
    if not is_inbound or not record.tells_bridges:
        caller = record.first_channel if is_inbound else None
        taken = (leg for leg in legs if _was_taken(leg, caller) or _may_be_unseen(leg))
        lifted = {leg: leg.lifted_at for leg in taken if leg.lifted_at is not None}
        return Answers(lifted, min(lifted.values(), default=None), {})
    caller = record.first_channel
    present = [*record.channels.values(), *record.guests.values()]
    if not [channel for channel in present if channel.stays]:  # nobody met anybody yet
        unseen = {leg: at for leg in legs if (at := leg.lifted_at) is not None and _was_unseen(leg)}
        return Answers(unseen, min(unseen.values(), default=None), {})
    heard = first_connected(caller, present) if caller is not None else {}
    answers = {leg: at for leg in legs if (at := _answered_at(leg, heard)) is not None}
    joined = _joined(record, legs, answers, heard)
    with_caller = [at for leg, at in answers.items() if caller is None or leg.channel in heard or _was_unseen(leg)]
    return Answers(answers, min([*with_caller, *joined.values()], default=None), joined)


def _joined(
    record: CallRecord, legs: list[Leg], answers: Mapping[Leg, int], heard: Mapping[Channel, int]
) -> dict[Channel, int]:
    """The phones that nobody rang and that heard the caller all the same."""
    caller = record.first_channel
    rung = [leg.channel for leg in legs]
    strangers = [channel for channel in heard if channel not in rung]
    if not strangers or caller is None:
        return {}
    told = {leg.channel.endpoint for leg in answers}  # who is the guest of another call by a second channel
    return {
        channel: _since(channel.up_at, heard[channel])
        for channel in strangers
        if not channel.is_local
        and channel.endpoint != caller.endpoint
        and not (channel.uniqueid in record.guests and channel.endpoint in told)
    }


def _was_taken(leg: Leg, caller: Channel | None) -> bool:
    """As the dial and the queue tell it, while the caller was still there."""
    if caller is None or not leg.is_accepted:
        return leg.is_accepted
    accepted_at, left_at, lost_at = leg.accepted_at, caller.hangup_requested_at, caller.abandoned_at
    if leg.agent_called_at is not None and leg.connected_at is None and lost_at is not None:
        return leg.lifted_at is not None and lost_at < leg.lifted_at  # lifted, and the queue lost its caller meanwhile
    return left_at is None or accepted_at is None or accepted_at <= left_at


def _answered_at(leg: Leg, heard: Mapping[Channel, int]) -> int | None:
    """When the leg was connected with the caller, or with whoever had it dialled (a consultation)."""
    if leg.picked_up:
        return None
    record = leg.channel.call
    at = heard.get(leg.channel)
    dialler = None if leg.dialler is record.first_channel else _who_dialled(leg)
    if dialler is not None and dialler is not record.first_channel:
        asked_at = first_connected(dialler, record.channels.values()).get(leg.channel)
        at = min((one for one in (at, asked_at) if one is not None), default=None)
    if at is None:
        return leg.lifted_at if _was_unseen(leg) else None
    return _since(leg.lifted_at, at)


def _since(lifted_at: int | None, connected_at: int) -> int:
    """The moment of an answer: the lifting, where the connection followed at once as it does without a confirmation."""
    return lifted_at if lifted_at is not None and lifted_at >= connected_at - SETTLE_US else connected_at


def _was_unseen(leg: Leg) -> bool:
    """It was lifted, and events that would tell whether it was connected may be missing."""
    return leg.is_accepted and _may_be_unseen(leg)


def _may_be_unseen(leg: Leg) -> bool:
    """Whether a bridge may have been missed: in a gap, or in one that logs filled, which need not tell of bridges."""
    lifted_at = leg.lifted_at
    return (
        leg.channel.call.repaired
        or leg.channel.up_unseen
        or any(gap.touches(lifted_at, leg.channel.hung_at) for gap in leg.channel.call.gaps)
    )


def _who_dialled(leg: Leg) -> Channel | None:
    """The party behind a leg's dialler: Local channels are seen through."""
    record, dialler = leg.channel.call, leg.dialler
    for _ in range(len(record.channels)):
        if dialler is None or not dialler.is_local:
            return dialler
        halves = (one for one in record.channels.values() if one.is_local and one is not dialler)
        half = next((one for one in halves if local_base(one.name) == local_base(dialler.name)), None)
        if half is None or half.leg is None or half.leg.dialler is None:
            return half
        dialler = half.leg.dialler
    return None


# --- a leg


def freeze_leg(leg: Leg, answers: Answers, role: Role, hall: Hall, gave_up_at: int | None) -> LegFacts:
    """The facts of a leg as far as they are known."""
    channel = leg.channel
    answered_at = answers.at.get(leg)
    dialled_at = leg.dialled_at
    outcome = _outcome(leg, answers, gave_up_at, role)
    source, ringing_at = _ring_start(leg, answered_at, outcome)
    at = ringing_at or dialled_at or channel.hung_at or 0
    member = _member(leg)
    number = number_outside(leg, hall)
    from_log = _is_from_log(leg)
    return LegFacts(
        uniqueid=channel.uniqueid,
        channel=_without_number(channel),
        endpoint=channel.endpoint,
        role=role,
        number=mask(number) if number else None,
        member=member,
        agent=hall.agent_at(channel.endpoint, member, at, dialled=number if role is Role.STAFF else None),
        dialled_at=dialled_at,
        ring_source=source,
        ringing_at=ringing_at,
        ring_ended_at=_silent_at(leg, answers, outcome, gave_up_at),
        answered_at=answered_at,
        answer_seen=not channel.up_unseen,
        was_lifted=answered_at is None and leg.lifted_at is not None,
        ended_at=channel.hung_at,
        outcome=outcome,
        hangup_cause=channel.hangup_cause,
        # what an outside line does in other calls says nothing of the phone behind it
        state_before=leg.state_before if number is None else PhoneState.UNKNOWN,
        transferred_from=_transferred_from(leg, answers, hall),
        from_log=from_log,
        in_whole_seconds=leg.in_whole_seconds and channel.up_at is None,
        may_ring_late=from_log and not _rings_when_dialled(leg, hall),
    )


def freeze_joined(record: CallRecord, channel: Channel, answered_at: int, hall: Hall) -> LegFacts:
    """A phone that nobody rang and that talked to the caller all the same, as a leg without a ringing.

    Of an agent who stays signed on, and is connected without ringing, the queue's call to the agent is told.
    """
    called = _called_over(record, channel)
    source, called_at = _ring_start(called, answered_at, None) if called else (None, None)
    member = record.local_members.get(local_base(called.channel.name)) if called else None
    return LegFacts(
        uniqueid=channel.uniqueid,
        channel=_without_number(channel),
        endpoint=channel.endpoint,
        role=Role.STAFF,
        member=member,
        agent=hall.agent_at(channel.endpoint, member, answered_at),
        dialled_at=called_at,
        ring_source=source,
        ringing_at=called_at,
        answered_at=answered_at,
        ring_ended_at=answered_at,
        ended_at=channel.hung_at,
        outcome=Outcome.ANSWERED,
        hangup_cause=channel.hangup_cause,
    )


def _called_over(record: CallRecord, channel: Channel) -> Leg | None:
    """The Local channel by which the switch called a channel that was there before: its far half met it in a bridge."""
    halves = [one for one in (*record.channels.values(), *record.guests.values()) if one.is_local]
    far = {local_base(one.name) for one in halves if one.leg is None and _met(one, channel)}
    called = (one.leg for one in halves if one.leg is not None and local_base(one.name) in far)
    return max(called, key=lambda leg: leg.dialled_at or 0, default=None)


def _met(one: Channel, other: Channel) -> bool:
    return any(a.bridge == b.bridge and a.overlaps(b) for a in one.stays for b in other.stays)


def number_outside(leg: Leg, hall: Hall) -> str | None:
    """The number outside the house that was dialled. None for a phone of the hall, whatever its contact looks like."""
    return None if leg.channel.endpoint in hall.phones else leg.outside_number


def _without_number(channel: Channel) -> str:
    """A channel's name, without the dialled number if it holds that."""
    return f"{channel.endpoint}-{channel.name.rpartition('-')[2]}"


def _member(leg: Leg) -> str | None:
    """The queue member that the leg was rung as; a Local member's name goes to every phone behind it."""
    record, dialler = leg.channel.call, leg.dialler
    member = leg.member
    for _ in range(len(record.channels)):
        if member or dialler is None or not dialler.is_local:
            break
        base = local_base(dialler.name)
        member = record.local_members.get(base)
        halves = (one for one in record.channels.values() if one.is_local and local_base(one.name) == base)
        dialler = next((one.leg.dialler for one in halves if one.leg is not None and one.leg.dialler), None)
    return member


def _is_from_log(leg: Leg) -> bool:
    """Nothing but a log tells of it: nobody saw the phone ring, or give any other sign of life."""
    return leg.from_log and not leg.is_alive and leg.ringing_at is None


def _rings_when_dialled(leg: Leg, hall: Hall) -> bool:
    """A phone of the house rings at once when it is dialled; a mobile, or whatever stands behind a member, need not."""
    if hall.phones:
        return leg.channel.endpoint in hall.phones
    return _is_sip(leg) and leg.outside_number is None


def _transferred_from(leg: Leg, answers: Answers, hall: Hall) -> str | None:
    """The phone that passed the call on to this one, if any did."""
    record, at = leg.channel.call, leg.dialled_at
    if at is None or not (record.transfers or record.attended or leg.dialler is not record.first_channel):
        return None
    blind = [who for when, who in record.transfers if when <= at]
    if blind:
        return blind[-1]
    dialler = leg.dialler
    if dialler is not None and dialler is not record.first_channel and dialler.endpoint in hall.phones:
        return dialler.endpoint
    answered = {one.channel.endpoint: when for one, when in answers.at.items() if one is not leg}
    attended = (who for when, who in record.attended if who in answered and answered[who] < at < when)
    return next(attended, None)


def _ring_start(leg: Leg, answered_at: int | None, outcome: Outcome | None) -> tuple[RingSource | None, int | None]:
    """The best ring start there is and its source. A phone that said nothing and was gone at once never rang."""
    if leg.ringing_at is not None:
        return RingSource.NEWSTATE, leg.ringing_at
    if leg.dial_ringing_at is not None:
        return RingSource.DIALSTATE, leg.dial_ringing_at
    if answered_at is None and _never_rang(leg, outcome):
        return None, None
    if leg.dial_begin_at is not None:
        return RingSource.DIALBEGIN, leg.dial_begin_at
    if leg.agent_called_at is not None:
        return RingSource.AGENTCALLED, leg.agent_called_at
    return None, None


def _never_rang(leg: Leg, outcome: Outcome | None) -> bool:
    """It refused, was forwarded, could not be reached, or was over before a phone could have said that it rings."""
    if outcome in (Outcome.BUSY, Outcome.DECLINED, Outcome.UNREACHABLE) or leg.was_forwarded:
        return True
    ended_at = _ring_ended_at(leg, None)
    if leg.is_alive or ended_at is None:
        return False
    # a SIP phone that rings says so, however long it is dialled, as long as it is not a log that tells of it
    return (_is_sip(leg) and not leg.from_log) or ended_at - (leg.dialled_at or ended_at) < SILENT_US


def _is_sip(leg: Leg) -> bool:
    return leg.channel.name.startswith(("PJSIP/", "SIP/"))


def _ring_ended_at(leg: Leg, answered_at: int | None) -> int | None:
    """When the phone fell silent: its lifting, else the end of the dial, else the hang-up."""
    if answered_at is not None:
        return answered_at
    for at in (leg.lifted_at, leg.dial_end_at, leg.queue_gave_up_at):
        if at is not None:
            return at
    return leg.channel.hung_at


def _silent_at(leg: Leg, answers: Answers, outcome: Outcome | None, gave_up_at: int | None) -> int | None:
    """As `_ring_ended_at`; who took the ringing away did so a moment before the switch says that it is over."""
    ended_at = _ring_ended_at(leg, answers.at.get(leg))
    if outcome is Outcome.CANCELLED and gave_up_at is not None and near(gave_up_at, ended_at):
        return min(gave_up_at, ended_at or gave_up_at)
    if outcome is Outcome.ANSWERED_ELSEWHERE:
        others = (at for other, at in answers.at.items() if other is not leg)
        return min((at for at in (*others, ended_at) if at is not None and near(at, ended_at)), default=ended_at)
    return ended_at


def _outcome(leg: Leg, answers: Answers, gave_up_at: int | None, role: Role) -> Outcome | None:
    """How the ringing ended; None while it lasts, or if nobody saw it end."""
    if leg.picked_up:
        return Outcome.ANSWERED_ELSEWHERE
    if leg in answers.at:
        return Outcome.ANSWERED
    if leg.lifted_at is not None:  # and not accepted: nobody was connected with it
        return Outcome.NO_ANSWER if _is_over(leg) else None
    ended_at = _ring_ended_at(leg, None)
    if ended_at is None or leg.channel.hung_unseen or not _is_settled(leg):
        return None
    refused = _refused(leg)
    if refused is None and role is Role.CITIZEN and leg.dial_status == "CANCEL":
        return Outcome.CANCELLED  # the staff member who was to talk to the citizen hung up
    return refused or _taken_away(leg, answers, ended_at, gave_up_at)


def _is_over(leg: Leg) -> bool:
    return leg.channel.hung_at is not None or leg.dial_status not in (None, "ANSWER")


def _is_settled(leg: Leg) -> bool:
    """The hang-up, with its cause, follows the end of the dial at once, or was not seen."""
    last_dial = leg.dial_end_at if leg.dial_end_at is not None else leg.queue_gave_up_at
    return leg.channel.hung_at is not None or leg.channel.call.last_at > (last_dial or 0) + SETTLE_US


def _refused(leg: Leg) -> Outcome | None:
    """What the phone itself answered. The hang-up cause tells what the dial status hides: there, busy and decline look
    alike."""
    cause = leg.channel.hangup_cause
    rang = leg.ringing_at is not None or leg.dial_ringing_at is not None
    if cause == ANSWERED_ELSEWHERE:
        return Outcome.ANSWERED_ELSEWHERE
    if cause == CALL_REJECTED:  # a hand can decline only what rang: do-not-disturb says the same at once
        return Outcome.DECLINED if rang or leg.from_log else Outcome.BUSY
    if cause == USER_BUSY or leg.dial_status == "BUSY":
        return Outcome.DECLINED if rang else Outcome.BUSY
    return Outcome.UNREACHABLE if not rang and _was_unreachable(leg, cause) else None


def _was_unreachable(leg: Leg, cause: int | None) -> bool:
    """The switch says so, or the phone refused without ringing, or gave no sign of life while it was dialled."""
    if leg.dial_status in _UNREACHABLE_STATUS or leg.state_before in _AWAY:
        return True
    if leg.channel.hangup_requested_at is not None and not leg.is_alive and not leg.was_forwarded:
        return True  # it was the phone, or the road to it, that hung up
    ended_at = _ring_ended_at(leg, None)
    dialled_us = (ended_at - leg.dialled_at) if ended_at is not None and leg.dialled_at is not None else 0
    if cause not in NOT_REFUSED and not leg.was_forwarded:
        return cause not in NOBODY_CAME or not (leg.is_alive or leg.from_log) or 0 < dialled_us < AT_ONCE_US
    return _is_sip(leg) and not leg.was_forwarded and not leg.is_alive and not leg.from_log and dialled_us >= SILENT_US


def _taken_away(leg: Leg, answers: Answers, ended_at: int, gave_up_at: int | None) -> Outcome:
    """Who ended a ringing that nobody answered or refused: the caller, a colleague, or the switch."""
    if leg.dial_status != "NOANSWER" and not leg.was_forwarded:
        if gave_up_at is not None and gave_up_at <= ended_at + SETTLE_US:
            return Outcome.CANCELLED
        if any(near(at, ended_at) for other, at in answers.at.items() if other is not leg):
            return Outcome.ANSWERED_ELSEWHERE
    return Outcome.UNREACHABLE if _was_refused_at_once(leg, ended_at) else Outcome.NO_ANSWER


def _was_refused_at_once(leg: Leg, ended_at: int) -> bool:
    """No cause says so; but it never rang, and the dial was over before the switch could have been tired of it."""
    silent = not leg.is_alive and leg.ringing_at is None and not leg.was_forwarded
    return silent and leg.dialled_at is not None and not leg.from_log and ended_at - leg.dialled_at < AT_ONCE_US
