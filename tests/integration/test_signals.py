"""The service as a process of its own, told to stop, to stop at once and to read its settings again, under load."""

import asyncio
import contextlib
import re
import signal
import sqlite3
import sys
from contextlib import asynccontextmanager

import pytest
from benchmarks import corpus
from voicedesk.store.batch import unpack_batch
from voicedesk.store.packing import restore_event
from voicedesk.store.spill import Spill
from voicedesk.store.store import Store

STOP_SECONDS = 60
"""Ten on a machine that does nothing else."""
BLOCKS = [told.block for told in corpus.stream(10_000)]
FLOODED = 9000
NEWCHANNEL = re.compile(rb"Event: Newchannel\r\n(?:.+\r\n)*?Timestamp: (\d+)\.(\d+)")
TOLD = [int(found[1] + found[2]) for found in NEWCHANNEL.finditer(b"".join(BLOCKS))]
HAD_ARRIVED = TOLD[: b"".join(BLOCKS[:FLOODED]).count(b"Event: Newchannel\r\n")]


def settings_file(switch, folder, more=""):
    """Settings with one switch and one line; only what is wrong is logged."""
    file = folder / "voicedesk.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[store]\nurl = "sqlite:///{folder}/voicedesk.db"\n{more}\n[log]\nformat = "json"\nlevel = "warning"\n'
        f'[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nport = {switch.port}\nusername = "voicedesk"\nsecret = "s3cret"\n'
        '[[lines]]\nname = "hotline"\nextensions = ["4001"]\n'
    )
    return file


@pytest.fixture
def config(switch, tmp_path):
    return settings_file(switch, tmp_path)


def is_followed(config):
    """Whether the service has written down since when it follows the switch: what it is told earlier is a gap."""
    with contextlib.closing(sqlite3.connect(config.parent / "voicedesk.db")) as database:
        return database.execute("SELECT count(*) FROM gaps WHERE to_at IS NOT NULL").fetchone() != (0,)


@asynccontextmanager
async def running(switch, config):
    """The service with its link up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicedesk", "run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(120):
            while switch.names()[-1:] != ["DeviceStateList"] or not is_followed(config):
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def load(switch, sent):
    """Events in a steady stream; `sent` grows with them."""
    for start in range(0, len(BLOCKS), 20):
        await switch.send(b"".join(BLOCKS[start : start + 20]))
        sent.append(start + 20)
        await asyncio.sleep(0.01)


async def arrived(switch):
    """Returns when nothing of what was sent waits on this side any more."""
    async with asyncio.timeout(60):
        while any(writer.transport.get_write_buffer_size() for writer in switch._writers):
            await asyncio.sleep(0)


async def journalled(config):
    async with Store.open(f"sqlite:///{config.parent}/voicedesk.db") as store:
        return [event.timestamp_us async for _, event in store.journal.events("main") if event.name == "Newchannel"]


def spilled(config):
    spill = Spill(config.parent / "voicedesk.db.spill", reserve_bytes=4096)
    with contextlib.closing(spill):
        spill.open()
        events = [restore_event(raw) for _, payload in spill.records() for raw in unpack_batch(payload).reduced]
    return [event.timestamp_us for event in events if event.name == "Newchannel"]


async def stop_under_load(switch, process):
    """Tells it to stop in the middle of a stream with a flood in it; what had been sent until then."""
    sent = []
    sending = asyncio.create_task(load(switch, sent))
    async with asyncio.timeout(60):
        while not sent or sent[-1] < 1000:
            await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.wait({sending})
    await switch.send(b"".join(BLOCKS[sent[-1] : FLOODED]))
    await arrived(switch)
    process.send_signal(signal.SIGTERM)
    for start in range(FLOODED, len(BLOCKS), 20):
        with contextlib.suppress(ConnectionError):
            await switch.send(b"".join(BLOCKS[start : start + 20]))
        await asyncio.sleep(0.001)
    async with asyncio.timeout(STOP_SECONDS):
        assert await process.wait() == 0


async def said(process, what):
    """Waits until a line of the service's log says so."""
    async with asyncio.timeout(60):
        while what not in (line := await process.stdout.readline()):
            assert line, "the service ended"


async def test_fault_74_told_to_stop_under_load_it_keeps_everything_that_had_arrived(switch, config):
    async with running(switch, config) as process:
        await stop_under_load(switch, process)
    kept = await journalled(config)
    assert kept[: len(HAD_ARRIVED)] == HAD_ARRIVED
    assert kept == TOLD[: len(kept)]
    assert spilled(config) == []


async def test_fault_74_told_to_stop_while_the_database_is_locked_it_leaves_everything_in_the_spill_file(
    switch, config
):
    async with running(switch, config) as process:
        with contextlib.closing(sqlite3.connect(config.parent / "voicedesk.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await stop_under_load(switch, process)
    safe = await journalled(config) + spilled(config)
    assert safe[: len(HAD_ARRIVED)] == HAD_ARRIVED
    assert len(safe) == len(set(safe))


async def test_fault_74_a_second_signal_ends_it_at_once(switch, config):
    async with running(switch, config) as process:
        sending = asyncio.create_task(load(switch, []))
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
        sending.cancel()
        await asyncio.wait({sending})
    assert process.returncode in (0, 1)


async def test_fault_74_settings_are_read_again_under_load_and_wrong_ones_change_nothing(switch, config):
    sent = []
    config.write_text(config.read_text().replace('"warning"', '"info"'))
    async with running(switch, config) as process:
        sending = asyncio.create_task(load(switch, sent))
        config.write_text(config.read_text() + '[[lines]]\nname = "second"\nextensions = ["4002"]\n')
        process.send_signal(signal.SIGHUP)
        await said(process, b'"reloaded"')
        config.write_text("[[lines")
        process.send_signal(signal.SIGHUP)
        await said(process, b'"reload_refused"')
        sending.cancel()
        await asyncio.wait({sending})
        await arrived(switch)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            assert await process.wait() == 0
    assert len(await journalled(config)) == b"".join(BLOCKS[: sent[-1]]).count(b"Event: Newchannel\r\n")
