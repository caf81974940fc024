"""Calls answered and nothing recorded: the step that is missing, with the line to write; silence where all is well."""

import numpy as np
from tests.fakes.house import Calls, around, house, settings
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.doctor.recording import check_notice, check_places, check_recording
from voicedesk.doctor.watch import HouseWatch
from voicedesk.hall.asterisk_files import notice_of
from voicedesk.hall.prompts import book_of, frames_of
from voicedesk.prompts.book import Pace
from voicedesk.prompts.named import publish_named
from voicedesk.prompts.rendering import write_prompt

LINE = {"name": "shebao", "extensions": ["88012345"], "queues": ["shebao"], "phones": ["PJSIP/agent1"]}
HALL = settings(lines=[LINE])
OURS = """
[voicedesk-notice]
exten => s,1,Playback(voicedesk/recording-notice)
[voicedesk-recording]
exten => s,1,TryExec(MixMonitor(x))
[voicedesk-hotline]
exten => 88012345,1,Gosub(voicedesk-notice,s,1)
same => n,Queue(shebao,,,,60)
[from-trunk]
include => voicedesk-hotline
"""


def found(calls: Calls | None = None, plan: str | None = OURS, *, heard: int = 0, waiting: int = 0) -> list[Finding]:
    day = (calls or Calls()).day
    every = check_recording(around(HALL, house(plan=plan), main=day), "main", heard=heard, waiting=waiting)
    assert all((one.check, one.grade) == ("not_recorded", Grade.BAD) for one in every)
    return every


def some(times: int = 3, **how: object) -> Calls:
    calls = Calls()
    for _ in range(times):
        calls.call("88012345", **{"queue": "shebao", **how})  # type: ignore[arg-type]
    return calls


def test_without_calls_and_with_recorded_ones_there_is_no_finding() -> None:
    assert found() == []
    assert found(some(notice="SUCCESS", recorded=True), heard=3) == []
    assert found(some(notice="SUCCESS", recorded=True, times=1), heard=0) == []


def test_calls_that_nobody_answered_and_outgoing_ones_need_no_recording() -> None:
    assert found(some(answered=False)) == []
    assert found(some(queue=None, came_by="PJSIP/agent1", phone="PJSIP/trunk", dialled="13800138000@trunk")) == []


def test_one_call_alone_proves_nothing() -> None:
    assert found(some(times=1)) == []


def test_a_queue_without_membergosub_is_told_with_the_line() -> None:
    (one,) = found(some(notice="SUCCESS"))
    assert "3 calls were answered, and none was recorded" in one.what
    assert one.cure.startswith("in queues.conf, [shebao]: membergosub = voicedesk-recording;")


def test_a_dial_without_the_option_is_told_with_it() -> None:
    (one,) = found(some(notice="SUCCESS", queue=None))
    assert "U(voicedesk-recording)" in one.cure


def test_a_notice_that_cannot_be_played_is_told() -> None:
    (one,) = found(some(notice="FAILED"))
    assert "could not be played" in one.what
    assert "sound that is there" in one.cure


def test_an_own_number_that_plays_no_notice_is_told_with_its_context() -> None:
    plan = OURS.replace("[voicedesk-hotline]", "[own]")
    (one,) = found(some(), plan)
    assert "no notice of recording was played" in one.what
    assert "in [own], exten 88012345, write: same => n,Gosub(voicedesk-notice,s,1)" in one.cure


def test_an_own_number_that_shadows_the_hotline_is_told_before_any_call_and_one_that_plays_the_notice_is_not() -> None:
    shadow = OURS + "exten => 88012345,1,Queue(shebao)\n"
    (one,) = found(plan=shadow)
    assert "shadows" in one.what
    assert "[from-trunk]" in one.cure
    assert found(plan=OURS + "exten => 88012345,1,Gosub(voicedesk-notice,s,1)\n") == []
    assert len(found(some(), shadow)) == 1  # the calls do not say it again


def test_a_dialplan_without_our_part_is_told() -> None:
    (one,) = found(plan="[from-trunk]\nexten => 88012345,1,Queue(shebao)")
    assert "[voicedesk-notice]" in one.what
    assert "snippet recording" in one.cure


def test_one_queue_that_records_nothing_beside_another_that_does_is_told() -> None:
    calls = some(notice="SUCCESS", recorded=True)
    for _ in range(2):
        calls.call("88012346", queue="own", notice="SUCCESS")
    (one,) = found(calls, heard=3)
    assert "queue own" in one.what
    assert "[own]: membergosub" in one.cure


def test_what_the_switch_recorded_and_nobody_found_is_told() -> None:
    (one,) = found(some(notice="SUCCESS", recorded=True), heard=0)
    assert "none of them was found here" in one.what
    assert found(some(notice="SUCCESS", recorded=True), waiting=3) == []  # they are about to be heard


def test_old_recordings_in_the_folder_do_not_hide_that_nothing_is_recorded_now() -> None:
    assert len(found(some(notice="SUCCESS"), waiting=3)) == 1


def test_a_place_that_was_left_open_is_told_with_its_meaning() -> None:
    (one,) = check_places("main", house(plan=OURS.replace("voicedesk/recording-notice", "@NOTICE@")))
    assert (one.check, one.grade) == ("place_open", Grade.BAD)
    assert "@NOTICE@" in one.what
    assert "voicedesk asterisk snippet recording" in one.cure
    assert list(check_places("main", house(plan=OURS))) == []
    assert list(check_places("main", house(plan="[mail]\nexten => s,1,NoOp(@HOME@)"))) == []


def test_the_notice_that_voicedesk_builds_is_looked_at_where_the_dialplan_plays_it(tmp_path) -> None:
    hall = settings(lines=[LINE], prompts={"folder": str(tmp_path), "engine": "pyttsx3"})
    ours = house(plan=OURS.replace("voicedesk/recording-notice", str(notice_of(hall))))
    book, frames = book_of(hall), frames_of(hall)

    def grades() -> list[tuple[str, Grade]]:
        return [(one.check, one.grade) for one in check_notice(hall, "main", ours)]

    assert list(check_notice(hall, "main", house(plan=OURS))) == []  # an announcement of the hall's own
    assert grades() == [("notice", Grade.BAD)]
    sound = book.spoken_path(frames["zh_CN"]["recording_notice"], "zh_CN", Pace.NORMAL)
    write_prompt(np.ones(16000, np.int16), 16000, sound)
    assert grades() == [("notice", Grade.BAD)]
    publish_named(book, frames)
    assert grades() == [("notice", Grade.GOOD)]
    write_prompt(np.ones(20000, np.int16), 16000, sound)
    assert grades() == [("notice", Grade.NOTE)]
    publish_named(book, frames)
    assert grades() == [("notice", Grade.GOOD)]


async def test_the_service_says_it_in_its_log_once_until_it_is_over(monkeypatch, tmp_path) -> None:
    said: list[dict[str, object]] = []
    days = [
        some(notice="SUCCESS"),
        some(notice="SUCCESS"),
        some(notice="SUCCESS", recorded=True),
        some(notice="SUCCESS"),
    ]
    heard = iter([0, 0, 3, 0])

    async def day_of(*_: object, **__: object) -> object:
        return days.pop(0).day

    async def recordings_found(*_: object) -> tuple[int, int]:
        return next(heard), 0

    class Log:
        def error(self, event: str, **what: object) -> None:
            said.append({"event": event, **what})

    monkeypatch.setattr("voicedesk.doctor.watch.day_of", day_of)
    monkeypatch.setattr("voicedesk.doctor.watch.recordings_found", recordings_found)
    monkeypatch.setattr("voicedesk.doctor.watch._log", Log())
    switch = HALL.pbx[0].model_copy(update={"recordings": tmp_path})
    watch = HouseWatch(None, HALL, lambda: 0)  # type: ignore[arg-type]
    await watch.look()  # records nothing, and is not asked
    for expected in (1, 1, 1, 2):
        watch.change_settings(HALL.model_copy(update={"pbx": (switch,)}))
        await watch.look()
        assert len(said) == expected
    assert said[0]["event"] == "calls_not_recorded"
    assert "membergosub" in str(said[0]["cure"])
