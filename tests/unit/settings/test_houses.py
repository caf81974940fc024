"""Several PBXs with equal names: what belongs to which is written or follows; what follows from nothing is refused."""

from pathlib import Path

import pytest
from voicedesk.errors import SettingsError
from voicedesk.hall.lines import hall_of, halls_of
from voicedesk.settings import Settings, read_settings

PBXS = """
[[pbx]]
name = "main"
host = "10.0.0.1"
username = "voicedesk"
secret = "s"

[[pbx]]
name = "branch"
host = "10.0.0.2"
username = "voicedesk"
secret = "s"
"""
PEOPLE = '\n[[agents]]\nid = "zhang"\nname = "张三"\n\n[[agents]]\nid = "li"\nname = "李四"\n'
LINES = """
[[lines]]
name = "社保"
pbx = "main"
extensions = ["12333"]
queues = ["hotline"]
phones = ["PJSIP/101"]

[[lines]]
name = "分厅"
pbx = "branch"
extensions = ["12333"]
queues = ["hotline"]
phones = ["PJSIP/101"]
limit_seconds = 10
limit_source = "市政务热线规范"
"""
PHONES = '\n[[phones]]\nendpoint = "PJSIP/101"\npbx = "{}"\nextension = "101"\n'
TWO_PHONES = PHONES.format("main") + PHONES.format("branch")
SEATS = """
[[assignments]]
agent = "zhang"
pbx = "main"
endpoint = "PJSIP/101"

[[assignments]]
agent = "li"
pbx = "branch"
endpoint = "PJSIP/101"
"""
HOUSES = PBXS + PEOPLE + LINES + TWO_PHONES + SEATS


def load(folder: Path, text: str) -> Settings:
    (folder / "voicedesk.toml").write_text(text)
    return read_settings(folder / "voicedesk.toml", {}).settings


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def test_equal_names_on_two_pbxs_are_two_things(tmp_path: Path) -> None:
    halls = halls_of(load(tmp_path, HOUSES))
    main, branch = halls["main"], halls["branch"]
    assert main.agent_at("PJSIP/101", None, 0) == "zhang"
    assert branch.agent_at("PJSIP/101", None, 0) == "li"
    lines = [hall.line_of("12333", None) for hall in (main, branch)]
    assert [line and (line.name, line.limit_us) for line in lines] == [("社保", 15_000_000), ("分厅", 10_000_000)]
    assert [hall.line_named("社保") is not None for hall in (main, branch)] == [True, False]


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (
            'name = "社保"\npbx = "main"\n',
            "lines: line '社保' may be on any of 2 PBXs, which can have equal names: add",
        ),
        ('endpoint = "PJSIP/101"\npbx = "main"\n', "phones: phone 'PJSIP/101' may be on any of 2 PBXs"),
        ('agent = "zhang"\npbx = "main"\n', "assignments: who sits at 'PJSIP/101' may be on any of 2 PBXs"),
    ],
)
def test_what_may_be_on_either_is_refused_with_the_cure(tmp_path: Path, before: str, message: str) -> None:
    told = refusal(tmp_path, HOUSES.replace(before, before.replace('pbx = "main"\n', "")))
    assert message in told
    assert 'pbx = "main" or pbx = "branch"' in told


def test_a_queue_s_member_may_sign_on_anywhere_and_must_be_told(tmp_path: Path) -> None:
    member = '\n[[assignments]]\nagent = "li"\nmember = "李四"\n'
    assert "who sits at '李四' may be on any" in refusal(tmp_path, HOUSES + member)
    settings = load(tmp_path, HOUSES + member + 'pbx = ["main", "branch"]\n')
    assert [hall.agent_at("PJSIP/9", "李四", 0) for hall in halls_of(settings).values()] == ["li", "li"]


def test_where_a_phone_and_who_sits_at_it_are_follows_from_the_line_where_nothing_else_is_possible(
    tmp_path: Path,
) -> None:
    other = '\n[[assignments]]\nagent = "li"\nendpoint = "PJSIP/201"\n'
    lines = LINES.replace('extensions = ["12333"]\nqueues = ["hotline"]\nphones = ["PJSIP/101"]\nlimit', "limit")
    lines += 'phones = ["PJSIP/201"]\nextensions = ["5000"]\n'
    phones = '\n[[phones]]\nendpoint = "PJSIP/201"\n' + PHONES.format("main")
    settings = load(tmp_path, PBXS + PEOPLE + lines + phones + other)
    assert [phone.pbx for phone in settings.phones] == [("branch",), ("main",)]
    assert settings.assignments[0].pbx == ("branch",)
    assert hall_of(settings, "main").agent_at("PJSIP/201", None, 0) is None


def test_with_one_pbx_nothing_is_asked_and_nothing_changes(tmp_path: Path) -> None:
    one = PBXS[: PBXS.index('\n[[pbx]]\nname = "branch"')]
    rest = PEOPLE + LINES[: LINES.index('\n[[lines]]\nname = "分厅"')] + PHONES.format("main") + SEATS[:70]
    plain = (one + rest).replace('pbx = "main"\n', "")
    settings = load(tmp_path, plain)
    assert settings.on("main") is settings.on("anything") is settings.on(None) is settings
    assert hall_of(settings, "capture").agent_at("PJSIP/101", None, 0) == "zhang"
    assert load(tmp_path, one + rest).lines[0].pbx == ("main",)


def test_a_pair_of_pbxs_for_one_house_is_written_as_a_list(tmp_path: Path) -> None:
    pair = LINES[: LINES.index('\n[[lines]]\nname = "分厅"')].replace('pbx = "main"', 'pbx = ["main", "branch"]')
    phone = '\n[[phones]]\nendpoint = "PJSIP/101"\n'
    settings = load(
        tmp_path, PBXS + PEOPLE + pair + phone + '\n[[assignments]]\nagent = "li"\nendpoint = "PJSIP/101"\n'
    )
    for hall in halls_of(settings).values():
        assert hall.agent_at("PJSIP/101", None, 0) == "li"
        assert hall.line_of("12333", None) is not None
    other = '\n[[lines]]\nname = "分厅"\npbx = "branch"\nextensions = ["12333"]\n'
    assert "'12333' is there twice on branch" in refusal(tmp_path, PBXS + pair + other)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('pbx = "branch"\nextensions', 'pbx = "brunch"\nextensions', "called 'brunch': did you mean branch?"),
        ('pbx = "branch"\nextensions', 'pbx = "main"\nextensions', "lines.extensions: '12333' is there twice on main"),
        ('pbx = "branch"\nextension ', 'pbx = "main"\nextension ', "'PJSIP/101' is there twice on main"),
        ('agent = "li"\npbx = "branch"', 'agent = "li"\npbx = "main"', "'zhang' and 'li' sit at 'PJSIP/101'"),
        ('pbx = "branch"\nendpoint = "PJSIP/101"', 'pbx = "branch"\nendpoint = "SIP/101"', "did you mean PJSIP/101?"),
    ],
)  # fmt: skip
def test_what_stands_twice_or_nowhere_on_one_pbx_is_refused(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert HOUSES.count(before) == 1
    assert message in refusal(tmp_path, HOUSES.replace(before, after))


def test_two_pbx_tables_for_one_switch_or_one_log_are_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, HOUSES.replace("10.0.0.2", "10.0.0.1"))
    assert "pbx.host: 10.0.0.1:5038 is there twice: each call would be counted twice" in told
    both = HOUSES.replace('secret = "s"\n', 'secret = "s"\ncel_csv = "/var/log/cel.csv"\n')
    assert "pbx.cel_csv: '/var/log/cel.csv' is there twice: each PBX has its own" in refusal(tmp_path, both)


def test_a_mobile_of_the_staff_is_named_by_its_number_whichever_pbx_dials_it(tmp_path: Path) -> None:
    mobile = '\n[[assignments]]\nagent = "li"\nnumber = "139 0000 0000"\n'
    settings = load(tmp_path, HOUSES + mobile)
    for hall in halls_of(settings).values():
        assert hall.agent_at("PJSIP/trunk", None, 0, dialled="013900000000") == "li"
        assert hall.agent_at("PJSIP/trunk", None, 0, dialled="13900000001") is None
        assert hall.agent_at("PJSIP/trunk", None, 0) is None
    twice = '\n[[assignments]]\nagent = "zhang"\nnumber = "+8613900000000"\n'
    assert "'li' and 'zhang' sit at '+8613900000000' at the same time" in refusal(tmp_path, HOUSES + mobile + twice)
    assert "is no phone number" in refusal(tmp_path, HOUSES + mobile.replace("139 0000 0000", "PJSIP/trunk"))


def test_the_environment_may_say_where_a_line_is(tmp_path: Path) -> None:
    (tmp_path / "voicedesk.toml").write_text(HOUSES.replace('name = "社保"\npbx = "main"\n', 'name = "社保"\n'))
    for written, meant in (("main", ("main",)), ("main, branch", ("main", "branch"))):
        environ = {"VOICEDESK_LINES__0__PBX": written, "VOICEDESK_LINES__1__EXTENSIONS": "12334"}
        environ |= {"VOICEDESK_LINES__1__QUEUES": "branch"}
        line = read_settings(tmp_path / "voicedesk.toml", environ).settings.lines[0]
        assert line.pbx == meant
