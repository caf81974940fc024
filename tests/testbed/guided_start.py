"""The guided start of the desk in a browser: the first administrator of an empty hall, before a scripted switch."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.ami_server import FakeAmiServer
from tests.testbed.browser import Chromium, Page
from tests.testbed.desk import RunningDesk, desk_running
from voicedesk.access.totp import code_of, step_at
from voicedesk.clock import now_us

PASSWORD = "三只小猫坐在蓝色的大门前"
STEPS = ("switch", "line", "staff", "ear", "end")


@dataclass(frozen=True)
class Start:
    """A page of the first administrator, the desk, and the switch."""

    page: Page
    desk: RunningDesk
    switch: FakeAmiServer

    async def connect(self, secret: str = "s3cret") -> None:
        """Fills in the switch, and has it tested and saved."""
        await self.page.run("for (const one of document.querySelectorAll('[name=host], [name=port]')) one.value = ''")
        await self.page.fill("host", "127.0.0.1")
        await self.page.fill("port", str(self.switch.port))
        await self.page.fill("secret", secret)
        await self.page.click("测试并保存，下一步")


@asynccontextmanager
async def guided_start(folder: Path, browser: Chromium) -> AsyncIterator[Start]:
    """From the one-time code of the log to the page that connects the switch."""
    async with FakeAmiServer() as switch, desk_running(folder) as desk:
        code = re.search(r"once=(\S+)", await desk.logged("web_first_visit"))
        assert code is not None
        page = await browser.page()
        await page.go(desk.address)
        fields = {"code": code[1], "login": "admin", "name": "李主任", "password": PASSWORD, "again": PASSWORD}
        for name, typed in fields.items():
            await page.fill(name, typed)
        await page.click("设置密码")
        secret = (await page.text(".secret code")).replace(" ", "")
        await page.fill("digits", code_of(secret, step_at(now_us())))
        await page.click("确认")
        await page.click("已记下，继续")
        yield Start(page, desk, switch)
