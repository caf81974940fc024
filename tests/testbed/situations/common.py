"""What happens in every house: the usual situations, each with the phones and the number that it is given."""

import asyncio
from typing import Any

from tests.testbed.behaviours import answers_after, in_turn, is_busy, rings_on
from tests.testbed.house import House, Scene, answered

NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>'
"""What a trunk says of a caller who withholds the number."""


async def served(scene: Scene, phone: str, *, after: float, talks: float = 0.6) -> None:
    """A phone rings and is answered; the caller hangs up."""
    scene.set(**{f"p{phone}": answers_after(after)})
    await scene.served(phone, talks=talks)


async def unanswered(scene: Scene, *phones: str) -> None:
    """Phones ring until the switch gives up."""
    scene.set(**{f"p{phone}": rings_on for phone in phones})
    caller = await scene.call()
    assert await caller.over_within(30)


async def gives_up(scene: Scene, *phones: str, after: float) -> None:
    """Phones ring, and the caller hangs up."""
    scene.set(**{f"p{phone}": rings_on for phone in phones})
    caller = await scene.call()
    await (await scene.phone_call(phones[0])).ringing.wait()
    await asyncio.sleep(after)
    await caller.hang_up()


async def chooses(scene: Scene, key: str, phone: str) -> None:
    """The caller hears a menu, presses a key, and a phone answers."""
    scene.set(**{f"p{phone}": answers_after(1)})
    caller = await scene.call()
    await answered(caller)
    await asyncio.sleep(1)
    await caller.press(key)
    await scene.answered_by(phone)
    await asyncio.sleep(0.6)
    caller.bye()


async def second_caller_waits(scene: Scene, phone: str, *, seconds: float) -> None:
    """The only phone talks to a first caller while a second one waits and gives up."""
    scene.set(**{f"p{phone}": in_turn(answers_after(0.6), is_busy)})
    first = await scene.call()
    await scene.answered_by(phone)
    await asyncio.sleep(0.5)
    second = await scene.call()
    if not await second.over_within(seconds):
        await second.hang_up()
    await asyncio.sleep(0.5)
    first.bye()


async def nobody_there(scene: Scene, *, seconds: float = 30) -> None:
    """A caller whom nothing rings for waits until the switch gives up."""
    caller = await scene.call()
    assert await caller.over_within(seconds)


async def passed_on(scene: Scene, first: str, second: str, *, number: str | None = None) -> None:
    """The first phone answers and passes the caller on to the second (blind, REFER)."""
    scene.set(**{f"p{first}": answers_after(1), f"p{second}": answers_after(1.2)})
    caller = await scene.call()
    talk = await scene.answered_by(first)
    await asyncio.sleep(0.7)
    await talk.transfer(number or second)
    talk.bye()
    await scene.answered_by(second)
    await asyncio.sleep(0.7)
    caller.bye()


async def asked_and_passed_on(scene: Scene, first: str, second: str, *, number: str | None = None) -> None:
    """The first phone answers, asks the second, and connects the two (attended, REFER with Replaces)."""
    scene.set(**{f"p{first}": answers_after(1), f"p{second}": answers_after(1.2)})
    caller = await scene.call()
    talk = await scene.answered_by(first)
    await asyncio.sleep(0.5)
    await talk.hold()
    question = await scene.dials(first, number or second)
    await answered(question)
    await asyncio.sleep(0.5)
    await talk.transfer_to(question)
    talk.bye()
    question.bye()
    await asyncio.sleep(0.7)
    caller.bye()


def usual(house: House, *, behind: str, queue: str | None, pause: str | None = None) -> None:
    """The situations of every house, on 4001 to 4009; `behind` names what rings, `queue` (with `{n}`) the queue.

    `pause`, dialled at a phone, takes it out of the queue; the phones are 10n1 and 10n2.
    """
    situation = house.situation

    def at(n: int, **more: Any) -> dict[str, Any]:
        queues = (queue.format(n=n),) if queue else ()
        return {"line": f"400{n}", "queues": queues, "phones": (f"10{n}1",), "name": NAMES[n].format(behind), **more}

    @situation(
        "answered", f"{behind}, answered after 1 s", **at(1), tells="answered on_time - by 1011 | 1011:answered:on_time"
    )
    async def answered_soon(scene: Scene) -> None:
        await served(scene, "1011", after=1)

    @situation(
        "late",
        f"{behind}, answered at 16 s",
        **at(2, limit_seconds=15, takes=18),
        tells="answered late person by 1021 | 1021:answered:late",
    )
    async def late(scene: Scene) -> None:
        await served(scene, "1021", after=16)

    @situation(
        "missed",
        f"{behind}, rings until the switch gives up",
        **at(3),
        tells="no_answer missed person by - | 1031:no_answer:missed",
    )
    async def missed(scene: Scene) -> None:
        await unanswered(scene, "1031")

    @situation(
        "left early",
        f"{behind}, the caller hangs up after 1.5 s of ringing",
        **at(4),
        tells="abandoned left_early - by - | 1041:cancelled:left_early",
    )
    async def left_early(scene: Scene) -> None:
        await gives_up(scene, "1041", after=1.5)

    waits = "abandoned missed all_busy by - |" if queue else "busy missed all_busy by - | 1051:busy:not_judged"

    @situation(
        "busy",
        f"{behind}, the only phone talks to a caller, a second one waits 4.5 s or is turned away",
        **at(5),
        tells=("answered on_time - by 1051 | 1051:answered:on_time", waits),
    )
    async def busy(scene: Scene) -> None:
        await second_caller_waits(scene, "1051", seconds=4.5)

    if queue is not None:

        @situation(
            "away",
            f"{behind}, the only phone is not registered",
            **at(6, phones=(), absent=("1061",)),
            tells="no_answer missed empty_seat by - |",
        )
        async def away(scene: Scene) -> None:
            await nobody_there(scene)

    if pause is not None:

        @situation(
            "break",
            f"{behind}, one phone is on a break (taken as this house takes it), the colleague answers",
            **at(7, phones=("1071", "1072")),
            tells="answered on_time - by 1072 | 1072:answered:on_time",
        )
        async def on_break(scene: Scene) -> None:
            assert await (await scene.dials("1071", pause)).over_within(20)
            scene.set(p1071=rings_on)
            await served(scene, "1072", after=1)


NAMES = {
    1: "{}_answered",
    2: "{}_late",
    3: "{}_missed",
    4: "{}_left_early",
    5: "{}_busy",
    6: "{}_away",
    7: "{}_break",
}
