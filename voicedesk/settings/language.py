"""Which language a command speaks: `[hall] language` of the settings that it is going to read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from voicedesk.errors import SettingsError
from voicedesk.settings.source import PREFIX, find_file, read_file
from voicedesk.words import Language

VARIABLE = f"{PREFIX}HALL__LANGUAGE"
_OPTIONS = ("--config", "-c")


def language_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Language | None:
    """The language for a command line; None where the settings name none or cannot be read (the command says so)."""
    written: object = environ.get(VARIABLE)
    if not written:
        try:
            file = find_file(_config(arguments), environ)
            hall = read_file(file).data.get("hall") if file is not None else None
        except (SettingsError, ValueError, OSError):
            return None
        written = hall.get("language") if isinstance(hall, dict) else None
    return next((one for one in Language if one == written), None)


def _config(arguments: Sequence[str]) -> Path | None:
    """The file that --config names, in each form that it may be typed in."""
    for number, argument in enumerate(arguments):
        if argument in _OPTIONS:
            return Path(arguments[number + 1]) if number + 1 < len(arguments) else None
        if argument.startswith("--config="):
            return Path(argument.removeprefix("--config="))
        if argument.startswith("-c") and not argument.startswith("--"):
            return Path(argument.removeprefix("-c"))
    return None
