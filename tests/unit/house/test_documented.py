"""The house keeps its papers: every setting, every command and every option is described, with an example."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from voicedesk.cli import app
from voicedesk.cli.init import _TEMPLATE
from voicedesk.services.asterisk_files import folder
from voicedesk.settings.environment import all_keys

ROOT = Path(__file__).parents[3]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def sections(text: str, mark: str) -> dict[str, str]:
    """A document's headings, each with what stands below it."""
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(command: click.Command | None = None, path: str = "voicedesk") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its whole name."""
    command = command or typer.main.get_command(app)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
    for name, one in (inner or {}).items():
        yield from commands(one, f"{path} {name}")


ALL = dict(commands())


@pytest.mark.parametrize(("table", "key"), list(all_keys()))
def test_each_setting_is_described(table: str, key: str) -> None:
    described = sections(SETTINGS, "##")
    section = described.get(f"[{table}]") or described.get(f"[[{table}]]")
    assert section is not None
    assert re.search(rf"^\| `{key}` \|", section, flags=re.MULTILINE)


@pytest.mark.parametrize(("table", "key"), list(all_keys()))
def test_each_table_is_in_the_first_settings_file(table: str, key: str) -> None:
    assert re.search(rf"^(# )?\[+{table}\]+$", _TEMPLATE, flags=re.MULTILINE)


def test_no_setting_is_described_that_is_not_there() -> None:
    described = {(title.strip("[]"), key) for title, text in sections(SETTINGS, "##").items()
                 for key in re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)}  # fmt: skip
    assert described == set(all_keys())


@pytest.mark.parametrize("name", list(ALL))
def test_each_command_is_described_with_all_its_options_and_an_example(name: str) -> None:
    section = sections(COMMANDS, "###")[name]
    options = [option for part in ALL[name].params for option in part.opts if option.startswith("--")]
    assert [
        option for option in options if option != "--help" and option not in section + COMMANDS.split("##")[0]
    ] == []
    assert re.search(rf"^    {name}\b", section, flags=re.MULTILINE)


@pytest.mark.parametrize("name", list(ALL))
def test_each_command_s_help_has_an_example_that_can_be_typed(name: str) -> None:
    found = re.search(r"Example: `(voicedesk [^`]+)`", ALL[name].help or "")
    assert found is not None
    assert found[1].startswith(name)


@pytest.mark.parametrize("name", list(ALL))
def test_each_option_and_argument_is_explained(name: str) -> None:
    assert [part.name for part in ALL[name].params if not getattr(part, "help", None)] == []


def test_no_command_is_described_that_is_not_there() -> None:
    assert set(sections(COMMANDS, "###")) == set(ALL)


def test_what_the_installed_package_needs_of_dialplans_goes_into_the_wheel() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert built["targets"]["wheel"]["force-include"]["dialplans"] == "voicedesk/_dialplans"
    assert (folder() / "voicedesk-manager.conf").is_file()
