"""Whatever is typed as a value of whatever command, the end is an error that says what to do, never a traceback.

The commands and their parameters are those of the program itself: a new one is tried as soon as it is there.
"""

import asyncio
import re
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.testbed.command_tree import commands
from voicedesk.store.store import Store

SETTINGS = """
[hall]
language = "en"
[store]
url = "sqlite:///calls.db"
[speech]
models_folder = "models"
[prompts]
folder = "sounds"
[[pbx]]
name = "main"
host = "127.0.0.1"
port = 1
username = "u"
secret = "s"
[[lines]]
name = "4001"
extensions = ["4001"]
department = "社保中心"
[[phones]]
endpoint = "PJSIP/agent1"
extension = "8001"
[[agents]]
id = "zhang"
name = "张老师"
"""
CAPTURES = Path(__file__).parents[2] / "captures"
ALL = dict(commands())
ABSURD = {
    "a word": "nosuch",
    "empty": "",
    "blank": "  ",
    "a folder": "folder",
    "a missing file": "none/nosuch.bin",
    "too large": "9" * 40,
    "an unknown scheme": "gopher://x/y",
    "NUL": "a\0b",
    "very long": "x" * 70_000,
}
OF_PATHS = ("a folder", "a missing file")
NEVER_RIGHT = ("empty", "blank", "NUL")
RIGHT = {
    "account add": {"role": "supervisor", "login": "li"},
    "calls decide": {"verdict": "on_time"},
    "catalogue publish": {"items": "arbitration"},
    "db copy": {"source": "sqlite:///calls.db", "target": "sqlite:///empty.db"},
    "greeting check": {"files": "quiet.wav", "department": "社保中心"},
    "greeting decide": {"verdict": "compliant"},
    "replay": {"captures": "call.raw", "config": "voicedesk.toml"},
    "tickets register": {"kind": "complaint"},
}
"""What is typed for the other parameters of a command, so that it gets as far as the one that is tried; else "x"."""
FREE = {
    "breaks start": {"reason"},
    "catalogue init": {"folder"},
    "db backup": {"file"},
    "account add": {"login", "name"},
    "greeting check": {"department", "alias", "other", "number"},
    "init": {"folder", "username"},
    "outage start": {"text"},
    "prompts build": {"folder"},
    "prompts check": {"folder"},  # an empty one has no sound yet
    "prompts list": {"folder"},
}
"""Here any text is right, or a file or folder of any name is made: only what names nothing is refused."""
FREE_EVERYWHERE = {"xlsx", "output"}
SAME_EVERYWHERE = {"config"}
"""Tried at a few commands: the settings are read by the same function for all."""
TRIED_WITH_CONFIG = {"run", "web", "doctor", "replay", "calls list"}


@pytest.fixture(autouse=True)
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hall with a database, in a folder of its own; nothing is read or written outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    Path("voicedesk.toml").write_text(SETTINGS, encoding="utf-8")
    for folder in ("folder", "models", "sounds"):
        Path(folder).mkdir()
    with wave.open("quiet.wav", "wb") as quiet:
        quiet.setparams((1, 2, 8000, 0, "NONE", ""))
        quiet.writeframes(bytes(16000))
    shutil.copy(CAPTURES / "b_answer_17s.raw", "call.raw")
    asyncio.run(made())


async def made() -> None:
    async with Store.open("sqlite:///calls.db"):
        pass


def is_argument(parameter: Any) -> bool:
    return "Argument" in type(parameter).__name__


def typed_with(name: str, tried: Any, value: str) -> list[str]:
    """A command line on which all that is needed is right, but for the parameter that is tried."""
    options, arguments = [], []
    for one in ALL[name].params:
        right = RIGHT.get(name, {}).get(one.name, "x" if one.required else None)
        text = value if one is tried else right
        if text is None:
            continue
        if is_argument(one):
            arguments.append(text)
        else:
            options.append(f"{one.opts[0]}={text}")
    return [*name.split(), *options, "--", *arguments] if arguments else [*name.split(), *options]


def values_of(name: str, parameter: Any) -> Iterator[tuple[str, str]]:
    is_free = parameter.name in FREE_EVERYWHERE | FREE.get(name, set())
    is_path = parameter.metavar in {"PATH", "FILE", "FOLDER"}
    for what, value in ABSURD.items():
        if (not is_free or what in NEVER_RIGHT) and (is_path or what not in OF_PATHS):
            yield what, value


@pytest.mark.parametrize("name", ALL)
def test_no_absurd_value_is_taken_or_ends_in_a_traceback(typed, name: str) -> None:
    wrong = []
    for parameter in ALL[name].params:
        if parameter.name == "help" or getattr(parameter, "is_flag", False):
            continue
        if parameter.name in SAME_EVERYWHERE and name not in TRIED_WITH_CONFIG:
            continue
        for what, value in values_of(name, parameter):
            told = typed(*typed_with(name, parameter, value))
            shown = f"{parameter.name}, {what}: {told.code} {told.err.strip()[-200:]}"
            if told.code not in (1, 2, 3) or not told.err.strip() or re.search(r"Traceback|Errno|\w+Error\b", told.err):
                wrong.append(shown)
            if "Invalid value" in told.err and what == "a word":
                break  # the library itself refuses all that is no such number or choice
    assert wrong == []


RANGES = [name for name, command in ALL.items() if {"since", "until"} <= {one.name for one in command.params}]


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("until", ["2026-11-23", "2026-11-24"])
def test_a_time_that_ends_before_it_begins_is_wrong_usage(typed, name: str, until: str) -> None:
    told = typed(*name.split(), "--from", "2026-11-24", "--to", until)
    assert (told.code, told.out) == (2, "")
    assert "the time ends before it begins" in told.err


def test_there_are_lists_of_a_time() -> None:
    assert len(RANGES) > 8
