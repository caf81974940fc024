"""What follows an answer: talk, transfers, parking, and the end."""

from collections.abc import Generator
from dataclasses import replace

from tests.histories.bridging import join
from tests.histories.dialling import Dialled, dial
from tests.histories.plan import PHONES, QUEUES, STEP, CallPlan, Reaction
from tests.histories.ringing import Try
from tests.histories.switch import Switch
from tests.histories.truth import Together, TrueCall
from tests.histories.wire import Channel

Steps = Generator[int, None, None]
Parties = Generator[int, None, list[Dialled]]


def conversation(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, one: Dialled) -> Steps:
    """The two talk; then the call ends, or goes to somebody else."""
    yield switch.now + plan.talk
    parties = [one]
    to, leg = plan.then_to, one.leg
    possible = to.phone != leg.phone and not one.locals and leg.how == "answered" and leg.phone in PHONES
    if possible and plan.then == "blind":
        _leave_alone(switch, one, caller, "BlindTransfer")
        parties = yield from _transferred(switch, plan, call, caller, to)
        if parties:
            yield switch.now + plan.talk
    elif possible and plan.then == "attended":
        parties = yield from _consult(switch, plan, call, caller, one)
        yield switch.now + plan.talk
    elif possible and plan.then == "parked":
        _leave_alone(switch, one, caller, "ParkedCall")
        parties = yield from _parked(switch, plan, call, caller)
        if parties:
            yield switch.now + plan.talk
    end(switch, call, caller, parties, plan)


def stop_talking(switch: Switch, one: Dialled, plan: CallPlan | None = None) -> None:
    """The phone is free again; a queue leaves it alone for the member's wrap-up time."""
    switch.talks[one.leg.phone] = None
    if plan is not None and plan.kind in QUEUES:
        switch.wraps_up[one.leg.phone] = switch.now + plan.wrap_up
    switch.device(one.leg.phone)


def end(switch: Switch, call: TrueCall, caller: Channel, parties: list[Dialled], plan: CallPlan) -> None:
    """Everybody hangs up, one side first."""
    hangs_up = caller if plan.caller_ends or not parties else parties[0].channel
    if not (call.unheard and hangs_up is caller):
        switch.say("HangupRequest", hangs_up, lag=0, Cause="16")
    for one in parties:
        for pair in one.locals:
            for half in pair:
                switch.hangup(half, 16)
        switch.hangup(one.channel, 16)
        stop_talking(switch, one, plan)
    switch.hangup(caller, 16)
    call.ended_at = switch.now


def _leave_alone(switch: Switch, one: Dialled, caller: Channel, event: str) -> None:
    """The phone sends the caller elsewhere and hangs up."""
    who = {"Transferer" if event == "BlindTransfer" else "Parker": one.channel, "Parkee": caller}
    headers: dict[str, str] = {}
    for role, channel in who.items():
        headers |= dict(channel.headers(role))
    switch.say(event, lag=0, **headers)
    switch.leave(caller, 20)
    switch.leave(one.channel, 30)
    stop_talking(switch, one)
    switch.hangup(one.channel, 16)


def _transferred(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, to: Reaction) -> Parties:
    yield switch.now + STEP
    further = dial(switch, call, caller, to, "transfer")
    for one in further:
        one.leg.transferred = True
    tried = Try(
        switch=switch, call=call, caller=caller, kind="transfer", open=further, until=switch.now + plan.ring_for
    )
    answered = yield from tried.run()
    return [answered] if answered else []


def _parked(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel) -> Parties:
    """The caller waits in the parking lot; a colleague fetches them, or they go."""
    lot = switch.bridge("holding_bridge", lag=40)
    switch.enter(lot, caller, 50)
    yield switch.now + max(plan.then_to.after, STEP)
    phone = plan.then_to.phone
    if switch.what(phone) != "free":
        return []
    fetcher = switch.channel(f"PJSIP/{phone}", exten="701", number="6001")
    switch.state(fetcher, "Up")
    switch.talks[phone] = call.kind
    switch.device(phone)
    leg = replace(call.legs[0], phone=phone, endpoint=f"PJSIP/{phone}", uniqueid=fetcher.uniqueid, up_at=switch.now)
    switch.say("UnParkedCall", lag=350, **dict(caller.headers("Parkee")), **dict(fetcher.headers("Retriever")))
    switch.leave(caller, 360)
    one = Dialled(reaction=plan.then_to, channel=fetcher, leg=leg, dialler=fetcher)
    at = join(switch, caller, one)
    call.together.append(Together(endpoint=leg.endpoint, at=at, up_at=switch.now))
    one.channel = replace(fetcher, linkedid=call.linkedid)
    switch.moved(one.channel)
    return [one]


def _consult(switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, one: Dialled) -> Parties:
    """The person asks a colleague first; if the colleague answers, they join the caller with them."""
    own = switch.channel(one.leg.endpoint, exten="6002", number="6001")
    inner = TrueCall(kind="internal", linkedid=own.linkedid, started_at=switch.now)
    switch.calls.append(inner)
    asked = dial(switch, inner, own, plan.then_to, "transfer")
    tried = Try(switch=switch, call=inner, caller=own, kind="transfer", open=asked, until=switch.now + plan.ring_for)
    answered = yield from tried.run()
    if not answered:
        switch.hangup(own, 16)
        inner.ended_at = switch.now
        return [one]
    switch.talks[answered.leg.phone] = "internal"
    yield switch.now + 2 * STEP + plan.lingers
    switch.calls.remove(inner)
    answered.leg.transferred = True
    call.legs.append(answered.leg)
    headers: dict[str, str] = {}
    who = {
        "OrigTransferer": one.channel,
        "SecondTransferer": own,
        "Transferee": caller,
        "TransferTarget": answered.channel,
    }
    for role, channel in who.items():
        headers |= dict(channel.headers(role))
    switch.say("AttendedTransfer", lag=0, **headers)
    together = switch.alive[caller.uniqueid].bridge
    for channel in (own, answered.channel, one.channel):
        switch.leave(channel, 10)
    stop_talking(switch, one)
    switch.talks[answered.leg.phone] = call.kind
    moved = replace(answered.channel, linkedid=call.linkedid)
    switch.moved(moved)
    if together is not None:
        at = switch.enter(together, moved, 20)
        call.together.append(Together(endpoint=answered.leg.endpoint, at=at, up_at=answered.leg.up_at or at))
    switch.hangup(one.channel, 16)
    switch.hangup(own, 16)
    answered.channel = moved
    return [answered]
