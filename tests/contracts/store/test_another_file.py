"""The database taken away, or another put in its place, while it is in use."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_store import LATE, MISSED, event
from tests.contracts.store.test_trouble import hasty, numbers, spill_path, spilled, spilling, until, waiting
from voicedesk.calls.model import GapReason
from voicedesk.errors import StoreError, StoreUnavailable
from voicedesk.store.backup import back_up
from voicedesk.store.calls import CallFilter
from voicedesk.store.quarantine import Part
from voicedesk.store.store import Store

__all__ = ["hasty", "spill_path", "spilling"]


def unlink(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)


@pytest.fixture
def file(store_url):
    return Path(store_url.removeprefix("sqlite:///"))


@pytest.mark.database_file
async def test_what_is_committed_after_a_copy_was_put_in_its_place_is_in_the_copy(spilling, file, tmp_path):
    async with spilling() as store:
        store.writer.add("p", resume_from=1, events=[event(1)], calls=[call_of(LATE)])
        await until(lambda: store.writer.status().committed)
        back_up(file, tmp_path / "copy.db")
        store.writer.add("p", resume_from=1, events=[event(2)])
        await until(lambda: store.writer.status().committed == 2)
        with structlog.testing.capture_logs() as logs:
            unlink(file)
            (tmp_path / "copy.db").rename(file)
            store.writer.add("p", resume_from=1, events=[event(3)], calls=[call_of(MISSED)])
            await until(lambda: store.writer.status().committed == 3)
    assert [one["event"] for one in logs][:1] == ["database_replaced"]
    async with Store.open(f"sqlite:///{file}") as again:
        assert await numbers(again) == [1, 3]
        assert await again.calls.count(CallFilter()) == 2
        assert {one.gap.reason for one in await again.journal.gaps("p")} == {GapReason.EVENTS_DROPPED}
        (told,) = await again.quarantine.list()
        assert told.part is Part.TASK
        assert str(file) in told.about


@pytest.mark.database_file
async def test_what_comes_while_it_is_gone_is_on_disk_and_in_it_once_it_is_back(spilling, file, tmp_path, spill_path):
    async with spilling() as store:
        store.writer.add("p", resume_from=1, events=[event(1)])
        await until(lambda: store.writer.status().committed)
        back_up(file, tmp_path / "copy.db")
        unlink(file)
        with structlog.testing.capture_logs() as logs:
            store.writer.add("p", resume_from=1, events=[event(2)], calls=[call_of(LATE)])
            await until(lambda: store.writer.status().trouble is not None and spilled(spill_path))
            assert not file.exists()
            with pytest.raises(StoreUnavailable, match="put it back"):
                await store.requests.lead("service", "me", 10)
        assert [one["event"] for one in logs] == ["store_unavailable"]
        shutil.move(tmp_path / "copy.db", file)
        await until(lambda: not waiting(store))
        assert await numbers(store) == [1, 2]


@pytest.mark.database_file
async def test_a_commit_into_a_file_that_lost_its_name_meanwhile_does_not_count(store, file, tmp_path):
    store.writer.add("p", resume_from=1, events=[event(1)])
    await store.writer.flush()
    back_up(file, tmp_path / "copy.db")
    real = store.database.write

    @asynccontextmanager
    async def replaced_meanwhile():
        async with real() as connection:
            yield connection
            unlink(file)
            (tmp_path / "copy.db").rename(file)

    store.database.write = replaced_meanwhile
    store.writer.add("p", resume_from=1, events=[event(2)])
    with pytest.raises(StoreUnavailable, match="replaced"):
        await store.writer.flush()
    store.database.write = real
    await store.writer.flush()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == (2,)
    connection.close()


def rows_in(file: Path) -> int:
    """The journal as another process sees it."""
    read = (
        "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM journal').fetchone()[0])"
    )
    done = subprocess.run((sys.executable, "-c", read, str(file)), capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.database_file
async def test_a_log_of_changes_that_is_deleted_while_in_use_costs_nothing(store, file):
    store.writer.add("p", resume_from=1, events=[event(1)])
    await store.writer.flush()
    for suffix in ("-wal", "-shm"):
        file.with_name(f"{file.name}{suffix}").unlink()
    store.writer.add("p", resume_from=1, events=[event(2)])
    with structlog.testing.capture_logs() as logs:
        await store.writer.flush()
    assert [(one["event"], one["kept"]) for one in logs] == [("database_log_deleted", True)]
    assert await asyncio.to_thread(rows_in, file) == 2
    assert store.database.replaced == 0


@pytest.mark.database_file
async def test_a_commit_into_a_log_of_changes_that_lost_its_name_meanwhile_does_not_count(store, file):
    real = store.database.write

    @asynccontextmanager
    async def deleted_meanwhile():
        async with real() as connection:
            yield connection
            for suffix in ("-wal", "-shm"):
                file.with_name(f"{file.name}{suffix}").unlink()

    store.database.write = deleted_meanwhile
    store.writer.add("p", resume_from=1, events=[event(1)])
    with pytest.raises(StoreUnavailable, match="deleted while it is in use"):
        await store.writer.flush()
    store.database.write = real
    await store.writer.flush()
    assert await asyncio.to_thread(rows_in, file) == 1


@pytest.mark.database_file
async def test_a_file_that_only_grew_or_got_other_rights_is_the_same_file(store, file):
    with structlog.testing.capture_logs() as logs:
        file.chmod(0o640)
        os.utime(file)
        await store.requests.lead("service", "me", 10)
        assert await store.requests.holder("service") == "me"
    assert logs == []
    assert store.database.replaced == 0


async def test_a_server_that_lost_the_database_is_told_of_and_what_came_is_there_once_it_is_back(request, clock):
    server = request.getfixturevalue("postgres")
    url = server.create("vanishing")
    async with Store.open(url, now=clock) as store:
        store.writer.add("p", resume_from=1, events=[event(1)])
        await store.writer.flush()
        server.drop("vanishing")
        store.writer.add("p", resume_from=1, events=[event(2)])
        for _ in range(3):
            with pytest.raises(StoreError, match=r"does not exist|terminat"):
                await store.writer.flush()
        server.create("vanishing")
        async with Store.open(url, now=clock):
            await store.writer.flush()
        assert await numbers(store) == [2]
    server.drop("vanishing")
