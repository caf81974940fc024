"""The desk's pages are for everybody: axe finds nothing serious on any, and all is readable at twice the size.

axe-core (Deque, MPL 2.0) comes in a package from PyPI, for tests alone.
"""

import json
from importlib.resources import files

import pytest
from tests.testbed.browser import Chromium, Page
from tests.testbed.full_day import pages_of_staff, pages_of_supervisor, signed_in
from voicedesk.demo.filling import STAFF, SUPERVISOR
from voicedesk.demo.show import demonstration
from voicedesk.words import Language

pytestmark = [pytest.mark.system, pytest.mark.timeout(900, func_only=True)]

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
SERIOUS = {"serious", "critical", "moderate"}
LOOKS = ((1366, 768, False), (390, 844, True), (1366, 768, True), (390, 844, False))
"""Width, height, dark: each page is looked at in one of these, so that every look comes often."""


async def found_by_axe(page: Page) -> list[str]:
    """What axe holds against the page that is seen: which rule, and where first."""
    await page.run(f"(() => {{ {AXE}; return 1; }})()")
    told = await page.run(f"axe.run(document, {json.dumps(OPTIONS)}).then(found => JSON.stringify(found.violations))")
    return [
        f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['any'][:1]}"
        for one in json.loads(told)
        if one["impact"] in SERIOUS
    ]


async def test_no_page_keeps_anybody_out():
    found: dict[str, list[str]] = {}
    async with demonstration(port=0, seed=1, language=Language.CHINESE) as shown, Chromium.started() as browser:
        entrance = await browser.page()
        await entrance.go(shown.address)
        found["sign in"] = await found_by_axe(entrance)
        supervisor, staff = await signed_in(browser, shown, SUPERVISOR), await signed_in(browser, shown, STAFF)
        for page, addresses in (
            (supervisor, await pages_of_supervisor(supervisor, shown)),
            (staff, pages_of_staff(shown)),
        ):
            for number, (name, address) in enumerate(addresses.items()):
                width, height, dark = LOOKS[number % len(LOOKS)]
                await page.sized(width, height, dark=dark)
                await page.go(address)
                found[f"{name} {width} {dark}"] = await found_by_axe(page)
                await page.sized(max(width // 2, 390), height, dark=dark)  # as a browser does at 200 %
                if await page.is_scrolled_sideways():
                    found[f"{name} at 200 %"] = ["scrolled sideways"]
    assert {name: one for name, one in found.items() if one} == {}
