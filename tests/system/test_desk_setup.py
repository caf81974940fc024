"""The guided start in a real browser: led there by the first visit, told what is wrong, and onward when it is right."""

import tomllib

import pytest
from tests.testbed.browser import Chromium
from tests.testbed.guided_start import guided_start


@pytest.mark.timeout(600)
async def test_the_first_administrator_connects_the_switch(tmp_path):
    async with Chromium.started() as browser, guided_start(tmp_path, browser) as start:
        page = start.page
        assert await page.path() == "/setup/switch"
        await start.connect(secret="wrong")
        assert "交换机拒绝登录" in await page.text(".repair.bad")
        await start.connect()
        assert await page.path() == "/setup/line"
        assert "已保存" in await page.text(".strip.done")
        await page.sized(390, 844)
        assert not await page.is_scrolled_sideways()
        assert [one for one in page.complaints if "422" not in one] == [], "but for the form that was refused"
    assert tomllib.loads((tmp_path / "voicedesk.toml").read_text(encoding="utf-8"))["pbx"][0]["host"] == "127.0.0.1"
