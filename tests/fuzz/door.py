"""FastAGI: environments and replies through protocol, verbs, walk and host, without a socket."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from tests.fakes.agi import environment
from tests.fuzz.damage import absurd, damaged
from tests.fuzz.target import Target
from voicedesk.agi.call import AgiCall
from voicedesk.agi.protocol import AgiEnvironment, AgiProtocol, HungUp, Reply, to_command
from voicedesk.errors import AgiError, AgiHungUp, UnsafeValueError
from voicedesk.hall.prompts import catalogue_of, frames_of, menu_of
from voicedesk.ivr.wording import Wording
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.telling.host import IvrHost
from voicedesk.jobs.telling.shelf import Shelf
from voicedesk.prompts.book import Pace, Prompt
from voicedesk.settings import Settings
from voicedesk.store.consultations import StoredConsultation

NOW = 1_795_485_600_000_000
MOST_COMMANDS = 2000
_PATHS = ("gate", "overflow", "notices", "staff", "break", "", "../gate", "gate%00", "GATE")
_QUERY = ("line", "pbx", "round", "sent", "number", "endpoint", "id", "")
_REPLIES = (
    *(b"200 result=0", b"200 result=1", b"200 result=0 endpos=8000", b"200 result=49 endpos=4000"),
    *(b"200 result=48", b"200 result=35 (dtmf) endpos=16000", b"200 result=0 (timeout) endpos=16000"),
    *(b"200 result=1 (a value)", b"510 Invalid or unknown command", b"HANGUP", b"100 Trying..."),
    *(b"520-Invalid command syntax.  Proper usage follows:", b"520 End of proper usage.", b"200 result=-1 endpos=400"),
    b"511 Command Not Permitted on a dead channel or intercept routine",
)


def make(rng: Random) -> bytes:
    """A conversation: an environment, some of its values absurd, then replies, some of them damaged."""
    query = b"&".join(rng.choice(_QUERY).encode() + b"=" + _value(rng) for _ in range(rng.randint(0, 3)))
    address = b"agi://127.0.0.1/" + rng.choice(_PATHS).encode() + b"?" + query
    begun = environment(agi_request="@", agi_calleridname="x").replace(b"@", address)
    if rng.randrange(2):
        begun = damaged(rng, begun)
    replies = [rng.choice(_REPLIES) for _ in range(rng.randint(0, 60))]
    data = b"\n".join(replies) + b"\n"
    if rng.randrange(2):
        data = damaged(rng, data)
    return begun + data


def _value(rng: Random) -> bytes:
    return rng.choice((b"hotline", b"main", b"1", b"2", b"13800138000", absurd(rng)))


class Conversation:
    """Answers each command by the next reply that is there; hangs up when there is none."""

    def __init__(self, events: list[object]) -> None:
        self._events = iter(events)
        self._commands = 0

    def ask(self, name: str, *values: str | int, seconds: float = 0.0) -> Awaitable[Reply]:
        to_command(name, *values)
        assert seconds < 24 * 3600
        self._commands += 1
        assert self._commands <= MOST_COMMANDS, "a call that does not end"
        return self._next()

    async def _next(self) -> Reply:
        for event in self._events:
            if isinstance(event, Reply):
                return event
            if isinstance(event, HungUp):
                break
        raise AgiHungUp


class Book:
    """Every text has a sound of a second."""

    folder = Path("/prompts")

    def find(self, text: str, *, language: str = "zh_CN", pace: Pace = Pace.NORMAL) -> Prompt:
        return Prompt(path=Path("/prompts/a"), seconds=1.0, is_recorded=False)


@cache
def _shelf(day: date) -> Shelf:
    settings = _settings()
    catalogue = catalogue_of(settings)
    menu = menu_of(catalogue, day, samples=True)
    book = cast("Any", Book())
    return Shelf(menu=menu, words=Wording(frames_of(settings)), book=book, catalogue=catalogue, welcomes={})


@cache
def _settings() -> Settings:
    line = {"name": "hotline", "extensions": ["4001"], "duty": ["daily 09:00-17:00"]}
    return Settings.model_validate({"lines": [line], "notices": {"samples": True}})


async def _yes(*_: object, **__: object) -> bool:
    return True


async def _nothing(*_: object, **__: object) -> None:
    return None


async def _kept(kept: StoredConsultation) -> None:
    for text in (kept.pbx, kept.uniqueid, kept.caller_number or "", kept.line or ""):
        text.encode()
        assert "\0" not in text, "no database keeps a NUL"


def _host(guard: Guard) -> IvrHost:
    """A host with everything that is told at hand, and a database that keeps nothing."""
    store = SimpleNamespace(
        consultations=SimpleNamespace(begin=_yes, save=_kept, get=_nothing, note_sms=_nothing),
        tickets=SimpleNamespace(attempt=_nothing, get=_nothing),
    )
    outages = SimpleNamespace(texts_for=lambda _line: (), change_settings=lambda _settings: None)
    return IvrHost(
        cast("Any", store),
        _settings(),
        {"main": lambda _: None},
        lambda: NOW,
        outages=cast("Any", outages),
        below=len_of,
        guard=guard,
        stock=lambda _settings, day: _shelf(day),
    )


def len_of(most: int) -> int:
    """A code that is always the same."""
    return most // 2


def run(data: bytes) -> None:
    """The conversation piece by piece; a call that began is served to its end."""
    protocol = AgiProtocol()
    events: list[object] = []
    step = max(len(data) // 5, 1)
    refused: AgiError | None = None
    for at in range(0, len(data), step):
        try:
            events += protocol.receive_data(data[at : at + step])
        except AgiError as error:
            refused = error
            break
    if events and isinstance(events[0], AgiEnvironment):
        asyncio.run(_served(AgiCall(events[0], Conversation(events[1:]))))
    if refused is not None:
        raise refused


async def _served(call: AgiCall) -> None:
    guard = Guard(lambda: NOW)
    host = _host(guard)
    try:
        await host.serve(call)
    finally:
        await host.proof.save()
        assert not guard.waiting, f"set aside: {guard.waiting[0].reason}"


async def verbs(data: bytes) -> None:
    """Every verb on what was answered."""
    protocol = AgiProtocol()
    begun = protocol.receive_data(environment())[0]
    assert isinstance(begun, AgiEnvironment)
    call = AgiCall(begun, Conversation(list(protocol.receive_data(data))))
    await call.answer()
    await call.say(["a", "b"], keys="1")
    await call.ask(["a"], limit=30, timeout_seconds=1, between_seconds=1)
    await call.menu(["m"], match="12", tries=3, timeout_seconds=1)
    await call.record("m", max_seconds=1)
    await call.get_variable("A")
    await call.set_variable("A", "b")


def make_replies(rng: Random) -> bytes:
    """Replies, some of them damaged."""
    return damaged(rng, b"\n".join(rng.choice(_REPLIES) for _ in range(rng.randint(1, 40))) + b"\n")


TARGETS = (
    Target(name="agi", share=150, make=make, run=run, allowed=(AgiError, UnsafeValueError)),
    Target(
        name="agi_verbs",
        share=100,
        make=make_replies,
        run=lambda data: asyncio.run(verbs(data)),
        allowed=(AgiError, UnsafeValueError),
    ),
)
