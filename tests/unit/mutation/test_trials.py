"""How a wrong line is put into a running process, which tests it meets, and that every room is really there."""

import sys
import types
from textwrap import dedent

import pytest
from tools.mutation.patching import Reimport, exchange, forget_what_was_worked_out, functions_changed
from tools.mutation.rooms import HOUSE, ROOMS
from tools.mutation.trial import _statement, mutated
from voicedesk import phone_numbers
from voicedesk.phone_numbers import normalise

SOURCE = dedent(
    """
    LIMIT = 3

    class Desk:
        def may(self, n):
            return n < LIMIT

        @property
        def both(self):
            return [one + 1 for one in range(2)]

    def later(n=1):
        def inner():
            return n + 1
        return inner
    """
)


def changed(old: str, new: str):
    assert old in SOURCE
    return functions_changed(*(compile(text, "desk.py", "exec") for text in (SOURCE, SOURCE.replace(old, new, 1))))


@pytest.fixture
def desk():
    module = types.ModuleType("desk")
    exec(compile(SOURCE, "desk.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("old", "new", "ask"),
    [
        ("n < LIMIT", "n <= LIMIT", lambda desk: desk.Desk().may(3)),
        ("one + 1", "one - 1", lambda desk: desk.Desk().both),
        ("n + 1", "n - 1", lambda desk: desk.later()()),
    ],
)
def test_a_wrong_line_in_a_function_is_wrong_for_everybody_who_has_it_already(desk, old, new, ask):
    before = ask(desk)
    assert exchange(changed(old, new), "desk.py")
    assert ask(desk) != before


@pytest.mark.parametrize(
    ("old", "new"), [("LIMIT = 3", "LIMIT = 4"), ("n=1", "n=2"), ("@property", ""), ("Desk", "Disk")]
)
def test_what_is_worked_out_while_a_module_is_imported_is_not_exchanged(old, new):
    assert changed(old, new) is None


def test_what_was_worked_out_by_the_right_code_is_not_remembered():
    assert normalise("6001") == "6001"
    assert phone_numbers._read.cache_info().currsize
    forget_what_was_worked_out()
    assert phone_numbers._read.cache_info().currsize == 0


def test_a_line_that_means_the_same_is_no_wrong_line():
    assert changed("n < LIMIT", "(n < LIMIT)  # the same") == []


def test_a_module_imported_again_has_the_wrong_line_and_others_have_not(monkeypatch):
    name = "voicedesk.webhooks.pace" if (HOUSE / "voicedesk/webhooks/pace.py").exists() else "voicedesk.clock"
    path = HOUSE / f"{name.replace('.', '/')}.py"
    finder = Reimport(str(path), path.read_text(encoding="utf-8") + "\nWRONG = True\n")
    spec = finder.find_spec(name, __import__("voicedesk").__path__ if name.count(".") == 1 else [str(path.parent)])
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    assert module.WRONG
    assert finder.find_spec("voicedesk.errors", [str(HOUSE / "voicedesk")]) is None
    assert finder.find_spec("json") is None


def test_a_statement_is_its_lines_and_one_with_a_body_only_its_head():
    text = "x = [\n    1,\n    2,\n]\nif (\n    x\n):\n    y = 1\n"
    assert [_statement(text, line) for line in (1, 2, 4, 5, 6, 8)] == [(1, 4), (1, 4), (1, 4), (5, 7), (5, 7), (8, 8)]


def test_a_mutant_is_the_file_with_its_lines_replaced():
    assert mutated("a\nb\nc\n", {"first": 1, "last": 2, "after": "B\n"}) == "a\nB\nc\n"
    assert mutated("a\nb\nc\n", {"first": 1, "last": 2, "after": ""}) == "a\nc\n"


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_has_files_and_tests(name):
    room = ROOMS[name]
    assert all(list(HOUSE.glob(source)) for source in room.sources)
    paths = [one.removeprefix("--ignore=") for one in room.tests if one.startswith(("tests/", "--ignore="))]
    assert paths
    assert all((HOUSE / one).exists() for one in paths)
