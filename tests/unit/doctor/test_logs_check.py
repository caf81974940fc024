"""The switch's logs: there, readable, and written while calls were; a switch without calls need not have them yet."""

import os
from pathlib import Path

import pytest
from tests.fakes.house import house, settings
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.logs import LATE_US, check_logs

NOW = 1_795_421_000_000_000


def look(path: Path, *, key: str = "cel_csv", last: int | None = NOW, queues: bool = True, **more: object):
    pbx = settings().pbx[0].model_copy(update={key: path})
    return list(check_logs(pbx, house(**more), last_call_at=last, has_queue_calls=queues))


@pytest.mark.parametrize("key", ["cel_csv", "cdr_csv", "queue_log"])
def test_a_log_that_is_not_there_though_calls_were_is_bad_and_the_module_to_load_is_named(key: str, tmp_path) -> None:
    (one,) = look(tmp_path / "log", key=key)
    assert one.grade is Grade.BAD
    assert {"cel_csv": "module load cel_custom.so", "cdr_csv": "module load cdr_custom.so"}.get(
        key, "logger"
    ) in one.cure


def test_a_log_that_is_not_there_before_any_call_is_no_fault_unless_its_folder_is_missing(tmp_path) -> None:
    (one,) = look(tmp_path / "log", last=None)
    assert one.grade is Grade.UNSEEN
    (one,) = look(tmp_path / "none" / "log", last=None)
    assert one.grade is Grade.BAD


def test_a_queue_log_is_not_awaited_where_no_call_entered_a_queue(tmp_path) -> None:
    (one,) = look(tmp_path / "log", key="queue_log", queues=False)
    assert one.grade is Grade.UNSEEN


@pytest.mark.parametrize(("older_us", "grade"), [(0, Grade.GOOD), (LATE_US, Grade.GOOD), (2 * LATE_US, Grade.BAD)])
def test_a_log_that_calls_did_not_write_to_is_bad(older_us: int, grade: Grade, tmp_path) -> None:
    path = tmp_path / "log"
    path.write_text("x")
    os.utime(path, ns=((NOW - older_us) * 1000, (NOW - older_us) * 1000))
    assert [one.grade for one in look(path)] == [grade]


def test_a_log_that_may_not_be_read_is_bad(tmp_path, monkeypatch) -> None:
    path = tmp_path / "log"
    path.write_text("x")
    monkeypatch.setattr(os, "access", lambda *_: False)
    (one,) = look(path)
    assert (one.grade, "cannot be read" in one.what) == (Grade.BAD, True)


def test_call_records_that_the_switch_does_not_write_are_bad(tmp_path) -> None:
    path = tmp_path / "log"
    path.write_text("x")
    assert [one.grade for one in look(path, key="cdr_csv", writes_records=False)] == [Grade.GOOD, Grade.BAD]
    assert [one.grade for one in look(path, key="cdr_csv", writes_records=True)] == [Grade.GOOD]
    assert [one.grade for one in look(path, writes_records=False)] == [Grade.GOOD]


def test_nothing_is_said_of_logs_that_no_setting_names() -> None:
    assert list(check_logs(settings().pbx[0], None, last_call_at=NOW, has_queue_calls=True)) == []
