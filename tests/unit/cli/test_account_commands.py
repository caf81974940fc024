"""`voicedesk account` and `voicedesk audit`: accounts are made, changed and told of, and the log of it is checked."""

import asyncio
import json
import re
import sqlite3

import pytest
from voicedesk.access.audit import Deed
from voicedesk.access.codes import found_hash
from voicedesk.access.roles import Role
from voicedesk.store.store import Store

SETTINGS = """
[store]
url = "sqlite:///v.db"
[[agents]]
id = "zhang"
name = "张三"
number = "0101"
[[agents]]
id = "li"
name = "李四"
"""


@pytest.fixture
def hall(tmp_path, monkeypatch):
    """A hall with a database that nobody serves."""
    (tmp_path / "voicedesk.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asyncio.run(_made(f"sqlite:///{tmp_path / 'v.db'}"))
    return tmp_path


async def _made(url):
    async with Store.open(url):
        pass


def stored(hall):
    async def read():
        async with Store.open(f"sqlite:///{hall / 'v.db'}", may_write=False) as store:
            return {one.login: one for one in await store.accounts.list()}, await store.audit.list(limit=99)

    return asyncio.run(read())


def test_an_account_is_made_for_whose_number_the_login_is(hall, typed):
    done = typed("account", "add", "0101", "--role", "staff")
    assert (done.code, done.err) == (0, "")
    code = re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", done.out)[0]
    accounts, entries = stored(hall)
    one = accounts["0101"]
    assert (one.name, one.agent, one.role, one.password_hash) == ("张三", "zhang", Role.STAFF, None)
    assert found_hash("0101", code, [one.visit_hash])
    (entry,) = entries
    assert (entry.deed, entry.object, entry.note) == (Deed.ACCOUNT_ADDED, "0101", "staff")
    assert entry.who.startswith("cli:")
    assert code not in f"{one} {entry}"


def test_a_staff_account_of_nobody_is_refused_and_an_administrator_needs_nobody(hall, typed):
    refused = typed("account", "add", "0999", "--role", "staff")
    assert (refused.code, "whose calls are theirs" in refused.err) == (1, True)
    assert typed("account", "add", "0999", "--role", "staff", "--agent", "李四").code == 0
    assert typed("account", "add", "Admin", "--role", "administrator", "--name", "王五").code == 0
    accounts, _ = stored(hall)
    assert (accounts["0999"].agent, accounts["admin"].agent, accounts["admin"].name) == ("li", None, "王五")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "张三", "--role", "auditor"), "a login is"),
        (("add", "0101", "--role", "staff", "--agent", "zhng"), "did you mean zhang"),
        (("reset", "0102"), "there is no account 0102"),
        (("change", "0101"), "say what is to be changed"),
    ],
)
def test_what_cannot_be_done_says_why(hall, typed, words, why):
    done = typed("account", *words)
    assert (done.code, done.out) == (1, "")
    assert why in done.err


def test_an_account_is_listed_changed_locked_reset_and_removed_and_each_is_written_down(hall, typed):
    typed("account", "add", "0101", "--role", "staff")
    assert typed("account", "add", "0101", "--role", "staff").code == 1
    assert typed("account", "change", "0101", "--role", "supervisor", "--name", "张主任").code == 0
    assert typed("account", "lock", "0101").code == 0
    listed = typed("account", "list").out
    assert "0101" in listed
    assert "已锁定 locked" in listed
    (told,) = json.loads(typed("account", "list", "--json").out)
    assert (told["name"], told["role"], told["state"], told["agent"]) == ("张主任", "supervisor", "locked", "zhang")
    assert not {key for key in told if "hash" in key or "secret" in key}
    assert typed("account", "lock", "0101", "--open").code == 0
    assert typed("account", "lock", "0101", "--open").code == 1
    assert "代码" in typed("account", "reset", "0101").out
    assert typed("account", "remove", "0101").code == 0
    accounts, entries = stored(hall)
    assert accounts == {}
    assert [one.deed for one in entries] == [
        Deed.ACCOUNT_REMOVED, Deed.ACCOUNT_RESET, Deed.ACCOUNT_OPENED, Deed.ACCOUNT_LOCKED, Deed.ACCOUNT_CHANGED,
        Deed.ACCOUNT_ADDED,
    ]  # fmt: skip
    lines = typed("audit", "list").out.splitlines()
    assert len(lines) == 6
    assert "重设账号 account reset" in lines[1]
    assert [one["number"] for one in json.loads(typed("audit", "list", "--before", "3", "--json").out)] == [2, 1]


def test_fault_82_the_check_says_which_entry_was_edited_by_hand(hall, typed):
    typed("account", "add", "0101", "--role", "staff")
    typed("account", "lock", "0101")
    typed("account", "remove", "0101")
    whole = typed("audit", "check")
    assert (whole.code, "the audit log is whole: 3" in whole.out) == (0, True)
    noted = re.search(r"3:[0-9a-f]{64}", whole.out)[0]
    assert typed("audit", "check", "--known", noted).code == 0
    with sqlite3.connect(hall / "v.db") as database:
        database.execute("UPDATE audit SET who = 'cli:nobody' WHERE number = 2")
    database.close()
    broken = typed("audit", "check")
    assert (broken.code, "breaks at entry 2: 内容被改动 changed" in broken.err) == (1, True)
    assert json.loads(typed("audit", "check", "--json").out)["flaw"] == "changed"
    assert typed("audit", "check", "--known", "3").code == 1


def test_where_nobody_has_an_account_the_lists_say_so(hall, typed):
    assert "还没有账号" in typed("account", "list").err
    assert "the audit log is empty" in typed("audit", "list").err
    assert typed("audit", "check").code == 0


def test_chinese_alone_is_spoken_where_the_hall_chose_it(hall, typed):
    (hall / "voicedesk.toml").write_text(f'[hall]\nlanguage = "zh"\n{SETTINGS}', encoding="utf-8")
    done = typed("account", "add", "0101", "--role", "staff")
    assert "已新增：0101  工作人员  张三 zhang" in done.out
    assert "three days" not in done.out
