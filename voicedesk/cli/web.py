"""`voicedesk web`: the desk on a screen."""

from importlib.util import find_spec

from voicedesk.cli.common import ConfigOption, settings_of
from voicedesk.errors import SettingsError
from voicedesk.log import configure_logging


def web(config: ConfigOption = None) -> None:
    """Serve the desk on a screen, until stopped; a process of its own beside `voicedesk run`.

    Example: `voicedesk web --config /etc/voicedesk/voicedesk.toml`

    While nobody has an account yet, the log names a page and a one-time code for the first administrator.
    """
    settings = settings_of(config)
    lacking = [
        name for name in ("argon2", "cryptography", "fastapi", "jinja2", "segno", "uvicorn") if not find_spec(name)
    ]
    if lacking:
        raise SettingsError(
            f"the desk on a screen needs more packages ({', '.join(lacking)}): pip install 'voicedesk[web]'"
        )
    configure_logging(
        level=settings.log.level, format=settings.log.format, zone=settings.hall.zone, language=settings.hall.spoken
    )
    from voicedesk.web.serve import serve

    serve(settings)
