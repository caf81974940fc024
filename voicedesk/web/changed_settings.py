"""The desk's settings as they are now: a changed file is noticed when a page is asked for, a wrong one not taken."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import SettingsError
from voicedesk.hall.settings_file import examined
from voicedesk.settings import Settings
from voicedesk.settings.web import WebTable

LOOK_US = 3 * MICROSECONDS
AT_ONCE = ("idle_minutes", "session_hours")
"""Keys of [web] that hold without a restart."""
_log = structlog.get_logger()


class ChangedSettings:
    """Looks whether the settings file changed. `wrong` is what is wrong with it as it is now; then the old ones hold.

    `needs_restart` are the tables that changed and that the desk reads at its start only.
    """

    def __init__(self, settings: Settings, file: Path | None, now: NowUs, take: Callable[[Settings], None]) -> None:
        self.file = file.absolute() if file is not None else None
        self.wrong = ""
        self.needs_restart: tuple[str, ...] = ()
        self._settings, self._begun, self._now, self._take = settings, settings, now, take
        self._looked = now()
        self._stamp = self._stamped()
        self._reading = asyncio.Lock()

    async def look(self, *, at_once: bool = False) -> None:
        """Takes the settings if they changed; every few seconds at the most, `at_once` also what they name in files."""
        if self.file is None or (not at_once and 0 <= self._now() - self._looked < LOOK_US):
            return
        self._looked = self._now()
        if not at_once and self._stamped() == self._stamp:
            return
        async with self._reading:
            self._stamp = self._stamped()
            loaded, wrong = await asyncio.to_thread(examined, self.file)
            told = "\n".join(map(str, wrong))
            if wrong or loaded is None:
                if told != self.wrong:
                    _log.warning("web_settings_refused", reason=told)
                self.wrong = told
                return
            self.wrong = ""
            self._changed_to(loaded.settings)

    def _changed_to(self, new: Settings) -> None:
        begun = self._begun
        waits = [name for name in ("store",) if getattr(new, name) != getattr(begun, name)]
        if _at_start(new.web) != _at_start(begun.web):
            waits.append("web")
        self.needs_restart = tuple(waits)
        web = begun.web.model_copy(update={key: getattr(new.web, key) for key in AT_ONCE})
        held = new.model_copy(update={"store": begun.store, "web": web})
        if held == self._settings:
            return
        self._settings = held
        try:
            self._take(held)
        except SettingsError as error:
            self.wrong = str(error)
            return
        _log.info("web_settings_read", needs_restart=list(waits))

    def _stamped(self) -> tuple[int, int, int] | None:
        if self.file is None:
            return None
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _at_start(web: WebTable) -> dict[str, object]:
    return web.model_dump(exclude=set(AT_ONCE))
