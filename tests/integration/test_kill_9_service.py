"""kill -9 of the whole service under load: what was on disk then is in the database once, and in order."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3

import pytest
from tests.testbed.lives import BusySwitch, Lives, journalled
from voicedesk.clock import parse_epoch
from voicedesk.store.packing import unpack_facts

pytestmark = pytest.mark.timeout(600)
KILLS = 60
LONGEST_SECONDS = 0.25
CALM = (12, 36)
"""These lives go on until some more calls were seen whole."""


@pytest.fixture
async def busy():
    """A switch in whose hall much happens, all the time."""
    async with BusySwitch() as server:
        working = asyncio.create_task(server.be_busy())
        yield server
        working.cancel()
        await asyncio.wait({working})


async def gone(process) -> int:
    """Its exit code, once it has one."""
    async with asyncio.timeout(60):
        while process.exitcode is None:
            await asyncio.sleep(0.005)
    code = process.exitcode
    process.close()
    return code


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def locked(database, *, really):
    """While it lasts another process writes; where it cannot begin to, nothing is changed."""
    with contextlib.closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as other:
        with contextlib.suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE" if really else "SELECT 1")
        yield


async def test_fault_67_the_service_is_killed_again_and_again_under_load(busy, tmp_path):
    """At any moment of its life, also while another process holds the database's lock and the spill file is in use."""
    chance = random.Random(67)
    lives, safe = Lives(busy, tmp_path), set()
    for number in range(KILLS):
        process = lives.begin()
        await asyncio.sleep(chance.uniform(0.02, 2 * LONGEST_SECONDS))
        with locked(lives.database, really=number % 3 == 2):
            await asyncio.sleep(chance.uniform(0, LONGEST_SECONDS))
            if number in CALM:
                seen = whole_calls(lives)
                await until(lambda seen=seen: whole_calls(lives) > seen + 50)
            process.kill()
            assert await gone(process) == -signal.SIGKILL, (tmp_path / "log").read_text()
            safe |= lives.safe_stamps()
    busy.close_hall()
    await last_life(lives, busy)
    assert len(safe) > 1000
    check(lives, safe, busy.told)


def whole_calls(lives):
    with contextlib.suppress(sqlite3.OperationalError):  # there may be no database yet
        return asked(lives, "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL AND NOT has_gap")[0][0]
    return 0


async def last_life(lives, busy):
    """It takes up the lease, ends the calls that are over, and is told to stop."""
    process = lives.begin()
    pid, sessions = process.pid, busy.sessions
    await until(lambda: f":{process.pid}:" in asked(lives, "SELECT owner FROM leases")[0][0])
    await until(lambda: busy.sessions > sessions and busy.names()[-1] == "DeviceStateList")
    await until(lambda: asked(lives, "SELECT count(*) FROM calls WHERE ended_at IS NULL") == [(0,)])
    os.kill(pid, signal.SIGTERM)
    assert await gone(process) == 0


def asked(lives, query):
    with contextlib.closing(sqlite3.connect(lives.database)) as database:
        return database.execute(query).fetchall()


def unexplained(lives, missing):
    """Stamps of events that are missing outside of every gap; how far outside, in microseconds.

    A gap ends where the next event was told, or at the switch's own time: however late we read, no clock is guessed.
    """
    gaps = asked(lives, "SELECT from_at, to_at FROM gaps")
    stamps = [(stamp, parse_epoch(stamp)) for stamp in sorted(missing)]
    far = [(stamp, min(max(since - at, at - to) for since, to in gaps)) for stamp, at in stamps]
    return [(stamp, us) for stamp, us in far if us > 0]


def gaps_beside(lives, papered_over):
    """What a failure says: what is missing outside of every gap, the gaps around it, and what was set aside."""
    first, last = (parse_epoch(papered_over[at][0]) for at in (0, -1))
    gaps = asked(lives, "SELECT from_at, to_at, reason FROM gaps ORDER BY from_at")
    near = [gap for gap in gaps if gap[1] > first - 2_000_000 and gap[0] < last + 2_000_000]
    aside = asked(lives, "SELECT part, about, reason FROM quarantine LIMIT 5")
    return f"{len(papered_over)} from {papered_over[0]} to {papered_over[-1]} are in none of {near}; set aside: {aside}"


def check(lives, safe, told):
    kept = journalled(lives.database)
    assert kept == sorted(set(kept)), "an event stands twice, or out of order"
    assert safe <= set(kept), "an event that was on disk is lost"
    papered_over = unexplained(lives, set(told) - set(kept))
    assert papered_over == [], gaps_beside(lives, papered_over)
    calls = [unpack_facts(packed) for (packed,) in asked(lives, "SELECT facts FROM calls")]
    linkedids = [one for call in calls for one in call.linkedids]
    assert len(linkedids) == len(set(linkedids)), "a call stands twice"
    assert asked(lives, "PRAGMA integrity_check") == [("ok",)]
    verdicts = asked(lives, "SELECT DISTINCT verdict FROM calls WHERE ended_at IS NOT NULL AND NOT has_gap")
    assert verdicts == [("on_time",)], "all were answered at once: nobody saw them is no verdict"
