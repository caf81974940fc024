"""The settings as they hold now: read again when somebody asks for it, and handed to every job."""

from collections.abc import Callable, Mapping

import structlog

from voicedesk.errors import SettingsError
from voicedesk.hall.lines import hall_of, halls_of
from voicedesk.jobs.guard import Guard, Part, traceback_of
from voicedesk.jobs.job import Job
from voicedesk.log import configure_logging
from voicedesk.settings import Settings

NEEDS_RESTART = ("pbx", "store", "speech", "ivr")
"""Tables that are read only when the service starts; all others are read again by a reload."""

_log = structlog.get_logger()


class SettingsInForce:
    """The settings that the service works by; `reread` gives them as they are written now."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings], guard: Guard) -> None:
        self.settings = self._begun = settings
        self._reread, self._guard = reread, guard

    def reload(self, jobs: Mapping[str, Job]) -> tuple[str, bool]:
        """Reads the settings again and tells every job. What came of it, and whether it failed; never raises.

        Wrong settings change nothing. It has failed too where one job could not take settings that the others have.
        """
        try:
            return self._reloaded(jobs)
        except SettingsError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001  # what nobody foresaw in a file is no reason to end
            reason = f"they cannot be read: {type(error).__name__}: {error}"
            self._guard.set_aside(Part.SETTINGS, error, about="reload", content=traceback_of(error))
        _log.error("reload_refused", reason=reason)
        return reason, True

    def _reloaded(self, jobs: Mapping[str, Job]) -> tuple[str, bool]:
        """What is told of a reload, and whether a job stays behind. Raises SettingsError where nothing was changed."""
        settings, old = self._reread(), self.settings
        hall_of(settings), halls_of(settings)  # wrong ones are refused here, before any job has them
        waiting = [table for table in NEEDS_RESTART if getattr(settings, table) != getattr(self._begun, table)]
        self.settings = settings
        if _of_the_log(settings) != _of_the_log(old):
            configure_logging(
                level=settings.log.level,
                format=settings.log.format,
                zone=settings.hall.zone,
                language=settings.hall.spoken,
            )
        said, behind = self.hand_to(jobs)
        told = ["lines, phones and people are read again", *said]
        if behind:
            names = ", ".join(behind)
            told.append(f"{names} could not take the new settings and may work by the old ones: restart the service")
        _log.info("reloaded", needs_restart=waiting)
        if waiting:
            named = ", ".join(f"[[{table}]]" if table == "pbx" else f"[{table}]" for table in waiting)
            told.append(f"what changed in {named} needs a restart")
        return "; ".join(told), bool(behind)

    def hand_to(self, jobs: Mapping[str, Job]) -> tuple[list[str], list[str]]:
        """Gives the settings to every job; what the jobs say of them, and the names of those that could not take them.

        One that fails at it costs the others nothing.
        """
        told: list[str | None] = []
        behind: list[str] = []
        for name, job in jobs.items():
            with self._guard.one(Part.SETTINGS, f"new settings, for {name}"):
                told.append(job.change_settings(self.settings))
                continue
            behind.append(name)
        return [said for said in told if said], behind


def _of_the_log(settings: Settings) -> tuple[object, ...]:
    """What decides how log lines look, and which there are."""
    return settings.log, settings.hall.zone, settings.hall.spoken
