"""Settings proposed from what switches tell: each kind of house, trunks told from phones, all of which load."""

from pathlib import Path

import pytest
from tests.fakes.house import Calls, house, listed, settings
from voicedesk.discovery.lists import Endpoint
from voicedesk.discovery.proposal import Proposal, propose
from voicedesk.discovery.settings_file import without_wrong, write_tables
from voicedesk.settings import Settings, load_settings

PBX = '[[pbx]]\nname = "main"\nhost = "h"\nusername = "u"\nsecret = "s"\n'
FREEPBX = house(
    queues={
        "600": ["Local/101@from-queue/n|hint:101@ext-local|张三", "Local/102@from-queue/n|hint:102@ext-local|102"],
        "601": [],
    },
    devices="PJSIP/101 PJSIP/102 PJSIP/103 PJSIP/carrier Queue/600",
    hints={"101": "PJSIP/101&Custom:DND101", "102": "PJSIP/102", "103": "PJSIP/103"},
    dials={"101": "PJSIP/101", "102": "PJSIP/102", "103": "PJSIP/103"},
    people={"101": "张三", "102": "Li Si", "103": "103"},
    plan="""
[ext-did]
exten => 88012345,1,Goto(ext-queues,600,1)
[ext-queues]
exten => 600,1,Queue(600,t,,,60)
exten => 601,1,Queue(601,t,,,60)
[outrt]
exten => _9.,1,Dial(PJSIP/${EXTEN}@carrier)
""",
)


def loaded(proposal: Proposal, folder: Path, old: Settings | None = None, head: str = PBX) -> Settings:
    many = len((old or settings()).pbx) > 1
    file = folder / "voicedesk.toml"
    file.write_text(f"{head}\n{write_tables(proposal, old or settings(), many=many)}", encoding="utf-8")
    file.chmod(0o600)
    return load_settings(file, {})


def test_a_freepbx_house_is_proposed_whole(tmp_path: Path) -> None:
    proposal = propose([FREEPBX], {})
    found = loaded(proposal, tmp_path)
    by_name = {line.name: line for line in found.lines}
    assert set(by_name) == {"600", "601"}
    assert set(by_name["600"].extensions) == {"88012345", "600"}
    assert by_name["600"].phones == ("PJSIP/101", "PJSIP/102")
    assert [(one.endpoint, one.extension) for one in found.phones] == [
        ("PJSIP/101", "101"), ("PJSIP/102", "102"), ("PJSIP/103", "103"),
    ]  # fmt: skip
    assert proposal.trunks == ["PJSIP/carrier"]
    assert [(one.name, one.endpoint) for one in proposal.people] == [("张三", "PJSIP/101"), ("Li Si", "PJSIP/102")]
    assert found.agents == ()


def test_people_are_comments_that_load_once_the_mark_is_taken_away(tmp_path: Path) -> None:
    text = write_tables(propose([FREEPBX], {}), settings())
    people = text[text.index("# People") :].splitlines()
    confirmed = [row.removeprefix("# ") for row in people[2:]]
    file = tmp_path / "voicedesk.toml"
    file.write_text("\n".join([PBX, text, *confirmed]), encoding="utf-8")
    file.chmod(0o600)
    found = load_settings(file, {})
    assert [agent.id for agent in found.agents] == ["agent-101", "li-si"]
    assert [one.endpoint for one in found.assignments] == ["PJSIP/101", "PJSIP/102"]


def test_every_guess_says_where_it_comes_from() -> None:
    calls = Calls()
    for _ in range(2):
        calls.call("88012345", queue="600", phone="PJSIP/101", came_by="PJSIP/carrier")
    text = write_tables(propose([FREEPBX], {"main": calls.day}), settings())
    assert "# 88012345: dialled 2 times" in text
    assert "# 600: the switch's list of queues" in text
    assert 'endpoint = "PJSIP/103"      # FreePBX\'s extension 103' in text


def test_plain_members_and_an_announced_name_make_a_line_of_that_name(tmp_path: Path) -> None:
    switch = house(queues={"q1": ["SIP/201||王五", "PJSIP/front"]}, devices="SIP/201 PJSIP/front PJSIP/trunk")
    calls = Calls()
    calls.call("88012345", queue="q1", phone="PJSIP/front", line="社保热线")
    found = loaded(propose([switch], {"main": calls.day}), tmp_path)
    (line,) = found.lines
    assert (line.name, line.extensions, line.queues) == ("社保热线", ("88012345",), ("q1",))
    assert set(line.phones) == {"SIP/201", "PJSIP/front"}


def test_a_house_without_queues_is_known_by_its_calls(tmp_path: Path) -> None:
    switch = house(
        queues={}, devices="PJSIP/8001 PJSIP/8002 PJSIP/carrier", plan="[in]\nexten => 88012345,1,Dial(PJSIP/8001,30)"
    )
    calls = Calls()
    for phone in ("PJSIP/8001", "PJSIP/8002"):
        calls.call("88012345", phone=phone, came_by="PJSIP/carrier")
    calls.call("13800138000", phone="PJSIP/carrier", dialled="13800138000@carrier", came_by="PJSIP/8001")
    proposal = propose([switch], {"main": calls.day})
    (line,) = loaded(proposal, tmp_path).lines
    assert (line.extensions, line.queues, line.phones) == (("88012345",), (), ("PJSIP/8001", "PJSIP/8002"))
    assert proposal.trunks == ["PJSIP/carrier"]


def test_a_group_that_no_call_came_to_is_a_comment(tmp_path: Path) -> None:
    switch = house(
        queues={},
        devices="PJSIP/1 PJSIP/2",
        plan="[a]\nexten => 700,1,Dial(PJSIP/1&PJSIP/2)\nexten => 101,hint,PJSIP/1\nexten => 102,hint,PJSIP/2",
    )
    proposal = propose([switch], {})
    assert loaded(proposal, tmp_path).lines == ()
    assert '# extensions = ["700"]' in write_tables(proposal, settings())


def test_of_three_hundred_endpoints_trunks_are_told_from_phones(tmp_path: Path) -> None:
    names = [f"PJSIP/{number}" for number in range(1001, 1297)]
    trunks = {"PJSIP/carrier1", "PJSIP/carrier2", "PJSIP/88012345"}
    endpoints = {name: Endpoint(name=name, has_contact=True) for name in names}
    endpoints |= {name: Endpoint(name=name, has_contact=True, is_trunk=True) for name in trunks}
    endpoints["PJSIP/door"] = Endpoint(name="PJSIP/door")
    switch = house(queues={"1": ["PJSIP/1001"]}, devices=" ".join(endpoints), endpoints=endpoints)
    proposal = propose([switch], {})
    assert len(loaded(proposal, tmp_path).phones) == 296
    assert proposal.phones[0].endpoint == "PJSIP/1001"
    assert set(proposal.trunks) == trunks
    assert proposal.unclear == ["PJSIP/door"]


def test_with_the_least_rights_what_brings_calls_is_the_trunk_and_what_registered_is_a_phone() -> None:
    switch = house(
        queues={"q": []},
        devices="PJSIP/anna PJSIP/isp PJSIP/fax",
        registered=frozenset({"PJSIP/anna"}),
        refused={"PJSIPShowEndpoints": "Permission denied"},
    )
    calls = Calls()
    calls.call("88012345", queue="q", phone=None, came_by="PJSIP/isp")
    proposal = propose([switch], {"main": calls.day})
    assert [one.endpoint for one in proposal.phones] == ["PJSIP/anna"]
    assert (proposal.trunks, proposal.unclear) == (["PJSIP/isp"], ["PJSIP/fax"])
    assert any("PJSIPShowEndpoints is refused: with system in write" in note for note in proposal.notes)


def test_two_switches_with_equal_names_make_settings_that_load(tmp_path: Path) -> None:
    other = house("branch", queues={"600": ["PJSIP/101"]}, devices="PJSIP/101 PJSIP/201", hints={"101": "PJSIP/101"})
    old = settings(pbx=("main", "branch"))
    head = PBX + PBX.replace('"main"', '"branch"').replace('"h"', '"other"')
    found = loaded(propose([FREEPBX, other], {}), tmp_path, old, head)
    assert {"600", "601"} <= {queue for line in found.lines for queue in line.queues}


def test_one_number_of_two_phones_is_given_to_one(tmp_path: Path) -> None:
    switch = house(
        queues={"1": ["PJSIP/101", "PJSIP/99101"]},
        devices="PJSIP/101 PJSIP/99101",
        hints={"101": "PJSIP/101&PJSIP/99101"},
    )
    found = loaded(propose([switch], {}), tmp_path)
    assert [(one.endpoint, one.extension) for one in found.phones] == [("PJSIP/101", "101"), ("PJSIP/99101", None)]


@pytest.mark.parametrize("name", ['evil"\nsecret = "x', "a\\b", "换行\r\n[[pbx]]", "#"])
def test_a_name_of_the_switch_never_becomes_a_setting_of_its_own(name: str, tmp_path: Path) -> None:
    switch = house(queues={name: [f"PJSIP/101||{name}"]}, devices="PJSIP/101")
    found = loaded(propose([switch], {}), tmp_path)
    assert len(found.pbx) == 1
    assert len(found.lines) == 1


def test_a_caller_id_name_of_a_phone_names_a_person() -> None:
    channel = listed("CoreShowChannel", Channel="PJSIP/101-00000001", CallerIDNum="101", CallerIDName="赵六")
    switch = house(queues={"1": ["PJSIP/101"]}, devices="PJSIP/101", hints={"101": "PJSIP/101"}, channels=(channel,))
    assert [(one.name, one.source) for one in propose([switch], {}).people] == [("赵六", "its caller id")]


OLD = f"""{PBX}
# our own words
[[lines]]
name = "hotline"
extensions = ["88012345"]
queues = ["600"]
phones = ["PJSIP/101"]
limit_seconds = 10
limit_source = "own"

[[lines]]
name = "wrong"
extensions = ["88099999"]
queues = ["6000"]     # there is none

[[phones]]
endpoint = "PJSIP/101"
extension = "101"
[[phones]]
endpoint = "SIP/8003"
extension = "8003"

[[agents]]
id = "zhang"
name = "张三"
[[assignments]]
agent = "zhang"
endpoint = "PJSIP/101"
[[assignments]]
agent = "zhang"
endpoint = "SIP/8003"
"""


def test_what_is_right_in_old_settings_stays_and_what_is_wrong_is_commented_out_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "voicedesk.toml"
    file.write_text(OLD, encoding="utf-8")
    file.chmod(0o600)
    old = load_settings(file, {})
    proposal = propose([FREEPBX], {})
    kept, dropped = without_wrong(OLD, old, [FREEPBX], proposal)
    file.write_text(kept + write_tables(proposal, old, dropped=dropped), encoding="utf-8")
    found = load_settings(file, {})
    assert dropped == {1}
    assert [line.name for line in found.lines] == ["hotline", "600", "601"]
    assert found.lines[0].limit_seconds == 10
    assert found.lines[1].extensions == ("600",)  # queue and number stand in "hotline"
    assert [one.endpoint for one in found.phones] == ["PJSIP/101", "PJSIP/102", "PJSIP/103"]
    assert len(found.assignments) == 1
    for said in (
        "# our own words",
        "taken out, the switch has no queue 6000",
        "taken out, the switch has no such phone",
    ):
        assert said in kept
    assert "张三" not in write_tables(proposal, old, dropped=dropped)


def test_of_a_switch_that_did_not_tell_nothing_is_taken_out() -> None:
    old = settings(lines=[{"name": "x", "queues": ["none"], "phones": ["PJSIP/none"]}])
    silent = house(queues=None, devices=None)
    assert without_wrong(OLD, old, [silent], propose([silent], {})) == (OLD, set())
