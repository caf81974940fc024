"""What is promised of the disk and of the rows on it: there when it is said so, and gone when it is said so."""

import os
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_store import LATE, MISSED, event
from tests.contracts.store.test_trouble import refusing, spilled
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.spill import Spill
from voicedesk.store.store import Store
from voicedesk.store.tables import legs


async def said(store, *pragmas: str) -> list[object]:
    """What connections that read, and that write, say of themselves."""
    told = []
    for pragma in pragmas:
        for kind in (store.database.read, store.database.write):
            async with kind() as connection:
                told.append((await connection.exec_driver_sql(pragma)).scalar_one())
    return told


@pytest.mark.database_file
async def test_a_commit_is_on_disk_through_power_loss_and_what_is_deleted_is_overwritten(store):
    told = await said(store, "PRAGMA synchronous", "PRAGMA journal_mode", "PRAGMA secure_delete")
    assert told == [2, 2, "wal", "wal", 1, 1]


async def test_a_server_confirms_a_commit_only_when_it_is_on_disk(store_url):
    if store_url.startswith("sqlite"):
        return
    async with Store.open(store_url) as store:
        assert await said(store, "SHOW synchronous_commit") == ["on", "on"]


def test_the_spill_file_says_so_only_after_its_bytes_and_its_name_are_on_disk(tmp_path, monkeypatch):
    did: list[str] = []
    for name in ("pwrite", "fdatasync", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: did.append(name) or real(*given))
    spill = Spill(tmp_path / "v.spill", reserve_bytes=4096)
    spill.open()
    assert did == ["fsync", "fsync"]  # the file, and the folder that names it
    for size in (10, 100_000):
        did.clear()
        spill.append([bytes(size), b"x"])
        assert "pwrite" in did
        assert did[-1] == "fdatasync"
    spill.close()


async def test_the_spill_file_is_not_emptied_while_the_database_lacks_something_of_it(store_url, clock, tmp_path):
    spill = Spill(tmp_path / "v.spill", reserve_bytes=4096)
    async with Store.open(store_url, now=clock, spill=spill) as store:
        await store.writer.take_up()
        store.writer.add("p", resume_from=1, events=[event(1)])
        with refusing(store):
            assert await store.writer._spill_waiting(spill)
            await store.writer._clear_file()
        assert spilled(spill.path) == ["Uniqueid: 1.1"]
        store.writer._backlog.trim()
        await store.writer.flush()
        assert spilled(spill.path) == []
    spill.close()


@pytest.mark.database_file
async def test_no_byte_of_what_was_deleted_or_forgotten_is_left_in_the_file(store):
    marks = [secrets.token_hex(40).encode() for _ in range(300)]
    number = b"13812341234"
    items = [set_aside(Part.ROW, at_us=n, about=f"row {n}", reason="r", content=mark) for n, mark in enumerate(marks)]
    items.append(set_aside(Part.ROW, at_us=999, about="number", reason="r", content=b"to " + number))
    await store.quarantine.add(items)
    assert left_of([*marks, number], store.database.path) == {*marks, number}
    await store.retention.prune(calls_before=0, journal_before=300)
    await store.retention.forget_number(number.decode(), at=1)
    assert left_of([*marks, number], store.database.path) == set()
    assert len(await store.quarantine.list()) == 1


def left_of(marks: list[bytes], file: Path) -> set[bytes]:
    found = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    return {mark for mark in marks if mark in found}


async def test_the_legs_of_a_call_go_with_it_and_those_of_others_stay(store):
    old, new = call_of(LATE), call_of(MISSED)
    new = replace(new, facts=replace(new.facts, id="new", started_at=old.facts.started_at + 10))
    await store.calls.save([old, new])
    assert await of_legs(store) == {old.facts.id, "new"}
    await store.retention.prune(calls_before=old.facts.started_at + 1, journal_before=0)
    assert await of_legs(store) == {"new"}
    assert await store.calls.known("endpoint") == {leg.endpoint for leg in new.facts.legs}


async def of_legs(store) -> set[str]:
    async with store.database.read() as connection:
        return set((await connection.execute(select(legs.c.call_id))).scalars())
