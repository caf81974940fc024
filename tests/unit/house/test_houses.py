"""docs/houses.md and the houses of the testbed say the same: every situation stands in its cell and is described."""

import re
from pathlib import Path

import pytest
from tests.testbed.configuration import HOUSES as DIALPLANS
from tests.testbed.houses import HOUSES

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "houses.md").read_text(encoding="utf-8")
COLUMNS = {
    "FreePBX": "freepbx",
    "Issabel": "issabel",
    "MikoPBX": "mikopbx",
    "a hotline that dials": "hotline",
    "queues of one's own": "queues",
}
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def rows(first: str) -> list[list[str]]:
    """The cells of the table whose heading begins with a cell, its heading first."""
    lines = TEXT[TEXT.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not line.startswith("|---")]


def cells() -> dict[tuple[str, str], str]:
    """What stands in the table of houses, by what is followed and by the house."""
    heading, *lines = rows("followed")
    houses = [COLUMNS[title] for title in heading[1:]]
    return {(line[0], house): cell for line in lines for house, cell in zip(houses, line[1:], strict=True)}


@pytest.mark.parametrize("house", HOUSES)
def test_each_situation_of_a_house_stands_in_its_cell_and_no_other_does(house: str) -> None:
    for (follows, column), cell in cells().items():
        if column == house and "`test_" not in cell:
            told = set(re.findall(r"`([a-z0-9_]+)`", cell)) if cell.startswith("`") else set()
            assert told == {one.name for one in HOUSES[house].situations if one.follows == follows}
    assert {one.follows for one in HOUSES[house].situations} <= {follows for follows, _ in cells()}


def test_every_cell_names_what_proves_it_or_says_why_not() -> None:
    assert [where for where, cell in cells().items() if len(cell) < 4] == []
    assert {name for cell in cells().values() for name in re.findall(r"`(test_\w+)`", cell)} <= TESTS


@pytest.mark.parametrize("title", COLUMNS)
def test_each_situation_is_described_with_what_is_told_of_it(title: str) -> None:
    section = TEXT[TEXT.index(f"### {title[0].upper()}{title[1:]}\n") :].split("\n\n")[1]
    described = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert described == [
        (one.name, one.about, "; ".join(f"`{tells.partition(' |')[0]}`" for tells in one.tells))
        for one in HOUSES[COLUMNS[title]].situations
    ]


def test_each_house_has_a_dialplan_and_a_test_that_calls_it() -> None:
    assert {path.name for path in DIALPLANS.iterdir()} == set(HOUSES)
    files = {path.stem.removeprefix("test_houses_") for path in (ROOT / "tests/system").glob("test_houses_*.py")}
    assert files == set(HOUSES)
    assert set(re.findall(r"houses_(\w+)", (ROOT / "Makefile").read_text(encoding="utf-8"))) == set(HOUSES)
