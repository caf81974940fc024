"""What integration tests share."""

import pytest
from tests.fakes.ami_server import FakeAmiServer


@pytest.fixture
async def switch():
    """A scripted switch on which nothing happens yet."""
    async with FakeAmiServer() as server:
        server.lists["CoreShowChannels"] = []
        yield server
