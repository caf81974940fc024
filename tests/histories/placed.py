"""The hall calls: a colleague, a citizen through the trunk, or a citizen who is called back."""

from collections.abc import Generator
from dataclasses import replace

from tests.histories.dialling import CITIZEN, Dialled, dial, dial_out
from tests.histories.plan import PHONES, STEP, CallPlan, Reaction
from tests.histories.ringing import Try
from tests.histories.switch import Switch
from tests.histories.talking import stop_talking
from tests.histories.truth import TrueCall
from tests.histories.wire import Channel

Steps = Generator[int, None, None]


def placed(switch: Switch, plan: CallPlan) -> Steps:
    """A phone of the hall calls a colleague, or a citizen through the trunk."""
    pair = _free_pair(switch, plan)
    if pair is None:
        return
    phone, to = pair
    outbound = plan.kind == "outbound"
    own = switch.channel(f"PJSIP/{phone}", exten=CITIZEN if outbound else "6002", number="6001")
    call = TrueCall(kind=plan.kind, linkedid=own.linkedid, started_at=switch.now)
    switch.calls.append(call)
    switch.talks[phone] = plan.kind
    switch.device(phone)
    far = [dial_out(switch, call, own, to)] if outbound else dial(switch, call, own, to, "transfer")
    answered = yield from _rings(switch, plan, call, own, far)
    if answered:
        yield switch.now + plan.talk
        switch.hangup(answered.channel, 16)
        if not outbound:
            stop_talking(switch, answered)
    switch.talks[phone] = None
    switch.hangup(own, 16)
    switch.device(phone)
    call.ended_at = switch.now


def earlier(switch: Switch) -> Steps:
    """A call of two colleagues, over before anybody calls: from it on it is known that the switch tells bridges."""
    own = switch.channel("PJSIP/agent4", exten="6003", number="6004")
    call = TrueCall(kind="internal", linkedid=own.linkedid, started_at=switch.now)
    switch.calls.append(call)
    far = dial(switch, call, own, Reaction(phone="agent3", acts="answers"), "transfer")
    far[0].steps = [(switch.now + 100_000, "answers")]
    answered = yield from Try(
        switch=switch, call=call, caller=own, kind="transfer", open=far, until=switch.now + 500_000
    ).run()
    yield switch.now + 100_000
    if answered:
        switch.hangup(answered.channel, 16)
        stop_talking(switch, answered)
    switch.hangup(own, 16)
    call.ended_at = switch.now


def _rings(
    switch: Switch, plan: CallPlan, call: TrueCall, caller: Channel, far: list[Dialled]
) -> Generator[int, None, Dialled | None]:
    tried = Try(switch=switch, call=call, caller=caller, kind="transfer", open=far, until=switch.now + plan.ring_for)
    return (yield from tried.run())


def _free_pair(switch: Switch, plan: CallPlan) -> tuple[str, Reaction] | None:
    free = [phone for phone in PHONES if switch.what(phone) == "free"]
    to = plan.then_to
    others = [phone for phone in free if phone != to.phone]
    return (others[0], to) if others else None


def callback(switch: Switch, plan: CallPlan) -> Steps:
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
    answered = yield from _rings(switch, plan, call, second, staff)
    if answered:
        call.together.clear()  # only the hall's own Local channel so far
        switch.say("DialEnd", None, first, DialStatus="ANSWER")
        switch.state(first, "Up")
        yield switch.now + STEP
        citizen = dial_out(switch, call, first, to)
        reached = yield from _rings(switch, plan, call, first, [citizen])
        if reached:
            yield switch.now + plan.talk
            switch.hangup(reached.channel, 16)
        switch.hangup(answered.channel, 16)
        stop_talking(switch, answered)
    switch.hangup(first, 16)
    switch.hangup(second, 16)
    call.ended_at = switch.now
