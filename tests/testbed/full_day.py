"""The desk before the full day of `voicedesk demo`: who signs in, and which pages there are."""

import asyncio

from tests.testbed.browser import Chromium, Page
from voicedesk.clock import MICROSECONDS, now_us
from voicedesk.demo.filling import SUPERVISOR
from voicedesk.demo.show import Shown
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

HEARD_SECONDS = 600
"""Greetings of the day are heard after the start; so long one is waited for that is not as it should be."""
OF_STAFF = ("", "calls", "todo", "mine", "breaks", "password", "more", "find")


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


async def pages_of_supervisor(page: Page, shown: Shown) -> dict[str, str]:
    """The address of each page that a supervisor opens, by its name; one call and one ticket among them."""
    names = (
        "",
        "calls",
        "review",
        "todo",
        "mine",
        "breaks",
        "outages",
        "password",
        "more",
        "calls?verdict=late",
        "nothing",
    )
    addresses = {name or "today": shown.address + name for name in names}
    addresses["call"] = f"{shown.address}calls/{await _heard_call(shown)}"
    addresses["ticket"] = shown.address + await _first(page, shown.address + "todo", "/todo/")
    return addresses


def pages_of_staff(shown: Shown) -> dict[str, str]:
    """The same of a staff member, of their own pages."""
    return {name or "today": shown.address + name for name in OF_STAFF}


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
