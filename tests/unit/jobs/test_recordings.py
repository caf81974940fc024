"""Recordings where the switch puts them: taken up by their call, listed, deleted in time; nothing else is touched."""

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.ami.message import make_event
from voicedesk.calls.model import Role
from voicedesk.calls.replay import replay
from voicedesk.clock import MICROSECONDS
from voicedesk.doctor.speech import check_speech
from voicedesk.errors import InputError
from voicedesk.jobs.hearing import recordings
from voicedesk.jobs.hearing.recorded_calls import (
    State,
    as_json,
    leg_of,
    lines_of,
    list_recordings,
    shown_name,
    stored_call,
)
from voicedesk.jobs.hearing.recordings import DAY_US, Foreign, look
from voicedesk.settings import Settings
from voicedesk.store import calls
from voicedesk.store.store import Store

CAPTURES = Path(__file__).parents[2] / "captures"
(FORWARDED,) = replay((CAPTURES / "forward_302.raw").read_bytes(), pbx="main").calls
(ANSWERED,) = replay((CAPTURES / "b_answer_17s.raw").read_bytes(), pbx="main").calls
BORN = FORWARDED.facts.started_at // MICROSECONDS
LOCAL = f"{BORN + 1}.777"
"""The channel of a forwarding, which is none of the call's legs."""
NOW = (BORN + 400 * 86400) * MICROSECONDS


def hall(folder: Path, **retention) -> Settings:
    pbx = {"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": folder / "spool"}
    return Settings.model_validate({"pbx": [pbx], "recording": {"folder": folder / "kept"}, "retention": retention})


def put(path: Path, *, age_days: float = 0, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * size)
    os.utime(path, ns=((NOW - int(age_days * DAY_US)) * 1000,) * 2)
    return path


@pytest.fixture
async def store(tmp_path):
    (tmp_path / "spool").mkdir()
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}", now=lambda: (BORN + 1) * MICROSECONDS) as opened:
        yield opened


def linked(uniqueid: str, linkedid: str, at: int, *, dest: bool = False):
    names = ("DestUniqueid", "DestLinkedid") if dest else ("Uniqueid", "Linkedid")
    stamp = f"{at // MICROSECONDS}.000000"
    headers = {"Channel": "Local/m@x-0;1", names[0]: uniqueid, names[1]: linkedid, "Timestamp": stamp}
    return make_event("Newchannel", headers, arrived_us=at)


async def told(store, *events):
    store.writer.add("main", resume_from=1, events=list(events), calls=[FORWARDED])
    await store.writer.flush()


@pytest.mark.parametrize("dest", [False, True])
async def test_the_recording_of_a_forwarded_call_is_found_by_the_channel_s_call(store, dest):
    linkedid = FORWARDED.facts.linkedids[0]
    await told(
        store,
        linked("1795000000.1", "1795000000.1", NOW),
        linked(LOCAL, linkedid, (BORN + 1) * MICROSECONDS, dest=dest),
    )
    assert (await stored_call(store, "main", LOCAL)).id == FORWARDED.facts.id
    assert await stored_call(store, "other", LOCAL) is None
    assert await stored_call(store, "main", f"{BORN + 1}.778") is None


async def test_a_recording_named_after_a_leg_or_after_the_caller_s_channel_is_found_without_a_journal(store):
    await store.calls.save([FORWARDED, ANSWERED])
    for uniqueid in (FORWARDED.facts.legs[-1].uniqueid, FORWARDED.facts.linkedids[0]):
        assert (await stored_call(store, "main", uniqueid)).id == FORWARDED.facts.id
    assert await stored_call(store, "main", "1.1") is None


async def test_of_a_day_full_of_calls_only_those_of_that_minute_are_read_for_a_recording(store, monkeypatch):
    """Each recording once cost the unpacking of every call of six hours: a busy hall fell behind within the hour."""
    facts = ANSWERED.facts
    others = [
        replace(
            ANSWERED,
            facts=replace(facts, id=f"other{n}", linkedids=(f"1.{n}",), started_at=facts.started_at - n * 200_000_000),
        )
        for n in range(1, 100)
    ]
    others = [replace(one, facts=replace(one.facts, legs=_earlier(one.facts))) for one in others]
    await store.calls.save([ANSWERED, *others])
    read = []
    real = calls.unpack_facts
    monkeypatch.setattr(calls, "unpack_facts", lambda packed: read.append(1) or real(packed))
    (leg,) = (one for one in facts.legs if one.answered_at is not None)
    assert (await stored_call(store, "main", leg.uniqueid)).id == facts.id
    assert len(read) == 1


def _earlier(facts):
    """The legs of a call, moved by as much as its start was, and under names of their own."""
    ahead = ANSWERED.facts.started_at - facts.started_at
    return tuple(
        replace(
            leg,
            uniqueid=f"{facts.id}.{number}",
            **{
                name: getattr(leg, name) - ahead
                for name in ("dialled_at", "ringing_at", "ring_ended_at", "answered_at", "ended_at")
                if getattr(leg, name) is not None
            },
        )
        for number, leg in enumerate(facts.legs)
    )


async def test_a_phone_that_was_rung_long_after_its_call_began_is_found_by_its_own_ringing(store):
    facts = ANSWERED.facts
    long_ago = replace(facts, started_at=facts.started_at - 5 * 3600 * MICROSECONDS, linkedids=("1.1",))
    await store.calls.save([replace(ANSWERED, facts=long_ago)])
    (leg,) = (one for one in facts.legs if one.answered_at is not None)
    assert (await stored_call(store, "main", leg.uniqueid)).id == facts.id


async def test_a_call_that_is_dated_otherwise_than_its_channel_is_found_all_the_same(store):
    facts = FORWARDED.facts
    moved = replace(facts, started_at=facts.started_at - 3600 * MICROSECONDS, legs=())
    await store.calls.save([replace(FORWARDED, facts=moved, judgement=replace(FORWARDED.judgement, legs=()))])
    assert (await stored_call(store, "main", facts.linkedids[0])).id == facts.id


def test_the_phone_that_forwarded_has_no_answer_and_the_one_that_took_the_call_has():
    phone, mobile = FORWARDED.facts.legs
    assert phone.answered_at is None
    assert leg_of(FORWARDED.facts, phone.uniqueid) == mobile
    assert leg_of(FORWARDED.facts, mobile.uniqueid) == mobile
    assert leg_of(FORWARDED.facts, LOCAL) == mobile


def test_a_local_channel_is_of_the_phone_that_answered_after_it_was_made():
    (call,) = replay((CAPTURES / "blind_transfer.raw").read_bytes(), pbx="main").calls
    first, second = (leg for leg in call.facts.legs if leg.role is Role.STAFF and leg.answered_at)
    early = f"{(first.dialled_at or 0) // MICROSECONDS}.777"
    late = f"{(first.answered_at or 0) // MICROSECONDS + 1}.777"
    assert leg_of(call.facts, early) == first
    assert leg_of(call.facts, late) == second


def test_a_call_that_nobody_answered_has_no_leg_to_hear():
    silent = replace(FORWARDED.facts, legs=tuple(replace(leg, answered_at=None) for leg in FORWARDED.facts.legs))
    assert leg_of(silent, LOCAL) is None


def strange(folder: Path) -> dict[str, Foreign]:
    """Everything that may lie in a folder and is none of ours."""
    (folder / f"{BORN}.5.sln48").mkdir()
    (folder / "older").mkdir()
    put(folder / "target")
    (folder / f"{BORN}.6.sln48").symlink_to(folder / "target")
    (folder / f"{BORN}.7.sln48").symlink_to(folder / "nowhere")
    os.mkfifo(folder / f"{BORN}.8.sln48")
    names = [
        "meeting.sln48",
        f"{BORN}.9.wav",
        f"{BORN}.sln48",
        ".sln48",
        "..1.2.sln48",
        "a b-1.2.sln48",
        "录音.sln48",
        "note.txt",
    ]
    for name in names:
        put(folder / name)
    odd = os.fsdecode(b"\xff\xfe-\x1b[31m1.2.sln48")
    put(folder / odd)
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(folder)
        try:
            bound.bind("s-1.2.sln48")
        finally:
            os.chdir(here)
    for path in folder.iterdir():
        os.utime(path, ns=(0, 0), follow_symlinks=False)
    others = dict.fromkeys([*names, "target", odd], Foreign.OTHER_NAME)
    folders = {f"{BORN}.5.sln48": Foreign.FOLDER, "older": Foreign.FOLDER}
    links = {f"{BORN}.6.sln48": Foreign.LINK, f"{BORN}.7.sln48": Foreign.LINK}
    return {**others, **folders, **links, f"{BORN}.8.sln48": Foreign.NO_FILE, "s-1.2.sln48": Foreign.NO_FILE}


async def test_what_is_none_of_ours_is_listed_and_never_deleted(store, tmp_path):
    spool = tmp_path / "spool"
    expected = strange(spool)
    assert {one.path.name: one.foreign for one in look(spool)} == expected
    assert recordings.waiting(spool) == []
    assert await recordings.prune(store, hall(tmp_path), NOW) == 0
    for name in expected:
        if expected[name] is not Foreign.OTHER_NAME:
            recordings.remove(spool / name)
            assert not recordings.has_sound(spool / name)
    assert {path.name for path in spool.iterdir()} == set(expected)
    listed = await list_recordings(store, hall(tmp_path), NOW)
    assert {one.state for one in listed} == {State.FOREIGN}
    assert {one.deleted_at for one in listed} == {None}
    text = "\n".join(lines_of(listed, hall(tmp_path).hall.zone, lambda us, zone: str(us)))
    assert text.isprintable() or all(line.isprintable() for line in text.split("\n"))
    text.encode()


async def test_a_recording_goes_when_its_time_is_over_and_not_while_it_grows(store, tmp_path):
    spool = tmp_path / "spool"
    put(spool / f"{BORN}.1.sln48", age_days=91)
    put(spool / f"sys-{BORN}.2.sln48", age_days=91, size=0)
    put(spool / f"{BORN}.3.sln48", age_days=89)
    growing = put(spool / f"{BORN}.4.sln48", age_days=91)
    with growing.open("ab") as file:
        file.write(b"\0")
        file.flush()
        os.utime(growing, ns=(NOW * 1000,) * 2)
        assert await recordings.prune(store, hall(tmp_path), NOW) == 2
    assert sorted(path.name for path in spool.iterdir()) == [f"{BORN}.3.sln48", f"{BORN}.4.sln48"]


async def test_a_time_in_the_future_keeps_no_recording_for_ever(store, tmp_path):
    put(tmp_path / "spool" / f"{BORN}.1.sln48", age_days=-3000)
    put(tmp_path / "spool" / f"{NOW // MICROSECONDS}.2.sln48", age_days=-3000)
    assert await recordings.prune(store, hall(tmp_path), NOW) == 1


async def test_a_file_that_may_not_be_deleted_does_not_keep_the_others(store, tmp_path, monkeypatch):
    spool = tmp_path / "spool"
    first = put(spool / f"{BORN}.1.sln48", age_days=91)
    put(spool / f"{BORN}.2.sln48", age_days=91)
    remove = recordings.remove

    def refuse(path):
        if path == first:
            raise InputError("Permission denied")
        remove(path)

    monkeypatch.setattr(recordings, "remove", refuse)
    assert await recordings.prune(store, hall(tmp_path), NOW) == 1
    assert [path.name for path in spool.iterdir()] == [first.name]


async def test_kept_files_that_no_row_names_go_by_their_day_and_their_own_time(store, tmp_path):
    kept = tmp_path / "kept"
    put(kept / "2020-01-01" / "main-1.1.wav", age_days=91)
    put(kept / "2020-01-01" / "main-1.2.part", age_days=91)
    put(kept / "2020-01-02" / "main-1.3.wav", age_days=1)
    put(kept / "2020-01-02" / "report.pdf", age_days=91)
    put(kept / "other" / "main-1.4.wav", age_days=91)
    assert await recordings.prune(store, hall(tmp_path), NOW) == 2
    there = sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file())
    assert there == ["2020-01-02/main-1.3.wav", "2020-01-02/report.pdf", "other/main-1.4.wav"]


async def test_a_recording_never_outlives_the_row_that_names_it(store, tmp_path):
    put(tmp_path / "kept" / "2020-01-01" / "main-1.1.wav", age_days=40)
    assert await recordings.prune(store, hall(tmp_path, recordings_days=90, calls_days=30), NOW) == 1


async def test_each_recording_is_listed_with_what_becomes_of_it(store, tmp_path):
    spool = tmp_path / "spool"
    await told(store, linked(LOCAL, FORWARDED.facts.linkedids[0], (BORN + 1) * MICROSECONDS))
    silent = replace(ANSWERED, facts=replace(ANSWERED.facts, legs=()), judgement=replace(ANSWERED.judgement, legs=()))
    await store.calls.save([silent])
    put(spool / f"{LOCAL}.sln48", age_days=1)
    put(spool / f"{BORN}.999.sln48", age_days=1)
    put(spool / f"{BORN}.998.sln48")
    put(spool / f"{ANSWERED.facts.linkedids[0]}.sln48", age_days=1)
    put(spool / "note.txt", age_days=1)
    listed = await list_recordings(store, hall(tmp_path), NOW)
    found = {one.file.path.name: (one.state, one.call_id, one.is_unknown) for one in listed}
    assert found == {
        f"{LOCAL}.sln48": (State.WAITING, FORWARDED.facts.id, False),
        f"{BORN}.999.sln48": (State.UNKNOWN, None, True),
        f"{BORN}.998.sln48": (State.RECORDING, None, False),
        f"{ANSWERED.facts.linkedids[0]}.sln48": (State.NOT_ANSWERED, ANSWERED.facts.id, True),
        "note.txt": (State.FOREIGN, None, True),
    }
    waiting = next(one for one in listed if one.state is State.WAITING)
    assert waiting.deleted_at == NOW - DAY_US + 90 * DAY_US
    assert as_json(waiting)["state"] == "waiting"


def test_a_name_is_shown_whatever_bytes_it_has(tmp_path):
    put(tmp_path / os.fsdecode(b"\xff\n\x1b[31m\xe5\xbd\x95.sln48"))
    (one,) = look(tmp_path)
    assert shown_name(one) == "\\xff\\n\\x1b[31m录.sln48"


def test_a_folder_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        look(tmp_path / "nowhere")


def test_the_doctor_tells_of_what_lies_unheard(tmp_path):
    settings = hall(tmp_path)
    put(tmp_path / "spool" / f"{BORN}.1.sln48", age_days=0)
    os.utime(tmp_path / "spool" / f"{BORN}.1.sln48", (0, 0))
    found = {one.check: one for one in asyncio.run(check_speech(settings))}
    assert found["unheard"].what.startswith("1 recordings lie unheard")
