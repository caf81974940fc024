"""The languages of each text that Voicedesk says, from the files of `zh/`.

`"English with {}" = "中文 {0}"`; a text that stands in both languages in the source has one for each:
`"没有 none {}" = ["没有 {0}", "none {0}"]`.
"""

import tomllib
from functools import cache
from importlib import resources


@cache
def read_catalogue() -> dict[str, tuple[str, str]]:
    """Each template with its Chinese and its English. `{0}`, `{1}` … stand for the first `{}` and so on."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(resources.files("voicedesk.language").joinpath("zh").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            for text, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[text] = (said, text) if isinstance(said, str) else (said[0], said[1])
    return found
