"""How the switch dials a phone: straight, over a Local channel, as a queue's member, or through the trunk."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.histories.plan import MEMBERS, MOBILES, PHONES, QUEUES, Reaction
from tests.histories.switch import HOUSE, NUMBERS, Switch
from tests.histories.truth import TrueCall, TrueLeg
from tests.histories.wire import Channel

DUE = {**dict.fromkeys(QUEUES, MEMBERS), "dial": PHONES}
CITIZEN = "13800138000"


@dataclass(slots=True, kw_only=True, eq=False)
class Dialled:
    """A phone being dialled: its channel, whoever dialled it, and what stands between (pairs of Local channels).

    `member` is the queue's name for it; `lifted` once somebody took the handset up and did not yet talk.
    """

    reaction: Reaction
    channel: Channel
    leg: TrueLeg
    dialler: Channel
    locals: tuple[tuple[Channel, Channel], ...] = ()
    kept: bool = True
    member: str = ""
    lifted: bool = False
    answered: bool = False
    steps: list[tuple[int, str]] = field(default_factory=list)

    def dials(self, caller: Channel) -> list[tuple[Channel, Channel]]:
        """Who dialled whom, from the caller to the phone."""
        diallers = [caller, *(two for _, two in self.locals)] if self.locals else [self.dialler]
        return list(zip(diallers, [*(one for one, _ in self.locals), self.channel], strict=True))


def dial(switch: Switch, call: TrueCall, caller: Channel, reaction: Reaction, kind: str) -> list[Dialled]:
    """The switch dials a phone, at both its contacts if it has two, in a queue of this kind or by Dial."""
    made = [_dial_one(switch, call, caller, reaction, kind)]
    if reaction.contacts == 2 and reaction.phone in HOUSE and kind not in QUEUES and not reaction.via:
        twin = _dial_one(switch, call, caller, replace(reaction, acts="never"), kind)
        twin.leg.twin, made[0].leg.twin = made[0].leg, twin.leg
        made.append(twin)
    return made


def _dial_one(switch: Switch, call: TrueCall, caller: Channel, reaction: Reaction, kind: str) -> Dialled:
    phone, queue = reaction.phone, QUEUES.get(kind)
    was = switch.what(phone, call)
    dialler, pairs, interface = caller, [], f"PJSIP/{phone}"
    between = list(_over_locals(reaction, kind))
    for n, (number, context, kept) in enumerate(between):
        pair = switch.local(number, context, call.linkedid, kept=kept)
        dialled = f"{number}@{context}{'/n' if kept else ''}"
        if n == 0 and queue:
            interface = dialled = f"Local/{dialled}"
            switch.say("AgentCalled", dialler, pair[0], Queue=queue, MemberName=phone, Interface=interface)
        switch.say("DialBegin", dialler, pair[0], DialString=dialled)
        dialler = pair[1]
        pairs.append(pair)
    endpoint = reaction.dialled[0] if phone in MOBILES else f"PJSIP/{phone}"
    channel = switch.channel(endpoint, call.linkedid)
    leg = TrueLeg(
        phone=phone, endpoint=endpoint, uniqueid=channel.uniqueid, dialled_at=switch.now, was=was, house=phone in HOUSE
    )
    call.legs.append(leg)
    switch.begin_ring(leg)
    if queue and not pairs:
        switch.say("AgentCalled", caller, channel, Queue=queue, MemberName=phone, Interface=interface)
    switch.say("DialBegin", dialler, channel, lag=0, DialString=_dial_string(reaction, queue=bool(queue and not pairs)))
    _asks(switch, call, kind)
    kept = len(pairs) != 1 or between[0][2]
    made = Dialled(
        reaction=reaction, channel=channel, leg=leg, dialler=dialler, locals=tuple(pairs), kept=kept, member=phone
    )
    made.steps = steps(switch, made, was)
    return made


def _over_locals(reaction: Reaction, kind: str) -> Iterator[tuple[str, str, bool]]:
    """Number and context of each Local channel that stands between, and whether it is kept."""
    if kind in QUEUES and reaction.phone in MOBILES:
        yield MOBILES[reaction.phone], "callback", True
    elif kind == "hint":
        yield NUMBERS[reaction.phone], "from-queue", True
    elif kind in ("local", "plain_local"):
        yield reaction.phone, "phones", kind == "local"
    if reaction.via and kind != "queue":
        yield MOBILES.get(reaction.phone) or NUMBERS[reaction.phone], "phones", reaction.via == "kept"


def _dial_string(reaction: Reaction, *, queue: bool) -> str:
    if reaction.phone in MOBILES:
        return reaction.dialled[1].format(number=MOBILES[reaction.phone])
    if reaction.contacts == 2 and not queue:
        return f"{reaction.phone}/sip:{reaction.phone}@10.0.0.{len(reaction.phone)}:5060"
    return f"PJSIP/{reaction.phone}" if queue else reaction.phone


def _asks(switch: Switch, call: TrueCall, kind: str) -> None:
    if kind != "other_line":
        switch.ask(call, DUE.get(kind, ()))
    elif call.asked_at is None:
        call.asked_at = switch.now


def dial_out(switch: Switch, call: TrueCall, dialler: Channel, to: Reaction) -> Dialled:
    """A phone of the hall dials the citizen through the trunk."""
    channel = switch.channel(to.dialled[0], call.linkedid)
    leg = TrueLeg(
        phone="trunk",
        endpoint=to.dialled[0],
        uniqueid=channel.uniqueid,
        dialled_at=switch.now,
        was="free",
        staff=False,
        house=False,
    )
    call.legs.append(leg)
    switch.say("DialBegin", dialler, channel, lag=0, DialString=to.dialled[1].format(number=CITIZEN))
    made = Dialled(reaction=to, channel=channel, leg=leg, dialler=dialler)
    made.steps = steps(switch, made, "free")
    return made


def steps(switch: Switch, dialled: Dialled, was: str) -> list[tuple[int, str]]:
    """What the phone will do, and when."""
    reaction, now = dialled.reaction, switch.now
    rings_at = now + reaction.delay
    if switch.talks.get(dialled.leg.phone):
        return [(now + 3000, "busy")]
    if was == "unregistered" or reaction.acts == "unreachable":
        return [(now + 2000, "unreachable")]
    if reaction.acts == "busy":
        return [(rings_at, "busy")]
    if reaction.acts == "dnd" or (reaction.acts == "forwards" and reaction.after == 0):
        return [(rings_at + 2000, reaction.acts)]
    if reaction.says == "nothing":
        return [(rings_at + reaction.after, "answers")] if reaction.acts == "answers" else []
    says = [(rings_at, reaction.says)]
    acts_at = rings_at + reaction.after
    if reaction.says == "both":
        says = [(rings_at, "183"), (rings_at + 300_000, "180")]
        acts_at = max(acts_at, rings_at + 400_000)
    return [*says, *([(acts_at, reaction.acts)] if reaction.acts != "never" else [])]
