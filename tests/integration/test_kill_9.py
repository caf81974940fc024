"""kill -9 at every step and at random moments: nothing journalled is lost or doubled, work is taken up again."""

import random
import signal
import sqlite3
import time
import zlib
from pathlib import Path

import pytest
from tests.testbed import killing
from tests.testbed.forks import loaded
from tests.testbed.killing import AT_ONCE, HALL, PBX, Life
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker
from voicedesk.store.packing import unpack_facts

pytestmark = pytest.mark.timeout(600)  # hundreds of lives, each a process of its own

EVENTS = killing.EVENTS
CALM = 20
"""Batches of a life that is not killed: some calls begin and end in it."""
STAMPS = [event.get("Timestamp") for event in EVENTS]


@pytest.fixture(scope="module")
def context():
    return loaded()


class Lives:
    """Lives of the service on one database, one after another."""

    def __init__(self, context, folder: Path) -> None:
        self.context, self.folder = context, folder
        self.number, self.next, self.kills = 0, 0, 0
        self.unsure: list[tuple[int, int]] = []
        self.asked: list[str] = []

    def live(self, batches: int, *, kill_at: int = 0, after: float | None = None, refused=frozenset()) -> int:
        """One life; returns how many steps it took, or 0 if it was killed."""
        self.number += 1
        life = Life(
            folder=self.folder, number=self.number, first=self.next, batches=batches, kill_at=kill_at, refused=refused
        )
        process = self.context.Process(target=killing.live, args=(life,))
        process.start()
        if after is not None:
            time.sleep(after)
            process.kill()  # it may have come to its end before
        process.join(30)
        code = process.exitcode
        process.close()
        safe = self.safe().get(self.number, self.next)
        if code == 0:
            self.next = safe
            self.unsure.append((safe, safe))  # nothing is lost, but nobody watched for a moment
            return int((self.folder / f"steps.{self.number}").read_text())
        assert code == -signal.SIGKILL, "a life failed by itself: its standard error says why"
        self.kills += 1
        self.unsure.append((safe, min(safe + AT_ONCE, self.next + batches * AT_ONCE)))
        self.next = self.unsure[-1][1]
        return 0

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
            judged = check_calls(database, self.next, self.unsure)
            requests = database.execute("SELECT id, state FROM requests").fetchall()
            assert sorted(one for one, _ in requests) == sorted(self.asked)
            assert {state for _, state in requests} <= {"done", "unknown"}, "what was begun is over"
            assert database.execute("SELECT owner FROM leases").fetchall() == [(f"life:{self.number}",)]
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
        return judged


def check_journal(database, until, unsure):
    rows = database.execute("SELECT sequence, payload FROM journal WHERE pbx = ? ORDER BY sequence", (PBX,)).fetchall()
    told = [
        dict(line.split(": ", 1) for line in block.decode().split("\r\n"))
        for _, payload in rows
        for block in zlib.decompress(payload).split(b"\r\n\r\n")[:-1]
    ]
    switch = [one["Timestamp"] for one in told if not one["Event"].startswith(("Voicedesk", "CoreShow"))]
    assert switch == sorted(set(switch)), "an event stands twice, or out of order"
    may_lack = {STAMPS[n] for first, last in unsure for n in range(first, last)}
    assert set(STAMPS[:until]) - set(switch) <= may_lack, "an event that was safe is lost"
    assert set(switch) <= set(STAMPS[:until])
    ((last,),) = database.execute("SELECT sequence FROM pbxs").fetchall()
    assert last == rows[-1][0] or last >= rows[-1][0]


def check_calls(database, until, unsure):
    rows = database.execute("SELECT id, ended_at, verdict, cause, facts FROM calls").fetchall()
    stored = {}
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


def uninterrupted(until):
    tracker = Tracker(PBX, HALL)
    first = (EVENTS[0].timestamp_us or 0) - 1000
    for event in (*killing.link_up(EVENTS, 0, first), *EVENTS[:until]):
        tracker.receive(event)
    judged = [(facts, judge(facts)) for facts in tracker.take_changes().calls]
    return {
        linkedid: (facts.ended_at, one.verdict.value, one.cause.value if one.cause else None)
        for facts, one in judged
        for linkedid in facts.linkedids
    }


def touched_calls(unsure):
    """The linkedids that were up when a gap began, began in it or ended in it."""
    spans: dict[str, list[int]] = {}
    for n, event in enumerate(EVENTS):
        spans.setdefault(event.linkedid or "", [n, n])[1] = n
    return {
        linkedid
        for linkedid, (first, last) in spans.items()
        for start, end in unsure
        if first < end + AT_ONCE and start <= last
    }


@pytest.fixture
def lives(context, tmp_path):
    return Lives(context, tmp_path)


def test_fault_67_killed_at_every_step_of_a_start_and_of_commits(lives):
    """Every life goes on with what the one before left behind, and is killed one step later than that one."""
    steps = lives.live(3)
    lives.ask()
    for kill_at in range(1, steps + 1):
        lives.live(3, kill_at=kill_at)
        if kill_at % 6 == 0:
            lives.live(CALM)
    lives.ask()
    lives.live(3)
    assert lives.check() > 50
    assert lives.kills > 100


def test_fault_67_killed_at_every_step_of_spilling_and_of_taking_up(lives):
    """The database refuses every other batch; the next life finds a spill file and takes it up."""
    lives.live(1)
    steps = lives.live(4, refused=frozenset({1, 2, 3}))
    for kill_at in range(1, steps + 1):
        lives.live(4, kill_at=kill_at, refused=frozenset({1, 2, 3}))
        if kill_at % 6 == 0:
            lives.live(CALM)
    lives.live(3)
    assert lives.check() > 50
    assert lives.kills > 100


def test_fault_71_killed_at_every_step_of_making_the_database(context, tmp_path):
    (tmp_path / "whole").mkdir()
    steps = Lives(context, tmp_path / "whole").live(0)
    for kill_at in range(1, steps + 1, 2):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        lives = Lives(context, folder)
        lives.live(1, kill_at=kill_at)
        lives.live(1)
        lives.check()


def test_fault_67_killed_at_random_moments(lives):
    chance = random.Random(67)
    lives.live(1)
    while lives.number < 100 and lives.next + 40 * AT_ONCE < len(EVENTS):
        lives.live(30, after=chance.uniform(0.02, 0.35), refused=frozenset(chance.sample(range(30), 6)))
    lives.live(CALM)  # on a busy machine none of the others may have come far
    assert lives.check() > 10
    assert lives.kills > 20
