"""`make screenshots`: every page of the desk before a full day, in both languages, light and dark, on three screens.

python -m tests.testbed.screenshots [FOLDER]
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.testbed.browser import Chromium, Page
from tests.testbed.full_day import pages_of_staff, pages_of_supervisor, signed_in
from tests.testbed.guided_start import STEPS, guided_start
from voicedesk.demo.filling import STAFF, SUPERVISOR
from voicedesk.demo.show import Shown, demonstration
from voicedesk.log import configure_logging
from voicedesk.words import Language

SIZES = ((1920, 1080), (1366, 768), (390, 844))


async def take(folder: Path) -> int:
    """Takes all pictures; 1 where a page is wider than its screen or complains in the console."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    async with demonstration(port=0, seed=1, language=Language.CHINESE) as shown, Chromium.started() as browser:
        await _entrance(browser, shown, folder)
        supervisor = await signed_in(browser, shown, SUPERVISOR)
        wrong += await _all_of(supervisor, "supervisor", await pages_of_supervisor(supervisor, shown), folder)
        staff = await signed_in(browser, shown, STAFF)
        wrong += await _all_of(staff, "staff", pages_of_staff(shown), folder)
        wrong += await _set_up(browser, folder)
    for one in wrong:
        print(one)  # noqa: T201
    return 1 if wrong else 0


async def _entrance(browser: Chromium, shown: Shown, folder: Path) -> None:
    page = await browser.page()
    await page.go(shown.address)
    for width, height in SIZES:
        await page.sized(width, height)
        await page.shot(folder / f"signin-zh-light-{width}.png", whole=True)


async def _set_up(browser: Chromium, folder: Path) -> list[str]:
    """The guided start of a hall of its own, at whose switch a login was refused and then taken."""
    with tempfile.TemporaryDirectory() as scratch:
        async with guided_start(Path(scratch), browser) as start:
            await start.connect(secret="wrong")
            await start.page.shot(folder / "setup-refused-zh-light-1366.png", whole=True)
            start.page.complaints.clear()  # of the form that was refused
            await start.connect()
            await start.page.click("向交换机查询线路")
            pages = {name: f"{start.desk.address}/setup/{name}" for name in STEPS}
            return await _all_of(start.page, "setup", {"today": pages["switch"], **pages}, folder)


async def _all_of(page: Page, who: str, addresses: dict[str, str], folder: Path) -> list[str]:
    wrong: list[str] = []
    for language, words in (("zh", "中文"), ("en", "English")):
        await page.sized(1366, 768)
        await page.go(addresses["today"])
        if await page.run("document.documentElement.lang") != ("zh-CN" if language == "zh" else "en"):
            await page.click(words)
        for name, address in addresses.items():
            for dark, (width, height) in _screens():
                await page.sized(width, height, dark=dark)
                await page.go(address)
                await page.shot(folder / f"{who}-{name}-{language}-{_shade(dark)}-{width}.png", whole=True)
                if await page.is_scrolled_sideways():
                    wrong.append(f"{who} {name} {language} {width}: wider than the screen")
    return wrong + [f"{who}: {one}" for one in page.complaints if not one.endswith("/nothing")]


def _screens() -> Iterator[tuple[bool, tuple[int, int]]]:
    return ((dark, size) for dark in (False, True) for size in SIZES)


def _shade(dark: bool) -> str:
    return "dark" if dark else "light"


if __name__ == "__main__":
    configure_logging(level="warning")
    sys.exit(asyncio.run(take(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))))
