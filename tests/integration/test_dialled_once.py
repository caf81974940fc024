"""kill -9 at every step of a dial: the switch is asked once at most, and row, attempt and ticket tell what is known."""

import shutil
import signal
import sqlite3

import pytest
from tests.testbed import dialling
from tests.testbed.forks import loaded
from voicedesk.tickets.dialplan import channel_id_of

pytestmark = pytest.mark.timeout(600)  # a hundred lives, each a process of its own


@pytest.fixture(scope="module")
def context():
    return loaded()


def lived(context, folder, kill_at: int = 0) -> bool:
    """One life; whether it came to its end."""
    process = context.Process(target=dialling.live, args=(dialling.Life(folder=folder, kill_at=kill_at),))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL), "a life failed by itself: its standard error says why"
    return code == 0


def told(folder):
    """What the switch was asked, and what the database says: the row's state and outcome, attempts, the ticket's."""
    switch = folder / "switch"
    asked = switch.read_text().split() if switch.exists() else []
    with sqlite3.connect(folder / "v.db") as database:
        ((state, outcome),) = database.execute("SELECT state, outcome FROM requests").fetchall()
        attempts = [one for (one,) in database.execute("SELECT id FROM attempts")]
        ((ticket,),) = database.execute("SELECT state FROM tickets").fetchall()
    database.close()
    return asked, state, outcome, attempts, ticket


async def test_fault_47_killed_at_every_step_of_a_dial_no_citizen_is_called_twice(context, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    _, row = await dialling.prepare(whole)
    shutil.copytree(whole, tmp_path / "template")
    assert lived(context, whole)
    channel = channel_id_of(row)
    assert told(whole) == ([channel], "done", channel, [channel], "dialling")
    steps = int((whole / "steps").read_text())
    seen = set()
    for kill_at in range(1, steps + 1, 2):
        folder = tmp_path / str(kill_at)
        shutil.copytree(tmp_path / "template", folder)
        killed = not lived(context, folder, kill_at)
        before = told(folder)
        await dialling.answer(dialling.Life(folder=folder))
        asked, state, outcome, attempts, ticket = told(folder)
        assert len(asked) <= 1, "the citizen was called twice"
        assert set(asked) <= set(attempts) == ({channel} if attempts else set())
        assert ticket == ("dialling" if attempts else "open")
        if state == "done":
            assert (asked, outcome) == ([channel], channel)
        else:
            assert (state, killed) == ("unknown", True)
            assert "not known" in outcome
            assert before[1] == "running"
            assert (before[0], before[3]) == (asked, attempts), "nothing of it was done later"
        seen.add((state, bool(attempts), bool(asked)))
    assert seen == {
        ("done", True, True),
        ("unknown", False, False),
        ("unknown", True, False),
        ("unknown", True, True),
    }, "each moment was met"
