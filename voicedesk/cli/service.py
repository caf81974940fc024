"""`voicedesk run` and what is asked of the service while it runs."""

import typer

from voicedesk import app as service
from voicedesk.cli.common import ConfigOption, complain, say, settings_of, wait
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.errors import VoicedeskError
from voicedesk.log import configure_logging
from voicedesk.settings import Settings
from voicedesk.store.store import Store


def run(config: ConfigOption = None) -> None:
    """Follow the calls of every PBX in the settings, until stopped.

    Example: `voicedesk run --config /etc/voicedesk/voicedesk.toml`

    SIGTERM or Ctrl-C stops it in order; SIGHUP, or `voicedesk reload`, reads lines, phones and people again.
    """
    settings = settings_of(config)
    configure_logging(level=settings.log.level, format=settings.log.format, zone=settings.hall.zone)
    service.run(settings, lambda: settings_of(config))


def reload(config: ConfigOption = None) -> None:
    """Ask the running service to read lines, phones, people and duty hours again.

    Example: `voicedesk reload`
    """
    answer = wait(_ask_reload(settings_of(config)))
    if answer is None:
        complain("the service does not answer: is `voicedesk run` running on this database?")
        raise typer.Exit(1)
    say(answer)


async def _ask_reload(settings: Settings) -> str | None:
    async with Store.open(settings.store.url, upgrade=False, now=now_us) as store:
        if await store.requests.holder(service.LEADER) is None:
            return None
        request_id = await store.requests.ask("reload", {}, asked_by=typed_by())
        request = await store.requests.wait_for(request_id, timeout_seconds=15)
    if request is not None and request.state == "failed":
        raise VoicedeskError(f"the service refused: {request.outcome}")
    return request.outcome if request else None
