"""Accounts, sessions and the audit log: what every store keeps of them, and what it refuses."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, text, update
from voicedesk.access.accounts import Account
from voicedesk.access.audit import Broken, Deed, Flaw, Happened
from voicedesk.access.moves import Keeper, Outcome, added, locked, removed
from voicedesk.access.roles import Role, Thing
from voicedesk.access.sessions import Stage
from voicedesk.access.signing_in import Attempt, first_administrator, with_password
from voicedesk.errors import InputError, StoreError
from voicedesk.store.access_tables import accounts, audit, sessions
from voicedesk.store.store import Store

AT = 1_800_000_000_000_000
KEEPER = Keeper(who="cli:root", now=AT)
ZHANG = Account(
    login="0101", name="张三", role=Role.STAFF, agent="zhang", password_hash="stored", recovery_hashes=("a", "b")
)
TRY = Attempt(now=AT, address="10.0.0.7", new_hash="new")


def note(n: int) -> Happened:
    return Happened(at=AT + n, who="0101", deed=Deed.REFUSED, thing=Thing.CALL, object=f"c{n}", address="10.0.0.7")


@pytest.fixture
async def filled(store):
    """One account, and five entries of the audit log."""
    await store.accounts.add(added(KEEPER, ZHANG, "ABCD"))
    await store.audit.add(*(note(n) for n in range(1, 5)))
    return store


async def test_an_account_is_kept_whole(store):
    assert await store.accounts.is_empty()
    move = added(KEEPER, ZHANG, "ABCD")
    await store.accounts.add(move)
    assert await store.accounts.get("0101") == move.account
    assert await store.accounts.list() == [move.account]
    assert not await store.accounts.is_empty()
    assert await store.accounts.get("0102") is None


async def test_a_login_is_one_person_s(filled):
    with pytest.raises(InputError, match="there is an account 0101"):
        await filled.accounts.add(added(KEEPER, replace(ZHANG, name="李四"), "ABCD"))
    assert [one.name for one in await filled.accounts.list()] == ["张三"]


async def test_the_first_account_is_made_once(store):
    moves = [first_administrator(replace(ZHANG, login=f"a{n}", role=Role.ADMINISTRATOR), TRY, "h") for n in range(3)]
    ended = await asyncio.gather(*(store.accounts.add(one, is_first=True) for one in moves), return_exceptions=True)
    assert sorted(type(one).__name__ for one in ended) == ["InputError", "InputError", "NoneType"]
    assert len(await store.accounts.list()) == 1


async def test_a_step_is_one_transaction_with_its_session_and_its_entry(filled):
    move = await filled.accounts.step("0101", lambda one: with_password(one, TRY, is_right=True))
    session, account = await filled.accounts.session("new")
    assert (session, account) == (move.begins, move.account)
    assert (await filled.audit.list(limit=1))[0].deed is Deed.SIGNED_IN


async def test_a_step_that_fails_changes_nothing(filled):
    def fail(account):
        raise InputError("no")

    before = await filled.accounts.list(), await filled.audit.list(limit=9)
    with pytest.raises(InputError, match="no"):
        await filled.accounts.step("0101", fail)
    with pytest.raises(InputError, match="there is no account 0102"):
        await filled.accounts.step("0102", lambda one: locked(KEEPER, one))
    assert (await filled.accounts.list(), await filled.audit.list(limit=9)) == before


async def test_wrong_passwords_that_come_at_once_are_all_counted(filled):
    steps = [filled.accounts.step("0101", lambda one: with_password(one, TRY, is_right=False)) for _ in range(8)]
    outcomes = [one.outcome for one in await asyncio.gather(*steps)]
    assert sorted(outcomes) == [Outcome.CLOSED] * 4 + [Outcome.WRONG] * 4
    assert (await filled.accounts.get("0101")).failures == 5
    assert (await filled.audit.check()).broken is None


async def test_a_locked_or_removed_account_has_no_session_left(filled):
    for move in (locked, removed):
        await filled.accounts.step("0101", lambda one: with_password(replace(one, is_locked=False), TRY, is_right=True))
        assert await filled.accounts.session("new") is not None
        await filled.accounts.step("0101", lambda one, move=move: move(KEEPER, one))
        assert await filled.accounts.session("new") is None
    assert await filled.accounts.list() == []
    assert (await filled.audit.list(limit=1))[0].object == "0101", "what they did stays written"


async def test_sessions_are_touched_and_end(filled):
    await filled.accounts.step("0101", lambda one: with_password(one, TRY, is_right=True))
    await filled.accounts.touch("new", AT + 5)
    await filled.accounts.touch("new", AT + 2)
    await filled.accounts.touch("other", AT + 2)
    assert (await filled.accounts.session("new"))[0].seen_at == AT + 5
    await filled.accounts.end_old(idle_before=AT + 5, begun_before=AT)
    assert (await filled.accounts.session("new"))[0].stage is Stage.OPEN
    await filled.accounts.end_old(idle_before=AT, begun_before=AT + 1)
    assert await filled.accounts.session("new") is None
    await filled.accounts.step("0101", lambda one: with_password(one, TRY, is_right=True))
    await filled.accounts.end("new")
    assert await filled.accounts.session("new") is None


async def test_a_reader_beside_the_service_signs_people_in_and_writes_nothing_else(filled, store_url, clock):
    async with Store.open(store_url, may_write=False, now=clock) as reader:
        await reader.accounts.step("0101", lambda one: with_password(one, TRY, is_right=True))
        await reader.accounts.touch("new", AT + 5)
        await reader.audit.add(note(9))
        with pytest.raises(StoreError, match="opened the database to read"):
            await reader.outages.start("x", line=None, at=1, by="a")
    assert (await filled.accounts.session("new"))[0].seen_at == AT + 5
    assert (await filled.audit.list(limit=1))[0].object == "c9"


async def test_a_damaged_account_costs_itself_only(filled):
    await filled.accounts.add(added(KEEPER, replace(ZHANG, login="0102"), "ABCD"))
    async with filled.database.write() as connection:
        await connection.execute(update(accounts).where(accounts.c.login == "0101").values(role="king"))
    assert [one.login for one in await filled.accounts.list()] == ["0102"]
    with pytest.raises(StoreError, match="damaged"):
        await filled.accounts.get("0101")
    row = {"token_hash": "t", "login": "0102", "role": "king", "stage": "open", "begun_at": AT, "seen_at": AT}
    async with filled.database.write() as connection:
        await connection.execute(insert(sessions), row)
    assert await filled.accounts.session("t") is None


# --- the audit log


async def test_entries_follow_each_other_and_are_read_from_the_newest(filled):
    found = await filled.audit.list(limit=3)
    assert [one.number for one in found] == [5, 4, 3]
    assert [one.number for one in await filled.audit.list(limit=9, before=3)] == [2, 1]
    checked = await filled.audit.check()
    assert (checked.entries, checked.last, checked.broken) == (5, found[0], None)


async def test_an_empty_log_is_whole(store):
    checked = await store.audit.check()
    assert (checked.entries, checked.last, checked.broken) == (0, None, None)


async def test_entries_that_are_written_at_once_are_a_chain(store):
    await asyncio.gather(*(store.audit.add(note(n), note(n + 100)) for n in range(10)))
    checked = await store.audit.check()
    assert (checked.entries, checked.broken) == (20, None)


async def changed_by_hand(store, statement) -> Broken | None:
    async with store.database.write() as connection:
        await connection.execute(statement)
    return (await store.audit.check()).broken


@pytest.mark.parametrize("column", ["who", "object", "note", "address", "hash", "before", "deed", "thing"])
async def test_fault_82_an_entry_changed_by_hand_is_found(filled, column):
    statement = update(audit).where(audit.c.number == 3).values({column: "0102"})
    assert await changed_by_hand(filled, statement) == Broken(3, Flaw.CHANGED)
    await filled.audit.add(note(7))
    assert (await filled.audit.check()).entries == 2, "whatever comes later, the log goes on"


async def test_fault_82_an_entry_taken_out_is_found(filled):
    assert await changed_by_hand(filled, delete(audit).where(audit.c.number == 2)) == Broken(2, Flaw.MISSING)


async def test_the_log_goes_on_behind_a_last_entry_that_was_damaged(filled):
    await changed_by_hand(filled, update(audit).where(audit.c.number == 5).values(deed="nobody knows", hash=""))
    await filled.audit.add(note(6))
    assert [one.number for one in await filled.audit.list(limit=3)] == [6, 4]
    assert (await filled.audit.check()).broken == Broken(5, Flaw.CHANGED)


async def test_an_end_that_was_cut_off_or_rewritten_is_found_by_a_hash_that_was_noted(filled):
    known = (await filled.audit.list(limit=1))[0]
    noted = known.number, known.hash
    assert (await filled.audit.check(known=noted)).broken is None
    assert await changed_by_hand(filled, delete(audit).where(audit.c.number >= 4)) is None
    assert (await filled.audit.check(known=noted)).broken == Broken(5, Flaw.MISSING)
    await filled.audit.add(note(8), note(9))
    assert (await filled.audit.check()).broken is None, "the chain alone does not show it"
    assert (await filled.audit.check(known=noted)).broken == Broken(5, Flaw.REPLACED)


async def test_a_long_log_is_checked_a_part_at_a_time(store, monkeypatch):
    monkeypatch.setattr("voicedesk.store.audit._AT_ONCE", 3)
    await store.audit.add(*(note(n) for n in range(10)))
    assert (await store.audit.check()).entries == 10
    assert await changed_by_hand(store, update(audit).where(audit.c.number == 7).values(who="x")) == Broken(
        7, Flaw.CHANGED
    )


@pytest.mark.database_file
async def test_a_value_that_no_entry_has_is_found_and_does_not_stop_the_log(filled):
    async with filled.database.write() as connection:
        await connection.execute(text("UPDATE audit SET number = 'x' WHERE number = 5"))
    await filled.audit.add(note(6))
    assert (await filled.audit.check()).broken == Broken(0, Flaw.CHANGED)
    async with filled.database.read() as connection:
        assert (await connection.execute(select(audit.c.number).where(audit.c.number < 99))).scalars().all()[-1] == 5


async def test_forgetting_a_number_leaves_accounts_and_the_audit_log_as_they_are(filled):
    await filled.accounts.add(added(KEEPER, replace(ZHANG, login="13812341234"), "ABCD"))
    before = await filled.accounts.list(), await filled.audit.list(limit=99)
    await filled.retention.forget_number("13812341234", "0371", at=AT)
    assert (await filled.accounts.list(), await filled.audit.list(limit=99)) == before
    assert (await filled.audit.check()).broken is None
