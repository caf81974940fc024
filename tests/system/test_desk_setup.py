"""The guided start in a real browser: led there by the first visit, told what is wrong, and onward when it is right."""

import tomllib

import pytest
from tests.system.test_desk_for_everybody import LOOKS, found_by_axe
from tests.testbed.browser import Chromium
from tests.testbed.guided_start import STEPS, guided_start

pytestmark = [pytest.mark.system, pytest.mark.timeout(900, func_only=True)]


async def test_the_first_administrator_connects_the_switch_and_no_step_keeps_anybody_out(tmp_path):
    found: dict[str, list[str]] = {}
    async with Chromium.started() as browser, guided_start(tmp_path, browser) as start:
        page = start.page
        assert await page.path() == "/setup/switch"
        await start.connect(secret="wrong")
        assert "交换机拒绝登录" in await page.text(".repair.bad")
        found["refused"] = await found_by_axe(page)
        await start.connect()
        assert await page.path() == "/setup/line"
        assert "已保存" in await page.text(".strip.done")
        for number, step in enumerate(STEPS):
            width, height, dark = LOOKS[number % len(LOOKS)]
            await page.sized(width, height, dark=dark)
            await page.go(f"{start.desk.address}/setup/{step}")
            found[step] = await found_by_axe(page)
            await page.sized(390, height, dark=dark)
            if await page.is_scrolled_sideways():
                found[f"{step} at 390"] = ["scrolled sideways"]
        assert [one for one in page.complaints if "422" not in one] == [], "but for the form that was refused"
    assert {name: one for name, one in found.items() if one} == {}
    assert tomllib.loads((tmp_path / "voicedesk.toml").read_text(encoding="utf-8"))["pbx"][0]["host"] == "127.0.0.1"
