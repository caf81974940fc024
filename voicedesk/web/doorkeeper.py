"""Lets people in: each step is stored as a whole, and who has no account is told the same as who mistypes."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import structlog

from voicedesk.access.accounts import Account, read_login
from voicedesk.access.audit import Deed, Happened
from voicedesk.access.codes import RECOVERY_CODES, code_hash, found_hash, new_code
from voicedesk.access.lockout import tries_left
from voicedesk.access.moves import Move, Outcome
from voicedesk.access.passwords import check_password, hash_password, is_outdated, is_password
from voicedesk.access.roles import Role, Thing
from voicedesk.access.sessions import TOUCH_US, Session, SessionLimits, Stage, new_token, token_hash
from voicedesk.access.signing_in import (
    Attempt,
    enrolled,
    first_administrator,
    with_digits,
    with_new_password,
    with_password,
    with_recovery_code,
    with_visit_code,
)
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.web.keeper import StoreKeeper
from voicedesk.web.sealing import Seal

_AT_ONCE = 2
"""So many passwords are compared at the same time: each takes 19 MiB and a processor."""
_MOST_UNKNOWN = 5000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks: the account, the session, and the session's id as the browser has it."""

    account: Account
    session: Session
    token: str

    @property
    def acts_as(self) -> str:
        """The name that steps and histories have them by: their id in [[agents]], else their login."""
        return self.account.agent or self.account.login

    def is_agent(self, agent: str | None) -> bool:
        """Whether this is the person of [[agents]] with this id; None is nobody's."""
        return agent is not None and agent == self.account.agent

    @property
    def is_in(self) -> bool:
        """Whether the sign-in is whole."""
        return self.session.stage is Stage.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a step. `token` is the new session's id; `codes` are recovery codes, shown this once."""

    outcome: Outcome
    token: str | None = None
    tries_left: int = 0
    closed_until: int | None = None
    codes: tuple[str, ...] = ()


class Doorkeeper:
    """Carries out sign-ins against the store. `address` is always that of who asks."""

    def __init__(self, keeper: StoreKeeper, settings: Settings, now: NowUs) -> None:
        self._keeper, self._now = keeper, now
        self.change_settings(settings)
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self._unknown: OrderedDict[str, Account] = OrderedDict()
        self._first_hash: str | None = None

    def change_settings(self, settings: Settings) -> None:
        """From now on it goes by these."""
        self._settings, self._seal = settings, Seal(settings.web.second_factors_key)
        idle, longest = settings.web.idle_minutes * 60, settings.web.session_hours * 3600
        self.limits = SessionLimits(idle_us=idle * MICROSECONDS, longest_us=longest * MICROSECONDS)

    # --- who asks

    async def person(self, token: str, *, is_there: bool = True) -> Person | None:
        """Whose session an id is; None where it is none, or over. Role and locks are read anew each time.

        Without `is_there` an open page asks by itself: that does not keep a session alive.
        """
        hashed = token_hash(token)
        found = await self._keeper.store.accounts.session(hashed) if hashed else None
        if found is None:
            return None
        session, account = found
        now = self._now()
        if not self._holds(session, account, now):
            await self._keeper.store.accounts.end(session.token_hash)
            return None
        if is_there and now - session.seen_at >= TOUCH_US:
            await self._keeper.store.accounts.touch(session.token_hash, now)
        return Person(account=account, session=session, token=token)

    async def alive(self, token_hashes: Collection[str]) -> dict[str, Account]:
        """Which of these sessions are not over, and whose they are."""
        now, found = self._now(), await self._keeper.store.accounts.open_sessions(token_hashes)
        return {session.token_hash: account for session, account in found if self._holds(session, account, now)}

    def _holds(self, session: Session, account: Account, now: int) -> bool:
        is_stale = session.role is not account.role or account.needs_administrator
        return not is_stale and not self.limits.is_over(session, now)

    # --- the first visit

    async def offer_first_visit(self) -> str | None:
        """A one-time code for the first administrator, where nobody has an account yet."""
        if self._first_hash is not None or not await self._keeper.store.accounts.is_empty():
            return None
        code = new_code()
        self._first_hash = code_hash("", code)
        return code

    async def is_first_visit(self) -> bool:
        """Whether the code that was offered still makes the first account."""
        return self._first_hash is not None and await self._keeper.store.accounts.is_empty()

    async def begin(self, typed: str, name: str, code: str, password: str, address: str) -> Answer:
        """The first administrator's account. Raises InputError where something typed does not do."""
        login = read_login(typed)
        if self._first_hash is None or not found_hash("", code, (self._first_hash,)):
            _log.warning("web_first_visit_refused", address=address)
            return Answer(outcome=Outcome.WRONG)
        check_password(password, login, name, self._settings.hall.name)
        attempt, token = self._attempt(address)
        bare = Account(login=login, name=name.strip() or login, role=Role.ADMINISTRATOR)
        move = first_administrator(bare, attempt, await self._hashed(password))
        await self._keeper.store.accounts.add(move, is_first=True)
        self._first_hash = None
        return Answer(outcome=move.outcome, token=token)

    async def visit(self, typed: str, code: str, password: str, address: str) -> Answer:
        """The one-time code of an account, and the password that the person chose."""
        login = read_login(typed)
        account = await self._keeper.store.accounts.get(login)
        check_password(password, login, *([account.name] if account else []), self._settings.hall.name)
        hashed = await self._hashed(password)
        attempt, token = self._attempt(address)
        return await self._step(login, attempt, token, lambda one: with_visit_code(one, attempt, code, hashed))

    # --- each time

    async def password(self, typed: str, password: str, address: str, old: Person | None = None) -> Answer:
        """Login and password."""
        try:
            login = read_login(typed)
        except InputError:
            login = ""
        account = await self._keeper.store.accounts.get(login) if login else None
        checked = account.password_hash if account else None
        is_right = await self._is_password(checked, password)
        better = await self._hashed(password) if is_right and checked and is_outdated(checked) else None
        attempt, token = self._attempt(address, old)

        def step(one: Account) -> Move:
            if one.password_hash != checked:
                return Move(outcome=Outcome.AGAIN)
            return with_password(replace(one, password_hash=better or checked), attempt, is_right=is_right)

        await self._clear_old()
        return await self._step(login, attempt, token, step)

    async def digits(self, person: Person, typed: str, address: str) -> Answer:
        """The authenticator's digits. Raises SettingsError where no secret can be read: nobody gets in then."""
        attempt, token = self._attempt(address, person)
        step = self._seal.around(lambda one: with_digits(one, attempt, person.session, typed))
        return await self._step(person.account.login, attempt, token, step)

    async def recovery_code(self, person: Person, typed: str, address: str) -> Answer:
        """A recovery code in place of the digits."""
        attempt, token = self._attempt(address, person)
        login = person.account.login
        return await self._step(
            login, attempt, token, lambda one: with_recovery_code(one, attempt, person.session, typed)
        )

    async def authenticator(self, person: Person, secret: str, typed: str, address: str) -> Answer:
        """The first digits of a new authenticator; gives the recovery codes. Raises SettingsError as `digits`."""
        attempt, token = self._attempt(address, person)
        login = person.account.login
        codes = tuple(new_code() for _ in range(RECOVERY_CODES))
        hashes = [code_hash(login, one) for one in codes]
        step = self._seal.around(
            lambda one: enrolled(one, attempt, person.session, secret=secret, typed=typed, recovery_hashes=hashes)
        )
        answer = await self._step(login, attempt, token, step)
        return replace(answer, codes=codes) if answer.outcome is Outcome.OPEN else answer

    async def new_password(self, person: Person, old: str, new: str, address: str) -> Answer:
        """A person who is in chooses another password. Raises InputError where it does not do."""
        account = person.account
        check_password(new, account.login, account.name, self._settings.hall.name)
        is_right = await self._is_password(account.password_hash, old)
        hashed = await self._hashed(new)
        attempt, token = self._attempt(address, person)

        def step(one: Account) -> Move:
            if one.password_hash != account.password_hash:
                return Move(outcome=Outcome.AGAIN)
            return with_new_password(one, attempt, hashed, is_right=is_right)

        return await self._step(account.login, attempt, token, step)

    async def leave(self, person: Person, address: str) -> None:
        """Signs a person out."""
        deed = self.deed(person, Deed.SIGNED_OUT, Thing.ACCOUNT, person.account.login, address)
        move = Move(ends=(person.session.token_hash,), deeds=(deed,))
        await self._keeper.store.accounts.step(person.account.login, lambda _: move)

    async def note(self, person: Person, deed: Deed, thing: Thing, which: str, address: str) -> None:
        """Writes into the audit log what a person did, or was refused."""
        await self._keeper.store.audit.add(self.deed(person, deed, thing, which, address))

    def deed(self, person: Person, deed: Deed, thing: Thing, which: str, address: str) -> Happened:
        """What a person did, for the audit log."""
        who = person.account.login
        return Happened(at=self._now(), who=who, address=address, deed=deed, thing=thing, object=which)

    # ---

    def _attempt(self, address: str, old: Person | None = None) -> tuple[Attempt, str]:
        token = new_token()
        old_hash = old.session.token_hash if old else None
        return Attempt(now=self._now(), address=address, new_hash=token_hash(token) or "", old_hash=old_hash), token

    async def _step(self, login: str, attempt: Attempt, token: str, step: Callable[[Account], Move]) -> Answer:
        """Carries a step out; a login that nobody has is counted and closed here as accounts are in the store."""
        try:
            move = await self._keeper.store.accounts.step(login, step)
        except InputError:
            move = await self._of_nobody(login, attempt.address)
        account = move.account
        return Answer(
            outcome=move.outcome,
            token=token if move.begins else None,
            tries_left=tries_left(account.failures) if account else 0,
            closed_until=account.closed_until(self._now()) if account else await self._closed_until(login),
        )

    async def _of_nobody(self, login: str, address: str) -> Move:
        """A login that nobody has, which somebody may have typed a password into: it is written down nowhere."""
        nobody = self._unknown.pop(login, Account(login=login, name="", role=Role.STAFF))
        move = with_password(nobody, Attempt(now=self._now(), address=address, new_hash=""), is_right=False)
        if move.account is not None:
            deed = replace(move.deeds[0], who="?", object="", note="no such account")
            await self._keeper.store.audit.add(deed)
        self._unknown[login] = move.account or nobody
        while len(self._unknown) > _MOST_UNKNOWN:
            self._unknown.popitem(last=False)
        return move

    async def _closed_until(self, login: str) -> int | None:
        account = self._unknown.get(login) or await self._keeper.store.accounts.get(login)
        return account.closed_until(self._now()) if account else None

    async def _is_password(self, stored: str | None, password: str) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(is_password, stored, password)

    async def _hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password)

    async def _clear_old(self) -> None:
        """Takes sessions that are over out of the store, now and then: at a sign-in of twenty."""
        if secrets.randbelow(20) == 0:
            now = self._now()
            await self._keeper.store.accounts.end_old(
                idle_before=now - self.limits.idle_us, begun_before=now - self.limits.longest_us
            )
