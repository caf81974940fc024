"""The spill file: on disk when it says so, read back in order, whatever was torn, full or damaged."""

import os
import random
from pathlib import Path

import pytest
from voicedesk.errors import SpillRefused
from voicedesk.store import spill as module
from voicedesk.store.spill import Spill, spill_file

RECORDS = [bytes([n]) * (n * 37 + 1) for n in range(1, 30)]


@pytest.fixture
def spill(tmp_path):
    made = Spill(tmp_path / "v.db.spill", reserve_bytes=4096, max_bytes=200_000)
    yield made
    made.close()


def read(path: Path) -> list[bytes]:
    again = Spill(path, reserve_bytes=4096)
    again.open()
    found = [payload for _, payload in again.records()]
    again.close()
    return found


def test_records_come_back_in_order_and_from_any_place(spill):
    places = [place for record in RECORDS for place in spill.append([record])]
    assert read(spill.path) == RECORDS
    assert [payload for _, payload in spill.records(places[5].start, places[9].end)] == RECORDS[5:10]
    assert spill.path.stat().st_mode & 0o077 == 0


def test_what_an_earlier_run_left_is_kept_and_added_to(spill):
    spill.append(RECORDS[:3])
    spill.close()
    again = Spill(spill.path, reserve_bytes=4096)
    again.append(RECORDS[3:5])
    again.close()
    assert read(spill.path) == RECORDS[:5]


def test_fault_67_a_record_torn_at_any_byte_costs_no_other(spill):
    (first,) = spill.append(RECORDS[:1])
    (second,) = spill.append(RECORDS[1:2])
    whole = spill.path.read_bytes()
    for cut in range(first.end, second.end):
        spill.path.write_bytes(whole[:cut])
        assert read(spill.path) == RECORDS[:1]


def test_fault_68_damaged_bytes_cost_their_record_alone(spill):
    places = spill.append(RECORDS)
    whole = bytearray(spill.path.read_bytes())
    chance = random.Random(3)
    for hit in chance.sample(range(len(RECORDS)), 12):
        broken = bytearray(whole)
        broken[chance.randrange(places[hit].start, places[hit].end)] ^= 0x41
        spill.path.write_bytes(broken)
        assert read(spill.path) == RECORDS[:hit] + RECORDS[hit + 1 :]


def test_an_emptied_file_holds_nothing_of_what_was_in_it_but_its_room(spill):
    spill.append([b"13800138000"] * 1000)
    spill.clear()
    assert spill.path.read_bytes() == bytes(4096)
    spill.append(RECORDS[:2])
    assert read(spill.path) == RECORDS[:2]


def test_its_room_is_set_aside_on_the_disk_before_anything_is_in_it(spill):
    spill.open()
    told = spill.path.stat()
    assert told.st_size == 4096
    assert told.st_blocks * 512 >= 4096


def test_without_another_word_there_is_room_for_a_long_trouble(tmp_path):
    made = Spill(tmp_path / "v.db.spill")
    made.open()
    assert made.path.stat().st_size == 16 * 1024 * 1024
    made.close()


def test_what_is_damaged_is_counted(spill):
    places = spill.append(RECORDS[:3])
    os.pwrite(spill._file, b"\0", places[1].end - 1)
    assert [payload for _, payload in spill.records()] == [RECORDS[0], RECORDS[2]]
    assert spill.damaged == 1


def test_rewritten_records_stand_under_the_same_name_and_the_old_ones_nowhere(spill):
    spill.append([b"keep", b"number 13800138000", b"only a number"])
    changes = {b"number 13800138000": b"number gone", b"only a number": b""}
    assert spill.rewrite(lambda payload: changes.get(payload, payload)) == 2
    assert read(spill.path) == [b"keep", b"number gone"]
    assert [file.name for file in spill.path.parent.iterdir()] == [spill.path.name]
    assert b"13800138000" not in spill.path.read_bytes()
    spill.append([b"later"])
    assert read(spill.path) == [b"keep", b"number gone", b"later"]


def test_a_file_in_which_nothing_changes_is_left_as_it_is(spill):
    spill.append(RECORDS[:3])
    before = spill.path.stat()
    assert spill.rewrite(lambda payload: payload) == 0
    assert (spill.path.stat().st_ino, spill.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert read(spill.path) == RECORDS[:3]


def test_a_file_that_cannot_be_rewritten_is_as_it_was(spill, monkeypatch):
    spill.append(RECORDS[:3])
    real = os.pwrite

    def full(file, data, at):
        if file != spill._file:
            raise OSError(28, "No space left on device")
        return real(file, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(SpillRefused, match="No space left"):
        spill.rewrite(lambda payload: payload + b"!")
    assert read(spill.path) == RECORDS[:3]
    assert [file.name for file in spill.path.parent.iterdir()] == [spill.path.name]


def test_who_only_looks_counts_the_records_and_changes_nothing(spill):
    assert Spill(spill.path).look() == 0
    spill.append(RECORDS[:4])
    spill.close()
    before = spill.path.read_bytes()
    assert Spill(spill.path).look() == 4
    assert spill.path.read_bytes() == before


def test_a_mark_that_lies_across_two_windows_is_found(spill, monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 64)
    for shift in range(70):
        spill.clear()
        spill.append([b"x"])
        os.pwrite(spill._file, bytes(len(RECORDS[0]) + 40 + shift), 0)
        spill.used = 40 + shift
        spill.append([RECORDS[7]])
        assert read(spill.path) == [RECORDS[7]]


def test_it_grows_to_its_limit_and_then_refuses_and_keeps_what_it_has(spill):
    spill.append(RECORDS)
    with pytest.raises(SpillRefused, match="as much as it may"):
        spill.append([bytes(200_000)])
    assert read(spill.path) == RECORDS


def test_fault_66_a_write_that_fails_half_way_leaves_the_file_as_it_was(spill, monkeypatch):
    spill.append(RECORDS[:2])
    real, calls = os.pwrite, []

    def full(file, data, at):
        calls.append(at)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(file, bytes(data[:5]), at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(SpillRefused, match="No space left"):
        spill.append(RECORDS[2:4])
    monkeypatch.setattr(os, "pwrite", real)
    assert read(spill.path) == RECORDS[:2]
    spill.append(RECORDS[4:5])
    assert read(spill.path) == [*RECORDS[:2], RECORDS[4]]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SpillRefused, match="No such file"):
        Spill(tmp_path / "none" / "v.spill").append([b"x"])
    nothing = Spill(tmp_path / "v.spill")
    nothing.clear()
    with pytest.raises(SpillRefused, match="not open"):
        list(nothing.records())


def test_it_lies_beside_the_database_or_where_it_is_told_to():
    assert spill_file("sqlite:////var/lib/v.db", None) == Path("/var/lib/v.db.spill")
    assert spill_file("sqlite:////var/lib/v.db", Path("/mnt")) == Path("/mnt/v.db.spill")
    assert spill_file("postgresql://db/voicedesk", Path("/mnt")) == Path("/mnt/voicedesk.spill")
    assert spill_file("postgresql://db/voicedesk", None) == Path("voicedesk.spill")


def test_what_is_kept_unread_is_nobody_else_s_to_read_even_for_a_moment(spill, monkeypatch):
    """A file that is closed to others only after it was written is open to them until then, or for ever."""
    monkeypatch.setattr(Path, "chmod", lambda *_: (_ for _ in ()).throw(OSError("not here")))
    spill.keep_unread(b"13812341234")
    (kept,) = spill.path.parent.glob("*.unread-*")
    assert kept.read_bytes() == b"13812341234"
    assert kept.stat().st_mode & 0o077 == 0


def test_what_cannot_be_kept_unread_stops_nobody(spill):
    spill.path = spill.path.parent / "no such folder" / "v.db.spill"
    spill.keep_unread(b"x")
    assert list(Path(spill.path.parent.parent).glob("**/*.unread-*")) == []
