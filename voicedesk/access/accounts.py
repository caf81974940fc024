"""A person's account: who signs in, as what, and how the sign-in stands."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.access.lockout import closed_until, is_used_up
from voicedesk.access.roles import Role
from voicedesk.errors import InputError

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class AccountState(StrEnum):
    """How an account stands, as lists show it."""

    IN_USE = "in_use"
    WAITING = "waiting"
    CLOSED_FOR_NOW = "closed_for_now"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. `agent` is the person's id in [[agents]]: by it their own calls are found; None: they answer none.

    `password_hash` None: the person has not been here yet, and comes with the one-time code of `visit_hash`, good
    until `visit_until`. `totp_step` is the last step of the authenticator that was used. `recovery_hashes` are those
    codes that are left. `failures` counts what was wrong in a row, the last at `failed_at`.
    """

    login: str
    name: str
    role: Role
    agent: str | None = None
    password_hash: str | None = None
    totp_secret: str | None = None
    totp_step: int = 0
    recovery_hashes: tuple[str, ...] = ()
    visit_hash: str | None = None
    visit_until: int | None = None
    failures: int = 0
    failed_at: int = 0
    is_locked: bool = False
    made_at: int = 0
    changed_at: int = 0

    def closed_until(self, now: int) -> int | None:
        """When the account opens again after wrong passwords; None where it is open."""
        return closed_until(self.failures, self.failed_at, now)

    @property
    def needs_administrator(self) -> bool:
        """Whether only an administrator can open it: locked by one, or after too many wrong passwords."""
        return self.is_locked or is_used_up(self.failures)

    def state(self, now: int) -> AccountState:
        """How it stands, as lists show it."""
        if self.needs_administrator:
            return AccountState.LOCKED
        if self.closed_until(now) is not None:
            return AccountState.CLOSED_FOR_NOW
        return AccountState.WAITING if self.password_hash is None else AccountState.IN_USE


def read_login(typed: str) -> str:
    """The login that somebody typed: a work number or a short name, in small letters. Raises InputError."""
    login = unicodedata.normalize("NFKC", typed).strip().casefold()
    if not _LOGIN.fullmatch(login):
        kinds = "letters a to z, digits, '.', '_' and '-', at most 32"
        raise InputError(f"a login is a work number or a short name: {kinds}")
    return login
