"""Second factors are stored sealed: the database alone makes no digits, and without the key nobody gets in."""

import os
from dataclasses import replace

import pytest
from tests.unit.web.conftest import PASSWORD, secret_on
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Move
from voicedesk.access.roles import Role
from voicedesk.access.totp import code_of, new_secret, step_at
from voicedesk.errors import SettingsError
from voicedesk.web.sealing import Seal

KEY_FILE = "second-factors.key"
BOSS = Account(login="0001", name="李", role=Role.SUPERVISOR)
SECRET = new_secret()


def kept(seal: Seal, account: Account) -> Account:
    """The account as it is stored after a step that changes nothing."""
    return seal.around(lambda one: Move(account=one))(account).account


def opened(seal: Seal, account: Account) -> str | None:
    found = []
    seal.around(lambda one: found.append(one.totp_secret) or Move())(account)
    return found[0]


def test_a_secret_is_sealed_and_opened_again_by_a_key_that_only_its_owner_reads(tmp_path):
    folder = tmp_path / "web"
    sealed = kept(Seal(folder / KEY_FILE), replace(BOSS, totp_secret=SECRET))
    assert sealed.totp_secret.startswith("v1:")
    assert SECRET not in sealed.totp_secret
    assert opened(Seal(folder / KEY_FILE), sealed) == SECRET
    assert kept(Seal(folder / KEY_FILE), sealed).totp_secret != sealed.totp_secret, "never twice the same"
    assert os.listdir(folder) == [KEY_FILE]
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert kept(Seal(tmp_path / "none" / KEY_FILE), BOSS) == BOSS
    assert not (tmp_path / "none").exists()


def test_what_was_sealed_for_one_account_is_worth_nothing_at_another_and_nothing_changed_is_taken(tmp_path):
    sealed = kept(Seal(tmp_path / KEY_FILE), replace(BOSS, totp_secret=SECRET))
    other = "A" if sealed.totp_secret[10] != "A" else "B"
    for wrong in (
        replace(sealed, login="0002"),
        replace(sealed, totp_secret="v1:"),
        replace(sealed, totp_secret="v1:ab"),
        replace(sealed, totp_secret=f"v1:{'A' * 24}"),
        replace(sealed, totp_secret=f"{sealed.totp_secret[:10]}{other}{sealed.totp_secret[11:]}"),
    ):
        with pytest.raises(SettingsError, match="is not the key of this account"):
            opened(Seal(tmp_path / KEY_FILE), wrong)


def test_a_key_that_is_away_another_one_or_damaged_is_told_and_never_replaced(tmp_path):
    key, sealed = tmp_path / KEY_FILE, kept(Seal(tmp_path / KEY_FILE), replace(BOSS, totp_secret=SECRET))
    right = key.read_bytes()
    key.unlink()
    with pytest.raises(SettingsError, match=r"is not in the folder of \[web\].* voicedesk account reset 0001"):
        opened(Seal(tmp_path / KEY_FILE), sealed)
    assert not key.exists()
    kept(Seal(tmp_path / KEY_FILE), replace(BOSS, totp_secret=SECRET))
    with pytest.raises(SettingsError, match="is not the key"):
        opened(Seal(tmp_path / KEY_FILE), sealed)
    for damaged in (b"", b"\xff\n", right[:20], right + right):
        key.write_bytes(damaged)
        for account in (sealed, replace(BOSS, totp_secret=SECRET)):
            with pytest.raises(SettingsError, match="is damaged"):
                kept(Seal(tmp_path / KEY_FILE), account)
        assert key.read_bytes() == damaged
    key.unlink()
    key.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        opened(Seal(tmp_path / KEY_FILE), sealed)
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"cannot be (written|read)"):
        kept(Seal(tmp_path / "file" / "web" / KEY_FILE), replace(BOSS, totp_secret=SECRET))
    key.rmdir()
    key.write_bytes(right)
    assert opened(Seal(tmp_path / KEY_FILE), sealed) == SECRET


async def typed(house, browser, secret: str):
    """Somebody whose password is right types digits."""
    await browser.get("/")
    if "/signin" not in str(browser.page.url):
        await browser.send("/signout")
    house.clock.us += 60_000_000
    await browser.send("/signin", login="0001", password=PASSWORD)
    assert browser.page.url.path == "/second"
    return await browser.send("/second", digits=code_of(secret, step_at(house.clock.us)))


async def stored(house, secret: str | None = None) -> str:
    """The secret as the database has it; with another one written into it."""
    if secret is not None:
        step = lambda one: Move(account=replace(one, totp_secret=secret))  # noqa: E731
        await house.store.accounts.step("0001", step)
    return (await house.store.accounts.get("0001")).totp_secret


async def test_an_authenticator_is_stored_sealed_and_an_older_plain_one_is_sealed_when_it_is_used_next(house):
    browser = await house.signed_in("0001", Role.SUPERVISOR)
    assert (await stored(house)).startswith("v1:")
    plain = new_secret()
    await stored(house, plain)
    assert (await typed(house, browser, plain)).url.path == "/"
    assert (await stored(house)).startswith("v1:")
    assert (await typed(house, browser, plain)).url.path == "/"


async def test_without_the_key_nobody_gets_in_by_digits_all_are_told_what_to_do_and_the_key_s_return_mends_it(house):
    browser = await house.signed_in("0001", Role.SUPERVISOR)
    plain = new_secret()
    await stored(house, plain)
    await typed(house, browser, plain)
    key = house.settings.web.folder / KEY_FILE
    right = key.read_bytes()
    key.unlink()
    page = await typed(house, browser, plain)
    assert (page.status_code, page.url.path) == (422, "/second")
    assert "voicedesk account reset 0001" in page.text
    assert "备份" in page.text
    assert (await browser.get("/")).url.path == "/second"
    key.write_bytes(right[::-1].strip() + b"\n")
    assert "second-factors.key" in (await typed(house, browser, plain)).text
    assert (await house.store.accounts.get("0001")).failures == 0
    key.write_bytes(right)
    assert (await typed(house, browser, plain)).url.path == "/"


async def test_an_authenticator_that_cannot_be_kept_sealed_is_not_kept_and_its_page_says_why(house):
    house.settings.web.folder.mkdir(exist_ok=True)
    (house.settings.web.folder / KEY_FILE).write_text("x")
    code = await house.account("0001", Role.SUPERVISOR)
    browser = await house.browser()
    await browser.get("/welcome")
    page = await browser.send("/welcome", login="0001", code=code, password=PASSWORD, again=PASSWORD)
    page = await browser.send("/enrol", digits=code_of(secret_on(page), step_at(house.clock.us)))
    assert page.status_code == 422
    assert "second-factors.key 已损坏" in page.text
    assert await stored(house) is None
