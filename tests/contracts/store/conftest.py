"""Every store passes the same suite; `store` is one of each kind."""

import secrets
from pathlib import Path

import pytest
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.store.store import Store

CAPTURES = Path(__file__).parents[2] / "captures"


class Clock:
    """Our clock, moved by hand."""

    def __init__(self):
        self.us = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.us


def call_of(capture: str, pbx: str = "capture") -> JudgedCall:
    (call,) = replay((CAPTURES / f"{capture}.raw").read_bytes(), pbx=pbx).calls
    return call


@pytest.fixture
def clock():
    return Clock()


def pytest_generate_tests(metafunc):
    """A test runs over every kind of database, unless it is about a file."""
    if "store_url" in metafunc.fixturenames:
        about_a_file = metafunc.definition.get_closest_marker("database_file")
        kinds = ["sqlite"] if about_a_file else ["sqlite", "postgresql"]
        metafunc.parametrize("store_url", kinds, indirect=True)


@pytest.fixture
def store_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'voicedesk.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"test_{secrets.token_hex(4)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
async def store(store_url, clock):
    async with Store.open(store_url, now=clock) as opened:
        yield opened
