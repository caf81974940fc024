"""Names of the settings beside those of the switch: each finding where it is due, and none where all is right."""

from datetime import UTC, datetime

import pytest
from tests.fakes.house import Calls, around, house, settings
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.doctor.names import check_names, nearest

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHEBAO = {"name": "shebao", "extensions": ["88012345"], "queues": ["shebao"], "phones": ["PJSIP/8001"]}
HALL = {
    "lines": [SHEBAO],
    "phones": [{"endpoint": "PJSIP/8001", "extension": "8001"}],
    "agents": [{"id": "zhang", "name": "张三"}],
    "assignments": [{"agent": "zhang", "endpoint": "PJSIP/8001"}],
}
PLAN = """
[from-trunk]
exten => 88012345,1,Queue(shebao,,,,60)
"""
SWITCH = {"queues": {"shebao": ["PJSIP/8001"]}, "devices": "PJSIP/8001 PJSIP/8002 PJSIP/trunk", "plan": PLAN}


def line(**changes: object) -> dict[str, object]:
    return {**HALL, "lines": [{**SHEBAO, **changes}]}


def found(surroundings) -> list[Finding]:
    return list(check_names(surroundings, NOW))


def checks(surroundings) -> dict[str, Grade]:
    return {one.check: one.grade for one in found(surroundings)}


def test_a_hall_that_fits_its_switch_has_no_finding_without_a_call_and_with_one() -> None:
    assert found(around(settings(**HALL), house(**SWITCH))) == []
    calls = Calls()
    calls.call("88012345", queue="shebao", phone="PJSIP/8001")
    assert found(around(settings(**HALL), house(**SWITCH), main=calls.day)) == []


def test_a_queue_that_the_switch_does_not_have_is_bad_and_the_nearest_name_is_offered() -> None:
    (one,) = found(around(settings(**line(queues=["shebaoo"])), house(**SWITCH)))
    assert (one.check, one.grade) == ("queue_unknown", Grade.BAD)
    assert "shebaoo" in one.what
    assert one.cure == 'in [[lines]] shebao: queues = ["shebao"]'


def test_a_queue_of_a_database_that_was_not_used_yet_is_no_more_than_a_note() -> None:
    switch = house(**{**SWITCH, "queues": {"other": []}}, is_realtime=True)
    assert checks(around(settings(**HALL), switch))["queue_unknown"] is Grade.NOTE


def test_a_queue_that_callers_entered_is_there_whatever_the_list_says() -> None:
    calls = Calls()
    calls.call("88012345", queue="shebao", phone="PJSIP/8001")
    switch = house(**{**SWITCH, "queues": {"other": ["PJSIP/8001"]}})
    assert "queue_unknown" not in checks(around(settings(**HALL), switch, main=calls.day))


def test_nothing_is_said_of_queues_or_phones_that_the_switch_did_not_tell() -> None:
    wrong = settings(**{**line(queues=["shebaoo"], phones=["PJSIP/none"]), "assignments": []})
    told = checks(around(wrong, house(queues=None, devices=None, plan=None)))
    assert told == {"people": Grade.NOTE}


def test_a_queue_nobody_is_in_is_noted() -> None:
    switch = house(**{**SWITCH, "queues": {"shebao": []}})
    assert checks(around(settings(**HALL), switch)) == {"queue_members": Grade.NOTE}


@pytest.mark.parametrize(
    ("endpoint", "cure"),
    [
        ("SIP/8001", 'write endpoint = "PJSIP/8001"'),
        ("PJSIP/8011", 'write endpoint = "PJSIP/8001"'),
        ("SIP/front", "it has PJSIP/8001, PJSIP/8002, PJSIP/trunk"),
    ],
)
def test_a_phone_that_the_switch_does_not_have_is_bad(endpoint: str, cure: str) -> None:
    hall = line(phones=["PJSIP/8001", endpoint])
    hall["phones"] = [*HALL["phones"], {"endpoint": endpoint}]
    (one,) = found(around(settings(**hall), house(**SWITCH)))
    assert (one.check, one.grade) == ("phone_unknown", Grade.BAD)
    assert cure in one.cure


def test_a_phone_of_a_kind_that_the_switch_does_not_list_is_not_called_wrong() -> None:
    hall = {**HALL, "phones": [*HALL["phones"], {"endpoint": "DAHDI/1"}]}
    assert "phone_unknown" not in checks(around(settings(**hall), house(**SWITCH)))


def test_a_phone_that_rang_is_there_whatever_the_list_says() -> None:
    calls = Calls()
    calls.call("88012345", queue="shebao", phone="PJSIP/8001")
    switch = house(**{**SWITCH, "devices": "PJSIP/8002"})
    assert "phone_unknown" not in checks(around(settings(**HALL), switch, main=calls.day))


def test_a_number_nobody_dialled_is_bad_where_a_similar_one_was() -> None:
    calls = Calls()
    for _ in range(3):
        calls.call("88012345", phone="PJSIP/8001")
    calls.call("13800", phone="PJSIP/8001")
    hall = settings(**line(extensions=["88012399"], queues=["shebaoo"]))
    one = next(one for one in found(around(hall, house(**SWITCH), main=calls.day)) if one.check == "extension_unknown")
    assert one.grade is Grade.BAD
    assert "88012345" in one.what
    assert "3 times" in one.what
    assert one.cure == 'in [[lines]] shebao: extensions = ["88012345"]'


def test_a_wrong_number_of_a_line_whose_calls_are_known_by_queue_or_name_is_a_note() -> None:
    calls = Calls()
    calls.call("66001", queue="shebao", phone="PJSIP/8001")
    told = found(around(settings(**line(extensions=["88012399"])), house(**SWITCH), main=calls.day))
    one = next(one for one in told if one.check == "extension_unknown")
    assert (one.grade, one.cure) == (Grade.NOTE, 'in [[lines]] shebao: extensions = ["66001"]')


def test_a_number_of_no_context_is_told_before_any_call() -> None:
    hall = settings(**line(extensions=["88012399"], queues=[]))
    (one,) = found(around(hall, house(**SWITCH)))
    assert (one.check, one.grade) == ("extension_unknown", Grade.BAD)
    assert "88012345" in one.cure


@pytest.mark.parametrize(
    "plan",
    [
        "[from-trunk]\nexten => _8801XXXX,1,Queue(shebao,,,,60)",
        "[from-trunk]\nexten => 88012345,1,Queue(shebao,,,,60)\nswitch => Realtime/@",
    ],
    ids=["a pattern", "looked up elsewhere"],
)
def test_a_number_that_a_pattern_or_a_database_may_have_is_not_called_wrong(plan: str) -> None:
    hall = settings(**line(extensions=["88012399"]))
    assert found(around(hall, house(**{**SWITCH, "plan": plan}))) == []


def test_a_number_that_only_the_way_out_fits_is_called_wrong() -> None:
    plan = f"{PLAN}\n[internal]\nexten => _X.,1,Dial(PJSIP/${{EXTEN}}@trunk)"
    hall = settings(**line(extensions=["77012399"]))
    assert checks(around(hall, house(**{**SWITCH, "plan": plan})))["extension_unknown"] is Grade.NOTE


def test_a_line_that_the_dialplan_announces_by_another_name_is_noted() -> None:
    plan = PLAN.replace("Queue", "UserEvent(VoicedeskCall,Line: shebo,Number: 1)\nsame => n,Queue")
    (one,) = found(around(settings(**HALL), house(**{**SWITCH, "plan": plan})))
    assert (one.check, one.grade) == ("line_announced", Grade.NOTE)
    assert "Line: shebao" in one.cure


def test_a_member_that_nothing_ties_to_a_phone_is_noted_with_the_likely_one() -> None:
    switch = house(
        **{**SWITCH, "queues": {"shebao": ["PJSIP/8001", "Local/205@from-queue/n|hint:205@ext-local|王五"]}},
        dials={"205": "PJSIP/desk5"},
    )
    (one,) = found(around(settings(**HALL), switch))
    assert (one.check, one.grade) == ("members_untied", Grade.NOTE)
    assert 'endpoint = "PJSIP/desk5" extension = "205"' in one.cure


@pytest.mark.parametrize("tie", ["hint", "setting", "name"])
def test_a_freepbx_member_that_hint_setting_or_name_ties_is_no_finding(tie: str) -> None:
    hall = {**HALL, "phones": [*HALL["phones"], {"endpoint": "PJSIP/8002", "extension": "205"}]}
    number = "8002" if tie == "name" else "205"
    if tie != "setting":
        hall["phones"] = [*HALL["phones"], {"endpoint": "PJSIP/8002"}]
    switch = house(
        **{**SWITCH, "queues": {"shebao": [f"Local/{number}@from-queue/n|hint:{number}@ext-local|王五"]}},
        hints={"205": "PJSIP/8002&Custom:DND205,CustomPresence:205"} if tie == "hint" else None,
    )
    assert not {"members_untied", "queue_members_unknown"} & set(checks(around(settings(**hall), switch)))


def test_phones_in_a_queue_or_rung_that_stand_in_no_setting_are_noted_and_trunks_are_not() -> None:
    switch = house(**{**SWITCH, "queues": {"shebao": ["PJSIP/8001", "PJSIP/8002"]}})
    calls = Calls()
    calls.call("88012345", queue="shebao", phone="PJSIP/8003")
    calls.call("88012345", phone="PJSIP/trunk", dialled="13800138000@trunk")
    calls.call("88012345", phone="PJSIP/8001")
    told = {one.check: one for one in found(around(settings(**HALL), switch, main=calls.day))}
    assert set(told) == {"queue_members_unknown", "phones_unknown"}
    assert told["queue_members_unknown"].cure.startswith('add for each: [[phones]] endpoint = "PJSIP/8002"')
    assert told["phones_unknown"].what.endswith(": PJSIP/8003")


def test_a_line_at_whose_phones_nobody_sits_is_noted_and_one_by_a_member_s_name_is_not() -> None:
    other = {"name": "yibao", "queues": ["yibao"], "extensions": ["88012346"], "phones": ["PJSIP/8002"]}
    hall = {**HALL, "lines": [SHEBAO, other], "phones": [*HALL["phones"], {"endpoint": "PJSIP/8002"}]}
    plan = f"{PLAN}\nexten => 88012346,1,Queue(yibao,,,,60)"
    switch = house(
        queues={"shebao": ["PJSIP/8001"], "yibao": ["PJSIP/8002||李四"]}, devices=SWITCH["devices"], plan=plan
    )
    (one,) = found(around(settings(**hall), switch))
    assert (one.check, one.grade) == ("people", Grade.NOTE)
    assert "yibao" in one.what
    assert "PJSIP/8002" in one.cure
    hall["assignments"] = [*HALL["assignments"], {"agent": "zhang", "member": "李四"}]
    assert found(around(settings(**hall), switch)) == []


def test_an_assignment_that_ended_seats_nobody() -> None:
    ended = [{"agent": "zhang", "endpoint": "PJSIP/8001", "to": "2026-11-01T00:00:00+08:00"}]
    assert checks(around(settings(**{**HALL, "assignments": ended}), house(**SWITCH))) == {"people": Grade.NOTE}


def test_of_two_switches_a_name_is_wrong_only_where_neither_has_it() -> None:
    hall = settings(pbx=("main", "branch"), **line(queues=["branch-queue"]))
    branch = house(
        "branch", queues={"branch-queue": ["PJSIP/9001"]}, devices="PJSIP/9001", plan="[a]\nexten => s,1,Hangup()"
    )
    assert "queue_unknown" not in checks(around(hall, house(**SWITCH), branch))
    assert "queue_unknown" not in checks(around(hall, house(**SWITCH)))  # the branch was not reached
    nobody = house("branch", queues={}, devices="", plan="[a]\nexten => s,1,Hangup()")
    assert checks(around(hall, house(**SWITCH), nobody))["queue_unknown"] is Grade.BAD


def test_the_same_phone_of_another_technology_is_nearest() -> None:
    assert nearest("SIP/101", ["PJSIP/101", "SIP/102"]) == "PJSIP/101"
    assert nearest("SIP/front", ["PJSIP/101"]) is None


def test_what_all_phones_have_in_common_makes_none_the_nearest() -> None:
    assert nearest("PJSIP/agent1", ["PJSIP/absent", "PJSIP/agent2", "PJSIP/101"]) == "PJSIP/agent2"
    assert nearest("PJSIP/agent1", ["PJSIP/aurora", "PJSIP/101"]) is None
    assert nearest("PJSIP/8001", ["PJSIP/101", "PJSIP/102"]) is None
