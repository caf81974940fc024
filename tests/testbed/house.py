"""A house of other people as a test shape: its dialplan, its phones, and situations, each one real call or a few.

The dialplan of a house is `conf/houses/NAME`, written after its public documentation. A situation has a number of the
hall, phones and callers of its own, so that all situations of a house can be played at the same time on one switch. It
says what the standard demands of its calls, seen from the caller: who was bridged with them and when, and what rang.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.testbed.call import Call
from tests.testbed.house_settings import settings_of
from tests.testbed.manager import ManagerConversation
from tests.testbed.pace import Pace
from tests.testbed.plan import Plan
from tests.testbed.sip import number_of
from tests.testbed.sip_truth import SipTruth
from tests.testbed.stage import Stage
from tests.testbed.user_agent import Behaviour

QUICK_SECONDS = 3.0
"""The limit of a situation's line where nothing else is said: so that a late call is over soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A kind of call in a house. `tells`: what must be said of each call of its line, oldest first (`told`).

    `also` are further extensions by which its line is known. `unlisted` phones stand in no setting; with `confirms` a
    phone rings on for the caller after its handset was lifted; `kept` ones have a capture; those that take longest are
    begun first.
    """

    name: str
    line: str
    follows: str
    about: str
    play: Callable[["Scene"], Awaitable[None]]
    tells: tuple[str, ...]
    queues: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    limit_seconds: float = QUICK_SECONDS
    takes: float = 10.0
    confirms: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """A house and its situations; its phones dial in the context `phones_dial_in`."""

    name: str
    phones_dial_in: str = "internal"
    situations: list[Situation] = field(default_factory=list)

    def situation(
        self, follows: str, about: str, *, tells: str | tuple[str, ...], **more: Any
    ) -> Callable[[Callable[["Scene"], Awaitable[None]]], None]:
        """Keeps a function as a situation of this house; `follows` is the column of docs/houses.md that it proves."""
        lines = (tells,) if isinstance(tells, str) else tells

        def keep(play: Callable[["Scene"], Awaitable[None]]) -> None:
            name = more.pop("name", play.__name__)  # type: ignore[attr-defined]
            self.situations.append(Situation(name=name, follows=follows, about=about, play=play, tells=lines, **more))

        return keep

    def plan(self, *only: Situation) -> Plan:
        """A switch that is set up as this house, with the phones of all situations or of some."""
        chosen = only or tuple(self.situations)
        return Plan(
            lines=(),
            house=self.name,
            phones_dial_in=self.phones_dial_in,
            staff=tuple(name for one in chosen for name in (*one.phones, *one.unlisted)),
            absent=tuple(name for one in chosen for name in one.absent),
            doubled=tuple(name for one in chosen for name in one.doubled),
        )

    def settings(self, *only: Situation) -> str:
        """The tables of lines and phones, as docs/houses.md has a hall write them."""
        return settings_of(only or self.situations)


class Scene:
    """One situation on its stage: its callers, its phones and the mobiles behind the trunk."""

    def __init__(self, stage: Stage, situation: Situation, mobiles: dict[str, Behaviour]) -> None:
        self.stage, self.situation, self._mobiles = stage, situation, mobiles
        self._calls: list[Call] = []

    def set(self, **behaviours: Behaviour) -> None:
        """What phones do with their next calls: `p1011=answers_after(1)`; `m13900001101=` is a mobile."""
        for name, behaviour in behaviours.items():
            if name.startswith("m"):
                self._mobiles[name[1:]] = behaviour
            else:
                self.stage.phones[name[1:]].on_invite = behaviour

    async def call(self, *, line: str | None = None, number: str | None = None) -> Call:
        """A citizen calls the situation's number (or another one)."""
        number = number or f"138000{self.situation.line[-2:]}{len(self._calls):03}"
        caller = await self.stage.call_in(line or self.situation.line, number=number)
        self._calls.append(caller)
        return caller

    async def end(self) -> None:
        """Nobody of it is left on the phone, whatever went wrong."""
        for call in self._calls:
            with suppress(TimeoutError):
                await call.hang_up()

    async def served(self, by: str, *, talks: float = 0.6, **more: str) -> Call:
        """A citizen calls, a phone (or a mobile, by its number) answers, they talk, and the citizen hangs up."""
        caller = await self.call(**more)
        await self.answered_by(by)
        await asyncio.sleep(talks)
        caller.bye()
        return caller

    async def answered_by(self, by: str, *, seconds: float = 30) -> Call:
        """Waits until a phone of the house, or a mobile by its number, has answered a call."""
        phone = self.stage.phones.get(by, self.stage.trunk)
        async with asyncio.timeout(seconds):
            while True:
                for call in phone.calls.values():
                    is_it = phone is not self.stage.trunk or number_of(call.local) == by
                    if is_it and call.answered.is_set() and not call.ended.is_set():
                        return call
                await asyncio.sleep(0.005)

    def now(self) -> int:
        """Where the switch stands in what it tells; for `seen`."""
        return len(self.stage.control.data)

    async def seen(self, text: str, since: int, *, times: int = 1) -> None:
        """Waits until the switch has told something, that often."""
        for _ in range(times):
            since = await self.stage.control.wait_for(f"{text}\r\n".encode(), since, seconds=30)

    async def phone_call(self, name: str, number: int = 0) -> Call:
        """The `number`-th call that came to a phone."""
        return await self.stage.call_at(name, number)

    async def dials(self, name: str, number: str) -> Call:
        """A phone of the house dials."""
        call = await self.stage.phones[name].dial(number)
        self._calls.append(call)
        return call


async def answered(call: Call, *, seconds: float = 30) -> None:
    """Waits for the answer."""
    async with asyncio.timeout(seconds):
        await call.answered.wait()


def by_number(mobiles: dict[str, Behaviour]) -> Behaviour:
    """What the mobiles behind a trunk do, by the number that was dialled."""

    async def behave(call: Call) -> None:
        behaviour = mobiles.get(number_of(call.local))
        if behaviour is None:
            call.reject("404 Not Found")
        else:
            await behaviour(call)

    return behave


async def look_around(watcher: ManagerConversation, queues: tuple[str, ...] | None = None) -> None:
    """What the service asks when its link is up; of all queues, or only of those named."""
    for action in ("CoreStatus", "CoreSettings"):
        await watcher.action(action)
    for queue in [{}] if queues is None else [{"Queue": name} for name in queues]:
        await watcher.action("QueueStatus", until=b"EventList: Complete", **queue)
    for action in ("DeviceStateList", "CoreShowChannels"):
        await watcher.action(action, until=b"EventList: Complete")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the situations played: the conversation of the watcher with the fewest rights, and the wire.

    `late_ms` is how late the machine let this process go on at the worst.
    """

    raw: bytes
    truth: list[SipTruth]
    failed: dict[str, BaseException]
    late_ms: float


async def play(
    stage: Stage, situations: list[Situation], *, at_once: int = 6, queues: tuple[str, ...] | None = None
) -> Played:
    """Plays situations, some at a time, the longest first, and waits until the switch is quiet.

    Whatever was played before, each begins the same: the switch is put back as it was found first.
    """
    await stage.begin_again()
    mobiles: dict[str, Behaviour] = {}
    stage.trunk.on_invite = by_number(mobiles)
    turn = asyncio.Semaphore(at_once)
    failed: dict[str, BaseException] = {}

    async def play_one(situation: Situation) -> None:
        async with turn:
            scene = Scene(stage, situation, mobiles)
            try:
                async with asyncio.timeout(60):
                    await situation.play(scene)
            except Exception as error:  # noqa: BLE001 - told by the test of this situation
                failed[situation.name] = error
            finally:
                await scene.end()

    async with AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(stage.switch.watcher())
        await look_around(watcher, queues)
        pace = await stack.enter_async_context(Pace())
        await asyncio.gather(*map(play_one, sorted(situations, key=lambda one: -one.takes)))
        await stage.quiet()
        await asyncio.sleep(0.5)
    stage.check()
    return Played(bytes(watcher.data), stage.truth(), failed, pace.late_ms)


def is_told(said: list[str], tells: tuple[str, ...]) -> bool:
    """True if calls are told as they must be; a `…` in place of legs stands for any."""
    return len(said) == len(tells) and all(
        one.startswith(must.removesuffix("…")) if must.endswith("…") else one == must
        for one, must in zip(said, tells, strict=True)
    )


def told(call: dict[str, Any]) -> str:
    """A judged call in one line: `disposition verdict why by WHOM | PHONE:outcome:verdict …`."""
    legs = []
    for leg in sorted(call["legs"], key=lambda leg: (leg["ringing_at"] or 0, leg["endpoint"])):
        origin = f"<{leg['transferred_from'][6:]}" if leg["transferred_from"] else ""
        legs.append(f"{leg['endpoint'].partition('/')[2]}:{leg['outcome']}:{leg['verdict']}{origin}")
    why = call["cause"] or call["reason"] or "-"
    by = (call["answered_by"] or "/-").partition("/")[2]
    return f"{call['disposition']} {call['verdict']} {why} by {by} | {' '.join(sorted(legs))}".rstrip()


def wire_differences(call: dict[str, Any], truth: list[SipTruth], *, tolerance_ms: float, confirms: bool) -> list[str]:
    """Where a call's ring times are not those of the wire; with `confirms` a ring may go on after the answer there."""
    wrong = []
    for leg in call["legs"]:
        if leg["ring_source"] not in ("newstate", "dialstate") or leg["ring_ms"] is None:
            continue
        mine = [
            one
            for one in truth
            if one["endpoint"] == leg["endpoint"]
            and one["ringing"]
            and abs(one["ringing"] - leg["ringing_at"]) * 1000 < 5 * tolerance_ms
        ]
        if not mine:
            wrong.append(f"{leg['endpoint']} is said to ring at {leg['ringing_at']:.3f} and did not")
        elif not confirms and all(
            abs(one["ring_ms"] - leg["ring_ms"]) > tolerance_ms for one in mine if one["ring_ms"] is not None
        ):
            wrong.append(f"{leg['endpoint']} rang {mine[0]['ring_ms']} ms and is said to have rung {leg['ring_ms']}")
    return wrong
