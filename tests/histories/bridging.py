"""Caller and phone come to hear each other: in one bridge, or over Local channels that stay or are taken out."""

from tests.histories.dialling import Dialled
from tests.histories.switch import Bridge, Switch
from tests.histories.truth import Together, TrueCall, TrueLeg
from tests.histories.wire import Channel


def meets(switch: Switch, call: TrueCall, leg: TrueLeg) -> None:
    """The caller and this phone share a bridge from now on."""
    call.together.append(Together(endpoint=leg.endpoint, at=leg.joined_at or switch.now, up_at=leg.up_at or switch.now))
    call.waited_until = call.waited_until or switch.now


def join(switch: Switch, caller: Channel, one: Dialled) -> int:
    """Caller and phone enter one bridge, or two with a Local channel between; returns when they hear each other."""
    outer = switch.bridge(lag=600)
    first, second = (one.locals[0][0] if one.locals else one.channel), caller
    if switch.now % 20_000:
        first, second = second, first
    switch.enter(outer, first, 700)
    joined_at = switch.enter(outer, second, 800)
    if len(one.locals) == 1 and not one.kept:
        _optimise_away(switch, caller, one, outer)
    return joined_at


def _optimise_away(switch: Switch, caller: Channel, one: Dialled, outer: Bridge) -> None:
    """The Local channel is taken out: phone and caller share one bridge, and its halves hang up."""
    first, second = one.locals[0]
    inner = switch.alive[one.channel.uniqueid].bridge
    assert inner is not None
    halves = dict(first.headers("LocalOne")) | dict(second.headers("LocalTwo"))
    switch.say("LocalOptimizationBegin", lag=850, **halves)
    if switch.now % 30_000:  # the caller moves to the phone
        switch.leave(caller, 860)
        switch.leave(second, 870)
        switch.enter(inner, caller, 880)
        switch.say("LocalOptimizationEnd", lag=890, **halves)
        switch.leave(first, 895)
    else:
        switch.leave(one.channel, 860)
        switch.leave(first, 870)
        switch.enter(outer, one.channel, 880)
        switch.say("LocalOptimizationEnd", lag=890, **halves)
        switch.leave(second, 895)
    for half in one.locals[0]:
        switch.say("HangupRequest", half, lag=900, Cause="16")
        switch.hangup(half, 16, 950)
    one.locals = ()
