"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest
from tests.testbed.new_databases import made_quickly
from tests.testbed.postgres import Postgres

os.environ.setdefault("VOICEDESK_PROMPTS__ENGINE", "pyttsx3")
"""Where settings are read from a file, prompts are spoken by the quick voice: the natural one takes as long as its
sound is, and what it says is tested by itself (tests/unit/prompts). A test that wants it removes the variable."""


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
    """What a test writes it writes into a folder of its own: nothing new stands where it was started."""
    before = _seen()
    yield
    assert _seen() - before == set()


def _seen() -> set[str]:
    """Tools keep what they remember in files whose names begin with a dot."""
    return {path.name for path in Path().iterdir() if not path.name.startswith(".")}
