"""Coming in and going, as a browser does it."""

import re

import pytest
from tests.unit.web.conftest import AT, HOUR, PASSWORD, secret_on
from voicedesk.access.moves import Keeper, changed, locked, reset
from voicedesk.access.roles import Role
from voicedesk.access.totp import code_of, step_at


async def test_staff_come_with_a_one_time_code_and_then_with_their_password(house):
    browser = await house.signed_in()
    assert browser.page.url.path == "/"
    assert "张三" in browser.page.text
    await browser.send("/signout")
    assert browser.page.url.path == "/signin"
    assert browser.cookie() is None
    await browser.send("/signin", login="0101", password=PASSWORD)
    assert "张三" in browser.page.text
    assert await house.deeds() == ["account_added", "password_set", "signed_in", "signed_out", "signed_in"]
    entries = await house.store.audit.list(limit=1)
    assert (entries[0].who, entries[0].address) == ("0101", "10.0.0.7")


async def test_a_supervisor_needs_the_phone_too_and_a_recovery_code_takes_its_place_once(house):
    browser = await house.signed_in("0001", Role.SUPERVISOR)
    codes = re.findall(r"<li><code>([0-9A-Z-]{19})</code>", browser.page.text)
    assert len(codes) == 10
    await browser.get("/")
    await browser.send("/signout")
    house.clock.us += 60_000_000
    await browser.send("/signin", login="0001", password=PASSWORD)
    assert browser.page.url.path == "/second"
    assert (await browser.get("/")).url.path == "/second", "a password alone opens nothing"
    secret = house.secret
    await browser.send("/second", digits="000000")
    assert "还可以试 4 次" in browser.page.text
    digits = code_of(secret, step_at(house.clock.us))
    await browser.send("/second", digits=digits)
    assert browser.page.url.path == "/"
    await browser.send("/signout")
    await browser.send("/signin", login="0001", password=PASSWORD)
    await browser.send("/second", digits=digits)
    assert "验证码不对" in browser.page.text, "digits are used once"
    await browser.get("/second?code=1")
    await browser.send("/second", recovery=codes[3].lower())
    assert browser.page.url.path == "/"
    await browser.send("/signout")
    await browser.send("/signin", login="0001", password=PASSWORD)
    await browser.send("/second", recovery=codes[3])
    assert "已经用过" in browser.page.text


async def test_the_first_administrator_comes_with_the_code_of_the_log(house):
    code = await house.app.desk.doorkeeper.offer_first_visit()
    browser = await house.browser()
    await browser.get("/")
    assert browser.page.url.path == "/welcome"
    fields = {"login": "admin", "name": "李主任", "password": PASSWORD, "again": PASSWORD}
    await browser.send("/welcome", code="AAAA-AAAA-AAAA-AAAA", **fields)
    assert browser.page.status_code == 422
    assert await house.store.accounts.is_empty()
    await browser.send("/welcome", code=code, **fields)
    assert browser.page.url.path == "/enrol"
    assert "<svg" in browser.page.text
    secret = secret_on(browser.page)
    assert secret_on(await browser.get("/enrol")) == secret, "loaded again, the picture is the same"
    await browser.send("/enrol", digits="000000")
    assert browser.page.status_code == 422
    await browser.send("/enrol", digits=code_of(secret, step_at(house.clock.us)))
    assert "备用码" in browser.page.text
    assert "管理员" in (await browser.get("/")).text
    other = await house.browser()
    await other.get("/welcome")
    await other.send("/welcome", code=code, **fields | {"login": "admin2"})
    assert [one.login for one in await house.store.accounts.list()] == ["admin"], "the code made one account"


async def test_fault_77_wrong_passwords_close_an_account_and_a_login_of_nobody_looks_the_same(house):
    await house.signed_in()
    told = {}
    for login in ("0101", "0999"):
        browser = await house.browser()
        await browser.get("/signin")
        told[login] = []
        for _ in range(6):
            page = await browser.send("/signin", login=login, password="not the password")
            told[login].append((page.status_code, re.search(r"<span>([^<]+)</span></p>", page.text)[1]))
    assert told["0101"] == told["0999"]
    assert "还可以试 4 次" in told["0101"][0][1]
    assert "账号关闭到" in told["0101"][4][1]
    page = await browser.send("/signin", login="0101", password=PASSWORD)
    assert "账号关闭到" in page.text, "the right one opens nothing now"
    house.clock.us += 61_000_000
    page = await browser.send("/signin", login="0101", password=PASSWORD)
    assert page.url.path == "/"
    entries = await house.store.audit.list(limit=50)
    assert {one.who for one in entries if one.deed == "sign_in_refused"} == {"0101", "?"}
    assert "0999" not in str(entries), "a login that nobody has may be a password"


async def test_fault_77_a_session_s_id_is_another_one_after_each_step(house):
    browser = await house.browser()
    await browser.get("/signin")
    planted = browser.cookie("__Host-desk-visit")
    browser.client.cookies.set("__Host-desk", "A" * 43, domain="localhost")
    code = await house.account("0001", Role.AUDITOR)
    await browser.get("/welcome")
    await browser.send("/welcome", login="0001", code=code, password=PASSWORD, again=PASSWORD)
    half = [one.value for one in browser.client.cookies.jar if one.name == "__Host-desk" and one.value[0] != "A"][-1]
    browser.client.cookies.clear()
    browser.client.cookies.set("__Host-desk", half)
    await browser.get("/enrol")
    await browser.send("/enrol", digits=code_of(secret_on(browser.page), step_at(house.clock.us)))
    whole = [one.value for one in browser.client.cookies.jar if one.name == "__Host-desk" and one.value != half][-1]
    assert len({planted, half, whole, "A" * 43}) == 4
    old = await house.browser()
    old.client.cookies.set("__Host-desk", half)
    assert (await old.get("/")).url.path == "/signin", "the id of half a sign-in is worth nothing"


@pytest.mark.parametrize("what", ["role", "lock", "reset", "idle", "age"])
async def test_fault_77_who_may_not_any_more_is_out_with_the_next_page(house, what):
    browser = await house.signed_in()
    keeper = Keeper(who="cli:root", now=AT)
    moves = {
        "role": lambda one: changed(keeper, one, role=Role.SUPERVISOR, name="", agent=None),
        "lock": lambda one: locked(keeper, one),
        "reset": lambda one: reset(keeper, one, "ABCD"),
    }
    if what in moves:
        await house.store.accounts.step("0101", moves[what])
    elif what == "idle":
        house.clock.us += HOUR // 2
    else:
        for _ in range(48):
            house.clock.us += HOUR // 4
            page = await browser.get("/")
    page = await browser.get("/?a=1")
    assert (page.url.path, page.url.params["next"]) == ("/signin", "/?a=1")


async def test_a_page_now_and_then_keeps_somebody_in(house):
    browser = await house.signed_in()
    for _ in range(4):
        house.clock.us += HOUR // 3
        assert (await browser.get("/")).url.path == "/"


async def test_whoever_signs_in_is_led_to_the_page_that_they_wanted_and_never_elsewhere(house):
    browser = await house.signed_in()
    await browser.send("/signout")
    for wanted, got in (
        ("/password", "/password"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/\\e", "/"),
    ):
        await browser.get(f"/signin?next={wanted}")
        page = await browser.send("/signin", login="0101", password=PASSWORD, next=wanted)
        assert (page.url.host, page.url.path) == ("localhost", got)
        await browser.send("/signout")


async def test_another_password_needs_the_old_one_and_ends_every_other_session(house):
    browser, new = await house.signed_in(), "四只小狗睡在红色的长椅下面"
    other = await house.browser()
    await other.get("/signin")
    await other.send("/signin", login="0101", password=PASSWORD)
    await browser.get("/password")
    for fields, why in (
        ({"old": "wrong password", "password": new, "again": new}, "原密码不对"),
        ({"old": PASSWORD, "password": new, "again": "x"}, "两次输入"),
        ({"old": PASSWORD, "password": "password2026!", "again": "password2026!"}, "最先被人试"),
    ):
        page = await browser.send("/password", **fields)
        assert (page.status_code, why in page.text) == (422, True)
    await browser.send("/password", old=PASSWORD, password=new, again=new)
    assert browser.page.url.path == "/"
    assert (await other.get("/")).url.path == "/signin"
    await other.send("/signin", login="0101", password=new)
    assert other.page.url.path == "/"


async def test_a_one_time_code_is_good_once_and_a_bad_password_does_not_use_it_up(house):
    code = await house.account()
    browser = await house.browser()
    await browser.get("/welcome")
    page = await browser.send("/welcome", login="0101", code=code, password="123456789012", again="123456789012")
    assert "顺序或重复" in page.text
    page = await browser.send("/welcome", login="0101", code=code, password=PASSWORD, again=PASSWORD)
    assert page.url.path == "/"
    other = await house.browser()
    await other.get("/welcome")
    page = await other.send("/welcome", login="0101", code=code, password=PASSWORD, again=PASSWORD)
    assert "一次性代码不对" in page.text


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"again": "another"}, ["password", "again"]),
        ({"password": "short", "again": "short"}, ["password", "again"]),
        ({"login": "no login at all!"}, ["login"]),
        ({"code": "ABCD-ABCD-ABCD-ABCD"}, ["code", "login"]),
    ],
)
async def test_a_mistake_of_a_first_visit_stands_at_the_fields_that_it_is_in(house, change, wrong):
    code, browser = await house.account(), await house.browser()
    await browser.get("/welcome")
    right = {"login": "0101", "code": code, "password": PASSWORD, "again": PASSWORD}
    page = await browser.send("/welcome", **right | change)
    assert page.status_code == 422
    marked = re.findall(r'<input name="(\w+)"[^>]* aria-invalid="true" aria-describedby="mistake"', page.text)
    assert marked == wrong


async def test_a_wrong_old_password_is_marked_and_the_new_ones_are_not(house):
    browser = await house.signed_in()
    await browser.get("/password")
    new = "五只大狗睡在红色的屋顶上面"
    page = await browser.send("/password", old="wrong words here", password=new, again=new)
    assert re.findall(r'name="(\w+)"[^>]* aria-invalid', page.text) == ["old"]
