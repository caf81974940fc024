"""The guided start: who may, what is tested before it is saved, what is saved, and what is told where nothing may."""

import asyncio
import json
import os
import re
import tomllib
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from tests.unit.web.conftest import AT, PASSWORD, Browser, Clock, House, answering, secret_on
from voicedesk.access.roles import Role
from voicedesk.access.totp import code_of, step_at
from voicedesk.errors import InputError
from voicedesk.hall.first_settings import SECRET_NAME, first_settings
from voicedesk.settings import load_settings
from voicedesk.store.requests import RequestState
from voicedesk.store.store import Store
from voicedesk.web.app import Application
from voicedesk.web.setup import draft as drafts
from voicedesk.web.setup import trials
from voicedesk.web.setup.progress import Step

HEAD = '# the hall\'s own remark\n[hall]\nname = "某市大厅"\n\n[store]\nurl = "sqlite:///v.db"\n'
GOOD = {"subject": "main", "check": "login", "grade": "good", "what": "logged in", "why": "", "cure": ""}
NOBODY = {
    "subject": "main",
    "check": "login",
    "grade": "bad",
    "what": "no Asterisk manager answers at 10.0.0.9:5038",
    "why": "nothing can be followed",
    "cure": "asterisk -rx 'manager reload'",
}
FOUND = {
    "lines": [
        {
            "name": "shebao",
            "extensions": ["12333"],
            "queues": ["shebao"],
            "phones": ["PJSIP/6001", "PJSIP/6002"],
            "is_likely": True,
            "sources": [],
        }
    ],
    "phones": [
        {"pbx": "main", "endpoint": f"PJSIP/{number}", "extension": number, "source": "queue shebao"}
        for number in ("6001", "6002")
    ],
    "people": [{"pbx": "main", "id": "a", "name": "张三", "endpoint": "PJSIP/6001", "source": "its caller id"}],
    "notes": [],
}
SWITCH = {"host": "10.0.0.9", "port": "5038", "name": "main", "username": "voicedesk", "secret": "kept-to-itself"}
LINE = {
    "was": "", "name": "社保热线", "extensions": "12333", "queues": "", "phones": "PJSIP/6001, PJSIP/6002",
    "limit_seconds": "15", "limit_source": "", "ring_on_seconds": "1", "ring_off_seconds": "4",
    "department": "社保中心", "duty": "Mon-Fri 09:00-12:00, Mon-Fri 13:30-17:00",
}  # fmt: skip


@asynccontextmanager
async def a_house(folder, clock, text=HEAD):
    file = folder / "voicedesk.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o640)
    url = f"sqlite:///{folder / 'v.db'}"
    async with Store.open(url):
        pass
    settings = load_settings(file, {})
    app = Application(settings, clock, file=file)
    async with app.at_work():
        await app.keeper.opened.wait()
        made = House(settings, clock, app)
        async with made.stack:
            yield made


@pytest.fixture
async def hall(tmp_path, clock):
    async with a_house(tmp_path, clock) as made:
        yield made


@pytest.fixture
def tried(monkeypatch):
    """What is tried, and what each trial finds; nothing is asked in truth."""
    orders = []
    finds = {"switch": {"findings": [GOOD], "is_in": True}, "house": FOUND, "ear": {"findings": []}}

    async def in_a_process(_module, order, _seconds):
        orders.append(json.loads(json.dumps(order)))
        found = finds[order["do"]]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(trials, "in_a_process", in_a_process)
    return SimpleNamespace(orders=orders, finds=finds)


async def admin(hall: House) -> Browser:
    return await hall.inside("0001", role=Role.ADMINISTRATOR)


def file_of(hall: House):
    return hall.app.changed.file


def data_of(hall: House):
    return tomllib.loads(file_of(hall).read_text(encoding="utf-8"))


async def sent(browser: Browser, step: str, **fields: str):
    await browser.get(f"/setup/{step}")
    return await browser.send(f"/setup/{step}", **fields)


async def test_the_first_administrator_is_led_through_it_and_may_leave_and_come_back(hall, tried):
    code = await hall.app.desk.doorkeeper.offer_first_visit()
    browser = await hall.browser()
    await browser.get("/welcome")
    who = {"login": "0001", "name": "李主任", "code": code, "password": PASSWORD, "again": PASSWORD}
    page = await browser.send("/welcome", **who)
    page = await browser.send("/enrol", digits=code_of(secret_on(page), step_at(hall.clock.us)))
    assert 'href="/setup"' in page.text
    page = await browser.get("/setup")
    assert page.url.path == "/setup/switch"
    assert "连接交换机" in page.text
    page = await browser.send("/setup/switch", do="save", **SWITCH)
    assert page.url.path == "/setup/line"
    assert (await browser.get("/")).url.path == "/", "the desk is open meanwhile"
    assert (await browser.get("/setup")).url.path == "/setup/line", "it goes on where one left"
    again = Application(load_settings(file_of(hall), {}), hall.clock, file=file_of(hall))
    assert again.desk.progress.read().next == "line", "also after the desk was started again"
    await browser.get("/setup/end")
    page = await browser.send("/setup/end", do="end")
    assert page.url.path == "/"
    assert not hall.app.desk.progress.is_open


@pytest.mark.parametrize("role", [Role.STAFF, Role.SUPERVISOR, Role.AUDITOR])
async def test_nobody_but_administrators_sees_or_changes_it(hall, tried, role):
    browser = await hall.inside("0101", role=role)
    await browser.get("/password")
    form = _form(browser)
    for step in ("", "/switch", "/line", "/staff", "/ear", "/end", "/nothing"):
        assert (await browser.get(f"/setup{step}")).status_code == 404
    for step in Step:
        page = await browser.client.post(f"/setup/{step}", data=form | {"do": "save"} | SWITCH)
        assert page.status_code == 404
    assert tried.orders == []
    assert "设置向导" not in browser.page.text
    assert data_of(hall) == tomllib.loads(HEAD)


async def test_a_form_of_another_site_does_nothing(hall, tried):
    browser = await admin(hall)
    await browser.get("/setup/switch")
    assert (
        await browser.client.post("/setup/switch", data={"form": "0" * 64, "do": "save", **SWITCH})
    ).status_code == 403
    assert tried.orders == []
    assert "pbx" not in data_of(hall)


async def test_a_switch_that_takes_no_login_is_not_saved_and_said_with_its_cure(hall, tried):
    tried.finds["switch"] = {"findings": [NOBODY], "is_in": False}
    page = await sent(await admin(hall), "switch", do="save", **SWITCH)
    assert page.status_code == 422
    assert "10.0.0.9:5038 没有 Asterisk 管理接口应答" in page.text
    assert "接受登录后才会保存" in page.text
    assert "kept-to-itself" not in page.text
    assert data_of(hall) == tomllib.loads(HEAD)
    assert [one.name for one in file_of(hall).parent.glob("*secret*")] == []


async def test_a_test_alone_saves_nothing_and_the_secret_is_never_shown(hall, tried):
    page = await sent(await admin(hall), "switch", do="test", **SWITCH)
    assert "已登录" in page.text
    assert "kept-to-itself" not in page.text
    assert tried.orders[0]["pbx"]["secret"] == "kept-to-itself"
    assert data_of(hall) == tomllib.loads(HEAD)
    assert (await hall.deeds())[1:] == ["connection_tested"]


async def test_a_tested_switch_is_saved_with_its_secret_apart_and_the_old_file_kept(hall, tried, capfd):
    browser = await admin(hall)
    page = await sent(browser, "switch", do="save", **SWITCH)
    assert page.url.path == "/setup/line"
    assert "服务没有运行" in page.text
    (pbx,) = data_of(hall)["pbx"]
    assert pbx == {
        "name": "main", "host": "10.0.0.9", "port": 5038, "username": "voicedesk", "secret_file": "main-secret",
    }  # fmt: skip
    secret = file_of(hall).parent / "main-secret"
    assert secret.read_text() == "kept-to-itself\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert file_of(hall).stat().st_mode & 0o777 == 0o640
    (kept,) = file_of(hall).parent.glob("voicedesk.toml.before-*")
    assert kept.read_text(encoding="utf-8") == HEAD
    assert file_of(hall).read_text(encoding="utf-8").startswith("# the hall's own remark\n")
    assert (await hall.deeds())[1:] == ["connection_tested", "settings_changed"]
    entries = await hall.store.audit.list(limit=9)
    assert all("kept-to-itself" not in f"{one.object}{one.note}" for one in entries)
    assert {one.who for one in entries[:2]} == {"0001"}
    assert hall.app.desk.settings.pbx[0].secret_value() == "kept-to-itself", "the desk goes by it at once"
    out = capfd.readouterr()
    assert "kept-to-itself" not in out.out + out.err
    page = await browser.get("/setup/switch")
    assert "kept-to-itself" not in page.text


async def test_the_kept_secret_goes_to_no_other_address(hall, tried):
    browser = await admin(hall)
    await sent(browser, "switch", do="save", **SWITCH)
    for changed in ({"host": "10.6.6.6"}, {"username": "other"}, {"port": "5039"}):
        page = await sent(browser, "switch", do="test", **{**SWITCH, "secret": "", **changed})
        assert "请输入口令" in page.text
    assert len(tried.orders) == 1
    page = await sent(browser, "switch", do="test", **{**SWITCH, "secret": ""})
    assert tried.orders[1]["pbx"]["secret"] == "kept-to-itself"


async def test_what_cannot_be_used_is_told_and_tried_nowhere(hall, tried):
    browser = await admin(hall)
    wrong = [{"host": ""}, {"host": "\n"}, {"port": "x"}, {"port": "99999"}, {"username": ""}, {"secret": "a\nb"}]
    for changed in wrong:
        page = await sent(browser, "switch", do="save", **SWITCH | changed)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
    assert tried.orders == []


async def test_one_thing_is_tried_at_a_time_and_not_often(hall, monkeypatch):
    going, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_module, _order, _seconds):
        going.set()
        await go_on.wait()
        return {"findings": [GOOD], "is_in": True}

    monkeypatch.setattr(trials, "in_a_process", slow)
    browser = await admin(hall)
    await browser.get("/setup/switch")
    first = asyncio.create_task(browser.client.post("/setup/switch", data=_form(browser) | {"do": "test"} | SWITCH))
    await going.wait()
    page = await browser.client.post("/setup/switch", data=_form(browser) | {"do": "test"} | SWITCH)
    assert "另一项测试正在进行" in page.text
    go_on.set()
    assert "已登录" in (await first).text
    told = [
        (await browser.client.post("/setup/switch", data=_form(browser) | {"do": "test"} | SWITCH)).text
        for _ in range(trials.A_MINUTE)
    ]
    assert "一分钟内测试过多" in told[-1]


def _form(browser: Browser) -> dict[str, str]:
    return {"form": re.search(r'name="form" value="(\w+)"', browser.page.text)[1]}


async def test_a_line_is_taken_from_what_the_switch_shows(hall, tried):
    browser = await admin(hall)
    await sent(browser, "switch", do="save", **SWITCH)
    page = await browser.send("/setup/line", do="ask")
    assert "shebao" in page.text
    page = await browser.get("/setup/line?take=0")
    assert 'name="extensions" type="text" value="12333"' in page.text
    page = await browser.send("/setup/line", do="save", **LINE | {"queues": "shebao"})
    assert page.url.path == "/setup/line"
    (line,) = data_of(hall)["lines"]
    assert line == {
        "name": "社保热线", "extensions": ["12333"], "queues": ["shebao"], "phones": ["PJSIP/6001", "PJSIP/6002"],
        "limit_seconds": 15, "limit_source": "GB/T 33358-2016", "ring_on_seconds": 1, "ring_off_seconds": 4,
        "department": "社保中心", "duty": ["Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"],
    }  # fmt: skip
    assert data_of(hall)["phones"] == [
        {"endpoint": "PJSIP/6001", "extension": "6001"},
        {"endpoint": "PJSIP/6002", "extension": "6002"},
    ]
    page = await browser.send("/setup/line", do="drop", line="社保热线")
    assert "lines" not in data_of(hall)


async def test_a_line_that_config_check_would_refuse_is_not_saved_and_what_was_typed_stays(hall, tried):
    browser = await admin(hall)
    wrong = [{"name": ""}, {"extensions": ""}, {"limit_seconds": "soon"}, {"limit_seconds": "0"}]
    wrong += [{"limit_seconds": "nan"}, {"duty": "always"}, {"phones": "60 01"}]
    for changed in wrong:
        page = await sent(browser, "line", do="save", **LINE | changed)
        assert page.status_code == 422, changed
        assert "lines" not in data_of(hall)
        assert 'role="alert"' in page.text
        assert "社保中心" in page.text


async def test_staff_sit_at_phones_and_who_sat_there_before_stays_written_down(hall, tried):
    browser = await admin(hall)
    await sent(browser, "switch", do="save", **SWITCH)
    await sent(browser, "line", do="save", **LINE)
    page = await sent(browser, "staff", do="ask")
    assert 'value="张三"' in page.text, "the switch's own name is proposed"
    seat = {"k0": "1", "u0": "1", "p0": "PJSIP/6001", "x0": "6001", "n0": "张三", "w0": "008"}
    page = await browser.send("/setup/staff", do="save", **seat, d0="社会保险中心")
    assert page.url.path == "/setup/ear"
    found = data_of(hall)
    assert found["agents"] == [{"id": "008", "name": "张三", "number": "008"}]
    assert found["assignments"] == [{"agent": "008", "endpoint": "PJSIP/6001"}]
    assert found["phones"][0] == {"endpoint": "PJSIP/6001", "extension": "6001"}
    assert found["lines"][0]["department"] == "社会保险中心"
    await sent(browser, "staff", do="save", **seat | {"n0": "李四", "w0": "009"})
    old, new = data_of(hall)["assignments"]
    assert old["agent"] == "008"
    assert old["to"] == new["from"]
    assert int(new["from"].timestamp()) * 1_000_000 == AT
    assert (new["agent"], new["endpoint"]) == ("009", "PJSIP/6001")
    await sent(browser, "staff", do="save", **seat | {"n0": "李四", "w0": "009"})
    assert len(data_of(hall)["assignments"]) == 2, "what stands already is not written again"


async def test_the_example_of_a_first_file_is_replaced(tmp_path, clock, tried):
    (tmp_path / SECRET_NAME).write_text("s\n")
    (tmp_path / SECRET_NAME).chmod(0o600)
    text = first_settings("10.0.0.9", 5038, "voicedesk").replace("voicedesk.db", "v.db")
    async with a_house(tmp_path, clock, text) as hall:
        browser = await admin(hall)
        await sent(browser, "line", do="ask")
        page = await browser.get("/setup/line?take=0")
        assert 'name="was" value="hotline"' in page.text
        await browser.send("/setup/line", do="save", **LINE | {"was": "hotline"})
        assert [one["name"] for one in data_of(hall)["lines"]] == ["社保热线"]
        assert [one["endpoint"] for one in data_of(hall)["phones"]] == ["PJSIP/6001", "PJSIP/6002"]
        gone = {"k0": "1", "p0": "PJSIP/6001"}
        stays = {"k1": "1", "u1": "1", "p1": "PJSIP/6002", "x1": "6002", "n1": "", "w1": ""}
        page = await sent(browser, "staff", do="save", **gone, **stays)
        assert page.status_code == 422, "a line still rings it"
        await sent(browser, "line", do="save", **LINE | {"was": "社保热线", "phones": "PJSIP/6002"})
        page = await sent(browser, "staff", do="save", **gone, **stays)
        assert page.url.path == "/setup/ear", page.text
        assert [one["endpoint"] for one in data_of(hall)["phones"]] == ["PJSIP/6002"]
        assert "# [[webhooks]]" in file_of(hall).read_text(encoding="utf-8")


async def test_an_ear_is_tried_before_it_is_saved(hall, tried):
    browser = await admin(hall)
    page = await browser.get("/setup/ear")
    assert "听不懂真人" in page.text
    bad = {**NOBODY, "check": "model", "what": "x"}
    tried.finds["ear"] = {"findings": [bad]}
    page = await browser.send("/setup/ear", do="save", model="whisper-base", folder="")
    assert page.status_code == 422
    assert "speech" not in data_of(hall)
    tried.finds["ear"] = {"findings": [{**GOOD, "check": "model"}]}
    page = await browser.send("/setup/ear", do="save", model="embedded", folder="")
    assert page.url.path == "/setup/end"
    assert data_of(hall)["speech"] == {"model": "embedded"}


async def test_a_running_service_is_asked_to_read_them_and_its_answer_is_told(hall, tried):
    asked = []

    async def answer(_store, request):
        asked.append((request.kind, request.asked_by))
        return RequestState.DONE, "lines, phones and people are read again; what changed in [[pbx]] needs a restart"

    async with answering(hall, answer):
        page = await sent(await admin(hall), "switch", do="save", **SWITCH)
    assert asked == [("reload", "0001")]
    assert "线路、话机和人员已重新读取" in page.text
    assert "systemctl restart voicedesk" in page.text


async def test_a_desk_that_may_not_write_lays_it_aside_and_gives_the_command(hall, tried, monkeypatch, tmp_path):
    monkeypatch.setattr(drafts, "may_write", lambda _file: False)
    browser = await admin(hall)
    page = await browser.get("/setup/switch")
    assert "应答台无权写入" in page.text
    page = await browser.send("/setup/switch", do="save", **SWITCH)
    assert page.url.path == "/setup/line"
    waiting = tmp_path / "web" / "setup" / "voicedesk.toml"
    assert f"sudo {drafts.PROGRAM} config take {waiting} --config {file_of(hall)}" in page.text
    assert "kept-to-itself" not in page.text
    await browser.send("/setup/line", do="save", **LINE)
    assert file_of(hall).read_text(encoding="utf-8") == HEAD, "the settings are as they were"
    assert waiting.stat().st_mode & 0o777 == 0o600
    assert waiting.parent.stat().st_mode & 0o777 == 0o700
    found = tomllib.loads(waiting.read_text(encoding="utf-8"))
    assert (len(found["pbx"]), len(found["lines"])) == (1, 1), "the second step builds on the first"
    page = await browser.get("/setup/end")
    page = await browser.send("/setup/end", do="look")
    assert "还有改动没有生效" in page.text
    os.replace(waiting, file_of(hall))
    page = await browser.get("/setup/end")
    assert "config take" not in page.text


async def test_waiting_changes_of_a_file_that_somebody_changed_meanwhile_are_over(hall, tried, monkeypatch, tmp_path):
    monkeypatch.setattr(drafts, "may_write", lambda _file: False)
    browser = await admin(hall)
    await sent(browser, "switch", do="save", **SWITCH)
    file_of(hall).write_text(HEAD + "# another\n", encoding="utf-8")
    page = await browser.get("/setup/line")
    assert "config take" not in page.text
    assert not (tmp_path / "web" / "setup" / "voicedesk.toml").exists()


async def test_a_changed_file_is_taken_with_the_next_page_and_a_broken_one_is_not(hall, tried, clock):
    browser = await admin(hall)
    file_of(hall).write_text(HEAD.replace("某市大厅", "新大厅"), encoding="utf-8")
    clock.us += 4_000_000
    assert "新大厅" in (await browser.get("/")).text
    file_of(hall).write_text(HEAD.replace("name", "nmae"), encoding="utf-8")
    clock.us += 4_000_000
    assert "新大厅" in (await browser.get("/")).text
    page = await browser.get("/setup/line")
    assert "设置文件目前有错" in page.text
    assert "第 3 行" in page.text or "line 3" in page.text
    page = await browser.send("/setup/line", do="save", **LINE)
    assert page.status_code == 422
    file_of(hall).write_text(HEAD, encoding="utf-8")
    clock.us += 4_000_000
    page = await browser.get("/setup/line")
    assert "设置文件目前有错" not in page.text
    assert "某市大厅" in page.text


async def test_what_the_desk_reads_at_its_start_only_is_told(hall, clock):
    browser = await admin(hall)
    file_of(hall).write_text(HEAD + '[web]\nlisten = "127.0.0.1:9443"\nidle_minutes = 60\n', encoding="utf-8")
    clock.us += 4_000_000
    page = await browser.get("/setup/switch")
    assert "systemctl restart voicedesk-web" in page.text
    assert hall.app.desk.settings.web.idle_minutes == 60
    assert hall.app.desk.settings.web.listen == "127.0.0.1:8443"


async def test_a_desk_without_a_settings_file_says_so(house, tried):
    page = await (await house.inside("0001", role=Role.ADMINISTRATOR)).get("/setup/switch")
    assert page.status_code == 200
    assert "voicedesk init" in page.text


async def test_a_trial_that_ends_badly_is_told_in_a_sentence(hall, tried):
    tried.finds["switch"] = InputError("the test did not end within 45 s: try again")
    page = await sent(await admin(hall), "switch", do="save", **SWITCH)
    assert "45 秒内没有结束" in page.text
    assert data_of(hall) == tomllib.loads(HEAD)


EVIL = "\"><script>alert(1)</script>'; DROP TABLE calls; --../../etc/passwd"


async def test_nasty_texts_stay_texts_on_the_page_and_in_the_file(hall, tried):
    tried.finds["house"] = json.loads(json.dumps(FOUND).replace("shebao", EVIL.replace('"', "'")))
    browser = await admin(hall)
    await sent(browser, "switch", do="save", **SWITCH | {"name": EVIL[:50]})
    await sent(browser, "line", do="ask")
    assert "<script>alert" not in browser.page.text
    page = await browser.send("/setup/line", do="save", **LINE | {"name": EVIL, "department": EVIL})
    assert "<script>alert" not in page.text
    assert data_of(hall)["lines"][0]["department"] == EVIL
    assert Clock().us == AT
