"""What stands around every page: safety headers, names, lengths, forms, cookies, and pages that say what is wrong."""

import re
from pathlib import Path

import pytest
from tests.unit.web.conftest import PASSWORD, Browser
from voicedesk.errors import StoreUnavailable
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.web.app import Application
from voicedesk.web.limits import Limit, place_of

TEMPLATES = sorted((Path(__file__).parents[3] / "voicedesk" / "web" / "templates").glob("*.html"))


@pytest.mark.parametrize("path", ["/signin", "/nothing", "/assets/desk.css", "/assets/..%2fapp.py", "/"])
async def test_every_answer_has_the_safety_headers(house, path):
    browser = await house.browser()
    page = await browser.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == (
        "public, max-age=31536000, immutable" if path.endswith("css") else "no-store"
    )
    assert "server" not in page.headers


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_no_template_has_a_script_a_style_or_an_address_elsewhere(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r'<script(?! src="{{ asset\()|<style|\sstyle=|\son\w+=|javascript:|https?://|\|\s*safe', text)


async def test_cookies_are_kept_from_scripts_other_sites_and_other_hosts(house):
    browser = await house.signed_in()
    await browser.send("/signout")
    page = await browser.client.post(
        "/signin",
        data={
            "form": re.search(r'name="form" value="(\w+)"', browser.page.text)[1],
            "login": "0101",
            "password": PASSWORD,
        },
        follow_redirects=False,
    )
    cookies = page.headers.get_list("set-cookie")
    (session,) = [one for one in cookies if one.startswith("__Host-desk=")]
    for part in ("HttpOnly", "Path=/", "SameSite=strict", "Secure"):
        assert part in session
    assert "Domain" not in session
    assert "Max-Age" not in session
    assert "expires" not in session.lower()


async def test_without_encryption_cookies_have_their_plain_names(house):
    browser = await house.browser(base="http://127.0.0.1:8443")
    await browser.get("/signin")
    assert browser.cookie("desk-visit")
    assert not browser.cookie("__Host-desk-visit")


@pytest.mark.parametrize("form", ["", "0" * 64, "é"])
async def test_fault_77_a_form_that_another_site_made_changes_nothing(house, form):
    browser = await house.signed_in()
    for path in ("/signout", "/look", "/password"):
        page = await browser.client.post(path, data={"form": form, "language": "en"})
        assert page.status_code == 403
        assert "没有作任何改动" in page.text
    assert (await browser.get("/")).url.path == "/"


async def test_fault_77_a_form_sent_from_another_site_is_refused_whatever_it_carries(house):
    browser = await house.signed_in()
    token = re.search(r'name="form" value="(\w+)"', browser.page.text)[1]
    page = await browser.client.post("/signout", data={"form": token}, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 403


async def test_a_link_in_a_message_opens_its_page_without_another_sign_in(house):
    browser = await house.browser()
    page = await browser.get("/?x=1", **{"sec-fetch-site": "cross-site"})
    assert (page.status_code, page.headers["refresh"], page.url.path) == (200, "0", "/")
    page = await browser.get("/?x=1", **{"sec-fetch-site": "cross-site"})
    assert page.url.path == "/signin", "a browser that says so again goes round in no circle"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8443", 200),
        ("127.0.0.1", 200),
        ("[::1]:8443", 200),
        ("evil.example", 421),
        ("", 421),
        ("a:b:c", 421),
    ],
)
async def test_another_name_with_our_address_is_refused(house, host, status):
    browser = await house.browser()
    page = await browser.get("/signin", host=host)
    assert page.status_code == status


async def test_fault_76_what_is_too_long_is_refused_also_where_it_does_not_say_how_long_it_is(house):
    browser = await house.browser()
    await browser.get("/signin")
    page = await browser.client.post("/signin", content=b"x" * 70_000)
    assert page.status_code == 413

    async def endless():
        for _ in range(100):
            yield b"x" * 1000

    page = await browser.client.post("/signin", content=endless())
    assert page.status_code == 403


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&" * 3000, b"a=1&" * 100, b""])
async def test_a_form_that_cannot_be_read_gets_a_page(house, body):
    browser = await house.browser()
    page = await browser.client.post("/signin", content=body)
    assert page.status_code == 403


@pytest.mark.parametrize(
    "path", ["/nothing", "/assets/x", "/calls/../etc", "/%00", "/signin/x", "/<script>alert(1)</script>"]
)
async def test_what_is_not_there_gets_a_page_in_the_reader_s_language(house, path):
    browser = await house.browser()
    page = await browser.get(path)
    assert page.status_code == 404
    assert "没有这一页" in page.text
    assert page.text.count("<script") == page.text.count('<script src="/assets/desk.js') == 1


async def test_a_page_that_fails_says_so_with_a_number_and_shows_no_traceback(house, monkeypatch, caplog):
    async def fail(*_):
        raise RuntimeError("secret reason <b>")

    monkeypatch.setattr(house.app.desk.doorkeeper, "is_first_visit", fail)
    browser = await house.browser()
    page = await browser.get("/signin")
    assert page.status_code == 500
    assert re.search(r"<code>[0-9a-f]{8}</code>", page.text)
    assert "secret reason" not in page.text
    assert "Traceback" not in page.text


async def test_language_size_and_theme_are_remembered(house):
    browser = await house.browser()
    await browser.get("/signin?next=/password")
    assert 'lang="zh-CN"' in browser.page.text
    await browser.send("/look", language="en", back="/signin?next=/password")
    assert browser.page.url.path == "/signin"
    assert browser.page.url.params["next"] == "/password"
    assert "Work number" in browser.page.text
    assert not re.search("[\u4e00-\u9fff]", browser.page.text.replace("某市大厅", "").replace("中文", ""))
    await browser.send("/look", size="large", theme="dark", back="//evil.example")
    assert (browser.page.url.host, browser.page.url.path) == ("localhost", "/signin")
    assert 'data-theme="dark" data-size="large"' in browser.page.text
    await browser.send("/look", theme="<b>", back="/signin")
    assert 'data-theme="dark"' in browser.page.text


async def test_fault_42_what_a_person_typed_is_shown_as_text(house):
    browser = await house.browser()
    await browser.get("/signin")
    page = await browser.send("/signin", login='"><script>alert(1)</script>', password="x", next='/"><b>')
    assert page.text.count("<script") == page.text.count('<script src="/assets/desk.js') == 1
    assert "&#34;&gt;&lt;script&gt;" in page.text


async def test_too_many_requests_get_a_page_that_says_how_long_to_wait(house):
    browser = await house.browser()
    await browser.get("/signin")
    statuses = [(await browser.send("/signin", login=f"x{n}", password="y")).status_code for n in range(32)]
    assert statuses.count(429) == 2
    assert "请在" in browser.page.text
    assert int(browser.page.headers["retry-after"]) >= 1
    other = await house.browser(address="10.0.0.8")
    assert (await other.get("/signin")).status_code == 200


# --- the database


async def test_a_database_that_is_away_gets_a_page_that_comes_back_by_itself(house, monkeypatch):
    browser = await house.signed_in()

    async def away(*_):
        raise StoreUnavailable("the database refused: unable to open")

    with monkeypatch.context() as patch:
        patch.setattr(house.store.accounts, "session", away)
        patch.setattr(house.store.accounts, "is_empty", away)
        page = await browser.get("/")
        assert page.status_code == 503
        assert page.headers["refresh"] == "5"
        assert "来电照常跟踪" in page.text
        since = re.search(r"从 (\d\d:\d\d:\d\d) 起", page.text)[1]
        house.clock.us += 7_000_000
        assert since in (await browser.get("/")).text, "since when stays the same"
    assert (await browser.get("/")).status_code == 200
    assert house.app.keeper.away_since is None


async def test_the_desk_begins_before_its_database_is_there(tmp_path, clock, monkeypatch):
    monkeypatch.setattr("voicedesk.web.keeper.AGAIN_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path / 'v.db'}"
    app = Application(Settings.model_validate({"store": {"url": url}}), clock)
    async with app.at_work():
        browser = Browser(app)
        page = await browser.get("/")
        assert page.status_code == 503
        assert "请联系管理员启动服务" in page.text
        async with Store.open(url):
            pass
        await app.keeper.opened.wait()
        assert (await browser.get("/")).url.path == "/signin"
        await browser.close()


# --- behind a proxy


@pytest.fixture
async def behind(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'v.db'}"
    async with Store.open(url):
        pass
    web = {"prefix": "/desk", "proxies": ["10.1.0.0/16"], "tls": "off", "names": ["hall.example"]}
    app = Application(Settings.model_validate({"store": {"url": url}, "web": web}), clock)
    async with app.at_work():
        await app.keeper.opened.wait()
        yield app


@pytest.mark.parametrize("asked", ["/desk/signin", "/signin"])
async def test_behind_a_proxy_links_have_its_path_whether_it_passes_that_on_or_not(behind, asked):
    browser = Browser(behind, address="10.1.0.2", base="http://hall.example")
    page = await browser.get(asked, **{"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1, 10.9.9.9"})
    assert page.status_code == 200
    assert 'action="/desk/signin"' in page.text
    assert "/desk/assets/desk.css?" in page.text
    assert page.headers["set-cookie"].startswith("__Host-desk-visit=")
    await browser.close()


@pytest.mark.parametrize(("peer", "counted"), [("10.1.0.2", "10.9.9.9"), ("10.2.0.2", "10.2.0.2")])
async def test_only_a_proxy_that_the_settings_name_is_believed(behind, peer, counted):
    browser = Browser(behind, address=peer, base="http://hall.example")
    await browser.get("/desk/signin", **{"x-forwarded-for": "192.0.2.1, 10.9.9.9"})
    assert list(behind.desk._asked._buckets) == [counted]
    await browser.close()


def test_a_bucket_fills_again_and_knows_no_more_than_it_may(clock, monkeypatch):
    limit = Limit(3, 60, clock)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 20]
    assert limit.take("b") == 0
    clock.us += 20_000_000
    assert [limit.take("a") for _ in range(2)] == [0, 20]
    clock.us -= 3_600_000_000
    assert limit.take("a") > 0
    clock.us += 7_200_000_000
    assert [limit.take("a") for _ in range(4)][:3] == [0, 0, 0]
    monkeypatch.setattr("voicedesk.web.limits._MOST_KNOWN", 2)
    for key in "cde":
        limit.take(key)
    assert list(limit._buckets) == ["d", "e"]


def test_a_house_of_ipv6_counts_as_one_address():
    assert place_of("2001:db8:1:2:3::4") == place_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert place_of("::ffff:10.0.0.7") == "10.0.0.7"
    assert place_of("fe80::1%eth0") == "fe80::/64"
    assert place_of("?") == "?"
