"""The asyncio client against a scripted switch on loopback."""

import asyncio

from tests.fakes.ami_server import FakeAmiServer, newstate
from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.ami.reconnect import LinkTimes

FAST = LinkTimes(connect_seconds=2, fully_booted_seconds=0.05, list_seconds=0.2, ping_deadline_seconds=0.05)


class Sleeps:
    """A sleep that returns at once for waits between tries, and only when told for the keep-alive."""

    def __init__(self):
        self.waits = []
        self.go_on = asyncio.Event()
        self.ping_now = asyncio.Event()

    async def __call__(self, seconds):
        if seconds == FAST.ping_every_seconds:
            await self.ping_now.wait()
            self.ping_now.clear()
            return
        self.waits.append(seconds)
        await asyncio.sleep(0)
        if len(self.waits) >= 4:
            await self.go_on.wait()


def address(server, **more):
    user = Credentials(username="voicedesk", secret=more.pop("secret", "s3cret"), plain=more.pop("plain", False))
    return AmiAddress(pbx="hall", host="127.0.0.1", port=server.port, credentials=user, **more)


def make_client(server, sleeps=None, *, wanted=None, times=FAST, **more):
    own = {key: more.pop(key) for key in list(more) if key in ("max_events", "max_bytes", "now")}
    return AmiClient(
        address(server, **more),
        wanted=wanted,
        times=times,
        sleep=sleeps or Sleeps(),
        uniform=lambda _, most: most,
        **own,
    )


def shown(found):
    return f"{found.name} {found.get('State') or ''}".strip() if found.name.startswith("Voicedesk") else found.name


class Reader:
    """Reads a client's stream event by event."""

    def __init__(self, client):
        self.batches = client.batches()
        self.events = []

    async def until(self, wanted):
        seen = []
        while True:
            while self.events:
                seen.append(self.events.pop(0))
                if shown(seen[-1]) == wanted:
                    return seen
            async with asyncio.timeout(5):
                self.events += await anext(self.batches)

    async def rest(self):
        async with asyncio.timeout(5):
            return self.events + [found async for batch in self.batches for found in batch]


FIRST = [
    "VoicedeskLink up",
    "VoicedeskSnapshot begin",
    "CoreShowChannel",
    "QueueParams",
    "DeviceStateChange",
    "VoicedeskSnapshot end",
    "FullyBooted",
]


async def test_a_connection_begins_with_a_snapshot_and_goes_on_live():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        seen = await reader.until("FullyBooted")
        assert [shown(found) for found in seen] == FIRST
        assert seen[0].get("Boot") == "2026-11-23 08:07:37"
        assert seen[0].get("Restarted") == "0"
        assert seen[0].get("Version") == "22.10.1"
        assert seen[5].get("Complete") == "1"
        assert all((found.pbx, found.boot) == ("hall", "2026-11-23 08:07:37") for found in seen)
        await server.send(newstate("PJSIP/agent1-1", "1.2"))
        assert (await reader.until("Newstate"))[-1].get("Uniqueid") == "1.2"
        status = client.status()
        assert status.state == "up"
        assert status.links == 1
        assert status.lag_us is not None
        await client.close()
        assert [shown(found) for found in await reader.rest()] == ["VoicedeskLink closed"]
    assert server.names()[:3] == ["Challenge", "Login", "CoreStatus"]
    assert server.names()[-1] == "Logoff"
    assert "s3cret" not in str(server.actions)
    assert client.status().state == "closed"
