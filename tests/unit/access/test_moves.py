"""What each step of a sign-in, and of whoever keeps accounts, does: by the rules alone, without a database."""

import base64
from dataclasses import replace

import pytest
from voicedesk.access.accounts import Account
from voicedesk.access.audit import Deed
from voicedesk.access.codes import code_hash
from voicedesk.access.lockout import FREE_TRIES, MOST_FAILURES
from voicedesk.access.moves import Keeper, Outcome, added, changed, locked, opened, removed, reset
from voicedesk.access.roles import Role
from voicedesk.access.sessions import Session, Stage
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
from voicedesk.access.totp import code_of, step_at
from voicedesk.errors import InputError

AT = 1_800_000_000_000_000
SECRET = base64.b32encode(b"12345678901234567890").decode()
STAFF = Account(login="0101", name="张三", role=Role.STAFF, agent="zhang", password_hash="stored")
CHIEF = replace(
    STAFF, login="0001", role=Role.SUPERVISOR, totp_secret=SECRET, recovery_hashes=(code_hash("0001", "AAAA"),)
)
TRY = Attempt(now=AT, address="10.0.0.7", new_hash="new", old_hash="old")
HALF = Session(token_hash="old", login="0001", role=Role.SUPERVISOR, stage=Stage.SECOND, begun_at=AT, seen_at=AT)
KEEPER = Keeper(who="cli:root", now=AT)


def deeds(move):
    return [one.deed for one in move.deeds]


def test_staff_are_in_by_their_password_with_a_new_session():
    move = with_password(replace(STAFF, failures=3, failed_at=AT), TRY, is_right=True)
    assert move.outcome is Outcome.OPEN
    assert (move.begins.token_hash, move.begins.stage, move.ends) == ("new", Stage.OPEN, ("old",))
    assert move.account.failures == 0
    assert deeds(move) == [Deed.SIGNED_IN]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR])
def test_whoever_sees_more_is_not_in_by_a_password_alone(role):
    account = replace(CHIEF, role=role, failures=3)
    move = with_password(account, TRY, is_right=True)
    assert (move.outcome, move.begins.stage, move.deeds) == (Outcome.SECOND, Stage.SECOND, ())
    assert move.account is None, "wrong ones are not forgotten before the last step"
    without = with_password(replace(account, totp_secret=None), TRY, is_right=True)
    assert (without.outcome, without.begins.stage) == (Outcome.ENROL, Stage.ENROL)


def test_a_wrong_password_is_counted_and_the_fifth_closes_the_account():
    account, outcomes = STAFF, []
    for _ in range(FREE_TRIES + 1):
        move = with_password(account, TRY, is_right=False)
        outcomes.append(move.outcome)
        account = move.account or account
    assert outcomes == [Outcome.WRONG] * 4 + [Outcome.CLOSED] * 2
    assert account.failures == FREE_TRIES, "while it is closed nothing is looked at, or counted"


def test_while_an_account_is_closed_the_right_password_opens_nothing():
    closed = replace(STAFF, failures=5, failed_at=AT)
    assert with_password(closed, TRY, is_right=True).outcome is Outcome.CLOSED
    assert with_password(closed, replace(TRY, now=AT + 60_000_000), is_right=True).outcome is Outcome.OPEN


@pytest.mark.parametrize("account", [replace(STAFF, is_locked=True), replace(STAFF, failures=MOST_FAILURES)])
def test_a_locked_account_stays_locked_whatever_is_right(account):
    late = replace(TRY, now=AT * 2 // 1)
    assert with_password(account, late, is_right=True).outcome is Outcome.LOCKED
    assert with_visit_code(account, late, "X", "h").outcome is Outcome.LOCKED


def test_nobody_is_in_by_a_password_that_was_never_set():
    assert with_password(replace(STAFF, password_hash=None), TRY, is_right=True).outcome is Outcome.WRONG


def test_digits_let_in_once_and_a_new_session_takes_the_place_of_the_half_one():
    typed = code_of(SECRET, step_at(AT))
    move = with_digits(replace(CHIEF, failures=4, failed_at=AT - 1), TRY, HALF, typed)
    assert (move.outcome, move.begins.stage, move.ends) == (Outcome.OPEN, Stage.OPEN, ("old",))
    assert move.account.failures == 0
    assert with_digits(move.account, TRY, HALF, typed).outcome is Outcome.WRONG, "used"


def test_who_has_the_password_alone_cannot_try_digits_for_ever():
    account = CHIEF
    for _ in range(FREE_TRIES):
        passed = with_password(account, TRY, is_right=True)
        account = passed.account or account
        account = with_digits(account, TRY, HALF, "000000").account
    assert account.closed_until(AT) is not None
    assert with_digits(account, TRY, HALF, code_of(SECRET, step_at(AT))).outcome is Outcome.CLOSED


def test_the_fifth_wrong_digits_end_the_half_session():
    move = with_digits(replace(CHIEF, failures=4), TRY, HALF, "000000")
    assert (move.outcome, move.ends) == (Outcome.CLOSED, ("old",))


@pytest.mark.parametrize("stage", [Stage.ENROL, Stage.OPEN])
def test_a_second_factor_is_taken_only_where_it_was_asked_for(stage):
    session = replace(HALF, stage=stage)
    assert with_digits(CHIEF, TRY, session, code_of(SECRET, step_at(AT))).outcome is Outcome.AGAIN
    assert with_recovery_code(CHIEF, TRY, session, "AAAA").outcome is Outcome.AGAIN


def test_a_recovery_code_lets_in_once():
    move = with_recovery_code(CHIEF, TRY, HALF, "aaaa")
    assert (move.outcome, deeds(move)) == (Outcome.OPEN, [Deed.RECOVERY_CODE_USED, Deed.SIGNED_IN])
    assert move.account.recovery_hashes == ()
    assert with_recovery_code(move.account, TRY, HALF, "aaaa").outcome is Outcome.WRONG


def test_an_authenticator_is_set_up_once_and_only_with_its_own_digits():
    bare, session = replace(CHIEF, totp_secret=None), replace(HALF, stage=Stage.ENROL)
    right = {"secret": SECRET, "typed": code_of(SECRET, step_at(AT)), "recovery_hashes": ["h"]}
    wrong = enrolled(bare, TRY, session, **right | {"typed": "000000"})
    assert (wrong.outcome, wrong.account, wrong.ends) == (Outcome.WRONG, None, ())
    move = enrolled(bare, TRY, session, **right)
    assert (move.outcome, deeds(move)) == (Outcome.OPEN, [Deed.SECOND_FACTOR_SET, Deed.SIGNED_IN])
    assert (move.account.totp_secret, move.account.recovery_hashes) == (SECRET, ("h",))
    assert with_digits(move.account, TRY, HALF, right["typed"]).outcome is Outcome.WRONG, "used already"
    assert enrolled(CHIEF, TRY, session, **right).outcome is Outcome.AGAIN, "there is one already"
    assert enrolled(bare, TRY, HALF, **right).outcome is Outcome.AGAIN
    assert enrolled(replace(bare, is_locked=True), TRY, session, **right).outcome is Outcome.LOCKED


def test_a_one_time_code_opens_once_and_not_after_its_time():
    account = added(KEEPER, replace(STAFF, password_hash=None), "ABCD-EFGH").account
    late = replace(TRY, now=account.visit_until)
    assert with_visit_code(account, late, "ABCD-EFGH", "h").outcome is Outcome.WRONG
    assert with_visit_code(account, TRY, "ABCD-EFGX", "h").account.failures == 1
    move = with_visit_code(account, TRY, "abcdefgh", "h")
    assert (move.outcome, deeds(move), move.ends_all) == (Outcome.OPEN, [Deed.PASSWORD_SET, Deed.SIGNED_IN], True)
    assert move.account.password_hash == "h"
    assert with_visit_code(move.account, TRY, "abcdefgh", "h2").outcome is Outcome.WRONG


def test_the_first_administrator_sets_up_an_authenticator_before_being_in():
    move = first_administrator(replace(STAFF, role=Role.ADMINISTRATOR, password_hash=None), TRY, "h")
    assert (move.outcome, move.begins.stage) == (Outcome.ENROL, Stage.ENROL)
    assert deeds(move) == [Deed.ACCOUNT_ADDED, Deed.PASSWORD_SET]


def test_a_new_password_ends_every_other_session_and_wants_the_old_one():
    wrong = with_new_password(STAFF, TRY, "h", is_right=False)
    assert (wrong.outcome, wrong.account.password_hash) == (Outcome.WRONG, "stored")
    move = with_new_password(STAFF, TRY, "h", is_right=True)
    assert (move.ends_all, move.begins.token_hash, move.account.password_hash) == (True, "new", "h")
    closed = with_new_password(replace(STAFF, failures=5, failed_at=AT), TRY, "h", is_right=True)
    assert (closed.outcome, closed.ends_all, closed.account) == (Outcome.CLOSED, True, None)


def test_whoever_keeps_accounts_leaves_an_entry_for_each_step():
    moves = {
        "reset": reset(KEEPER, CHIEF, "ABCD"),
        "changed": changed(KEEPER, CHIEF, role=Role.AUDITOR, name="李四", agent=None),
        "locked": locked(KEEPER, CHIEF),
        "opened": opened(KEEPER, replace(CHIEF, is_locked=True, failures=100)),
        "removed": removed(KEEPER, CHIEF),
    }
    for move in moves.values():
        (deed,) = move.deeds
        assert (deed.who, deed.object, deed.at) == ("cli:root", "0001", AT)
    assert [name for name, move in moves.items() if not move.ends_all] == ["opened"]
    assert moves["changed"].deeds[0].note == "supervisor > auditor"
    back = moves["opened"].account
    assert (back.is_locked, back.failures, back.password_hash) == (False, 0, "stored")


def test_a_reset_leaves_nothing_to_sign_in_with_but_the_code():
    made = reset(KEEPER, replace(CHIEF, failures=100, is_locked=True), "ABCD").account
    assert (made.password_hash, made.totp_secret, made.recovery_hashes, made.is_locked) == (None, None, (), False)
    assert with_visit_code(made, TRY, "ABCD", "h").outcome is Outcome.ENROL


def test_what_is_open_is_not_opened():
    with pytest.raises(InputError, match="is open"):
        opened(KEEPER, STAFF)
