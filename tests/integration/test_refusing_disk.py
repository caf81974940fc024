"""Disks that really refuse: full, or closed to every write; and a database that somebody else holds.

A limit on the size of files refuses writes without any privilege, and is lifted from outside; where a file system of
memory may be mounted, it is really full.
"""

import asyncio
import contextlib
import errno
import json
import resource
import sqlite3
import subprocess
import sys

import pytest
from tests.integration.test_signals import BLOCKS, TOLD, arrived, journalled, running, settings_file, spilled
from voicedesk.store.store import Store

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def limit(process, size):
    """No file may grow beyond so many bytes; what lies before may be written again."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def until(condition):
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.05)


async def tell(switch, blocks):
    """Somewhat slower than they happened, so that there are many commits."""
    for start in range(0, len(blocks), 50):
        await switch.send(b"".join(blocks[start : start + 50]))
        await asyncio.sleep(0.01)
    await arrived(switch)


async def is_spilled(config):
    return bool(spilled(config))


async def all_journalled(config):
    return await journalled(config) == TOLD


def said(output):
    return [json.loads(line)["event"] for line in output.decode().splitlines()]


async def test_fault_66_files_that_cannot_grow_any_more_lose_nothing(switch, tmp_path):
    """Database, then spill file refuse; what came is in memory, and everything is there when there is room again."""
    config = settings_file(switch, tmp_path)
    async with running(switch, config) as process:
        limit(process, 150_000)
        await tell(switch, BLOCKS)
        await until(lambda: is_spilled(config))
        assert len(await journalled(config)) < len(TOLD)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, FREE)
        await until(lambda: all_journalled(config))
        process.terminate()
        output = await process.stdout.read()
        assert await process.wait() == 0
    assert said(output).count("store_unavailable") == 1
    assert said(output).count("spill_refused") <= 1
    assert spilled(config) == []


async def test_fault_66_stopped_while_no_file_can_grow_it_leaves_what_it_can_and_says_so(switch, tmp_path):
    config = settings_file(switch, tmp_path)
    async with running(switch, config) as process:
        limit(process, 150_000)
        await tell(switch, BLOCKS[:3000])
        process.terminate()
        output = await process.stdout.read()
        assert await process.wait() == 0
    assert "left_uncommitted" in said(output)
    kept = await journalled(config) + spilled(config)
    assert kept == TOLD[: len(kept)]
    async with running(switch, config) as process:
        await until(lambda: journalled_as(config, kept))
        process.terminate()
        assert await process.wait() == 0


async def journalled_as(config, told):
    return await journalled(config) == told


@contextlib.asynccontextmanager
async def begun(*command):
    """A service that cannot begin yet, and has said so."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            assert said(await process.stderr.readline()) == ["store_unavailable"]
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def begins_now(switch, process):
    """It is at work without having been begun anew."""
    async with asyncio.timeout(60):
        while switch.names()[-1:] != ["DeviceStateList"]:
            await asyncio.sleep(0.05)
    process.terminate()
    assert await process.wait() == 0


async def test_fault_68_a_service_that_may_write_nothing_at_first_says_so_and_begins_when_it_may(switch, tmp_path):
    run = (sys.executable, "-m", "voicedesk", "run", "--config", str(settings_file(switch, tmp_path)))
    async with begun("sh", "-c", 'ulimit -S -f 0; exec "$@"', "sh", *run) as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, FREE)
        await begins_now(switch, process)


async def test_fault_68_a_service_begun_while_another_process_holds_the_database_waits_and_says_so(switch, tmp_path):
    config = settings_file(switch, tmp_path)
    async with Store.open(f"sqlite:///{tmp_path}/voicedesk.db"):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "voicedesk.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with begun(sys.executable, "-m", "voicedesk", "run", "--config", str(config)) as process:
            assert switch.sessions == 0
            other.execute("COMMIT")
            await begins_now(switch, process)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder], check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here: the tests above refuse writes by a limit")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(file):
    """Takes all the room there is."""
    with file.open("wb", buffering=0) as opened:
        try:
            while True:
                opened.write(b"\0" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017  # the disk is to be full


async def test_fault_66_on_a_full_disk_the_room_set_aside_takes_everything(switch, small_disk):
    config = settings_file(switch, small_disk)
    async with running(switch, config) as process:
        fill(small_disk / "filler")
        await tell(switch, BLOCKS)
        await until(lambda: all_on_disk(config))
        assert spilled(config) != []
        (small_disk / "filler").unlink()
        await until(lambda: all_journalled(config))
        process.terminate()
        output = await process.stdout.read()
        assert await process.wait() == 0
    assert "spill_refused" not in said(output)


async def all_on_disk(config):
    kept = await journalled(config)
    return kept + [stamp for stamp in spilled(config) if stamp not in kept] == TOLD
