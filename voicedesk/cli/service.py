"""`voicedesk run` and what is asked of the service while it runs."""

from voicedesk.cli.asking import ask_service
from voicedesk.cli.common import ConfigOption, say_answer, settings_of, wait
from voicedesk.log import configure_logging
from voicedesk.run import service
from voicedesk.step_rows import StepKind


def run(config: ConfigOption = None) -> None:
    """Follow the calls of every PBX in the settings, until stopped.

    Example: `voicedesk run --config /etc/voicedesk/voicedesk.toml`

    SIGTERM or Ctrl-C stops it in order; SIGHUP, or `voicedesk reload`, reads lines, phones and people again.
    """
    settings = settings_of(config)
    configure_logging(
        level=settings.log.level, format=settings.log.format, zone=settings.hall.zone, language=settings.hall.spoken
    )
    service.run(settings, lambda: settings_of(config))


def reload(config: ConfigOption = None) -> None:
    """Ask the running service to read lines, phones, people and duty hours again.

    Example: `voicedesk reload`
    """
    say_answer(wait(ask_service(settings_of(config), StepKind.RELOAD, {}, look="the service's log")))
