"""Every store passes the same suite; `store` is one of each kind."""

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


@pytest.fixture(params=["sqlite"])
def store_url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'voicedesk.db'}"


@pytest.fixture
async def store(store_url, clock):
    async with Store.open(store_url, now=clock) as opened:
        yield opened
