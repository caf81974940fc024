"""The suite's groups, one after another: one that fails keeps no other from running, and the end says which it was."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PASSES, FAILS = "true", "false"


def ran(*arguments: str) -> tuple[int, list[str]]:
    """The exit code, and the lines it ended with."""
    done = subprocess.run(
        (sys.executable, "-m", "tools.in_turn", *arguments), capture_output=True, text=True, check=False, timeout=170
    )
    return done.returncode, done.stdout.strip().splitlines()


def test_all_pass():
    code, lines = ran("lint", PASSES, "tests", PASSES)
    assert code == 0
    assert [line.split()[:2] for line in lines[-3:-1]] == [["lint", "passed"], ["tests", "passed"]]
    assert lines[-1].startswith("all passed")


@pytest.mark.parametrize("failing", [FAILS, "no-such-program-anywhere", "sh -c 'kill -9 $$'"])
def test_what_fails_keeps_nothing_from_running_and_is_named_at_the_end(failing, tmp_path):
    code, lines = ran("lint", failing, "first", f"touch {tmp_path}/ran", "second", failing, "third", PASSES)
    assert code == 1
    assert (tmp_path / "ran").exists()
    assert [line.split()[1] for line in lines[-5:-1]] == ["FAILED", "passed", "FAILED", "passed"]
    assert lines[-1].startswith("FAILED: lint, second, after")


def test_what_failed_in_a_command_is_repeated_at_the_end():
    code, lines = ran("first", "sh -c 'echo one: because >> $FAILURES_FILE; exit 1'", "second", PASSES)
    assert code == 1
    assert lines[-4] == "one: because"
    assert lines[-1].startswith("FAILED: first, after")


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_run_of_tests_says_each_failed_test_once_with_its_reason(tmp_path, workers):
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_terminal_summary\n")
    (tmp_path / "test_wrong.py").write_text("def test_sum():\n    assert 1 + 1 == 3, 'a sum'\n")
    pytest_there = f"{sys.executable} -m pytest -q -p no:cacheprovider -c /dev/null -n {workers} {tmp_path}"
    code, lines = ran("tests", pytest_there)
    assert code == 1
    said = [line for line in lines if "test_wrong.py::test_sum: AssertionError: a sum" in line]
    assert said == [lines[-3]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_what_runs_and_begins_nothing_more(number, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = f"import time; open({str(pipe)!r}, 'w').close(); time.sleep(60)"
    command = (sys.executable, "-m", "tools.in_turn", "one", f'{sys.executable} -c "{script}"', "two", PASSES)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        pipe.read_bytes()  # it runs
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line.split()[1] for line in said.strip().splitlines()[-3:-1]] == ["FAILED", "not"]


def test_wrong_usage_is_told():
    assert ran()[0] == ran("lint")[0] == 2


@pytest.mark.parametrize("variable", ["SHARED_TESTS", "CALM_TESTS", "COVERED_TESTS"])
def test_what_make_test_names_is_there_and_the_last_group_takes_the_rest(variable):
    shown = subprocess.run(
        ("make", "-s", "--eval", f"shown:;@echo $({variable})", "shown"), capture_output=True, text=True, check=True
    )
    named = shown.stdout.split()
    assert named
    assert [path for path in named if not Path(path).exists()] == []
