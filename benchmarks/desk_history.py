"""A hall's history for the desk's benchmark: calls, ringings, greetings, decisions, tickets, findings and gaps by bulk.

Each row is one that the store itself wrote of a really recorded call, set down at another time under another id.
"""

import asyncio
import hashlib
import random
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from tests.testbed.calls_of_a_day import call_of
from voicedesk.calls.model import Gap, GapReason, JudgedCall, PhoneState
from voicedesk.calls.three_rings import judge
from voicedesk.greeting.evidence import evidence_from_json
from voicedesk.phones.model import FindingKind, PhoneFinding, PhoneStanding
from voicedesk.store.calls import save_calls
from voicedesk.store.decisions import Kind, Move, Step, Subject
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.journal import save_gaps
from voicedesk.store.packing import pack_facts_text, packed_text
from voicedesk.store.phones import StoredFinding, StoredPhone
from voicedesk.store.store import Store
from voicedesk.store.tables import calls, decisions, greetings, legs
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Entry, Outcome, State, Ticket
from voicedesk.tickets.model import Kind as TicketKind
from voicedesk.tickets.model import Move as TicketMove

NOW = 1_795_775_400_000_000
"""Friday, 2026-11-27, 18:30 in Beijing: the day's calls have come."""
CALLS_A_DAY = 1000
PEOPLE = 20
NUMBER = "13800000000"
LINES = ("社保", "医保", "公积金", "不动产")
_DAY_US = 86_400_000_000
_APART_US = 28_800_000
"""A thousand calls in the eight hours of duty."""
_KINDS = (
    ("a_answer_2rings", 62),
    ("group_call_queue", 20),
    ("b_answer_17s", 8),
    ("c_no_answer_queue_timeout", 5),
    ("abandoned_past_the_limit", 3),
    ("untold", 2),
)
_VERDICTS = ("compliant", "compliant", "compliant", "incomplete", "wrong_order", "cannot_tell")
_AT_ONCE = 5000
_INSTANT = re.compile(r"\b1[0-9]{15}\b")

Row = dict[str, Any]


def agents() -> list[str]:
    """The ids of the hall's people."""
    return [f"agent{n:02}" for n in range(PEOPLE)]


def endpoint(agent: str) -> str:
    """The phone of one of them."""
    return f"PJSIP/60{agent[-2:]}"


def call_id(n: int) -> str:
    """The id of the `n`th newest call."""
    return hashlib.sha1(str(n).encode()).hexdigest()[:20]


def begins(n: int) -> int:
    """When the `n`th newest call began."""
    days, of_day = divmod(n, CALLS_A_DAY)
    return NOW - 3_600_000_000 - days * _DAY_US - of_day * _APART_US


@dataclass(frozen=True, slots=True)
class Mould:
    """What the store wrote of one call, its greeting and its legs; all instants in it are of the call's own time."""

    begun: int
    text: str
    row: Row
    legs: tuple[Row, ...]
    greeting: Row | None

    def cast(self, n: int, rng: random.Random) -> tuple[Row, list[Row], Row | None]:
        """The rows of the `n`th newest call."""
        here, by = call_id(n), begins(n) - self.begun
        number = f"1{rng.randrange(3, 10)}{rng.randrange(10**9):09}"
        text = _INSTANT.sub(lambda found: str(int(found[0]) + by), self.text)
        text = text.replace(self.row["id"], here).replace(NUMBER, number)
        facts = pack_facts_text(text)
        row = {**_moved(self.row, by), "id": here, "caller_number": number, "facts": facts}
        rung = [{**_moved(leg, by), "call_id": here} for leg in self.legs]
        said = None
        if self.greeting is not None:
            verdict = rng.choice(_VERDICTS)
            said = {**_moved(self.greeting, by), "call_id": here, "uniqueid": f"{n}.1", "verdict": verdict}
            said["needs_review"] = verdict == "cannot_tell" or rng.random() < 0.01
            said["recording"] = f"{here}.wav"
        return row, rung, said


def _moved(row: Row, by: int) -> Row:
    return {k: v + by if isinstance(v, int) and v > 10**15 and k != "ring_us" else v for k, v in row.items()}


_recorded = cache(call_of)


def _judged(name: str, agent: str) -> JudgedCall:
    call = _recorded("a_answer_2rings" if name == "untold" else name)
    others = [endpoint(one) for one in agents() if one != agent]
    people = dict(zip(map(endpoint, agents()), agents(), strict=True))
    phones = [endpoint(agent), *others]
    rung = tuple(
        replace(leg, endpoint=phones[n % PEOPLE], agent=people[phones[n % PEOPLE]])
        for n, leg in enumerate(sorted(call.facts.legs, key=lambda one: one.answered_at is None))
    )
    line = LINES[int(agent[-2:]) % len(LINES)]
    facts = replace(call.facts, id=call_id(-1), legs=rung, line=line, caller_number=NUMBER)
    if name == "untold":
        facts = replace(facts, gaps=(Gap(from_at=facts.started_at, to_at=None, reason=GapReason.LINK_LOST),), legs=())
    return JudgedCall(facts=facts, judgement=judge(facts))


def _greeting(call: JudgedCall) -> StoredGreeting | None:
    judged = call.judgement
    if judged.agent is None:
        return None
    words = [
        [word, 0.6 + n / 2, 0.9 + n / 2, 0.9]
        for n, word in enumerate(["您好", "这里", "是", "社保", "中心", "请问", "您", "有", "什么", "事情"])
    ]
    heard = {"words": words, "heard_seconds": 12.0, "model": "m", "understanding": None, "cut_short": False}
    told = {"missing": [], "parts": [], "forbidden": [], "remarks": [], "transcript": "您好 这里 是 社保 中心"}
    return StoredGreeting(
        pbx=call.facts.pbx,
        uniqueid="1.1",
        call_id=call.facts.id,
        endpoint=judged.answered_by or "",
        answered_at=call.facts.person_answered_at or call.facts.started_at,
        line=call.facts.line,
        agent=judged.agent,
        verdict="compliant",
        is_final=True,
        rules_version="greeting/2",
        model="m",
        recording="x.wav",
        evidence=evidence_from_json({"task": None, "transcript": heard, "judgement": told}),
    )


async def _mould(store: Store, name: str, agent: str) -> Mould:
    """Saves a call as the service does, and takes away again what was written of it."""
    call, said = _judged(name, agent), None
    async with store.database.write() as connection:
        await save_calls(connection, [call])
        row = dict((await connection.execute(select(calls))).one()._mapping)
        rung = tuple(dict(one._mapping) for one in await connection.execute(select(legs)))
        await connection.execute(delete(calls))
        await connection.execute(delete(legs))
    greeting = _greeting(call)
    if greeting is not None:
        await store.greetings.save(greeting)
        async with store.database.write() as connection:
            said = dict((await connection.execute(select(greetings))).one()._mapping)
            await connection.execute(delete(greetings))
    return Mould(call.facts.started_at, packed_text(row["facts"]), row, rung, said)


async def _small_things(store: Store, count: int, rng: random.Random) -> None:
    """What a hall of so many calls also has: a decision of one call in 200, findings, gaps, tickets, phones."""
    days = count // CALLS_A_DAY
    async with store.database.write() as connection:
        begun = [NOW - n * _DAY_US for n in range(days)]
        lost = [Gap(from_at=at - 60_000_000, to_at=at, reason=GapReason.LINK_LOST) for at in begun]
        await save_gaps(connection, [("main", one) for one in lost])
        found = []
        for n, at in enumerate(begun * 5):
            one = PhoneFinding(
                kind=rng.choice(list(FindingKind)), pbx="main", endpoint=endpoint(agents()[n % PEOPLE]), line=None,
                from_at=at - n, evidence="not registered", to_at=at + 1,
            )  # fmt: skip
            found.append(one)
    stand = [
        PhoneStanding(pbx="main", endpoint=endpoint(one), state=PhoneState.FREE, since=NOW, is_current=True)
        for one in agents()
    ]
    ended = [StoredFinding(finding=one, told=2) for one in found]
    await store.phones.save(findings=ended, phones=[StoredPhone(standing=one) for one in stand])


async def _tickets(store: Store, count: int) -> None:
    """One call in 20 was missed and has a ticket; of the newest forty are open."""
    made: list[StoredTicket] = []
    for n in range(count // 20):
        at = begins(n * 20)
        end = {} if n < 40 else {"state": State.CLOSED, "outcome": Outcome.REACHED, "closed_at": at + 600_000_000}
        ticket = Ticket(
            id=call_id(-1000 - n), kind=TicketKind.CALLBACK, group=LINES[n % 4], number=f"139{n:08}",
            opened_at=at,
            due_at=at + 7_200_000_000, promised_at=at + 7_200_000_000, waiting_since=at,
            missed_calls=(call_id(n * 20),),
            history=(Entry(at=at, move=TicketMove.OPENED),), **end,
        )  # fmt: skip
        made.append(StoredTicket(ticket=ticket))
    for some in range(0, len(made), _AT_ONCE):
        await store.tickets.change(Change(tickets=made[some : some + _AT_ONCE]))


def _cast(
    moulds: dict[str, list[Mould]], count: int, rng: random.Random
) -> Iterator[tuple[Row, list[Row], Row | None]]:
    """Every call, the oldest first."""
    names, weights = zip(*_KINDS, strict=True)
    for n in range(count - 1, -1, -1):
        mould = moulds[rng.choices(names, weights)[0]][rng.randrange(PEOPLE)]
        row, rung, said = mould.cast(n, rng)
        if n % 200 == 7:
            row |= {
                "human_verdict": row["verdict"],
                "human_by": "0001",
                "human_reason": "听过录音",
                "human_at": row["started_at"] + 10**9,
            }
            row["human_verdict"] = rng.choice(("on_time", "late", row["verdict"]))
        if said is not None and n % 200 == 9:
            said |= {
                "human_verdict": "compliant",
                "human_by": "0001",
                "human_reason": "听过录音",
                "human_at": row["started_at"] + 10**9,
            }
        yield row, rung, said


def _decided(n: int, row: Row, said: Row | None) -> Row | None:
    about = said if said is not None and said["human_verdict"] else row if row["human_verdict"] else None
    if about is None:
        return None
    kind = Kind.CALL if about is row else Kind.GREETING
    subject = Subject(kind=kind, call_id=row["id"], pbx="main", uniqueid="" if about is row else about["uniqueid"])
    step = Step(move=Move.DECIDE, reason="听过录音", by="0001", at=about["human_at"], verdict=about["human_verdict"])
    return {
        **{name: getattr(subject, name) for name in Subject.__slots__},
        **{name: getattr(step, name) for name in Step.__slots__},
        "number": n,
    }


def _insert(file: Path, stream: Iterable[tuple[Row, list[Row], Row | None]]) -> None:
    """Writes by the driver itself, with nothing safe: the file is thrown away where this is cut short."""
    base = sqlite3.connect(file)
    base.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1500000;")
    indexes = base.execute("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL").fetchall()
    for name, _ in indexes:
        base.execute(f"DROP INDEX {name}")
    waiting: dict[str, list[tuple[Any, ...]]] = {"calls": [], "legs": [], "greetings": [], "decisions": []}
    tables = {"calls": calls, "legs": legs, "greetings": greetings, "decisions": decisions}
    names = {name: [column.name for column in table.columns] for name, table in tables.items()}

    def write() -> None:
        for name, rows in waiting.items():
            marks = ", ".join("?" * len(names[name]))
            columns = ", ".join(f'"{one}"' for one in names[name])
            base.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)
            rows.clear()

    number = 0
    for row, rung, said in stream:
        decided = _decided(number + 1, row, said)
        number += decided is not None
        for name, some in (("calls", [row]), ("legs", rung), ("greetings", [said]), ("decisions", [decided])):
            waiting[name] += [tuple(one[c] for c in names[name]) for one in some if one is not None]
        if len(waiting["calls"]) >= _AT_ONCE:
            write()
    write()
    for _, sql in indexes:
        base.execute(sql)
    base.commit()
    base.execute("PRAGMA journal_mode=WAL")
    base.close()


def make(file: Path, count: int) -> Path:
    """The history in a SQLite file, made where it is not there yet."""
    if file.exists():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    partial, rng, began = file.with_suffix(".part"), random.Random(7), time.monotonic()
    partial.unlink(missing_ok=True)
    moulds = asyncio.run(_beginning(partial, count, rng))
    _insert(partial, _cast(moulds, count, rng))
    partial.rename(file)
    print(f"made {count} calls in {time.monotonic() - began:.0f} s: {file.stat().st_size / 2**20:.0f} MiB", flush=True)
    return file


async def _beginning(file: Path, count: int, rng: random.Random) -> dict[str, list[Mould]]:
    """A database with all that is no call, and the moulds of calls by their kind."""
    async with Store.open(f"sqlite:///{file}", now=lambda: NOW) as store:
        moulds = {name: [await _mould(store, name, one) for one in agents()] for name, _ in _KINDS}
        await _small_things(store, count, rng)
        await _tickets(store, count)
    return moulds
