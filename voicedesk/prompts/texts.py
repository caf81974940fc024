"""The texts of the frame, as they lie in `prompts/`: one file per language, key = "template"."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from voicedesk.errors import InputError, why
from voicedesk.ivr.wording import CHINESE, ENGLISH, Frame, places_of
from voicedesk.plain_files import read_plain
from voicedesk.texts_folder import shipped_texts

LANGUAGES = (CHINESE, ENGLISH)


def load_frames(folder: Path) -> dict[str, Frame]:
    """The frames of all languages; a hall's own `folder` may leave out what it does not change.

    Raises InputError that names the file and what is wrong: an unknown key, a value left out, what is no text.
    """
    shipped = {language: _read(shipped_texts() / language / "frame.toml") for language in LANGUAGES}
    frames: dict[str, Frame] = {}
    for language, known in shipped.items():
        own = folder / language / "frame.toml"
        frames[language] = {**known, **(_checked(own, _read(own), known) if own.exists() else {})}
    return frames


def _read(file: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(read_plain(file).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # not UTF-8, no TOML, nested or long without end
        raise InputError(f"{file}: cannot be read: {why(error)}") from error
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{file}: {key} must be a text and not be empty: write it in quotes")
    return values


def _checked(file: Path, own: Mapping[str, str], known: Mapping[str, str]) -> Mapping[str, str]:
    for key, text in own.items():
        if key not in known:
            raise InputError(f"{file}: {key} is none of the texts that are spoken: take its name from the shipped file")
        if places_of(text) != places_of(known[key]):
            needed = ", ".join(f"{{{name}}}" for name in sorted(places_of(known[key]))) or "nothing in braces"
            raise InputError(f"{file}: {key} must hold {needed}: put it where it is to be spoken")
    return own
