"""A switch that says far more than a hall's ever will, to the service in a process of its own."""

import asyncio
import sys
from contextlib import asynccontextmanager

import pytest
from tests.soak.run import SETTINGS
from tests.soak.traffic import Day
from voicedesk.calls.model import GapReason
from voicedesk.clock import now_us
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

CALLS = 1500
CALLS_PER_SECOND = 376
BEAT_US = 10_000
PATIENCE_SECONDS = 240


@asynccontextmanager
async def running(switch, folder):
    """The service with its link up, its settings in `folder`; killed at the end if it still runs."""
    config = folder / "voicedesk.toml"
    config.touch(mode=0o600)
    config.write_text(SETTINGS.format(folder=folder, port=switch.port), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicedesk", "run", "--config", str(config)), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while switch.names()[-1:] != ["DeviceStateList"]:
                await asyncio.sleep(0.02)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def beats(day, start_us):
    """What the switch says, cut every hundredth of a second; made beforehand, so that saying it takes no time."""
    at = start_us
    while not day.is_over:
        at += BEAT_US
        yield at - start_us, day.due(at)


@pytest.mark.timeout(600)
async def test_fault_20_twenty_thousand_events_a_second_are_all_stored_over_one_link(switch, tmp_path):
    async with running(switch, tmp_path) as process, Store.open(f"sqlite:///{tmp_path}/voicedesk.db") as store:
        start_us = now_us()
        day = Day(calls=CALLS, calls_per_second=CALLS_PER_SECOND, faster=20, start_us=start_us)
        told = list(beats(day, start_us))
        assert day.events / (told[-1][0] / 1e6) > 15_000
        begun = now_us()
        for at, said in told:
            await asyncio.sleep(max(0, (begun + at - now_us()) / 1e6))
            await switch.send(said)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await store.calls.list(CallFilter(), limit=2 * CALLS)) < CALLS or await store.calls.open_ids(
                "main"
            ):
                await asyncio.sleep(0.2)
        process.terminate()
        assert await process.wait() == 0
        assert len(await store.calls.list(CallFilter(), limit=2 * CALLS)) == CALLS
        told_of = [event.timestamp_us async for _, event in store.journal.events("main") if event.name == "Newchannel"]
        assert len(told_of) == b"".join(said for _, said in told).count(b"Event: Newchannel\r\n")
        assert [one.gap.reason for one in await store.journal.gaps("main")] == [GapReason.BEFORE_LINK]
        assert switch.sessions == 1
