"""The steps of a sign-in: password, second factor, first visit, a new password. Pure: nothing is stored here.

Until the last step is right, wrong ones are not forgotten: who has the password alone cannot try digits for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from voicedesk.access.accounts import Account
from voicedesk.access.audit import Deed, Happened
from voicedesk.access.codes import found_hash
from voicedesk.access.lockout import tries_left
from voicedesk.access.moves import Move, Outcome
from voicedesk.access.roles import Thing, needs_second_factor
from voicedesk.access.sessions import Session, Stage
from voicedesk.access.totp import matching_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: when, from where, the hash of the id that a new session gets, and that of the session it came in."""

    now: int
    address: str
    new_hash: str
    old_hash: str | None = None

    def session(self, account: Account, stage: Stage) -> Session:
        """The session that begins."""
        return Session(
            token_hash=self.new_hash,
            login=account.login,
            role=account.role,
            stage=stage,
            begun_at=self.now,
            seen_at=self.now,
        )

    def deed(self, account: Account, deed: Deed, note: str = "") -> Happened:
        """What the person did, for the audit log."""
        return Happened(
            at=self.now,
            who=account.login,
            address=self.address,
            deed=deed,
            thing=Thing.ACCOUNT,
            object=account.login,
            note=note,
        )

    @property
    def ends(self) -> tuple[str, ...]:
        """The session that ends, since its id is renewed."""
        return () if self.old_hash is None else (self.old_hash,)


def with_password(account: Account, attempt: Attempt, *, is_right: bool) -> Move:
    """A password was typed, and compared already (that takes long)."""
    shut = _shut(account, attempt)
    if shut is not None:
        return shut
    if not is_right or account.password_hash is None:
        return _wrong(account, attempt, "password")
    if not needs_second_factor(account.role):
        return _in(account, attempt)
    stage = Stage.SECOND if account.totp_secret else Stage.ENROL
    return Move(outcome=Outcome(stage.value), ends=attempt.ends, begins=attempt.session(account, stage))


def with_digits(account: Account, attempt: Attempt, session: Session, typed: str) -> Move:
    """The digits of the authenticator were typed; each is used once."""
    shut = _shut(account, attempt)
    if shut is not None:
        return shut
    if session.stage is not Stage.SECOND or account.totp_secret is None:
        return Move(outcome=Outcome.AGAIN, ends=attempt.ends)
    step = matching_step(account.totp_secret, typed, attempt.now, used_step=account.totp_step)
    if step is None:
        return _wrong(account, attempt, "digits")
    return _in(replace(account, totp_step=step), attempt)


def with_recovery_code(account: Account, attempt: Attempt, session: Session, typed: str) -> Move:
    """A recovery code was typed in place of the digits; it is used up."""
    shut = _shut(account, attempt)
    if shut is not None:
        return shut
    if session.stage is not Stage.SECOND:
        return Move(outcome=Outcome.AGAIN, ends=attempt.ends)
    used = found_hash(account.login, typed, account.recovery_hashes)
    if used is None:
        return _wrong(account, attempt, "recovery code")
    left = tuple(one for one in account.recovery_hashes if one != used)
    deed = attempt.deed(account, Deed.RECOVERY_CODE_USED, f"recovery codes left: {len(left)}")
    return _in(replace(account, recovery_hashes=left), attempt, deed)


def with_visit_code(account: Account, attempt: Attempt, typed: str, password_hash: str) -> Move:
    """The person came with the one-time code and chose a password; the code is used up."""
    shut = _shut(account, attempt)
    if shut is not None:
        return shut
    is_good = account.visit_hash is not None and (account.visit_until or 0) > attempt.now
    if not is_good or not found_hash(account.login, typed, (account.visit_hash or "",)):
        return _wrong(account, attempt, "one-time code")
    made = replace(account, password_hash=password_hash, visit_hash=None, visit_until=None, changed_at=attempt.now)
    return _begun(made, attempt)


def first_administrator(account: Account, attempt: Attempt, password_hash: str) -> Move:
    """The hall's first account, made by whoever reads the service's log."""
    made = replace(account, password_hash=password_hash, made_at=attempt.now, changed_at=attempt.now)
    move = _begun(made, attempt)
    return replace(move, deeds=(attempt.deed(made, Deed.ACCOUNT_ADDED, made.role.value), *move.deeds))


def enrolled(
    account: Account,
    attempt: Attempt,
    session: Session,
    *,
    secret: str,
    typed: str,
    recovery_hashes: Sequence[str],
) -> Move:
    """The person's authenticator has the secret, as its digits show; wrong digits are a slip and count for nothing."""
    if account.needs_administrator:
        return Move(outcome=Outcome.LOCKED, ends=attempt.ends)
    if session.stage is not Stage.ENROL or account.totp_secret is not None:
        return Move(outcome=Outcome.AGAIN, ends=attempt.ends)
    step = matching_step(secret, typed, attempt.now, used_step=0)
    if step is None:
        return Move(outcome=Outcome.WRONG)
    made = replace(
        account, totp_secret=secret, totp_step=step, recovery_hashes=tuple(recovery_hashes), changed_at=attempt.now
    )
    return _in(made, attempt, attempt.deed(account, Deed.SECOND_FACTOR_SET))


def with_new_password(account: Account, attempt: Attempt, password_hash: str, *, is_right: bool) -> Move:
    """Somebody who is signed in gave the old password and chose a new one: every other session of theirs ends."""
    shut = _shut(account, attempt)
    if shut is not None:
        return replace(shut, ends_all=True)
    if not is_right:
        return _wrong(account, attempt, "old password")
    made = replace(account, password_hash=password_hash, failures=0, failed_at=0, changed_at=attempt.now)
    return Move(
        account=made,
        ends_all=True,
        begins=attempt.session(made, Stage.OPEN),
        deeds=(attempt.deed(made, Deed.PASSWORD_SET),),
    )


def _shut(account: Account, attempt: Attempt) -> Move | None:
    """Whether nothing is looked at: the account is locked, or closed after wrong ones. Half a sign-in ends."""
    if account.needs_administrator:
        return Move(outcome=Outcome.LOCKED, ends=attempt.ends)
    if account.closed_until(attempt.now) is not None:
        return Move(outcome=Outcome.CLOSED, ends=attempt.ends)
    return None


def _wrong(account: Account, attempt: Attempt, what: str) -> Move:
    made = replace(account, failures=account.failures + 1, failed_at=attempt.now)
    is_shut = tries_left(made.failures) == 0
    outcome = Outcome.LOCKED if made.needs_administrator else Outcome.CLOSED if is_shut else Outcome.WRONG
    deed = attempt.deed(account, Deed.SIGN_IN_REFUSED, f"{what}, {made.failures} wrong in a row")
    return Move(outcome=outcome, account=made, ends=attempt.ends if is_shut else (), deeds=(deed,))


def _in(account: Account, attempt: Attempt, *deeds: Happened) -> Move:
    made = replace(account, failures=0, failed_at=0)
    return Move(
        account=made,
        ends=attempt.ends,
        begins=attempt.session(made, Stage.OPEN),
        deeds=(*deeds, attempt.deed(made, Deed.SIGNED_IN)),
    )


def _begun(account: Account, attempt: Attempt) -> Move:
    """A password was chosen for the first time; what was open before is not any more."""
    made = replace(account, failures=0, failed_at=0)
    is_whole = not needs_second_factor(made.role)
    stage = Stage.OPEN if is_whole else Stage.ENROL
    deeds = (attempt.deed(made, Deed.PASSWORD_SET), *([attempt.deed(made, Deed.SIGNED_IN)] if is_whole else []))
    return Move(
        outcome=Outcome(stage.value), account=made, ends_all=True, begins=attempt.session(made, stage), deeds=deeds
    )
