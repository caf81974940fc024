"""An empty list says so on standard error, in one way for all lists: standard output is for what is listed."""

import json
from pathlib import Path

import pytest
from tests.testbed.command_tree import commands
from tests.unit.cli.test_absurd_arguments import hall

LISTS = {name: command for name, command in commands() if name.endswith(" list")}
NEVER_EMPTY = {"catalogue list", "model list", "prompts list"}
EMPTY = sorted(set(LISTS) - NEVER_EMPTY)

__all__ = ["hall"]


@pytest.fixture(autouse=True)
def nobody(hall) -> None:
    """A hall with neither people nor phones."""
    file = Path("voicedesk.toml")
    file.write_text(file.read_text(encoding="utf-8").partition("[[phones]]")[0], encoding="utf-8")


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_list_is_told_on_standard_error_alone(typed, name: str) -> None:
    told = typed(*name.split())
    assert (told.code, told.out) == (0, "")
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith("voicedesk: ")


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_list_for_a_program_is_an_empty_list_and_nothing_beside_it(typed, name: str) -> None:
    told = typed(*name.split(), "--json")
    assert (told.code, json.loads(told.out), told.err) == (0, [], "")


@pytest.mark.parametrize("name", [name for name in EMPTY if "csv" in {one.name for one in LISTS[name].params}])
def test_an_empty_list_for_a_spreadsheet_is_its_titles(typed, name: str) -> None:
    told = typed(*name.split(), "--csv")
    assert (told.code, len(told.out.splitlines()), told.err) == (0, 1, "")
