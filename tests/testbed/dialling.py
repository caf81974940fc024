"""A service that answers one row, which dials, and kills itself at step N: at each statement, commit and word to the
switch; and what must be true of whatever it leaves behind."""

import asyncio
import os
import secrets
import shutil
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.integration.test_ticket_desk import MONDAY, Hall
from tests.testbed import killing
from tests.unit.tickets.desk import call
from voicedesk.log import configure_logging
from voicedesk.run import requests as run
from voicedesk.run.requests import Answering
from voicedesk.store.store import Store
from voicedesk.tickets.dialplan import channel_id_of

LONGEST_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One life of the service; killed at step `kill_at` (0: never)."""

    folder: Path
    kill_at: int = 0


async def prepare(folder: Path) -> tuple[str, str]:
    """A missed call with its ticket, and the row that dials: their ids."""
    hall = Hall(f"sqlite:///{folder}/v.db")
    async with Store.open(hall.url, now=hall.now) as store:
        hall.begin(store)
        await hall.ends(call("c1", start=MONDAY))
        (ticket,) = await hall.tickets()
        asked = {"do": "dial", "ticket": ticket.id, "by": "wang", "phone": "6001"}
        return ticket.id, await store.requests.ask("ticket", asked, asked_by="wang")


def live(life: Life) -> None:
    """One life, in a process of its own."""
    configure_logging(level="critical")
    run.ASK_SECONDS = 1.0  # one look at the rows is enough: they are there before it
    asyncio.run(answer(life, counted=True))


async def answer(life: Life, *, counted: bool = False) -> None:
    """Answers the row, if it still waits, and ends; with `counted` its steps are, and the chosen one is the last."""
    hall = Hall(f"sqlite:///{life.folder}/v.db")

    async def place(order: object, address: object, now: object) -> None:
        killing.step("to tell the switch")
        told = os.open(life.folder / "switch", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(told, f"{order.channel_id}\n".encode())  # type: ignore[attr-defined]
        os.close(told)
        killing.step("the switch was told")
        await asyncio.sleep(0)
        killing.step("it is to answer")

    hall.place = place  # type: ignore[method-assign]
    async with Store.open(hall.url, now=hall.now) as store:
        hall.begin(store)
        steps = killing.count_steps(life.kill_at) if counted else []
        if counted:
            killing.hook(store.database)
        owner = f"life {secrets.token_hex(4)}"
        await store.requests.lead("service", owner, 10, over=await store.requests.lease("service"))
        task = asyncio.create_task(Answering(store.requests, owner, lambda: {"ticket": hall.steps}).run())
        async with asyncio.timeout(LONGEST_SECONDS):
            while not _is_over(life.folder):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        if counted:
            (life.folder / "steps").write_text("\n".join(steps))


def _is_over(folder: Path) -> bool:
    """Seen from outside: who looks on is no step of the service."""
    with closing(sqlite3.connect(folder / "v.db")) as database:
        ((waiting,),) = database.execute(
            "SELECT count(*) FROM requests WHERE state IN ('queued', 'running')"
        ).fetchall()
    return not waiting


Met = tuple[str, bool, bool]
"""How a dial ended that was killed: the row's state, whether an attempt is written, whether the switch was asked."""


class Dials:
    """One dial again and again from the same beginning, killed each time at the step that is said."""

    def __init__(self, context: ForkServerContext, folder: Path) -> None:
        self._context, self._folder = context, folder
        self.channel = ""
        self.steps: Sequence[str] = ()

    async def begin(self) -> None:
        """One dial that nobody kills: its steps, by name."""
        whole = self._folder / "whole"
        whole.mkdir()
        _, row = await prepare(whole)
        shutil.copytree(whole, self._folder / "template")
        self.channel = channel_id_of(row)
        assert self._lived(whole)
        assert told(whole) == ([self.channel], "done", self.channel, [self.channel], "dialling")
        self.steps = (whole / "steps").read_text().splitlines()

    async def killed(self, at: int) -> Met:
        """Killed at step `at`, from 1; then the next life answers. Fails where a citizen could be called twice."""
        folder = self._folder / str(at)
        shutil.copytree(self._folder / "template", folder)
        is_killed = not self._lived(folder, at)
        before = told(folder)
        await answer(Life(folder=folder))
        asked, state, outcome, attempts, ticket = told(folder)
        shutil.rmtree(folder)
        assert len(asked) <= 1, "the citizen was called twice"
        assert set(asked) <= set(attempts) == ({self.channel} if attempts else set())
        assert ticket == ("dialling" if attempts else "open")
        if state == "done":
            assert (asked, outcome) == ([self.channel], self.channel)
        else:
            assert (state, is_killed) == ("unknown", True)
            assert "not known" in outcome
            assert before[1] == "running"
            assert (before[0], before[3]) == (asked, attempts), "nothing of it was done later"
        return state, bool(attempts), bool(asked)

    def _lived(self, folder: Path, kill_at: int = 0) -> bool:
        """One life; whether it came to its end."""
        process = self._context.Process(target=live, args=(Life(folder=folder, kill_at=kill_at),))
        process.start()
        process.join(60)
        code = process.exitcode
        process.close()
        assert code in (0, -signal.SIGKILL), "a life failed by itself: its standard error says why"
        return code == 0


def told(folder: Path) -> tuple[list[str], str, str, list[str], str]:
    """What the switch was asked, and what the database says: the row's state and outcome, attempts, the ticket's."""
    switch = folder / "switch"
    asked = switch.read_text().split() if switch.exists() else []
    with closing(sqlite3.connect(folder / "v.db")) as database:
        ((state, outcome),) = database.execute("SELECT state, outcome FROM requests").fetchall()
        attempts = [one for (one,) in database.execute("SELECT id FROM attempts")]
        ((ticket,),) = database.execute("SELECT state FROM tickets").fetchall()
    return asked, state, outcome, attempts, ticket
