"""`voicedesk web`: the desk on a screen."""

import os
import sys
from importlib.util import find_spec

from voicedesk.cli.common import ConfigOption, settings_of
from voicedesk.errors import SettingsError


def web(config: ConfigOption = None) -> None:
    """Serve the desk on a screen, until stopped; a process of its own beside `voicedesk run`.

    Example: `voicedesk web --config /etc/voicedesk/voicedesk.toml`

    While nobody has an account yet, the log names a page and a one-time code for the first administrator.
    """
    settings_of(config)
    refuse_without_web()
    file = [] if config is None else [str(config)]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "voicedesk.web", *file])  # noqa: S606  # this very interpreter


def refuse_without_web() -> None:
    """Raises SettingsError where the packages that the pages need are not installed."""
    lacking = [
        name for name in ("argon2", "cryptography", "fastapi", "jinja2", "segno", "uvicorn") if not find_spec(name)
    ]
    if lacking:
        raise SettingsError(
            f"the desk on a screen needs more packages ({', '.join(lacking)}): pip install 'voicedesk[web]'"
        )
