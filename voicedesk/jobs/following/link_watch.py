"""Tells people of a switch that was out of reach for more than a minute, and of its return."""

import asyncio
import time
from collections.abc import Callable, Mapping

from voicedesk.ami.reports import LinkStatus
from voicedesk.clock import NowUs
from voicedesk.jobs.news.news import News, Tell
from voicedesk.jobs.rounds import promise_round
from voicedesk.language.translate import said
from voicedesk.settings import Settings

LOOK_SECONDS = 5.0
LOST_SECONDS = 60.0
ROUND_SECONDS = 60.0

StatusOf = Callable[[], LinkStatus]


class LinkWatch:
    """Looks at the links now and then. `ticks` are seconds of a clock that nobody sets, `now` is what people read."""

    def __init__(
        self,
        links: Mapping[str, StatusOf],
        now: NowUs,
        tell: Tell,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._links, self._now, self._tell, self._ticks = links, now, tell, ticks
        self._away: dict[str, tuple[float, int]] = {}
        self._told: set[str] = set()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            promise_round(ROUND_SECONDS)
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def change_settings(self, _settings: Settings) -> None:
        """Nothing here depends on the settings."""

    async def look(self) -> None:
        """One look at each link."""
        for pbx, status_of in self._links.items():
            status = status_of()
            if status.state == "up":
                await self._is_there(pbx)
            else:
                await self._is_away(pbx, status)

    async def _is_away(self, pbx: str, status: LinkStatus) -> None:
        since, at = self._away.setdefault(pbx, (self._ticks(), self._now()))
        if pbx in self._told or self._ticks() - since <= LOST_SECONDS:
            return
        self._told.add(pbx)
        fields: dict[str, str] = {
            said("Telephone switch"): pbx,
            said("Cause"): status.last_error or said("it does not answer"),
        }
        title = said("The switch has been out of reach for more than a minute: calls are not recorded")
        await self._tell(News(id=f"link_lost {pbx} {at}", kind="link_lost", at=at, title=title, fields=fields))

    async def _is_there(self, pbx: str) -> None:
        if pbx not in self._away:
            return
        since, at = self._away.pop(pbx)
        if pbx in self._told:
            self._told.discard(pbx)
            minutes = round((self._ticks() - since) / 60)
            fields: dict[str, str] = {said("Telephone switch"): pbx, said("Away"): said("about {} minutes", minutes)}
            news_id = f"link_back {pbx} {at}"
            title = said("The switch is in reach again")
            await self._tell(News(id=news_id, kind="link_back", at=self._now(), title=title, fields=fields))
