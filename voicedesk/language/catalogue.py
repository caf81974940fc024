"""The languages of each text that Voicedesk says, from the files of `zh/`.

`"English with {}" = "中文 {0}"`; a text that stands in both languages in the source has one for each:
`"没有 none {}" = ["没有 {0}", "none {0}"]`. What a command says with its options is said in other words on a page
(`pages.toml`).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

Book = Mapping[str, tuple[str, str]]
"""Each template with its Chinese and its English. `{0}`, `{1}` … stand for the first `{}` and so on."""


@cache
def read_catalogue() -> dict[str, tuple[str, str]]:
    """What is said on the command line, in lists and in the log."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(resources.files("voicedesk.language").joinpath("zh").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            for text, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[text] = (said, text) if isinstance(said, str) else (said[0], said[1])
    return found


@cache
def read_page_words() -> dict[str, tuple[str, str]]:
    """What a page says in its own words: it has no options, and who reads it types no commands."""
    text = resources.files("voicedesk.language").joinpath("pages.toml").read_text(encoding="utf-8")
    return {template: (said[0], said[1]) for template, said in tomllib.loads(text).items()}
