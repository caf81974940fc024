"""The desk as people use it: a real Chromium before `voicedesk web`, clicks and keys, and what can be read then."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import soxr
from tests.testbed.browser import PATIENCE_SECONDS, Chromium, Page
from tests.testbed.calls_of_a_day import AT_WANG, NUMBER, at, call_of
from tests.testbed.desk import RunningDesk, desk_running
from tests.unit.web.conftest import PASSWORD
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, added
from voicedesk.access.roles import Role
from voicedesk.access.totp import code_of, step_at
from voicedesk.audio.wav import read_sound, write_wav
from voicedesk.calls.model import JudgedCall
from voicedesk.clock import MICROSECONDS, now_us
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

GREETINGS = Path(__file__).parents[2] / "audio_fixtures"
MINUTE = 60 * MICROSECONDS
EVIL = ('<script>alert("线路")</script>', "\"><img src=x onerror=alert('名')>", "';DROP TABLE calls;--", "{{7*7}}")
"""What somebody may write where a name is expected: a line, a person, a hall."""
SETTINGS = f"""
[hall]
name = '''{EVIL[1]}'''
[[phones]]
endpoint = "PJSIP/agent1"
[[lines]]
name = "就业服务"
extensions = ["4002"]
phones = ["PJSIP/agent1"]
department = "就业服务中心"
[[agents]]
id = "zhang"
name = "张三"
number = "0101"
[[agents]]
id = "li"
name = '''{EVIL[1]}'''
"""
CODE = "ABCD-EFGH-JKLM-NPQR"
REFUSED = "network: Failed to load resource: the server responded with a status of 404 (Not Found) {}/{}"
"""All that the console has of a page that is not there."""


def calls() -> list[JudgedCall]:
    """120 calls: every third late, at Wang's phone, every third missed; some on lines with evil names."""
    kinds = [call_of("a_answer_2rings"), call_of("b_answer_17s", AT_WANG), call_of("c_no_answer_queue_timeout")]
    now = now_us()
    lines = ("公积金", "劳动维权", *EVIL)
    return [at(kinds[n % 3], n, now - n * MICROSECONDS, line=lines[n % len(lines)]) for n in range(120)]


@dataclass
class Hall:
    """The desk, its database, and the browser before it."""

    desk: RunningDesk
    store: Store
    browser: Chromium

    async def comes_first(self, page: Page, login: str, role: Role, agent: str | None = None) -> None:
        """Somebody whose account was just made comes for the first time."""
        known = Account(login=login, name=EVIL[1], role=role, agent=agent)
        await self.store.accounts.add(added(Keeper(who="cli:root", now=now_us()), known, CODE))
        await page.go(f"{self.desk.address}/welcome")
        await self.chooses_password(page, login=login, code=CODE)
        if role is not Role.STAFF:
            await sets_up_authenticator(page)

    async def chooses_password(self, page: Page, **fields: str) -> None:
        for name, text in (*fields.items(), ("password", PASSWORD), ("again", PASSWORD)):
            await page.fill(name, text)
        await page.click("设置密码")


async def sets_up_authenticator(page: Page) -> str:
    """Types the digits of the secret that the page shows; the secret."""
    secret = (await page.text(".secret code")).replace(" ", "")
    await page.fill("digits", code_of(secret, step_at(now_us())))
    await page.click("确认")
    assert len(await page.texts(".codes li")) == 10
    await page.click("已记下，继续")
    return secret


@asynccontextmanager
async def hall_in(folder: Path, *, microphone: Path | None = None) -> AsyncIterator[Hall]:
    """A desk over the calls of a day, and a browser."""
    async with (
        Chromium.started(microphone=microphone) as browser,
        desk_running(folder, SETTINGS) as desk,
        Store.open(desk.database) as store,
    ):
        await store.calls.save(calls())
        yield Hall(desk=desk, store=store, browser=browser)


@pytest.mark.timeout(600)
async def test_fault_42_each_role_signs_in_and_sees_its_calls_and_strange_names_stay_text(tmp_path):
    async with hall_in(tmp_path) as hall:
        administrator, supervisor, staff, auditor = [await hall.browser.page() for _ in range(4)]
        await first_visit_with_a_second_factor(hall, administrator)
        await hall.comes_first(supervisor, "0001", Role.SUPERVISOR)
        await reads_and_filters_calls(supervisor)
        await sees_strange_names_as_text(hall, supervisor)
        await hall.comes_first(staff, "0101", Role.STAFF, agent="zhang")
        await sees_only_their_own(hall, staff)
        await hall.comes_first(auditor, "0009", Role.AUDITOR)
        await is_told_the_same_of_what_is_not_theirs_and_of_what_is_not_there(hall, auditor)
        await chooses_how_pages_look(hall, supervisor)
        said = [one.complaints for one in (administrator, supervisor, staff, auditor)]
        assert said == [[], [], [], [REFUSED.format(hall.desk.address, path) for path in ("calls", "nothing")]]


async def first_visit_with_a_second_factor(hall: Hall, page: Page) -> None:
    """The one-time code of the log makes the first administrator."""
    await page.go(hall.desk.address)
    assert await page.path() == "/welcome"
    code = re.search(r"once=(\S+)", await hall.desk.logged("web_first_visit"))
    assert code is not None
    await hall.chooses_password(page, code=code[1], login="admin", name="李主任")
    await sets_up_authenticator(page)
    assert "李主任" in await page.text("header")


async def reads_and_filters_calls(page: Page) -> None:
    """A page of fifty, filtered by what is counted beside it, and a page further back that begins where it ended."""
    await page.click("通话")
    await page.click("全部")  # of today there are fewer when it is midnight in Shanghai
    newest = await page.texts("tbody .c-time")
    assert len(newest) == 50
    assert "共 120 通" in await page.text(".head")
    await page.click("较早")
    older = await page.texts("tbody .c-time")
    assert (len(older), set(older) & set(newest)) == (50, set())
    await page.click("回到最新")
    await page.click("超时")
    assert "verdict=late" in await page.path()
    assert set(await page.texts("tbody .v")) == {"超时"}
    assert "共 40 通" in await page.text(".head")
    assert {one.split()[0] for one in await page.texts("tbody .told")} == {"4"}, "the ring that came too late"


async def sees_strange_names_as_text(hall: Hall, page: Page) -> None:
    """What looks like a tag, a quote's end or a formula is read as it was written, and nothing of it is carried out."""
    await page.go(f"{hall.desk.address}/calls?period=all")
    shown = await page.text("main") + await page.text("header") + await page.text("footer")
    for one in EVIL:
        assert one in shown
    assert NUMBER not in await page.run("document.documentElement.outerHTML")
    strange = "script:not([src^='/assets/desk.js?']), [onerror], [style]"
    assert await page.run(f'document.querySelectorAll("{strange}").length') == 0
    await page.click(EVIL[0])
    assert "共 20 通" in await page.text(".head")
    assert EVIL[0] in await page.text(".token")


async def sees_only_their_own(hall: Hall, page: Page) -> None:
    """Staff see the calls that rang at their own phone."""
    await page.go(f"{hall.desk.address}/calls?period=all")
    assert "共 80 通" in await page.text(".head"), "the others rang at Wang's"
    await page.go(f"{hall.desk.address}/calls?period=all&agent=li")
    assert set(await page.texts("tbody .c-who")) <= {"张三", EVIL[1], ""}


async def is_told_the_same_of_what_is_not_theirs_and_of_what_is_not_there(hall: Hall, page: Page) -> None:
    """Who checks the hall's accounts of itself sees no call: the page is as one that nobody has."""
    assert "通话" not in await page.texts("nav a")
    told = []
    for path in ("calls", "nothing"):
        await page.go(f"{hall.desk.address}/{path}")
        told.append(await page.text("main"))
    assert told[0] == told[1]
    assert "没有这一页" in told[0]


async def chooses_how_pages_look(hall: Hall, page: Page) -> None:
    """Language, dark and large type are kept, and a phone's screen is never scrolled sideways."""
    await page.go(f"{hall.desk.address}/calls")
    await page.click("English")
    assert (await page.text("h1"), await page.run("document.documentElement.lang")) == ("Calls", "en")
    await page.click("中文")
    light = await page.run("getComputedStyle(document.documentElement).backgroundColor")
    await page.click("深色")
    assert await page.run("getComputedStyle(document.documentElement).backgroundColor") != light
    await page.click("大字")
    await page.sized(390, 844)
    for path in ("calls", "", "password"):
        await page.go(f"{hall.desk.address}/{path}")
        assert not await page.is_scrolled_sideways()


@pytest.mark.timeout(600)
async def test_staff_practise_their_greeting_with_the_browser_s_microphone(tmp_path):
    spoken = tmp_path / "spoken.wav"
    said = read_sound(GREETINGS / "0016_wei_alone_edward2_a_law.wav")
    write_wav(spoken, soxr.resample(said.samples[0], said.rate, 48_000), 48_000)
    async with hall_in(tmp_path, microphone=spoken) as hall:
        staff = await hall.browser.page()
        await hall.comes_first(staff, "0101", Role.STAFF, agent="zhang")
        await staff.click("我的")
        await staff.press("开始说")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (told := await staff.text("[data-practised]")):
                await asyncio.sleep(0.2)
        assert "不完整" in told
        assert "先说“您好”" in told
        assert "就业服务中心" in told
        assert "听不懂真人" in told
        assert await staff.text("[data-speak]") == "开始说"
        assert staff.complaints == []
        assert await hall.store.greetings.count(GreetingFilter()) == 0
        left = {
            file.name for file in tmp_path.rglob("*") if file.is_file() and file.suffix in {".wav", ".sln48", ".part"}
        }
        assert left == {"spoken.wav"}
