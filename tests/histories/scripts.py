"""How each kind of call goes through the switch, step by step; every `yield` waits until an instant."""

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from tests.histories.plan import MEMBERS, PHONES, STEP, CallPlan, Reaction
from tests.histories.switch import Switch
from tests.histories.truth import TrueCall, TrueLeg
from tests.histories.wire import Channel

Steps = Generator[int, None, None]
Rung = Generator[int, None, "Dialled | None"]
CITIZEN = "13800138000"
EXTENSIONS = {"queue": "4001", "local": "4001", "dial": "4002", "other_line": "4009", "menu": "4001"}
DUE = {"queue": MEMBERS, "local": MEMBERS, "dial": PHONES}


@dataclass(slots=True, kw_only=True)
class Dialled:
    """A phone being dialled: its channel, whoever dialled it, and what stands between (two halves of a Local)."""

    reaction: Reaction
    channel: Channel
    leg: TrueLeg
    dialler: Channel
    local: tuple[Channel, Channel] | None = None
    steps: list[tuple[int, str]] = field(default_factory=list)


def script(switch: Switch, plan: CallPlan) -> Steps:
    """The script of a plan."""
    if plan.kind in ("internal", "outbound"):
        return _placed(switch, plan)
    if plan.kind == "callback":
        return _callback(switch, plan)
    return _inbound(switch, plan)


# --- a citizen calls


def _inbound(switch: Switch, plan: CallPlan) -> Steps:
    caller = switch.channel("trunk", exten=EXTENSIONS[plan.kind], number=CITIZEN)
    call = TrueCall(kind=plan.kind, linkedid=caller.linkedid, started_at=switch.now)
    switch.calls.append(call)
    switch.say("UserEvent", caller, lag=0, UserEvent="VoicedeskCall", Line=caller.exten, Number=CITIZEN)
    gives_up = switch.now + plan.patience if plan.patience is not None else None
    if plan.menu or plan.kind == "menu":
        switch.state(caller, "Up")
        asks = switch.now + (plan.menu or plan.talk)
        if plan.kind == "menu" or (gives_up is not None and gives_up <= asks):
            yield min(asks, gives_up or asks)
            _end(switch, call, caller, [], plan)
            return
        yield asks
    queue = plan.kind in ("queue", "local")
    if queue:
        switch.say("QueueCallerJoin", caller, lag=0, Queue="hotline")
        switch.ask(call, DUE[plan.kind])
    answered = None
    for n, reactions in enumerate(plan.rounds):
        if n:
            until = switch.now + (plan.pause if queue else STEP)
            yield until if gives_up is None else min(until, max(gives_up, switch.now))
        if gives_up is not None and switch.now >= gives_up:
            break
        answered = yield from _round(switch, plan, call, caller, reactions, gives_up)
        if answered or call.gave_up_at:
            break
    if answered:
        yield from _conversation(switch, plan, call, caller, answered)
    elif gives_up is not None and switch.now >= gives_up:
        _gave_up(switch, plan, call, caller)
    else:
        yield from _turned_away(switch, plan, call, caller)


def _gave_up(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel) -> None:
    if call.gave_up_at is None:
        call.gave_up_at = switch.now
        switch.say("HangupRequest", caller, lag=0, Cause="127")
    _stop_waiting(switch, plan, call, caller)
    switch.hangup(caller, 127)
    call.ended_at = switch.now


def _turned_away(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel) -> Steps:
    """The switch has nobody left to ring: it says so, and the call ends by either side."""
    _stop_waiting(switch, plan, call, caller)
    if plan.lingers:
        yield switch.now + plan.lingers
        if plan.caller_ends:
            switch.say("HangupRequest", caller, lag=0, Cause="16")
    switch.hangup(caller, 19)
    call.ended_at = switch.now


def _stop_waiting(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel) -> None:
    if plan.kind in ("queue", "local"):
        switch.say("QueueCallerAbandon", caller, lag=100, Queue="hotline")
        switch.say("QueueCallerLeave", caller, lag=150, Queue="hotline")
        call.waited_until = switch.now


def _round(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, reactions, gives_up: int | None) -> Rung:
    """One try: the phones are dialled together until one answers, all refuse, or the time is over."""
    queue = plan.kind in ("queue", "local")
    if queue:
        available = {phone for phone in MEMBERS if switch.what(phone) == "free"}
        reactions = [reaction for reaction in reactions if reaction.phone in available]
        if not reactions:
            until = switch.now + STEP
            yield until if gives_up is None else min(until, gives_up)
            return None
    dialled = [dial(switch, call, caller, reaction, plan.kind) for reaction in reactions]
    return (yield from ring(switch, call, dialled, switch.now + plan.ring_for, gives_up, queue=queue))


def dial(switch: Switch, call: TrueCall, caller: Channel, reaction: Reaction, kind: str) -> Dialled:
    """The switch dials a phone."""
    phone, now = reaction.phone, switch.now
    queue, local = kind in ("queue", "local"), None
    dialler, direct = caller, phone
    was = switch.what(phone, call)
    if kind == "local":
        base = f"Local/{phone}@phones-{now:08x}"
        local = (switch.channel(f"{base};1", call.linkedid), switch.channel(f"{base};2", call.linkedid))
        called = {"Queue": "hotline", "MemberName": phone, "Interface": f"Local/{phone}@phones/n"}
        switch.say("AgentCalled", caller, local[0], **called)
        switch.say("DialBegin", caller, local[0], DialString=called["Interface"])
        dialler = local[1]
    channel = switch.channel(direct, call.linkedid)
    leg = TrueLeg(phone=phone, uniqueid=channel.uniqueid, dialled_at=now, was=was)
    call.legs.append(leg)
    switch.begin_ring(leg)
    if kind == "queue":
        member = {"Queue": "hotline", "MemberName": phone, "Interface": f"PJSIP/{phone}"}
        switch.say("AgentCalled", caller, channel, **member)
    switch.say("DialBegin", dialler, channel, lag=0, DialString=f"PJSIP/{phone}" if queue else phone)
    if kind != "other_line":
        switch.ask(call, DUE.get(kind, ()))
    elif call.asked_at is None:
        call.asked_at = now
    made = Dialled(reaction=reaction, channel=channel, leg=leg, dialler=dialler, local=local)
    made.steps = _steps(switch, made, was)
    return made


def _steps(switch: Switch, dialled: Dialled, was: str) -> list[tuple[int, str]]:
    """What the phone will do, and when."""
    reaction, now = dialled.reaction, switch.now
    rings_at = now + reaction.delay
    if switch.talks.get(dialled.leg.phone):
        return [(now + 3000, "busy")]
    if was == "unregistered" or reaction.acts == "unreachable":
        return [(now + 2000, "unreachable")]
    if reaction.acts == "busy":
        return [(rings_at, "busy")]
    if reaction.says == "nothing":
        return [(rings_at + reaction.after, "answers")] if reaction.acts == "answers" else []
    return [
        (rings_at, reaction.says),
        *([(rings_at + reaction.after, reaction.acts)] if reaction.acts != "never" else []),
    ]


def ring(
    switch: Switch, call: TrueCall, dialled: list[Dialled], until: int, gives_up: int | None, *, queue: bool
) -> Rung:
    """Rings until one answers (it is returned), all have refused, the caller gives up, or the time is over."""
    open_ = list(dialled)
    while open_:
        agenda = sorted(((at, n) for n, one in enumerate(open_) for at, _ in one.steps[:1]))
        next_at = min([until, *(at for at, _ in agenda[:1]), *([gives_up] if gives_up is not None else [])])
        yield next_at
        if gives_up is not None and next_at >= gives_up:
            _caller_gives_up(switch, call, open_, queue=queue)
            return None
        if next_at >= until:
            for one in open_:
                _falls_silent(switch, call, one, "no_answer", "NOANSWER", 0, queue=queue)
            return None
        one = open_[agenda[0][1]]
        _, what = one.steps.pop(0)
        answered = _act(switch, call, one, what, open_, queue=queue)
        if answered:
            return answered
        if one.leg.silent_at is not None:
            open_.remove(one)
    return None


def _act(switch: Switch, call: TrueCall, one: Dialled, what: str, open_: list[Dialled], *, queue: bool):
    if what in ("180", "183", "nothing"):
        _rings(switch, one, what)
    elif what == "busy":
        _falls_silent(switch, call, one, "busy", "NOANSWER" if queue else "BUSY", 17, queue=queue)
    elif what == "unreachable":
        _falls_silent(switch, call, one, "unreachable", "NOANSWER" if queue else "CHANUNAVAIL", 20, queue=queue)
    elif what == "declines":
        _falls_silent(switch, call, one, "declined", "NOANSWER" if queue else "CHANUNAVAIL", 21, queue=queue)
    elif what == "refuses":
        _falls_silent(switch, call, one, "declined", "NOANSWER" if queue else "BUSY", 17, queue=queue)
    elif what == "answers" and switch.talks.get(one.leg.phone) is None:
        return _answers(switch, call, one, open_, queue=queue)
    elif what == "picked_up" and call.kind == "dial":
        return _picked_up(switch, call, one, open_)
    return None


def _rings(switch: Switch, one: Dialled, says: str) -> None:
    leg = one.leg
    leg.rang_at, leg.told = switch.now, says == "180"
    if says == "180":
        switch.state(one.channel, "Ringing")
        switch.device(leg.phone)
        switch.say("DialState", one.dialler, one.channel, DialStatus="RINGING")
        if one.local:
            switch.state(one.local[0], "Ringing")
    else:
        switch.say("DialState", one.dialler, one.channel, DialStatus="PROGRESS")


def _falls_silent(
    switch: Switch, call: TrueCall, one: Dialled, how: str, status: str, cause: int, *, queue: bool
) -> None:
    switch.end_ring(one.leg, how)
    if cause in (17, 21):
        switch.say("HangupRequest", one.channel, Cause=str(cause))
    if one.local:
        inner = {"no_answer": "CANCEL", "busy": "BUSY", "unreachable": "CHANUNAVAIL"}.get(how, "CHANUNAVAIL")
        switch.say("DialEnd", one.local[1], one.channel, DialStatus="BUSY" if cause == 17 else inner)
        _ends_of_local(switch, call, one, status, cause)
    elif queue:
        switch.say("AgentRingNoAnswer", _caller_of(switch, call), one.channel, MemberName=one.leg.phone)
        switch.say("DialEnd", one.dialler, one.channel, DialStatus=status)
        if how == "no_answer":
            switch.say("DialEnd", one.dialler, one.channel, DialStatus="CANCEL", lag=290)
    else:
        switch.say("DialEnd", one.dialler, one.channel, DialStatus=status)
    switch.hangup(one.channel, cause)


def _ends_of_local(switch: Switch, call: TrueCall, one: Dialled, status: str, cause: int) -> None:
    caller = _caller_of(switch, call)
    switch.say("AgentRingNoAnswer", caller, one.local[0], MemberName=one.leg.phone)
    switch.say("DialEnd", caller, one.local[0], DialStatus=status)
    for half in one.local:
        switch.hangup(half, cause)


def _caller_of(switch: Switch, call: TrueCall) -> Channel:
    return switch.alive[call.linkedid][0]


def _caller_gives_up(switch: Switch, call: TrueCall, open_: list[Dialled], *, queue: bool) -> None:
    call.gave_up_at = switch.now
    switch.say("HangupRequest", _caller_of(switch, call), lag=0, Cause="127")
    for one in open_:
        switch.end_ring(one.leg, "cancelled")
        switch.say("DialEnd", one.dialler, one.channel, lag=10, DialStatus="CANCEL")
        switch.say("DialEnd", one.dialler, one.channel, lag=20, DialStatus="CANCEL")
        if one.local:
            switch.say("DialEnd", _caller_of(switch, call), one.local[0], DialStatus="CANCEL")
            for half in one.local:
                switch.hangup(half, 0)
        switch.hangup(one.channel, 0)


def _cancel_others(switch: Switch, call: TrueCall, one: Dialled, open_: list[Dialled], *, queue: bool) -> None:
    for other in open_:
        if other is one:
            continue
        switch.end_ring(other.leg, "elsewhere")
        if other.local:
            switch.say("DialEnd", other.local[1], other.channel, DialStatus="CANCEL")
            switch.say("DialEnd", _caller_of(switch, call), other.local[0], DialStatus="CANCEL")
            for half in other.local:
                switch.hangup(half, 26)
        else:
            switch.say("DialEnd", other.dialler, other.channel, DialStatus="CANCEL")
        switch.hangup(other.channel, 26 if switch.now % 20_000 else 0)


def _answers(switch: Switch, call: TrueCall, one: Dialled, open_: list[Dialled], *, queue: bool) -> Dialled:
    leg = one.leg
    switch.state(one.channel, "Up")
    if leg.staff:
        switch.talks[leg.phone] = call.kind
    switch.end_ring(leg, "answered")
    if leg.staff:
        _answered(switch, call, leg.phone)
    switch.say("DialEnd", one.dialler, one.channel, DialStatus="ANSWER")
    caller = one.dialler if one.local is None else _caller_of(switch, call)
    if one.local:
        for half in one.local:
            switch.state(half, "Up")
        switch.say("DialEnd", caller, one.local[0], DialStatus="ANSWER")
    _cancel_others(switch, call, one, open_, queue=queue)
    if queue:
        switch.say("QueueCallerLeave", caller, Queue="hotline", lag=300)
        switch.say("AgentConnect", caller, one.local[0] if one.local else one.channel, MemberName=leg.phone, lag=500)
    if switch.alive[caller.uniqueid][1] != "Up":
        switch.state(caller, "Up")
    return one


def _answered(switch: Switch, call: TrueCall, phone: str) -> None:
    if call.answered_at is None:
        call.answered_at, call.answered_by, call.waited_until = switch.now, phone, switch.now


def _picked_up(switch: Switch, call: TrueCall, one: Dialled, open_: list[Dialled]):
    """A colleague whose phone is free takes the call; the phone that rang did not answer it."""
    busy = {other.leg.phone for other in open_}
    free = [phone for phone in PHONES if phone not in busy and switch.what(phone) == "free"]
    if not free:
        return None
    picker = switch.channel(free[0], exten="**6001")
    leg = TrueLeg(phone=free[0], uniqueid=picker.uniqueid, dialled_at=switch.now, was="free", how="picks_up")
    leg.silent_at = switch.now
    call.legs.append(leg)
    switch.state(picker, "Up")
    switch.talks[free[0]] = call.kind
    switch.device(free[0])
    switch.say("Pickup", picker, lag=10, TargetUniqueid=one.channel.uniqueid)
    switch.end_ring(one.leg, "elsewhere")
    _answered(switch, call, free[0])
    switch.say("DialEnd", one.dialler, picker, lag=100, DialStatus="ANSWER")
    _cancel_others(switch, call, one, open_, queue=False)
    switch.state(_caller_of(switch, call), "Up")
    switch.hangup(one.channel, 26)
    moved = replace(picker, linkedid=call.linkedid)
    switch.alive[picker.uniqueid] = (moved, "Up", switch.now)
    return Dialled(reaction=one.reaction, channel=moved, leg=leg, dialler=one.dialler)


# --- talking, and what may follow


def _conversation(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, one: Dialled) -> Steps:
    yield switch.now + plan.talk
    parties = [one]
    to = plan.then_to
    possible = to.phone != one.leg.phone and plan.kind != "local" and one.leg.how == "answered"
    if possible and plan.then == "blind":
        switch.say("BlindTransfer", TransfererUniqueid=one.channel.uniqueid, TransfererChannel=one.channel.name, lag=0)
        _stop_talking(switch, one)
        switch.hangup(one.channel, 16)
        parties = yield from _transferred(switch, plan, call, caller, to)
        if parties:
            yield switch.now + plan.talk
    elif possible and plan.then == "attended":
        parties = yield from _consult(switch, plan, call, caller, one)
        yield switch.now + plan.talk
    _end(switch, call, caller, parties, plan)


def _transferred(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, to: Reaction):
    yield switch.now + STEP
    further = dial(switch, call, caller, to, "transfer")
    further.leg.transferred = True
    answered = yield from ring(switch, call, [further], switch.now + plan.ring_for, None, queue=False)
    return [answered] if answered else []


def _consult(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, one: Dialled):
    """The person asks a colleague first; if the colleague answers, they join the caller with them."""
    own = switch.channel(one.leg.phone, exten="6002", number="6001")
    inner = TrueCall(kind="internal", linkedid=own.linkedid, started_at=switch.now)
    switch.calls.append(inner)
    asked = dial(switch, inner, own, plan.then_to, "transfer")
    answered = yield from ring(switch, inner, [asked], switch.now + plan.ring_for, None, queue=False)
    if not answered:
        switch.hangup(own, 16)
        inner.ended_at = switch.now
        return [one]
    switch.talks[answered.leg.phone] = "internal"
    yield switch.now + 2 * STEP
    switch.calls.remove(inner)
    asked.leg.transferred = True
    call.legs.append(asked.leg)
    headers: dict[str, str] = {}
    who = {
        "OrigTransferer": one.channel,
        "SecondTransferer": own,
        "Transferee": caller,
        "TransferTarget": asked.channel,
    }
    for role, channel in who.items():
        headers |= dict(channel.headers(role))
    switch.say("AttendedTransfer", lag=0, **headers)
    _stop_talking(switch, one)
    switch.talks[answered.leg.phone] = call.kind
    moved = replace(asked.channel, linkedid=call.linkedid)
    switch.alive[moved.uniqueid] = (moved, "Up", switch.now)
    switch.hangup(one.channel, 16)
    switch.hangup(own, 16)
    return [replace(asked, channel=moved)]


def _stop_talking(switch: Switch, one: Dialled) -> None:
    switch.talks[one.leg.phone] = None
    switch.device(one.leg.phone)


def _end(switch: Switch, call: TrueCall, caller: Channel, parties: list[Dialled], plan: CallPlan) -> None:
    hangs_up = caller if plan.caller_ends or not parties else parties[0].channel
    switch.say("HangupRequest", hangs_up, lag=0, Cause="16")
    for one in parties:
        for half in one.local or ():
            switch.hangup(half, 16)
        switch.hangup(one.channel, 16)
        _stop_talking(switch, one)
    switch.hangup(caller, 16)
    call.ended_at = switch.now


# --- the hall calls


def _free_pair(switch: Switch, plan: CallPlan) -> tuple[str, Reaction] | None:
    free = [phone for phone in PHONES if switch.what(phone) == "free"]
    to = plan.then_to
    others = [phone for phone in free if phone != to.phone]
    return (others[0], to) if others else None


def _placed(switch: Switch, plan: CallPlan) -> Steps:
    """A phone of the hall calls a colleague, or a citizen through the trunk."""
    pair = _free_pair(switch, plan)
    if pair is None:
        return
    phone, to = pair
    outbound = plan.kind == "outbound"
    own = switch.channel(phone, exten=CITIZEN if outbound else "6002", number="6001")
    call = TrueCall(kind=plan.kind, linkedid=own.linkedid, started_at=switch.now)
    switch.calls.append(call)
    switch.talks[phone] = plan.kind
    switch.device(phone)
    far = _dial_out(switch, call, own, to) if outbound else dial(switch, call, own, to, "transfer")
    answered = yield from ring(switch, call, [far], switch.now + plan.ring_for, None, queue=False)
    if answered:
        yield switch.now + plan.talk
        switch.hangup(answered.channel, 16)
        if not outbound:
            _stop_talking(switch, answered)
    switch.talks[phone] = None
    switch.hangup(own, 16)
    switch.device(phone)
    call.ended_at = switch.now


def _dial_out(switch: Switch, call: TrueCall, dialler: Channel, to: Reaction) -> Dialled:
    channel = switch.channel("trunk", call.linkedid)
    leg = TrueLeg(phone="trunk", uniqueid=channel.uniqueid, dialled_at=switch.now, was="free", staff=False)
    call.legs.append(leg)
    switch.say("DialBegin", dialler, channel, lag=0, DialString=f"{CITIZEN}@trunk")
    made = Dialled(reaction=to, channel=channel, leg=leg, dialler=dialler)
    made.steps = _steps(switch, made, "free")
    return made


def _callback(switch: Switch, plan: CallPlan) -> Steps:
    """We ring a phone of the hall over a Local channel, then the citizen."""
    pair = _free_pair(switch, plan)
    if pair is None:
        return
    phone, to = pair
    base, key = f"Local/6001@phones-{switch.now:08x}", f"vd-{switch.now}"
    first = switch.channel(f"{base};1", uniqueid=key, exten="6001")
    second = switch.channel(f"{base};2", key, uniqueid=f"{key}b", exten="6001")
    call = TrueCall(kind="callback", linkedid=key, started_at=switch.now)
    switch.calls.append(call)
    switch.say("DialBegin", None, first, DialString="6001@phones")
    reaction = replace(to, phone=phone, says="180", acts="answers")
    staff = dial(switch, call, second, reaction, "transfer")
    answered = yield from ring(switch, call, [staff], switch.now + plan.ring_for, None, queue=False)
    if answered:
        switch.say("DialEnd", None, first, DialStatus="ANSWER")
        switch.state(first, "Up")
        citizen = _dial_out(switch, call, first, to)
        reached = yield from ring(switch, call, [citizen], switch.now + plan.ring_for, None, queue=False)
        if reached:
            yield switch.now + plan.talk
            switch.hangup(reached.channel, 16)
        switch.hangup(answered.channel, 16)
        _stop_talking(switch, answered)
    switch.hangup(first, 16)
    switch.hangup(second, 16)
    call.ended_at = switch.now
