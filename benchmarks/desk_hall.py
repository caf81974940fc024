"""The hall of the desk's benchmark: its settings, who is signed in, and its history in SQLite or in PostgreSQL."""

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Boolean
from tests.testbed.postgres import Postgres
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, Move, added
from voicedesk.access.roles import Role
from voicedesk.access.sessions import Session, Stage, new_token, token_hash
from voicedesk.settings import Settings
from voicedesk.store.copying import TABLES
from voicedesk.store.schema import newest_version
from voicedesk.store.store import Store
from voicedesk.web.app import Application

from benchmarks.desk_history import LINES, NOW, agents, endpoint, make

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voicedesk" / "bench"


class _Clock:
    """The history's own time: it goes on from the evening of its last day, and may be put forward."""

    def __init__(self) -> None:
        self._begun, self._ahead = time.monotonic_ns(), 0

    def __call__(self) -> int:
        return NOW + self._ahead + (time.monotonic_ns() - self._begun) // 1000

    def forward(self, us: int) -> None:
        """What is kept for a moment is old now."""
        self._ahead += us


clock = _Clock()


def hall(url: str, listen: str = "127.0.0.1:0") -> dict[str, Any]:
    """The settings of a hall whose history this is."""
    people = [{"id": one, "name": f"窗口{one[-2:]}"} for one in agents()]
    return {
        "store": {"url": url},
        "hall": {"name": "某市政务大厅", "timezone": "Asia/Shanghai"},
        "web": {"tls": "off", "listen": listen},
        "agents": people,
        "phones": [{"endpoint": endpoint(one), "extension": f"60{one[-2:]}"} for one in agents()],
        "lines": [{"name": line, "extensions": [f"400{n}"]} for n, line in enumerate(LINES)],
    }


async def let_in(store: Store, login: str, role: Role, agent: str | None, now: int, sessions: int = 1) -> list[str]:
    """An account with open sessions; their cookies."""
    if await store.accounts.get(login) is None:
        person = Account(login=login, name=login, role=role, agent=agent)
        await store.accounts.add(added(Keeper(who="benchmark", now=now), person, "ABCD-EFGH-JKLM-NNNN"))
    tokens = [new_token() for _ in range(sessions)]
    for token in tokens:
        session = Session(
            token_hash=token_hash(token) or "", login=login, role=role, stage=Stage.OPEN, begun_at=now, seen_at=now
        )
        await store.accounts.step(login, lambda _, begins=session: Move(begins=begins))
    return tokens


def history(count: int) -> Path:
    """A database of SQLite with so many calls, of this program's version."""
    return make(CACHE / f"desk-{newest_version()}-{count}.db", count)


@contextlib.contextmanager
def databases(kind: str, counts: Iterable[int]) -> Iterator[dict[int, str]]:
    """The URLs of the histories within the block. Of PostgreSQL they are in a server of our own that ends with it."""
    files = {count: history(count) for count in counts}
    if kind == "sqlite":
        yield {count: f"sqlite:///{file}" for count, file in files.items()}
        return
    with Postgres() as server:
        urls = {count: server.create(f"desk{count}") for count in files}
        for count, file in files.items():
            began = time.monotonic()
            asyncio.run(_made_there(urls[count], file))
            print(f"{count} calls into PostgreSQL in {time.monotonic() - began:.0f} s", flush=True)
        yield urls


async def _made_there(url: str, file: Path) -> None:
    async with Store.open(url):
        pass
    await asyncio.to_thread(_copy, url, file)


def _copy(url: str, file: Path) -> None:
    """Every row of a file of SQLite into an empty database; indexes are made when all is there."""
    with contextlib.closing(sqlite3.connect(file)) as source, psycopg.connect(url, autocommit=True) as target:
        indexes = target.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint)"
        ).fetchall()
        for name, _ in indexes:
            target.execute(f'DROP INDEX "{name}"')
        for table in TABLES:
            columns = [f'"{column.name}"' for column in table.columns]
            flags = {n for n, column in enumerate(table.columns) if isinstance(column.type, Boolean)}
            target.execute(f"TRUNCATE {table.name}")
            names = ", ".join(columns)
            with target.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as into:
                for row in source.execute(f"SELECT {names} FROM {table.name}"):
                    into.write_row([bool(one) if n in flags and one is not None else one for n, one in enumerate(row)])
        for _, made in indexes:
            target.execute(made)
        target.execute("VACUUM (ANALYZE)")


@asynccontextmanager
async def desk(url: str) -> AsyncIterator[tuple[Application, dict[str, str]]]:
    """The desk over a history, and the cookie of one person of each role."""
    tokens = {}
    async with Store.open(url, now=clock) as store:
        for login, role, agent in (("0001", Role.SUPERVISOR, None), ("0101", Role.STAFF, agents()[3])):
            (tokens[role.value],) = await let_in(store, login, role, agent, clock())
    app = Application(Settings.model_validate(hall(url)), clock)
    async with app.at_work():
        await app.keeper.opened.wait()
        yield app, tokens
