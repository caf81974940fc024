"""The map in CONTRIBUTING.md leads somewhere: each room, file and name in it is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HOUSE = ROOT / "voicedesk"
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LAID_OUT, _, TABLE = TEXT.partition("To change | open first\n---|---\n")
ROWS = [tuple(row.split(" | ", 1)) for row in TABLE.partition("\n\n")[0].splitlines()]
ROOMS = [
    name
    for row in re.findall(r"^ {4} *(?:· )?([a-z_]+(?:\.py)?(?:(?: · |, )[a-z_.]+)*)", LAID_OUT, re.MULTILINE)
    for name in re.split(" · |, ", row)
    if name != "make"
]


def is_path(name: str) -> bool:
    return "/" in name or re.search(r"\.(py|md|toml)$", name) is not None


def found(name: str) -> list[Path]:
    return [file for folder in (HOUSE, ROOT) for file in folder.glob(name.rstrip("/"))]


def test_the_map_has_rows() -> None:
    assert len(ROWS) > 30
    assert len(ROOMS) > 40


@pytest.mark.parametrize(("question", "answer"), ROWS)
def test_each_place_that_the_map_names_is_there(question: str, answer: str) -> None:
    named = [name for name in re.findall(r"`([^`]+)`", answer) if is_path(name)]
    assert named, question
    assert [name for name in named if not found(name) and not list(HOUSE.rglob(name))] == []


@pytest.mark.parametrize(("question", "answer"), ROWS)
def test_each_name_stands_in_the_file_before_it(question: str, answer: str) -> None:
    file: Path | None = None
    for name in re.findall(r"`([^`]+)`", answer):
        if is_path(name):
            file = next((one for one in found(name) if one.is_file()), None)
        elif file is not None and name.isidentifier():
            assert re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")), f"{question}: {name} is not in {file}"


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_of_the_map_is_there(room: str) -> None:
    places = [HOUSE / room, HOUSE / f"{room}.py", HOUSE / "jobs" / room]
    assert any(place.exists() for place in places)


def test_no_room_is_missing_on_the_map() -> None:
    there = {one.stem for one in HOUSE.iterdir() if not one.stem.startswith("_") and one.suffix in ("", ".py")}
    assert there <= set(ROOMS)
