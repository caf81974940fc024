"""What every job of the service is: something that works until it is cancelled, and that new settings reach."""

from collections.abc import Callable, Mapping
from typing import Protocol

from voicedesk.calls.model import CallFacts
from voicedesk.settings import Settings

CallsNow = Mapping[str, Callable[[str], CallFacts | None]]
"""By PBX: the call that a channel belongs to, while the call is known. Made once, and handed to every job that asks."""


class Job(Protocol):
    """One job. The service keeps a list of jobs: what it does to all of them, it does by this list."""

    async def run(self) -> None:
        """Works until cancelled, or until there is nothing to do. It may be called again after it failed."""

    def change_settings(self, settings: Settings, /) -> str | None:
        """Works by new settings from now on, also where it is not at work at the moment.

        What is returned is told to whoever asked for the reload.
        """
