"""The search that stands on every page, and the page of all pages.

What is typed is sent as a form, not in the address: browsers and proxies write addresses down, and it may be a number.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Thing
from voicedesk.catalogue.model import Item
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.search import MOST_SIGNS, Found, FoundPerson, FoundPhone, search
from voicedesk.errors import VoicedeskError
from voicedesk.hall.prompts import catalogue_of
from voicedesk.phone_numbers import mask
from voicedesk.web.desk import Desk
from voicedesk.web.menu import Entry, pages_of
from voicedesk.web.spoken import spoken

_ITEMS_KEPT_US = 60 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """What fits. `groups` are the names of the menu's groups by their keys."""

    found: Found
    pages: tuple[Entry, ...]
    groups: dict[str, str]

    @property
    def links(self) -> list[str]:
        """Where everything leads that leads anywhere."""
        return list(_links(self))

    def of_person(self, one: FoundPerson) -> str:
        """Where a person leads: to one's own page, or to another's calls."""
        return "/mine" if one.is_self else "/calls?" + urlencode({"period": "month", "agent": one.id})

    def of_line(self, line: str) -> str:
        """Where a line leads."""
        return "/calls?" + urlencode({"period": "week", "line": line})

    def of_phone(self, one: FoundPhone) -> str:
        """Where a phone leads."""
        return "/calls?" + urlencode({"period": "week", "phone": one.extension or one.endpoint})

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.links and not self.found.items


def _links(page: FoundPage) -> Iterator[str]:
    found = page.found
    yield from (one.path for one in page.pages)
    yield from map(page.of_person, found.people)
    yield from map(page.of_line, found.lines)
    yield from map(page.of_phone, found.phones)
    yield from (f"/todo/{one.ticket.id}" for one in found.tickets)
    yield from (f"/calls/{one.call.facts.id}" for one in found.calls)


class FindPages:
    """The search."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._items: tuple[Item, ...] = ()
        self._groups: dict[str, str] = {}
        self._read_at = -_ITEMS_KEPT_US

    async def more(self, request: Request) -> Response:
        """All pages that this person may open."""
        visitor, person = await self._desk.signed_in(request)
        return self._desk.pages.page("more.html", visitor, pages_of(person.account.role))

    async def find(self, request: Request) -> Response:
        """What fits; where it is one thing alone, that thing itself."""
        desk = self._desk
        visitor, person = await desk.signed_in(request)
        fields = await desk.form(request, visitor) if request.method == "POST" else {}
        text = fields.get("q", "").strip()[:MOST_SIGNS]
        await self._read_items()
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                viewer = viewer_of(person.account)
                store, items = desk.keeper.store, self._items
                found = await search(store, desk.settings, viewer, text, now=desk.now(), items=items)
            if found.told:
                await desk.doorkeeper.note(person, Deed.NUMBER_SOUGHT, Thing.NUMBER, mask(text), visitor.address)
            pages = tuple(one for one in pages_of(person.account.role) if text and one.is_called(text))
            page = FoundPage(found=found, pages=pages, groups=self._groups)
            if len(page.links) == 1 and not found.items:
                return desk.lead(visitor, page.links[0])
            return desk.pages.page("find.html", visitor, page)

    async def _read_items(self) -> None:
        """The hall's notices that callers are told today, read again after a minute."""
        now, settings = self._desk.now(), self._desk.settings
        if 0 <= now - self._read_at < _ITEMS_KEPT_US:
            return
        self._read_at = now
        today = to_datetime(now).astimezone(settings.hall.zone).date()
        try:
            catalogue = await asyncio.to_thread(catalogue_of, settings)
        except (VoicedeskError, OSError):  # a folder that is away hides its notices, and nothing else
            self._items = ()
            return
        self._items = catalogue.spoken_on(today, samples=settings.notices.samples)
        self._groups = {one.key: one.name for one in catalogue.groups}
