"""A copy of a database that is in use: one moment of it, sound, and in its place whole or not at all."""

import sqlite3
import threading
from contextlib import closing

import pytest
from voicedesk.errors import StoreError
from voicedesk.store.backup import back_up


def make(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
        database.commit()
    return path


def pairs(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT a, b FROM pairs ORDER BY a").fetchall()


def test_a_copy_made_while_somebody_writes_shows_one_moment(tmp_path):
    source, target = make(tmp_path / "v.db"), tmp_path / "copy.db"
    copied = threading.Event()
    written = threading.Event()

    def write():
        with closing(sqlite3.connect(source, isolation_level=None)) as database:
            number = 0
            while not copied.is_set():
                number += 1
                database.execute("BEGIN IMMEDIATE")
                database.execute("INSERT INTO pairs VALUES (?, NULL)", (number,))
                database.execute("UPDATE pairs SET b = a WHERE a = ?", (number,))
                database.execute("COMMIT")
                written.set()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert written.wait(60)
        sizes = [back_up(source, target) for _ in range(5)]
    finally:
        copied.set()
        writing.join()
    found = pairs(target)
    assert found == [(n, n) for n in range(1, len(found) + 1)]
    assert target.stat().st_size == sizes[-1] > 0
    assert target.stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"v.db", "v.db-wal", "v.db-shm", "copy.db"}


@pytest.mark.parametrize("damage", ["text", "row"])
def test_a_database_that_is_damaged_leaves_the_earlier_copy_as_it_was(tmp_path, damage):
    source, target = make(tmp_path / "v.db"), tmp_path / "copy.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as database:
        database.execute("CREATE INDEX of_pairs ON pairs (a, b)")
        database.executemany("INSERT INTO pairs VALUES (?, ?)", [(n, n) for n in range(2000)])
    earlier = b"SQLite format 3\0 an earlier copy"
    target.write_bytes(earlier)
    content = bytearray(source.read_bytes())
    if damage == "text":
        content[:100] = b"x" * 100
    else:
        content[-40:-20] = b"x" * 20
    source.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged \(|not a database"):
        back_up(source, target)
    assert target.read_bytes() == earlier
    assert not list(tmp_path.glob("*.part*"))


def test_a_database_is_never_copied_upon_itself_or_from_nowhere(tmp_path):
    source = make(tmp_path / "v.db")
    (tmp_path / "link.db").symlink_to(source)
    with pytest.raises(StoreError, match="the database itself"):
        back_up(source, tmp_path / "link.db")
    with pytest.raises(StoreError, match="no such database"):
        back_up(tmp_path / "other.db", tmp_path / "copy.db")
    with pytest.raises(StoreError, match="cannot be copied"):
        back_up(source, tmp_path / "no folder" / "copy.db")
    assert pairs(source) == []


@pytest.mark.parametrize("content", [b"[hall]\nname = 'x'\n", b"s3cret\n", b"SQLite format 2\0"])
def test_a_copy_takes_the_place_of_an_earlier_copy_alone(tmp_path, content):
    """A name typed wrongly cost a hall its settings."""
    source, target = make(tmp_path / "v.db"), tmp_path / "voicedesk.toml"
    target.write_bytes(content)
    with pytest.raises(StoreError, match="another kind of file is there"):
        back_up(source, target)
    assert target.read_bytes() == content
    target.write_bytes(b"")
    back_up(source, target)
    back_up(source, target)
    assert pairs(target) == []


def test_a_database_in_use_gives_way_to_no_copy(tmp_path):
    source, other = make(tmp_path / "v.db"), make(tmp_path / "other.db")
    (tmp_path / "other.db-wal").touch()
    before = other.read_bytes()
    with pytest.raises(StoreError, match="in use"):
        back_up(source, other)
    assert other.read_bytes() == before
