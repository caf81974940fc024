"""A service that answers one row, which dials, and kills itself at step N: at each statement, commit and word to the
switch."""

import asyncio
import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.integration.test_ticket_desk import MONDAY, Hall
from tests.testbed import killing
from tests.unit.tickets.desk import call
from voicedesk.log import configure_logging
from voicedesk.run import requests as run
from voicedesk.run.requests import Answering
from voicedesk.services.dialler import Placed
from voicedesk.store.store import Store

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

    async def place(order: object, address: object, now: object) -> tuple[Placed, str]:
        killing._step()
        told = os.open(life.folder / "switch", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(told, f"{order.channel_id}\n".encode())  # type: ignore[attr-defined]
        os.close(told)
        killing._step()
        await asyncio.sleep(0)
        killing._step()
        return Placed.QUEUED, ""

    hall.place = place  # type: ignore[method-assign]
    async with Store.open(hall.url, now=hall.now) as store:
        hall.begin(store)
        steps = killing._count_steps(
            killing.Life(folder=life.folder, number=0, first=0, batches=0, kill_at=life.kill_at)
        )
        killing._hook(store.database)
        owner = f"life {secrets.token_hex(4)}"
        await store.requests.lead("service", owner, 10, over=await store.requests.lease("service"))
        task = asyncio.create_task(Answering(store.requests, owner, lambda: {"ticket": hall.steps}).run())
        async with asyncio.timeout(LONGEST_SECONDS):
            while not _is_over(life.folder):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        if counted:
            (life.folder / "steps").write_text(str(steps()))


def _is_over(folder: Path) -> bool:
    """Seen from outside: who looks on is no step of the service."""
    with closing(sqlite3.connect(folder / "v.db")) as database:
        ((waiting,),) = database.execute(
            "SELECT count(*) FROM requests WHERE state IN ('queued', 'running')"
        ).fetchall()
    return not waiting
