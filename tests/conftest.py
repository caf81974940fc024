"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest
from tests.testbed.new_databases import made_quickly
from tests.testbed.postgres import Postgres

os.environ.setdefault("VOICEDESK_PROMPTS__ENGINE", "pyttsx3")
"""Where settings are read from a file, prompts are spoken by the quick voice: the natural one takes as long as its
sound is, and what it says is tested by itself (tests/unit/prompts). A test that wants it removes the variable."""


SOURCE = Path(__file__).parents[1]
SHIPPED = tuple(
    one for name in ("prompts", "audio_fixtures", "dialplans") for one in (SOURCE / name, *(SOURCE / name).rglob("*/"))
)
FAILURE_CHARS = 300
BUILT = ("__pycache__", "build", "dist", "htmlcov", "voicedesk.egg-info")


def pytest_terminal_summary(terminalreporter):
    """Each test that failed, in a line, for the end of `make test` (tools/in_turn.py)."""
    if not (kept := os.environ.get("FAILURES_FILE")) or hasattr(terminalreporter.config, "workerinput"):
        return  # each worker would say what the one that it works for says
    told: dict[str, None] = {}
    for report in (*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")):
        why = " ".join(report.longreprtext.split("\nE  ", 1)[-1].split())
        told[f"{report.nodeid}: {why[:FAILURE_CHARS]}\n"] = None
    with Path(kept).open("a") as lines:
        lines.writelines(told)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the whole run; each test makes a database of its own."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _new_databases_are_made_quickly():
    with made_quickly():
        yield


@pytest.fixture(autouse=True)
def _no_stray_file():
    """What a test writes it writes into a folder of its own: nothing new stands where it was started.

    In the folders of what is shipped nothing is made at all, also not for a while: a killed test leaves it there.
    """
    before, changed = _seen(), _changed()
    yield
    assert _seen() - before == set()
    assert dict(set(_changed().items()) - set(changed.items())) == {}, "a test wrote into what is shipped"


@pytest.fixture(scope="session", autouse=True)
def _the_source_tree_stays():
    """After all tests no file is new in the source tree, wherever the tests were started."""
    before = _files()
    yield
    assert _files() - before == set()


def _seen() -> set[str]:
    """Tools keep what they remember in files whose names begin with a dot."""
    return {path.name for path in Path().iterdir() if not path.name.startswith(".")}


def _changed() -> dict[str, int]:
    """When something was last made or taken away in each folder of what is shipped."""
    return {str(folder): folder.stat().st_mtime_ns for folder in SHIPPED}


def _files() -> set[str]:
    """Every file of the source tree, without what tools and Python keep beside it."""
    found: set[str] = set()
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [one for one in folders if not one.startswith(".") and one not in BUILT]
        found |= {f"{folder}/{one}" for one in names if not one.startswith(".")}
    return found
