"""A light service that kills itself at step N: before and after every statement, commit and write of the spill file.

It is what `voicedesk run` is without a link: store, writer, call log, lease and requests, fed from a stream of events.
Each life goes on where the stream is; what it lost, the switch never says again. What it reports as safe must be found
by whoever looks into the file afterwards. With `poison` a call that no database takes comes beside each batch, and in
each life an event at which the tracker raises.
"""

import asyncio
import os
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from benchmarks import corpus
from sqlalchemy import event as hooks
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.calls.model import CallFacts, Direction, Hall, JudgedCall, Line, StartSource
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import WANTED_EVENTS, Tracker
from voicedesk.clock import MICROSECONDS, format_epoch
from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.jobs.following import resume_points
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.rebuilder import Rebuilder
from voicedesk.jobs.guard import Guard
from voicedesk.log import configure_logging
from voicedesk.store import engine
from voicedesk.store.engine import Database
from voicedesk.store.requests import RequestState
from voicedesk.store.spill import Spill, spill_file
from voicedesk.store.store import Store

PBX = "main"
POISON = "poison"
"""The PBX of the calls that fit nowhere, and how the ids of events begin that nobody can take."""
HALL = Hall(
    lines=(Line(name="hotline", extensions=frozenset({"4001"}), limit_us=20_000),),
    phones=frozenset(f"PJSIP/{number}" for number in range(800, 860)),
)
BAD_EVENT_IN = 1
"""The batch of a life, from 0, with the event that nobody can take."""
BOOT = "2026-11-23 08:00:00"
AT_ONCE = 12
STREAM = 36_000
APART_US = 2_000
LAG_US = 300
LEASE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one life of the service does: events from `first` on, `batches` of them; killed at `kill_at` (0: never).

    In every batch whose number is in `refused` the database takes nothing. `number` counts lives.
    """

    folder: Path
    number: int
    first: int
    batches: int
    kill_at: int = 0
    refused: frozenset[int] = frozenset()
    poison: bool = False


def stream(count: int) -> list[AmiEvent]:
    """The events of a hall with a few calls at a time, two milliseconds apart, each with an instant of its own."""
    born: dict[str, int] = {}
    blocks = []
    for n, told in enumerate(corpus.stream(count, seed=11, concurrent=5)):
        at = corpus.START_US + n * APART_US

        def named(found: re.Match[str], at: int = at) -> str:
            second = born.setdefault(str(int(found[1]) // 2), at // MICROSECONDS)
            return f"pbx-{second}.{found[1]}"

        text = re.sub(r"Timestamp: [\d.]+", f"Timestamp: {format_epoch(at)}", told.block.decode())
        blocks.append(re.sub(r"pbx-\d+\.(\d+)", named, text).encode())
    return RecordedConversation(WANTED_EVENTS).receive_data(b"".join(blocks))


@cache
def events() -> list[AmiEvent]:
    """The events of all lives; made where the first is wanted: whoever only collects tests needs none."""
    return stream(STREAM)


def link_up(events: list[AmiEvent], first: int, at: int) -> list[AmiEvent]:
    """What a client says when its link stands again before event `first`: the mark, and who is on the phone."""
    alive: dict[str, AmiEvent] = {}
    for one in events[:first]:
        if one.name in ("Newchannel", "Newstate") and one.uniqueid:
            alive[one.uniqueid] = one
        elif one.name == "Hangup":
            alive.pop(one.uniqueid or "", None)
    keys = ("Channel", "Uniqueid", "Linkedid", "ChannelStateDesc", "CallerIDNum", "Exten")
    listed = [
        make_event("CoreShowChannel", {key: one.get(key) for key in keys}, arrived_us=at) for one in alive.values()
    ]
    up = {"State": "up", "Boot": BOOT, "Restarted": 0, "Timestamp": format_epoch(at)}
    begin = {"State": "begin", "Timestamp": format_epoch(at)}
    end = {"State": "end", "Complete": 1, "Timestamp": format_epoch(at)}
    return [
        make_event("VoicedeskLink", up, arrived_us=at),
        make_event("VoicedeskSnapshot", begin, arrived_us=at),
        *listed,
        make_event("VoicedeskSnapshot", end, arrived_us=at),
    ]


def live(life: Life) -> None:
    """One life, in a process of its own; ends the process."""
    configure_logging(level="critical")  # what is set aside would be told each time
    resume_points.CHECKPOINT_EVERY = 5
    engine.LOCK_SECONDS = 0.0
    _receive_no_poison()
    steps = count_steps(life.kill_at)
    asyncio.run(_live(life))
    (life.folder / f"steps.{life.number}").write_text("\n".join(steps))


async def _live(life: Life) -> None:
    clock = _Clock((events()[life.first].timestamp_us or 0) - LAG_US)
    url = f"sqlite:///{life.folder}/v.db"
    spill = Spill(spill_file(url, None), reserve_bytes=64 * 1024)
    owner = f"life:{life.number}"
    async with Store.open(url, now=clock, spill=spill) as store:
        hook(store.database)
        killed = await store.requests.lease("service")
        if not await store.requests.lead("service", owner, LEASE_SECONDS, over=killed):
            raise SystemExit(3)
        await store.requests.give_up(owner)
        await store.writer.take_up()
        guard = Guard(clock)
        log = await _resumed(store, clock, guard)
        log.take(link_up(events(), life.first, clock()))
        for number in range(life.batches):
            start = life.first + number * AT_ONCE
            for one in events()[start : start + AT_ONCE]:
                one.arrived_us = clock.us = (one.timestamp_us or 0) + LAG_US
                log.take([one])
            if life.poison and number == BAD_EVENT_IN:
                log.take([_bad_event(start + AT_ONCE, clock())])
            log.settle()
            if life.poison:
                store.writer.add(POISON, resume_from=1, calls=[_bad_call(start + AT_ONCE, clock())])
            await _keep(store, spill, refused=number in life.refused)
            if log.is_in_doubt and number not in life.refused:
                await Rebuilder({PBX: log}, store).make_anew(log)
                await guard.save(store)
            _report(life, start + AT_ONCE)
        for request in await store.requests.queued(10):
            if await store.requests.start([request.id], owner, LEASE_SECONDS):
                await store.requests.finish(request.id, RequestState.DONE, owner, owner=owner)
        await store.writer.flush()
        spill.close()


def poison_id(number: int) -> str:
    """The id of the call that fits nowhere and comes with the batch that ends before event `number`."""
    return f"{number:020x}"


def _bad_call(number: int, at: int) -> JudgedCall:
    facts = CallFacts(
        id=poison_id(number),
        pbx=POISON,
        boot=None,
        linkedids=(),
        line=None,
        direction=Direction.INBOUND,
        caller_number=None,
        started_at=at,
        started_at_source=StartSource.NEWCHANNEL,
        ended_at=at,
    )
    return JudgedCall(facts=replace(facts, ended_at=2**63), judgement=judge(facts))


def _bad_event(number: int, at: int) -> AmiEvent:
    uniqueid = f"{POISON}-{number}"
    told = {"Channel": "PJSIP/odd-1", "Uniqueid": uniqueid, "Linkedid": uniqueid, "Timestamp": format_epoch(at)}
    return make_event("Newchannel", told, arrived_us=at)


def _receive_no_poison() -> None:
    """As if the tracker had a fault that these events bring out."""
    real = Tracker.receive

    def receive(self: Tracker, one: AmiEvent) -> None:
        if (one.uniqueid or "").startswith(POISON):
            raise RuntimeError("nobody foresaw this")
        real(self, one)

    Tracker.receive = receive  # type: ignore[method-assign]


async def _resumed(store: Store, clock: Callable[[], int], guard: Guard) -> CallLog:
    other = await store.journal.position(POISON)
    if other is not None:
        store.writer.begin(POISON, other.sequence)
    log = CallLog(PBX, HALL, store.writer, guard)
    position = await store.journal.position(PBX)
    if position is not None:
        store.writer.begin(PBX, position.sequence)
        journal = [pair async for pair in store.journal.events(PBX, since=position.resume_from)]
        ids = await store.calls.open_ids(PBX)
        log.resume(journal, resume_from=position.resume_from, open_ids=ids, stopped_at=position.last_at)
    return log


async def _keep(store: Store, spill: Spill, *, refused: bool) -> None:
    """On disk one way or the other."""
    if not refused:
        await store.writer.flush()
        return

    def refuse() -> None:
        raise StoreUnavailable("the database is locked")

    store.database.write = refuse  # type: ignore[method-assign]
    with suppress(StoreError):
        await store.writer.flush()
    del store.database.write
    await store.writer._spill_waiting(spill)


def _report(life: Life, safe: int) -> None:
    """That the events before `safe` are on disk; in one write, which a kill cannot tear."""
    file = os.open(life.folder / "safe", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{life.number} {life.first} {safe}\n".encode())
    os.close(file)


class _Clock:
    def __init__(self, us: int) -> None:
        self.us = us

    def __call__(self) -> int:
        return self.us


_step: Callable[[str], None] = lambda _: None  # noqa: E731


def step(name: str) -> None:
    """One step more: where it is the one that was chosen, it is the last."""
    _step(name)


def count_steps(kill_at: int) -> list[str]:
    """From now on each step is counted, and `kill_at` is the last (0: none is); their names, as they are taken."""
    global _step  # noqa: PLW0603
    names: list[str] = []

    def counted(name: str) -> None:
        names.append(name)
        if len(names) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def stepped(*args: object) -> object:
            step(f"before {name}")
            done = real(*args)
            step(f"after {name}")
            return done

        return stepped

    for name in ("pwrite", "fdatasync", "fsync", "ftruncate", "posix_fallocate"):
        setattr(os, name, around(name, getattr(os, name)))
    _step = counted
    real_init = Database.__init__

    def init(self: Database, url: str, **more: bool) -> None:
        real_init(self, url, **more)
        hook(self)

    Database.__init__ = init  # type: ignore[method-assign]
    return names


def hook(database: Database) -> None:
    """A step before and after each statement, before each commit (the next begins after it)."""
    target = database.engine.sync_engine
    if getattr(target, "_is_hooked", False):
        return
    target._is_hooked = True  # type: ignore[attr-defined]

    def statement(moment: str) -> Callable[..., None]:
        """Named by its first words: rows by their table too, what makes tables and indexes by what it does alone."""

        def taken(_connection: object, _cursor: object, said: str, *_: object) -> None:
            words = said.split()[:3]
            step(" ".join((moment, *(words[:2] if words[0] in ("CREATE", "ALTER", "DROP") else words))))

        return taken

    hooks.listen(target, "before_cursor_execute", statement("before"))
    hooks.listen(target, "after_cursor_execute", statement("after"))
    hooks.listen(target, "commit", lambda *_: step("commit"))
    hooks.listen(target, "begin", lambda *_: step("begin"))
    hooks.listen(target.pool, "checkin", lambda *_: step("given back"))


def of_each_kind(steps: Sequence[str], *, one_in: int, seed: int = 67) -> list[int]:
    """Steps to be killed at, from 1: of each kind the first and the last, what stands around a commit, and of the
    others one in so many by chance."""
    numbered = list(enumerate(steps, 1))
    first = {name: at for at, name in reversed(numbered)}
    last = {name: at for at, name in numbered}
    commits = {at + beside for at, name in numbered if name == "commit" for beside in (0, 1)}
    kept = {*first.values(), *last.values(), *commits}
    others = [at for at, _ in numbered if at not in kept]
    return sorted(kept.union(Random(seed).sample(others, len(others) // one_in)))
