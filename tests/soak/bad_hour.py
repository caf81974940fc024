"""A service to which now and then something bad comes: events, requests, files, receivers; what came of the good."""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fakes.ami_server import FakeAmiServer
from tests.soak.bad_things import POISON, BadDay, Rates, Receiver, bad_payload, put_recording
from tests.soak.run import BEAT_SECONDS, SETTINGS, Soak, _program, _until
from voicedesk.calls.model import Role
from voicedesk.calls.replay import replay
from voicedesk.clock import now_us
from voicedesk.errors import StoreUnavailable
from voicedesk.hall.lines import halls_of
from voicedesk.settings import load_settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store
from voicedesk.tickets.model import Kind
from voicedesk.tickets.steps import Register, to_row

MORE = """
[recording]
folder = "{folder}/kept"

[[webhooks]]
name = "gateway"
form = "json"
secret = "a key of the gateway"
url = "http://127.0.0.1:{news}/news"
a_minute = 600
allow_loopback = true
"""
MORE_DESCRIPTORS = 10
"""Connections of a pool and to receivers, and files that are heard, may come and go."""
SLACK_US = 2_000_000
UNTOLD = ("cannot_tell", "not_judged")
ACCUSING = ("missed", "late")


@dataclass(kw_only=True)
class BadHour:
    """What was seen. `wrong` says in words what must not be; everything else are figures."""

    figures: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class _Desk:
    """Somebody who asks the service for something again and again, through rows as every process does."""

    def __init__(self, store: Store, database: Path, seed: int, rates: Rates) -> None:
        self._store, self._database, self._rates = store, database, rates
        self._chance = Random(f"requests {seed}")
        self.good: list[str] = []
        self.bad: list[str] = []
        self.not_asked = 0

    async def ask(self, every_seconds: float) -> None:
        """Until cancelled."""
        for number in range(10**9):
            step = Register(by="0012", kind=Kind.REFERRAL, group="hotline", note=f"soak {number}", number="13800138000")
            try:
                row_id = await self._store.requests.ask("ticket", to_row(step), "soak")
            except StoreUnavailable:  # on a busy machine another may write for long: a person would ask again
                self.not_asked += 1
                await asyncio.sleep(every_seconds)
                continue
            self.good.append(row_id)
            if not self._chance.randrange(self._rates.requests):
                await asyncio.to_thread(self._ask_badly, f"bad-{number}", to_row(step))
            await asyncio.sleep(every_seconds)

    def _ask_badly(self, row_id: str, payload: dict[str, object]) -> None:
        kind = self._chance.choice(("ticket", "ticket", "break", "reload", "forget", "dance"))
        told = bad_payload(self._chance, payload)
        shown: object = told if self._chance.randrange(4) == 0 else told.decode("utf-8", "replace")
        with contextlib.closing(sqlite3.connect(self._database, timeout=30)) as database, database:
            columns = "id, kind, payload, asked_by, asked_at, state"
            values = (row_id, kind, shown, "soak", now_us(), "queued")
            database.execute(f"INSERT INTO requests ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)
        self.bad.append(row_id)


class _Recorder:
    """Leaves recordings of calls that were answered, as a switch does."""

    def __init__(self, folder: Path, store: Store, seed: int, rates: Rates) -> None:
        self._folder, self._store, self._rates = folder, store, rates
        self._chance = Random(f"files {seed}")
        self.good: list[str] = []
        self.bad: list[str] = []

    async def record(self, every_seconds: float) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            found = await self._answered()
            if found is not None and found not in self.good + self.bad:
                is_bad = not self._chance.randrange(self._rates.files)
                put_recording(self._folder, found, bad=self._chance if is_bad else None)
                (self.bad if is_bad else self.good).append(found)

    async def _answered(self) -> str | None:
        """The channel of a staff phone that answered lately."""
        legs = [leg for one in await self._store.calls.list(CallFilter(), limit=20) for leg in one.call.facts.legs]
        return next((leg.uniqueid for leg in legs if leg.answered_at and leg.ended_at and leg.role is Role.STAFF), None)


async def bad_hour(
    folder: Path,
    *,
    seconds: float,
    seed: int = 1,
    rates: Rates | None = None,
    calls_per_second: float = 2.0,
    faster: int = 2,
    settle_seconds: float = 15.0,
    growth: float = 0.1,
) -> BadHour:
    """Runs it for so long, then looks at what is there; files are left in `folder`. Memory may grow by `growth`."""
    rates = rates or Rates()
    recordings, config, samples = folder / "recordings", folder / "voicedesk.toml", folder / "samples.jsonl"
    recordings.mkdir()
    database = folder / "voicedesk.db"
    async with (
        FakeAmiServer() as switch,
        Receiver(seed=seed, rate=rates.posts) as news,
        contextlib.AsyncExitStack() as stack,
    ):
        switch.lists["CoreShowChannels"] = []
        text = SETTINGS.format(folder=folder, port=switch.port) + MORE.format(folder=folder, news=news.port)
        config.touch(mode=0o600)
        secret = 'secret = "s3cret"\n'
        config.write_text(text.replace(secret, f'{secret}recordings = "{recordings}"\n'), encoding="utf-8")
        service = await stack.enter_async_context(_program("tests.soak.service", config, samples, Path("poison")))
        await _until(lambda: "DeviceStateList" in switch.names())
        store = await stack.enter_async_context(Store.open(f"sqlite:///{database}"))
        day = BadDay(seconds=seconds, calls_per_second=calls_per_second, faster=faster, rates=rates, seed=seed)
        desk, recorder = _Desk(store, database, seed, rates), _Recorder(recordings, store, seed, rates)
        beside = [asyncio.create_task(desk.ask(0.5)), asyncio.create_task(recorder.record(2.0))]
        sessions, begun = switch.sessions, time.monotonic()
        while not day.is_over:
            said = day.due(now_us())
            switch.lists["CoreShowChannels"] = day.up
            if said:
                await switch.send(said)
            await asyncio.sleep(BEAT_SECONDS)
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        lasted = time.monotonic() - begun
        await _calm(database, settle_seconds)
        seen = BadHour()
        if service.returncode is not None:
            seen.wrong.append(f"the service ended by itself with {service.returncode}")
        seen.wrong += [f"a task beside ended: {task.exception()!r}" for task in beside if not task.cancelled()]
        service.terminate()
        await service.wait()
        seen.figures |= {"seconds": round(lasted), "links": switch.sessions - sessions + 1}
        await _look_at_calls(seen, store, day, config)
        _look_at_requests(seen, database, desk)
        _look_at_files(seen, database, recorder, recordings)
        _look_at_news(seen, database, news)
        _look_at_quarantine(seen, database, day)
        _look_at_itself(seen, samples, growth)
    return seen


async def _calm(database: Path, most_seconds: float) -> None:
    """Until nothing is under way, or so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_seconds):
            while True:
                await asyncio.sleep(1.0)
                asked = _rows(database, "SELECT count(*) FROM requests WHERE state IN ('queued', 'running')")
                open_calls = _rows(database, "SELECT count(*) FROM calls WHERE ended_at IS NULL")
                waiting = _rows(database, "SELECT count(*) FROM deliveries WHERE state = 'queued'")
                if (*asked, *open_calls, *waiting) == ((0,), (0,), (0,)):
                    return


def _rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as opened:
        return opened.execute(query).fetchall()


async def _look_at_calls(seen: BadHour, store: Store, day: BadDay, config: Path) -> None:
    """Against the same day told undamaged."""
    truth = replay(b"".join(day.whole), pbx="main", hall=halls_of(load_settings(config))["main"]).calls
    stored = [one.call async for one in store.calls.each(CallFilter())]
    by_id = Counter(linkedid for call in stored for linkedid in call.facts.linkedids)
    found = {linkedid: call for call in stored for linkedid in call.facts.linkedids}
    counts: Counter[str] = Counter()
    for call in truth:
        ids = call.facts.linkedids
        if day.concerned & {*ids, *(leg.uniqueid for leg in call.facts.legs)}:
            counts["concerned"] += 1
            continue
        if any(by_id[one] != 1 for one in ids):
            seen.wrong.append(f"a good call stands {[by_id[one] for one in ids]} times: {ids}")
            continue
        since, until = call.facts.started_at - SLACK_US, (call.facts.ended_at or 0) + SLACK_US
        verdict, now = call.judgement.verdict.value, found[ids[0]].judgement.verdict.value
        if verdict == now:
            counts["right"] += 1
        elif now in UNTOLD and any(since <= at <= until for at in day.bad_at):
            counts["not told, for something bad meanwhile"] += 1
        else:
            seen.wrong.append(f"{ids} is {now}, and was {verdict}")
    known = {linkedid for call in truth for linkedid in call.facts.linkedids}
    strange = [call for call in stored if not known & {*call.facts.linkedids}]
    accused = [call for call in strange if call.judgement.verdict.value in ACCUSING]
    seen.wrong += [f"somebody is accused over a call that never was: {call.facts.linkedids}" for call in accused]
    still_open = [
        call for call in stored if call.facts.ended_at is None and not day.concerned & {*call.facts.linkedids}
    ]
    seen.wrong += [f"a good call stays open: {call.facts.linkedids}" for call in still_open]
    seen.figures |= {"events": day.events, "bad events": len(day.bad_at), "calls": len(truth), **counts}
    seen.figures |= {"calls that never were": len(strange)}


def _look_at_requests(seen: BadHour, database: Path, desk: _Desk) -> None:
    found = _rows(database, "SELECT id, state, asked_at, finished_at, outcome FROM requests")
    states = {one: state for one, state, *_ in found}
    told = {one: rest for one, *rest in found}
    seen.wrong += [f"good request {one}: {told.get(one)}" for one in desk.good if states.get(one) != "done"]
    seen.wrong += [
        f"bad request {one} is {states.get(one)}" for one in desk.bad if states.get(one) not in ("done", "failed")
    ]
    bad_done = sum(states.get(one) == "done" for one in desk.bad)
    ((referrals,),) = _rows(database, "SELECT count(*) FROM tickets WHERE kind = 'referral'")
    if not len(desk.good) <= int(str(referrals)) <= len(desk.good) + bad_done:
        seen.wrong.append(f"{referrals} referrals of {len(desk.good)} that were asked for once")
    seen.figures |= {"requests": len(desk.good), "bad requests": len(desk.bad)}
    seen.figures |= {"requests that could not be asked": desk.not_asked}


def _look_at_files(seen: BadHour, database: Path, recorder: _Recorder, folder: Path) -> None:
    kept = Counter(str(one) for (one,) in _rows(database, "SELECT uniqueid FROM greetings"))
    lying = {file.name for file in folder.iterdir()}
    late = [one for one in recorder.good if kept[one] == 0 and f"{one}.sln48" in lying]
    lost = [one for one in recorder.good if kept[one] == 0 and f"{one}.sln48" not in lying]
    seen.wrong += [f"recording {one} is lost" for one in lost]
    seen.wrong += [f"recording {one} is kept twice" for one in recorder.good if kept[one] > 1]
    seen.figures |= {"recordings": len(recorder.good), "recordings not heard yet": len(late)}
    seen.figures |= {"bad files": len(recorder.bad)}


def _look_at_news(seen: BadHour, database: Path, news: Receiver) -> None:
    states = Counter(str(one) for (one,) in _rows(database, "SELECT state FROM deliveries"))
    ids = [one for one in news.good if not one.startswith("digest")]
    seen.wrong += [f"{one} was told again after it was taken" for one in news.again]
    sent = _rows(database, "SELECT message, queued_at FROM deliveries WHERE state = 'sent' AND NOT in_digest")
    queued_at = {str(word): at for message, at in sent for word in json.loads(str(message))}
    taken_at = [int(str(queued_at[one])) for one in dict.fromkeys(ids) if one in queued_at]
    if taken_at != sorted(taken_at):
        seen.wrong.append("news were taken in another order than they were told in")
    unheard = [message for message, _ in sent if set(ids).isdisjoint(map(str, json.loads(str(message))))]
    if len(unheard) > news.bad:
        seen.wrong.append(f"{len(unheard)} news are noted as sent and were not taken")
    seen.figures |= {"news taken": len(news.good), "bad answers": news.bad, "news by state": dict(states)}


def _look_at_quarantine(seen: BadHour, database: Path, day: BadDay) -> None:
    rows = _rows(database, "SELECT part, about, seen, reason FROM quarantine")
    poisoned = [row for row in rows if row[0] == "event" and POISON in str(row[1])]
    if day.raising and not poisoned:
        seen.wrong.append(f"{day.raising} events raised, and none is set aside")
    others = [row for row in rows if row not in poisoned]
    seen.figures |= {"events that raised": day.raising, "of these set aside": len(poisoned)}
    seen.figures |= {"others set aside": [f"{part} {about}: {reason}" for part, about, _, reason in others][:20]}


def _look_at_itself(seen: BadHour, samples: Path, growth: float) -> None:
    """Memory and descriptors after the warm-up."""
    own = [json.loads(line) for line in samples.read_text(encoding="ascii").splitlines()]
    day = Soak(told=0, events=0, seconds=0, stored=0, ghosts=0, reports=0, idle_stall_ms=0, samples=own)
    rss, fds = day.steady("rss"), day.steady("fds")
    if rss and day.drift("rss") > growth:
        seen.wrong.append(f"memory grew by {day.drift('rss'):.1%}")
    if fds and day.drift("fds") * min(fds) > MORE_DESCRIPTORS:
        seen.wrong.append(f"descriptors grew by {day.drift('fds'):.1%}")
    if rss:
        seen.figures |= {"memory MiB": f"{min(rss) / 2**20:.1f} to {max(rss) / 2**20:.1f}"}
        seen.figures |= {"memory, last fifth to first": f"{day.drift('rss'):+.1%}"}
        seen.figures |= {"descriptors": f"{min(fds):.0f} to {max(fds):.0f}"}
