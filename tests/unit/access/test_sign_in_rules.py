"""When an account is closed after wrong passwords, and when a session is over."""

from dataclasses import replace

import pytest
from voicedesk.access.accounts import Account, AccountState, read_login
from voicedesk.access.lockout import MOST_FAILURES, closed_until, pause_seconds, tries_left
from voicedesk.access.roles import Role
from voicedesk.access.sessions import (
    Session,
    SessionLimits,
    Stage,
    form_token,
    is_form_token,
    new_token,
    token_hash,
)
from voicedesk.errors import InputError

AT = 1_800_000_000_000_000
MINUTE = 60_000_000
LIMITS = SessionLimits(idle_us=30 * MINUTE, longest_us=12 * 60 * MINUTE)
ACCOUNT = Account(login="0101", name="张三", role=Role.STAFF, password_hash="x")
SESSION = Session(token_hash="h", login="0101", role=Role.STAFF, stage=Stage.OPEN, begun_at=AT, seen_at=AT)


def test_pauses_grow_and_stay_within_an_hour():
    assert [pause_seconds(n) for n in (0, 4, 5, 6, 7, 10, 11, 99)] == [0, 0, 60, 120, 240, 1920, 3600, 3600]
    assert [tries_left(n) for n in (0, 1, 4, 5, 9)] == [5, 4, 1, 0, 0]


def test_in_a_day_nobody_tries_more_than_about_thirty_passwords():
    now, failures, failed_at = AT, 0, 0
    while now < AT + 24 * 60 * MINUTE:
        until = closed_until(failures, failed_at, now)
        if until is None:
            failures, failed_at = failures + 1, now
        now = max(until or 0, now + 1)
    assert failures < 36


def test_an_account_opens_again_by_itself_and_a_clock_set_back_does_not_keep_it_closed():
    closed = replace(ACCOUNT, failures=5, failed_at=AT)
    assert closed.closed_until(AT) == AT + MINUTE
    assert closed.closed_until(AT + MINUTE) is None
    assert closed.closed_until(AT - 60 * MINUTE) == AT - 59 * MINUTE


def test_after_a_hundred_wrong_passwords_an_administrator_must_open_it():
    assert not replace(ACCOUNT, failures=MOST_FAILURES - 1).needs_administrator
    assert replace(ACCOUNT, failures=MOST_FAILURES).needs_administrator
    assert replace(ACCOUNT, is_locked=True).needs_administrator


def test_a_list_says_how_an_account_stands():
    states = [
        ACCOUNT.state(AT),
        replace(ACCOUNT, password_hash=None).state(AT),
        replace(ACCOUNT, failures=5, failed_at=AT).state(AT),
        replace(ACCOUNT, is_locked=True, failures=5, failed_at=AT).state(AT),
    ]
    assert states == [
        AccountState.IN_USE,
        AccountState.WAITING,
        AccountState.CLOSED_FOR_NOW,
        AccountState.LOCKED,
    ]


@pytest.mark.parametrize(("typed", "login"), [(" 0101 ", "0101"), ("Li.Si", "li.si"), ("０１０１", "0101")])
def test_a_login_is_read_as_it_was_meant(typed, login):
    assert read_login(typed) == login


@pytest.mark.parametrize("typed", ["", "张三", "a b", "-a", "x" * 33, "a\nb", "../a", "a\0"])
def test_what_is_no_login_is_refused(typed):
    with pytest.raises(InputError, match="a login is"):
        read_login(typed)


def test_a_session_ends_without_use_and_however_much_it_is_used():
    assert not LIMITS.is_over(SESSION, AT + 30 * MINUTE - 1)
    assert LIMITS.is_over(SESSION, AT + 30 * MINUTE)
    used = replace(SESSION, seen_at=AT + 12 * 60 * MINUTE - 1)
    assert not LIMITS.is_over(used, AT + 12 * 60 * MINUTE - 1)
    assert LIMITS.is_over(used, AT + 12 * 60 * MINUTE)


def test_half_a_sign_in_is_over_after_ten_minutes():
    for stage in (Stage.SECOND, Stage.ENROL):
        half = replace(SESSION, stage=stage, seen_at=AT + 10 * MINUTE)
        assert not LIMITS.is_over(half, AT + 10 * MINUTE - 1)
        assert LIMITS.is_over(half, AT + 10 * MINUTE)


def test_a_clock_set_far_back_ends_a_session():
    assert not LIMITS.is_over(SESSION, AT - MINUTE)
    assert LIMITS.is_over(SESSION, AT - 6 * MINUTE)


def test_an_id_is_random_and_only_its_hash_is_stored():
    token = new_token()
    assert len(token) == 43
    assert token != new_token()
    assert len(token_hash(token) or "") == 64
    for wrong in ("", "x", f"{token}\n", token[:-1] + "/", token * 2):
        assert token_hash(wrong) is None


def test_a_form_is_made_for_one_session():
    token = new_token()
    assert is_form_token(token, form_token(token))
    assert not is_form_token(new_token(), form_token(token))
    assert not is_form_token(token, form_token(token, b"another key"))
    assert not is_form_token(token, "")
    assert not is_form_token(token, "\ud800é")
