"""`make screenshots`: every page of the desk before a full day, in both languages, light and dark, on three screens.

python -m tests.testbed.screenshots [FOLDER]
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.testbed.browser import Chromium, Page
from voicedesk.clock import MICROSECONDS, now_us
from voicedesk.demo.filling import STAFF, SUPERVISOR
from voicedesk.demo.show import Shown, demonstration
from voicedesk.log import configure_logging
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store
from voicedesk.words import Language

SIZES = ((1920, 1080), (1366, 768), (390, 844))
PAGES = ("", "calls", "call", "review", "todo", "ticket", "mine", "breaks", "outages")
OF_STAFF = ("", "calls", "todo", "mine", "breaks")
HEARD_SECONDS = 600
"""Greetings of the day are heard after the start: pictures are taken when one that is not as it should be is there."""


async def take(folder: Path) -> int:
    """Takes all pictures; 1 where a page is wider than its screen or complains in the console."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    async with demonstration(port=0, seed=1, language=Language.CHINESE) as shown, Chromium.started() as browser:
        await _entrance(browser, shown, folder)
        supervisor = await signed_in(browser, shown, SUPERVISOR)
        addresses = {name: shown.address + name for name in PAGES}
        addresses["call"] = f"{shown.address}calls/{await _heard_call(shown)}"
        addresses["ticket"] = shown.address + await _first(supervisor, shown.address + "todo", "/todo/")
        wrong += await _all_of(supervisor, "supervisor", addresses, folder)
        staff = await signed_in(browser, shown, STAFF)
        wrong += await _all_of(staff, "staff", {name: shown.address + name for name in OF_STAFF}, folder)
    for one in wrong:
        print(one)  # noqa: T201
    return 1 if wrong else 0


async def signed_in(browser: Chromium, shown: Shown, login: str) -> Page:
    """A page of somebody who has signed in."""
    page = await browser.page()
    await page.go(shown.address)
    await page.fill("login", login)
    await page.fill("password", shown.password)
    await page.click("登录")
    if login == SUPERVISOR:
        await page.fill("digits", shown.digits()[0])
        await page.click("确认")
    return page


async def _entrance(browser: Chromium, shown: Shown, folder: Path) -> None:
    page = await browser.page()
    await page.go(shown.address)
    for width, height in SIZES:
        await page.sized(width, height)
        await page.shot(folder / f"signin-zh-light-{width}.png", whole=True)


async def _heard_call(shown: Shown) -> str:
    """The id of a call whose greeting was not as it should be, as soon as one of that day was heard."""
    until = now_us() + HEARD_SECONDS * MICROSECONDS
    async with Store.open(f"sqlite:///{shown.folder / 'voicedesk.db'}", may_write=False) as store:
        while True:
            found = await store.greetings.list(GreetingFilter(verdict="incomplete"), limit=1)
            if found or now_us() > until:
                break
            await asyncio.sleep(5)
        return found[0].call_id


async def _first(page: Page, address: str, beginning: str) -> str:
    """The path of the first thing that a list leads to."""
    await page.go(address)
    script = f"""[...document.querySelectorAll("a[href*='{beginning}']")].map(one => one.pathname)
        .filter(one => one.length > {len(beginning) + 6})[0]"""
    path = await page.run(script)
    assert path, f"nothing that begins with {beginning} is at {address}"
    return str(path).lstrip("/")


async def _all_of(page: Page, who: str, addresses: dict[str, str], folder: Path) -> list[str]:
    wrong: list[str] = []
    for language, words in (("zh", "中文"), ("en", "English")):
        await page.sized(1366, 768)
        await page.go(addresses[""])
        if await page.run("document.documentElement.lang") != ("zh-CN" if language == "zh" else "en"):
            await page.click(words)
        for name, address in addresses.items():
            for dark, (width, height) in _screens():
                await page.sized(width, height, dark=dark)
                await page.go(address)
                await page.shot(folder / f"{who}-{name or 'today'}-{language}-{_shade(dark)}-{width}.png", whole=True)
                if await page.is_scrolled_sideways():
                    wrong.append(f"{who} {name or 'today'} {language} {width}: wider than the screen")
    return wrong + [f"{who}: {one}" for one in page.complaints]


def _screens() -> Iterator[tuple[bool, tuple[int, int]]]:
    return ((dark, size) for dark in (False, True) for size in SIZES)


def _shade(dark: bool) -> str:
    return "dark" if dark else "light"


if __name__ == "__main__":
    configure_logging(level="warning")
    sys.exit(asyncio.run(take(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))))
