"""Accounts and sessions as they are stored: a step of a sign-in and its audit entries are one transaction."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.access.accounts import Account
from voicedesk.access.moves import Move
from voicedesk.access.roles import Role
from voicedesk.access.sessions import Session, Stage
from voicedesk.errors import InputError
from voicedesk.store.access_tables import accounts, sessions
from voicedesk.store.audit import append_to_audit
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import readable
from voicedesk.store.unread import must_fit, row_name

Step = Callable[[Account], Move]
"""What follows from an account as it stands at this moment."""


class Accounts:
    """Reads accounts and sessions; writes them through `asking` where the database was opened to read only."""

    def __init__(self, database: Database, asking: Database | None = None) -> None:
        self._database, self._writing = database, asking or database

    async def get(self, login: str) -> Account | None:
        """The account of a login; None where nobody has it."""
        async with self._database.read() as connection:
            return await _account_of(connection, login)

    async def list(self) -> list[Account]:
        """Every account, by its login."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(accounts).order_by(accounts.c.login))
            return self._database.unread.whole(accounts, rows, _account)

    async def is_empty(self) -> bool:
        """Whether nobody has an account yet."""
        async with self._database.read() as connection:
            return await _count(connection) == 0

    async def add(self, move: Move, *, is_first: bool = False) -> None:
        """Carries out a move that makes an account. `is_first`: only where there is none yet.

        Raises InputError where there is one of that login, or one at all.
        """
        login = "" if move.account is None else move.account.login
        async with self._writing.write() as connection:
            if is_first and await _count(connection):
                raise InputError("there are accounts already: sign in, or have an administrator make yours")
            if await _account_of(connection, login) is not None:
                raise InputError(f"there is an account {login} already: see voicedesk account list")
            await _carry_out(connection, login, move)

    async def step(self, login: str, step: Step) -> Move:
        """Carries out what follows from an account as it stands now, all of it or nothing. Returns the move.

        Steps on one account follow each other, so that ten that come at once are ten. Raises InputError where nobody
        has it, and what `step` raises, with nothing changed.
        """
        async with self._writing.write() as connection:
            account = await _account_of(connection, login)
            if account is None:
                raise InputError(f"there is no account {login}: see voicedesk account list")
            move = step(account)
            await _carry_out(connection, login, move)
        return move

    # --- sessions

    async def session(self, token_hash: str) -> tuple[Session, Account] | None:
        """A session with its account; None where either is not there, or damaged."""
        query = select(sessions).where(sessions.c.token_hash == token_hash)
        async with self._database.read() as connection:
            found = self._database.unread.whole(sessions, await connection.execute(query), _session)
            account = await _account_of(connection, found[0].login) if found else None
        return (found[0], account) if account is not None else None

    async def open_sessions(self, token_hashes: Collection[str]) -> Sequence[tuple[Session, Account]]:
        """Those of these sessions that are there, each with its account; damaged ones are left out."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(sessions).where(sessions.c.token_hash.in_(token_hashes)))
            found = self._database.unread.whole(sessions, rows, _session)
            rows = await connection.execute(select(accounts).where(accounts.c.login.in_({one.login for one in found})))
            people = {one.login: one for one in self._database.unread.whole(accounts, rows, _account)}
        return [(one, people[one.login]) for one in found if one.login in people]

    async def touch(self, token_hash: str, now: int) -> None:
        """Somebody is still there."""
        here = (sessions.c.token_hash == token_hash) & (sessions.c.seen_at < now)
        async with self._writing.write() as connection:
            await connection.execute(update(sessions).where(here).values(seen_at=now))

    async def end(self, token_hash: str) -> None:
        """Ends a session."""
        async with self._writing.write() as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    async def end_old(self, *, idle_before: int, begun_before: int) -> None:
        """Deletes sessions that were seen, or begun, before these instants."""
        old = (sessions.c.seen_at < idle_before) | (sessions.c.begun_at < begun_before)
        async with self._writing.write() as connection:
            await connection.execute(delete(sessions).where(old))


async def _carry_out(connection: AsyncConnection, login: str, move: Move) -> None:
    if move.account is not None:
        await connection.execute(upsert(connection, accounts), _row(move.account))
    if move.is_removed:
        await connection.execute(delete(accounts).where(accounts.c.login == login))
    if move.ends_all:
        await connection.execute(delete(sessions).where(sessions.c.login == login))
    if move.ends:
        await connection.execute(delete(sessions).where(sessions.c.token_hash.in_(move.ends)))
    if move.begins is not None:
        await connection.execute(insert(sessions), asdict(move.begins))
    await append_to_audit(connection, move.deeds)


async def _account_of(connection: AsyncConnection, login: str) -> Account | None:
    row = (await connection.execute(select(accounts).where(accounts.c.login == login))).first()
    if row is None:
        return None
    with readable(row_name(accounts, row)):
        must_fit(accounts, row)
        return _account(row)


async def _count(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(accounts))).scalar_one())


def _row(account: Account) -> dict[str, Any]:
    return asdict(account) | {"recovery_hashes": json.dumps(account.recovery_hashes)}


def _account(row: Any) -> Account:
    values = dict(row._mapping)
    known = {"role": Role(values["role"]), "recovery_hashes": tuple(map(str, json.loads(values["recovery_hashes"])))}
    return Account(**values | known)


def _session(row: Any) -> Session:
    values = dict(row._mapping)
    return Session(**values | {"role": Role(values["role"]), "stage": Stage(values["stage"])})
