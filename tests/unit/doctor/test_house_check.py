"""The doctor's look at a house as a whole: modules, doubts that end, and a good word where all is right."""

from pathlib import Path

import pytest
from tests.fakes.house import Calls, around, house, settings
from voicedesk.discovery.day import HouseDay
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.house import HouseLook, check_house, check_modules

LINE = {"name": "shebao", "extensions": ["88012345"], "queues": ["shebao"]}
UNKNOWN = "Invalid/unknown command: X. Use Action: ListCommands to show available commands."
OURS = "[a]\nexten => 88012345,1,UserEvent(VoicedeskCall,Line: shebao)\nsame => n,Queue(shebao,,,,60)"


def look(switch=None, day: HouseDay | None = None, lines=(LINE,), **more: object) -> HouseLook:
    hall = settings(lines=list(lines))
    return HouseLook(
        around=around(hall, *([switch] if switch else []), **({"main": day} if day is not None else {})), **more
    )


@pytest.mark.parametrize(
    ("refused", "lines", "expected"),
    [
        ({"QueueStatus": UNKNOWN}, (LINE,), [("app_queue.so", Grade.BAD)]),
        ({"QueueStatus": UNKNOWN}, (), [("app_queue.so", Grade.NOTE)]),
        ({"DeviceStateList": UNKNOWN}, (LINE,), [("res_manager_devicestate.so", Grade.BAD)]),
        ({"DeviceStateList": "Permission denied"}, (LINE,), []),
        ({}, (LINE,), []),
    ],
)
def test_a_module_that_is_not_loaded_is_told_apart_from_a_right_that_is_missing(refused, lines, expected) -> None:
    found = check_modules(around(settings(lines=list(lines))), "main", house(refused=refused))
    assert [(one.cure.split("load ")[1].partition("'")[0], one.grade) for one in found] == expected


def test_a_fresh_install_without_calls_has_nothing_bad_and_says_that_there_is_nothing_to_look_at() -> None:
    switch = house(queues={"shebao": ["PJSIP/1"]}, devices="PJSIP/1", plan=OURS)
    found = check_house(look(switch, HouseDay()), lambda: 0)
    assert {one.check: one.grade for one in found} == {
        "people": Grade.NOTE,
        "queue_members_unknown": Grade.NOTE,
        "calls": Grade.UNSEEN,
        "house": Grade.GOOD,
    }


def test_a_switch_that_cannot_be_asked_and_a_database_that_cannot_be_read_lead_to_no_finding_about_names() -> None:
    assert [one.check for one in check_house(look(), lambda: 0)] == ["people"]


def test_events_of_class_user_that_were_due_and_did_not_come_are_bad() -> None:
    deaf, heard = Calls(without=("user",)), Calls()
    for calls in (deaf, heard):
        for _ in range(3):
            calls.call("88012345", queue="shebao", line="shebao")
    switch = house(queues={"shebao": ["PJSIP/agent1"]}, devices="PJSIP/agent1", plan=OURS)
    due = [one for one in check_house(look(switch, deaf.day), lambda: 0) if one.check == "rights_missing"]
    assert [one.grade for one in due] == [Grade.BAD]
    assert [one for one in check_house(look(switch, heard.day), lambda: 0) if one.check == "rights_missing"] == []
    assert look(switch, heard.day).classes_heard("main") == {"call", "agent", "user"}


def test_a_house_that_has_no_queue_and_says_nothing_of_ours_needs_neither_class() -> None:
    switch = house(queues={}, devices="PJSIP/1", plan="[a]\nexten => 88012345,1,Dial(PJSIP/1,30)")
    alone = look(switch, lines=[{"name": "x", "extensions": ["88012345"]}])
    assert alone.classes_unneeded("main") == {"agent", "user"}
    assert look(switch).classes_unneeded("main") == {"user"}  # the settings name a queue
    assert look().classes_unneeded("main") == frozenset()


def test_recordings_and_logs_are_looked_at_only_where_the_settings_name_them(tmp_path: Path) -> None:
    calls = Calls()
    for _ in range(3):
        calls.call("88012345", queue="shebao", line="shebao")
    switch = house(queues={"shebao": ["PJSIP/agent1"]}, devices="PJSIP/agent1", plan=OURS)
    seen = look(switch, calls.day)
    assert "not_recorded" not in {one.check for one in check_house(seen, lambda: 0)}
    pbx = seen.around.settings.pbx[0].model_copy(update={"recordings": tmp_path, "cel_csv": tmp_path / "cel.csv"})
    hall = seen.around.settings.model_copy(update={"pbx": (pbx,)})
    seen = HouseLook(around=around(hall, switch, main=calls.day))
    assert {"not_recorded", "logs"} <= {one.check for one in check_house(seen, lambda: 0)}
