"""What `doctor` says of the switch's log files that the settings name: there, readable, written when calls were."""

import os
from collections.abc import Iterator
from pathlib import Path

from voicedesk.clock import MICROSECONDS
from voicedesk.discovery.lists import HouseSeen
from voicedesk.doctor.finding import Finding, both
from voicedesk.settings import PbxSettings

LATE_US = 600 * MICROSECONDS
"""A log that is older than the last call by more than this was not written for it."""
_WHY = both("断线时的来电补不回来", "calls during a lost link cannot be repaired from it")
_LOAD = {
    "cel_csv": "asterisk -rx 'module load cel_custom.so' (core reload does not load it), and enable = yes in cel.conf",
    "cdr_csv": "asterisk -rx 'module load cdr_custom.so' (core reload does not load it), and enable = yes in cdr.conf",
    "queue_log": "queue_log = yes in [general] of logger.conf; then: asterisk -rx 'logger reload'",
}
_FILES = "voicedesk asterisk snippet records"


def check_logs(
    pbx: PbxSettings, house: HouseSeen | None, *, last_call_at: int | None, has_queue_calls: bool
) -> Iterator[Finding]:
    """Every log of a switch. `last_call_at`: when its last call ended, None if none is known.

    Without a call there need not be a file yet, but a folder that it can be written into.
    """
    for key in ("cel_csv", "cdr_csv", "queue_log"):
        path: Path | None = getattr(pbx, key)
        if path is None:
            continue
        ended_at = last_call_at if key != "queue_log" or has_queue_calls else None
        finding = _look(pbx.name, key, path, ended_at)
        if finding is not None:
            yield finding
    if pbx.cdr_csv is not None and house is not None and house.writes_records is False:
        what = both("交换机关闭了 CDR", "the switch writes no call records: CoreCDRenabled is No")
        yield Finding.bad(pbx.name, "logs", what, _WHY, "enable = yes in [general] of cdr.conf; then: core reload")


def _look(pbx: str, key: str, path: Path, last_call_at: int | None) -> Finding | None:
    try:
        written_at = round(path.stat().st_mtime * MICROSECONDS)
    except PermissionError:
        return _unreadable(pbx, key, path)
    except OSError:
        return _absent(pbx, key, path, last_call_at)
    if not os.access(path, os.R_OK):
        return _unreadable(pbx, key, path)
    if last_call_at is not None and written_at < last_call_at - LATE_US:
        what = both(f"{key} {path} 在有来电后没有写入", f"{key} {path} was not written although there were calls since")
        return Finding.bad(pbx, "logs", what, _WHY, f"is it this switch's file? {_cure(key)}")
    return Finding.good(pbx, "logs", f"{key} {path} is there")


def _absent(pbx: str, key: str, path: Path, last_call_at: int | None) -> Finding:
    if last_call_at is not None:
        what = both(f"{key} {path} 不存在, 而已有来电", f"{key} {path} is not there although there were calls")
        return Finding.bad(pbx, "logs", what, _WHY, _cure(key))
    if not path.parent.is_dir():
        what = both(f"{key} 的文件夹 {path.parent} 不存在", f"the folder of {key}, {path.parent}, is not there")
        return Finding.bad(pbx, "logs", what, _WHY, f"correct the path, or make the folder for Asterisk; {_cure(key)}")
    what = both(f"{key} {path} 还没有", f"{key} {path} is not there yet: the first call writes it")
    return Finding.unseen(pbx, "logs", what, _WHY, f"after a call look again; {_cure(key)}")


def _unreadable(pbx: str, key: str, path: Path) -> Finding:
    what = both(f"{key} {path} 无法读取", f"{key} {path} cannot be read")
    return Finding.bad(
        pbx, "logs", what, _WHY, f"give Voicedesk's user the group of {path.parent} (chmod g+rx), and the file g+r"
    )


def _cure(key: str) -> str:
    load = _LOAD[key]
    return load if key == "queue_log" else f"{load}; the files: {_FILES}"
