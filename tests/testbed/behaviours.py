"""What a test phone does with a call that comes in: each function makes a behaviour for `UserAgent.on_invite`."""

import asyncio

from tests.testbed.call import Call
from tests.testbed.user_agent import Behaviour


def answers_after(seconds: float, *, talks: float | None = None) -> Behaviour:
    """Rings, answers unless the call was taken away, and hangs up after `talks` seconds if given."""

    async def behave(call: Call) -> None:
        call.ring()
        if not await call.over_within(seconds):
            await _talk(call, talks)

    return behave


def answers_saying(sound: bytes, *, after: float = 0.3) -> Behaviour:
    """Rings, answers, and says A-law sound at once; then listens."""

    async def behave(call: Call) -> None:
        call.ring()
        if not await call.over_within(after):
            call.answer()
            call.say(sound)

    return behave


def answers_and_presses(keys: str, *, after: float, within: float = 0.7, talks: float | None = None) -> Behaviour:
    """Rings, lifts the handset after some seconds, and presses keys a moment later, as a confirmation asks for."""

    async def behave(call: Call) -> None:
        call.ring()
        if await call.over_within(after):
            return
        call.answer()
        if not await call.over_within(within):
            await call.press(keys)
            if talks is not None:
                await asyncio.sleep(talks)
                call.bye()

    return behave


def refuses(status: str) -> Behaviour:
    """Refuses at once with a status, as phones do that are set to do-not-disturb."""

    async def behave(call: Call) -> None:
        call.reject(status)

    return behave


def answers_at_once(*, talks: float | None = None) -> Behaviour:
    """Answers without ringing (a direct 200)."""

    async def behave(call: Call) -> None:
        await _talk(call, talks)

    return behave


def plays_then_answers(seconds: float, *, talks: float | None = None) -> Behaviour:
    """Early media (183) instead of ringing, then the answer."""

    async def behave(call: Call) -> None:
        call.progress()
        if not await call.over_within(seconds):
            await _talk(call, talks)

    return behave


async def rings_on(call: Call) -> None:
    """Rings until the call is taken away."""
    call.ring()


async def is_busy(call: Call) -> None:
    """486 at once."""
    call.reject("486 Busy Here")


def rejects_after(seconds: float, status: str) -> Behaviour:
    """Rings, then rejects by hand with a status such as "486 Busy Here" or "603 Decline"."""

    async def behave(call: Call) -> None:
        call.ring()
        if not await call.over_within(seconds):
            call.reject(status)

    return behave


def forwards_to(number: str) -> Behaviour:
    """302 to another number of the switch."""

    async def behave(call: Call) -> None:
        call.redirect(number)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first behaviour for the first call, and so on; the last one for all that follow."""
    left = list(behaviours)

    async def behave(call: Call) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(call)

    return behave


async def _talk(call: Call, seconds: float | None) -> None:
    call.answer()
    if seconds is not None:
        await asyncio.sleep(seconds)
        call.bye()
