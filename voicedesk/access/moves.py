"""What one step of a person or of an administrator does to an account: a value that is stored as a whole."""

from dataclasses import dataclass, replace
from enum import StrEnum

from voicedesk.access.accounts import Account
from voicedesk.access.audit import Deed, Happened
from voicedesk.access.codes import FIRST_VISIT_US, code_hash
from voicedesk.access.roles import Role, Thing
from voicedesk.access.sessions import Session
from voicedesk.errors import InputError

CHANGED_TO = " > "
"""What stands between the role before and the one after, in the audit log."""


class Outcome(StrEnum):
    """How a step of a sign-in ended. `again`: the password or the session changed meanwhile, and it begins anew."""

    OPEN = "open"
    SECOND = "second"
    ENROL = "enrol"
    WRONG = "wrong"
    CLOSED = "closed"
    LOCKED = "locked"
    AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What follows from one step, in this order, all of it or nothing.

    `account` is how it is from now on (None: as before), or it `is_removed`. `ends` are the hashes of sessions that
    end; `ends_all`: every session of the account does. Then `begins`, if it is given. `deeds` go into the audit log.
    """

    outcome: Outcome = Outcome.OPEN
    account: Account | None = None
    is_removed: bool = False
    ends: tuple[str, ...] = ()
    ends_all: bool = False
    begins: Session | None = None
    deeds: tuple[Happened, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Who keeps accounts, and when: a login, or who types a command."""

    who: str
    now: int
    address: str = ""

    def deed(self, deed: Deed, login: str, note: str = "") -> Happened:
        """What they did to an account, for the audit log."""
        return Happened(
            at=self.now, who=self.who, address=self.address, deed=deed, thing=Thing.ACCOUNT, object=login, note=note
        )


def added(keeper: Keeper, account: Account, code: str) -> Move:
    """A new account, whose person comes with a one-time code."""
    made = replace(_with_code(account, code, keeper.now), made_at=keeper.now, changed_at=keeper.now)
    return Move(account=made, deeds=(keeper.deed(Deed.ACCOUNT_ADDED, made.login, made.role.value),))


def changed(keeper: Keeper, account: Account, *, role: Role, name: str, agent: str | None) -> Move:
    """Another role, name or person; whoever is signed in signs in once more."""
    made = replace(account, role=role, name=name, agent=agent, changed_at=keeper.now)
    note = role.value if role is account.role else f"{account.role.value}{CHANGED_TO}{role.value}"
    return Move(account=made, ends_all=True, deeds=(keeper.deed(Deed.ACCOUNT_CHANGED, account.login, note),))


def reset(keeper: Keeper, account: Account, code: str) -> Move:
    """Password, authenticator and recovery codes are gone; the person comes anew with a one-time code."""
    bare = Account(login=account.login, name=account.name, role=account.role, agent=account.agent)
    made = replace(_with_code(bare, code, keeper.now), made_at=account.made_at, changed_at=keeper.now)
    return Move(account=made, ends_all=True, deeds=(keeper.deed(Deed.ACCOUNT_RESET, account.login),))


def locked(keeper: Keeper, account: Account) -> Move:
    """Nobody signs in until it is opened; whoever is signed in is out."""
    made = replace(account, is_locked=True, changed_at=keeper.now)
    return Move(account=made, ends_all=True, deeds=(keeper.deed(Deed.ACCOUNT_LOCKED, account.login),))


def opened(keeper: Keeper, account: Account) -> Move:
    """Open again, with the password that it has; wrong ones are forgotten. Raises InputError where it is open."""
    if not account.needs_administrator and not account.failures:
        raise InputError(f"the account {account.login} is open: nothing was changed")
    made = replace(account, is_locked=False, failures=0, failed_at=0, changed_at=keeper.now)
    return Move(account=made, deeds=(keeper.deed(Deed.ACCOUNT_OPENED, account.login),))


def removed(keeper: Keeper, account: Account) -> Move:
    """Removes an account and ends its sessions. What the person did stays in the audit log, as does the removal."""
    return Move(is_removed=True, ends_all=True, deeds=(keeper.deed(Deed.ACCOUNT_REMOVED, account.login),))


def _with_code(account: Account, code: str, now: int) -> Account:
    return replace(account, visit_hash=code_hash(account.login, code), visit_until=now + FIRST_VISIT_US)
