"""The Chinese of each text that Voicedesk says, from the files of `zh/`: `"English with {}" = "中文 {0}"`."""

import tomllib
from functools import cache
from importlib import resources


@cache
def read_catalogue() -> dict[str, str]:
    """Each English template with its Chinese. Files are read in the order of their names; each text stands once."""
    found: dict[str, str] = {}
    for file in sorted(resources.files("voicedesk.language").joinpath("zh").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found
