"""The house keeps its papers in order: every setting, command and file is described where people look for it."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from voicedesk.cli import app
from voicedesk.settings.environment import all_keys

ROOT = Path(__file__).parents[3]
TOOLS = re.compile("https?://(?:pypi|files\\.pythonhosted|deb\\.debian|registry\\.npmjs)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading, whatever its level."""
    found = re.search(rf"^(#+) {re.escape(title)}$\n(.*?)(?=^#{{1,3}} |\Z)", text.replace("`", ""), re.M | re.S)
    assert found, f"there is no heading {title!r}"
    return found[2]


def commands(command: click.Command | None = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command there is, with the words that call it."""
    command = command or typer.main.get_command(app)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
    for name, one in sorted((inner or {}).items()):
        yield from commands(one, (*path, name))


COMMANDS = dict(commands())


def test_there_are_the_commands_that_were_promised():
    promised = (
        "init", "run", "doctor", "calls list", "calls show", "replay", "rejudge", "reload", "config check",
        "config show", "db upgrade", "db prune", "db forget", "db journal", "asterisk snippet",
    )  # fmt: skip
    assert set(promised) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_an_example_in_its_help(name):
    assert f"Example: `voicedesk {name}" in (COMMANDS[name].help or "")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described_with_an_example(name):
    described = section(text_of("docs/commands.md"), f"voicedesk {name}")
    assert f"\n    voicedesk {name}" in described


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described_beside_its_command(name):
    described = section(text_of("docs/commands.md"), f"voicedesk {name}")
    options = {option for one in COMMANDS[name].params for option in one.opts if option.startswith("--")}
    missing = {option for option in options - {"--help"} if not re.search(rf"{option}\b", described)}
    assert not missing


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    assert all(getattr(one, "help", None) for one in COMMANDS[name].params)


def test_no_command_is_described_that_does_not_exist():
    told = set(re.findall(r"^### voicedesk (.+)$", text_of("docs/commands.md"), re.M))
    assert told == set(COMMANDS)


@pytest.mark.parametrize(("table", "key"), list(all_keys()), ids=lambda part: str(part))
def test_a_setting_is_described_in_its_table(table, key):
    settings = text_of("docs/settings.md")
    title = f"[[{table}]]" if f"[[{table}]]" in settings else f"[{table}]"
    assert f"\n| {key} |" in section(settings, title)


def test_no_setting_is_described_that_does_not_exist():
    known = set(all_keys())
    for title, keys in re.findall(r"^## \[+(\w+)\]+$(.*?)(?=^## |\Z)", text_of("docs/settings.md"), re.M | re.S):
        assert {(title, key) for key in re.findall(r"^\| `(\w+)` \|", keys, re.M)} <= known


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "dialplans").glob("*.conf")))
def test_a_dialplan_file_is_named_in_its_readme(name):
    assert name in text_of("dialplans/README.md")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_document_points_only_at_files_that_are_there(name):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(name))
    assert not [link for link in links if not (ROOT / link).exists()]


def test_no_address_of_a_package_registry_is_written_down():
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", *(ROOT / "requirements").glob("*.txt")]
    assert not [file.name for file in files if TOOLS.search(file.read_text(encoding="utf-8"))]
