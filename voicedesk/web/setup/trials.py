"""What the guided start tries, one thing at a time and not often: each in a process of its own, which is bounded."""

import asyncio
from collections.abc import Mapping
from typing import Any

from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.settings import PbxSettings, Settings
from voicedesk.web.apart import in_a_process
from voicedesk.web.limits import Limit

_TRYING = "voicedesk.doctor.trials"
"""Started by its name: pages ask no switch themselves."""
SECONDS = {"switch": 45, "house": 90, "ear": 120, "whole": 150}
A_MINUTE = 6
"""So often in a minute a switch is asked from here, by whomever: nobody looks for open ports this way."""


class Trials:
    """One at a time for the whole desk."""

    def __init__(self, now: NowUs) -> None:
        self._busy = asyncio.Lock()
        self._often = Limit(A_MINUTE, 60, now)
        self.house: dict[str, Any] = {}
        self.house_of = ""

    async def run(self, do: str, **order: Any) -> dict[str, Any]:
        """What came of it. Raises InputError where another one runs, or they are asked for too often."""
        if self._busy.locked():
            raise InputError("another test is running: wait until it is over")
        seconds = self._often.take("")
        if seconds:
            raise InputError(f"too many tests in a minute: try again in {seconds} seconds")
        async with self._busy:
            return await in_a_process(_TRYING, {"do": do, **order}, SECONDS[do])

    async def ask_house(self, settings: Settings) -> None:
        """Has the first switch tell its lines, phones and people; they stay until they are asked for again."""
        if not settings.pbx:
            raise InputError("no switch is connected yet: that is the step before")
        pbx = settings.pbx[0]
        self.house = await self.run("house", pbx=with_secret(pbx), url=settings.store.url)
        self.house_of = pbx.host

    def found(self, settings: Settings, kind: str) -> list[dict[str, Any]]:
        """What the switch told, if it is still the same switch: "lines", "phones" or "people"."""
        is_same = bool(settings.pbx) and settings.pbx[0].host == self.house_of
        found: list[dict[str, Any]] = self.house.get(kind, []) if is_same else []
        return found


def with_secret(pbx: PbxSettings, secret: str | None = None) -> Mapping[str, Any]:
    """What another process needs to log in to a switch."""
    keys = {"name", "host", "port", "username", "tls", "tls_ca_file", "tls_server_name"}
    told: dict[str, Any] = pbx.model_dump(mode="json", include=keys, exclude_none=True)
    return {**told, "secret": secret if secret is not None else pbx.secret_value()}
