"""Lives of a service on one database, killed one after another, and what must be true of the file they leave behind.

With `poison` there comes beside each batch what does not fit: a call that no database takes, and in each life an event
at which the tracker raises. So what is set aside, and what is made anew after it, is killed at its steps too.
"""

import signal
import sqlite3
import time
import zlib
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from tests.testbed import killing
from tests.testbed.killing import AT_ONCE, HALL, PBX, POISON, Life
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker
from voicedesk.store.packing import unpack_facts

CALM = 20
"""Batches of a life that is not killed: some calls begin and end in it."""
Unsure = list[tuple[int, int]]


class Lives:
    """Lives of the service on one database, one after another."""

    def __init__(self, context: ForkServerContext, folder: Path, *, poison: bool = False) -> None:
        self.context, self.folder, self.poison = context, folder, poison
        self.number, self.next, self.kills = 0, 0, 0
        self.unsure: Unsure = []
        self.asked: list[str] = []
        self.bad: Unsure = []
        self.set_aside = 0

    def live(
        self, batches: int, *, kill_at: int = 0, after: float | None = None, refused: frozenset[int] = frozenset()
    ) -> list[str]:
        """One life; returns the steps that it took, by name, or none if it was killed."""
        self.number += 1
        life = Life(
            folder=self.folder,
            number=self.number,
            first=self.next,
            batches=batches,
            kill_at=kill_at,
            refused=refused,
            poison=self.poison,
        )
        if self.poison and batches > killing.BAD_EVENT_IN:
            bad = self.next + (killing.BAD_EVENT_IN + 1) * AT_ONCE
            self.bad.append((bad, bad))
        process = self.context.Process(target=killing.live, args=(life,))
        process.start()
        if after is not None:
            time.sleep(after)
            process.kill()  # it may have come to its end before
        process.join(120)  # the machine may be busy
        code = process.exitcode
        process.close()
        safe = self.safe().get(self.number, self.next)
        if code == 0:
            self.next = safe
            self.unsure.append((safe, safe))  # nothing is lost, but nobody watched for a moment
            return (self.folder / f"steps.{self.number}").read_text().splitlines()
        assert code == -signal.SIGKILL, "a life failed by itself: its standard error says why"
        self.kills += 1
        self.unsure.append((safe, min(safe + AT_ONCE, self.next + batches * AT_ONCE)))
        self.next = self.unsure[-1][1]
        return []

    def ask(self) -> None:
        """Somebody asks the service for something while it is dead."""
        self.asked.append(f"asked {len(self.asked)}")
        with sqlite3.connect(self.folder / "v.db") as database:
            row = (self.asked[-1], "dance", "{}", "somebody", len(self.asked), "queued")
            columns = "id, kind, payload, asked_by, asked_at, state"
            database.execute(f"INSERT INTO requests ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)
        database.close()

    def safe(self) -> dict[int, int]:
        file = self.folder / "safe"
        lines = file.read_text().splitlines() if file.exists() else []
        return {int(number): int(safe) for number, _, safe in map(str.split, lines)}

    def check(self) -> int:
        """Looks into the file with nothing of ours but the packing of facts; how many calls have a verdict."""
        with sqlite3.connect(self.folder / "v.db") as database:
            check_journal(database, self.next, self.unsure)
            judged = check_calls(database, self.next, [*self.unsure, *self.bad])
            self.set_aside += check_quarantine(database, set(self.safe().values()) if self.poison else set())
            requests = database.execute("SELECT id, state FROM requests").fetchall()
            assert sorted(one for one, _ in requests) == sorted(self.asked)
            assert {state for _, state in requests} <= {"done", "unknown"}, "what was begun is over"
            assert database.execute("SELECT owner FROM leases").fetchall() == [(f"life:{self.number}",)]
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
        return judged


def check_journal(database: sqlite3.Connection, until: int, unsure: Unsure) -> None:
    """Every event that was safe is there once, in order."""
    rows = database.execute("SELECT sequence, payload FROM journal WHERE pbx = ? ORDER BY sequence", (PBX,)).fetchall()
    told = [
        dict(line.split(": ", 1) for line in block.decode().split("\r\n"))
        for _, payload in rows
        for block in zlib.decompress(payload).split(b"\r\n\r\n")[:-1]
    ]
    told = [one for one in told if not one.get("Uniqueid", "").startswith(POISON)]
    switch = [one["Timestamp"] for one in told if not one["Event"].startswith(("Voicedesk", "CoreShow"))]
    assert switch == sorted(set(switch)), "an event stands twice, or out of order"
    stamps = [event.get("Timestamp") for event in killing.events()[:until]]
    may_lack = {stamps[n] for first, last in unsure for n in range(first, last)}
    assert set(stamps) - set(switch) <= may_lack, "an event that was safe is lost"
    assert set(switch) <= set(stamps)
    ((last,),) = database.execute("SELECT sequence FROM pbxs WHERE pbx = ?", (PBX,)).fetchall()
    assert last == rows[-1][0] or last >= rows[-1][0]


def check_calls(database: sqlite3.Connection, until: int, unsure: Unsure) -> int:
    """Every call is there once, and judged as one that was followed by a service that was never killed."""
    rows = database.execute("SELECT id, ended_at, verdict, cause, facts FROM calls").fetchall()
    stored: dict[str, tuple[Any, ...]] = {}
    for call_id, ended_at, verdict, cause, packed in rows:
        facts = unpack_facts(packed)
        for linkedid in facts.linkedids:
            assert linkedid not in stored, "a call stands twice"
            stored[linkedid] = (call_id, ended_at, verdict, cause)
    legs = database.execute("SELECT DISTINCT call_id FROM legs").fetchall()
    assert {call_id for (call_id,) in legs} <= {call_id for call_id, *_ in rows}
    whole = uninterrupted(until)
    touched = touched_calls(unsure)
    for linkedid, (ended, verdict, cause) in whole.items():
        if linkedid not in stored:
            assert linkedid in touched, "a call is lost"
            continue
        _, ended_at, stored_verdict, stored_cause = stored[linkedid]
        assert (ended_at is None) <= (ended is None), "a call that is over stays open"
        if stored_verdict == "cannot_tell":
            assert linkedid in touched or ended is None
        else:
            assert (stored_verdict, stored_cause) == (verdict, cause)
    assert set(stored) <= set(whole)
    return sum(verdict != "cannot_tell" for _, _, verdict, _ in stored.values())


def check_quarantine(database: sqlite3.Connection, safe: set[int]) -> int:
    """A call that no database takes is there bare and what it was made of is set aside: both or neither."""
    bare = database.execute("SELECT id, verdict FROM calls WHERE pbx = ?", (POISON,)).fetchall()
    aside = database.execute("SELECT about, length(content) FROM quarantine WHERE pbx = ?", (POISON,)).fetchall()
    assert {call_id for call_id, _ in bare} == {about for about, _ in aside}
    assert {verdict for _, verdict in bare} <= {"cannot_tell"}, "somebody is accused by what did not fit"
    assert all(length for _, length in aside)
    assert {killing.poison_id(number) for number in safe} <= {about for about, _ in aside}
    events = database.execute("SELECT seen FROM quarantine WHERE part = 'event' AND pbx = ?", (PBX,)).fetchall()
    others = database.execute("SELECT part, about, reason FROM quarantine WHERE pbx NOT IN (?, ?)", (PBX, POISON))
    assert others.fetchall() == []
    return len(aside) + len(events)


def uninterrupted(until: int) -> dict[str, tuple[Any, ...]]:
    tracker, events = Tracker(PBX, HALL), killing.events()
    first = (events[0].timestamp_us or 0) - 1000
    for event in (*killing.link_up(events, 0, first), *events[:until]):
        tracker.receive(event)
    judged = [(facts, judge(facts)) for facts in tracker.take_changes().calls]
    return {
        linkedid: (facts.ended_at, one.verdict.value, one.cause.value if one.cause else None)
        for facts, one in judged
        for linkedid in facts.linkedids
    }


def touched_calls(unsure: Unsure) -> set[str]:
    """The linkedids that were up when a gap began, began in it or ended in it."""
    spans: dict[str, list[int]] = {}
    for n, event in enumerate(killing.events()):
        spans.setdefault(event.linkedid or "", [n, n])[1] = n
    return {
        linkedid
        for linkedid, (first, last) in spans.items()
        for start, end in unsure
        if first < end + AT_ONCE and start <= last
    }
