"""What Asterisk's own files get: every place filled, once per line, and nothing that means more than itself."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from voicedesk.errors import InputError
from voicedesk.hall import asterisk_files
from voicedesk.hall.asterisk_files import Part, permit_for, pieces_of, render
from voicedesk.settings import Settings
from voicedesk.settings.model import PromptsTable

PBX = {"name": "main", "host": "127.0.0.1", "username": "voicedesk", "secret": "s3cret"}
LINES = [
    {"name": "hotline", "extensions": ["4001", "4002"], "queues": ["hot"], "phones": ["PJSIP/agent1", "PJSIP/agent2"]},
    {"name": "pensions", "queues": ["old"], "limit_seconds": 10.0},
]


def settings(pbx: list[dict[str, object]] | None = None, lines: list[dict[str, object]] | None = None) -> Settings:
    return Settings.model_validate({"pbx": [PBX] if pbx is None else pbx, "lines": LINES if lines is None else lines})


def test_every_place_is_filled() -> None:
    assert re.findall(r"@[A-Z_]+@", render(Part.ALL, settings())) == []


def test_the_watcher_has_the_name_the_secret_and_our_address() -> None:
    text = render(Part.MANAGER, settings())
    assert "[voicedesk]\nsecret = s3cret\n" in text
    assert "permit = 127.0.0.1/255.255.255.255\n" in text
    assert "read = system,call,agent,user\nwrite = reporting\n" in text


def test_each_number_gets_its_way_into_its_queue() -> None:
    text = render(Part.EXTENSIONS, settings())
    assert re.findall(r"^exten => (\d+),1,", text, flags=re.MULTILINE) == ["4001", "4002"]
    assert text.count("Queue(hot,") == 2


def test_each_queue_rings_its_phones_longer_than_the_limit() -> None:
    text = render(Part.QUEUES, settings())
    assert "[hot]\n" in text
    assert "member => PJSIP/agent1,0,agent1,PJSIP/agent1\n" in text
    assert re.findall(r"^timeout = (\d+)", text, flags=re.MULTILINE) == ["20", "15"]


def test_without_settings_the_places_stay_open() -> None:
    text = render(Part.ALL, settings([], []))
    assert {"@AMI_USER@", "@AMI_SECRET@", "@EXTENSION@", "@QUEUE@"} <= set(re.findall(r"@[A-Z_]+@", text))


def test_a_hall_without_an_ivr_can_ring_back_and_what_is_left_to_fill_in_is_explained() -> None:
    pbx = {**PBX, "dial_username": "dialler", "dial_secret": "s3cret", "recordings": "/var/spool/asterisk/vd"}
    text = render(Part.CALLBACK, settings([pbx]), file="extensions.conf")
    assert "@AGI@" not in text
    left = set(re.findall(r"@([A-Z_]+)@", text))
    assert left == {"STAFF", "STAFF_DIAL", "TRUNK_DIAL"}
    assert set(re.findall(r"^;   ([A-Z_]+) +\S", text, flags=re.MULTILINE)) == left
    assert "left to fill in" not in render(Part.MANAGER, settings([pbx]))


def test_the_notice_of_recording_is_the_one_that_the_prompts_build_puts_there(tmp_path) -> None:
    for key in ("folder", "asterisk_folder"):
        own = settings([PBX]).model_copy(update={"prompts": PromptsTable.model_validate({key: tmp_path / key})})
        for part in (Part.RECORDING, Part.CALLBACK):
            text = render(part, own, file="extensions.conf")
            assert f"Playback({tmp_path / key}/zh_CN/named/recording-notice)" in text


def test_freepbx_has_files_of_its_own() -> None:
    text = render(Part.ALL, settings(), freepbx=True)
    titles = re.findall(r"^; ---- (.+)$", text, flags=re.MULTILINE)
    assert "for /etc/asterisk/manager_custom.conf" in titles
    assert "for /etc/asterisk/extensions_custom.conf" in titles
    assert any("web page Queues" in title for title in titles)
    assert "for /etc/asterisk/manager.conf" in render(Part.MANAGER, settings())


def test_a_switch_is_chosen_by_name() -> None:
    two = settings([PBX, {**PBX, "name": "second", "username": "other"}])
    assert "[other]" in render(Part.MANAGER, two, pbx="second")
    with pytest.raises(InputError, match=r"no \[\[pbx\]\] is called 'third': there are main, second"):
        render(Part.MANAGER, two, pbx="third")
    with pytest.raises(InputError, match=r"no \[\[pbx\]\] yet"):
        render(Part.MANAGER, settings([]), pbx="third")


@pytest.mark.parametrize("name", ["a,b", "${EXTEN}", "a;b", 'a"b', "a]b", "a|b", "a&b", "a=>b"])
def test_a_name_that_the_dialplan_would_read_as_more_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="means more than itself to Asterisk"):
        render(Part.EXTENSIONS, settings(lines=[{"name": name, "extensions": ["1"]}]))


def test_our_address_stays_open_where_it_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_args: object, **_kwargs: object) -> None:
        raise OSError("no such name")

    monkeypatch.setattr(asterisk_files.socket, "getaddrinfo", nowhere)
    assert permit_for("pbx.invalid") is None
    assert "permit = @AMI_PERMIT@" in render(Part.MANAGER, settings())


def test_an_address_of_the_new_kind_has_its_own_mask() -> None:
    assert permit_for("::1") in ("::1/128", None)


def test_an_installed_package_brings_its_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_dialplans").mkdir()
    (tmp_path / "services").mkdir()
    monkeypatch.setattr(asterisk_files, "__file__", str(tmp_path / "services" / "asterisk_files.py"))
    assert asterisk_files.folder() == tmp_path / "_dialplans"


def test_breaks_come_with_the_reasons_of_the_settings_and_the_member_as_the_switch_calls_it() -> None:
    pbx = {**PBX, "pause_username": "pauser", "pause_secret": "p4use"}
    text = render(Part.BREAKS, settings([pbx]))
    assert "exten => *311,1,Gosub(voicedesk-break,start,1(午餐))\n" in text
    assert "PauseQueueMember(,${CHANNEL:0:-9},,${ARG1})" in text
    assert "AGI(agi://127.0.0.1:4573/break?pbx=main)" in text
    assert "[pauser]\nsecret = p4use\n" in text
    assert "read =\nwrite = agent" in text
    assert re.findall(r"@[A-Z_]+@", render(Part.ALL, settings([pbx]))) == []
    assert "Local/${CHANNEL(endpoint)}@from-queue/n" in render(Part.BREAKS, settings([pbx]), freepbx=True)
    assert "voicedesk-break" not in render(Part.ALL, settings())
    assert "@PAUSE_USER@" in render(Part.BREAKS, settings([]))
    more = Settings.model_validate({"pbx": [pbx], "breaks": {"reasons": ["午餐,会议"]}})
    with pytest.raises(InputError, match="means more than itself"):
        render(Part.BREAKS, more)


BRANCH = {**PBX, "name": "branch", "username": "other", "dial_username": "dialler", "dial_secret": "d1al"}
HOUSES = [
    {"name": "社保", "pbx": "main", "extensions": ["12333"], "queues": ["hot"], "phones": ["PJSIP/101"]},
    {"name": "分厅", "pbx": "branch", "extensions": ["12333"], "queues": ["hot"], "phones": ["PJSIP/101", "PJSIP/102"],
     "shown_number": "0371-87654321"},
]  # fmt: skip


def test_each_pbx_gets_its_own_lines_queues_and_phones_alone() -> None:
    two = settings([PBX, BRANCH], HOUSES)
    main, branch = (render(Part.ALL, two, pbx=name) for name in ("main", "branch"))
    assert "; ---- for /etc/asterisk/manager.conf of branch\n" in branch
    assert ("社保" in main, "分厅" in main, "PJSIP/102" in main) == (True, False, False)
    assert ("社保" in branch, "分厅" in branch, "PJSIP/102" in branch) == (False, True, True)


def test_each_line_of_a_pbx_shows_its_own_number_by_a_trunk_of_its_own() -> None:
    two = settings([PBX, BRANCH], HOUSES)
    text = render(Part.CALLBACK, two, pbx="branch")
    assert "[voicedesk-callback-037187654321]\nexten => _X.,1,Set(VOICEDESK_SHOWN=037187654321)\n" in text
    assert "exten => shown037187654321,1,Set(CALLERID(num)=037187654321)\n same => n,Dial(@TRUNK_DIAL@," in text
    assert "Set(CALLERID(num)=12333)" in text
    assert "037187654321" not in render(Part.CALLBACK, two, pbx="main")


def test_what_goes_into_several_files_is_parted_and_each_file_can_be_had_by_itself() -> None:
    two = settings([BRANCH], [HOUSES[1]])
    pieces = pieces_of(Part.ALL, two)
    files = [one.file for one in pieces]
    assert [file for n, file in enumerate(files) if file not in files[:n]] == [
        *("manager.conf", "extensions.conf", "queues.conf", "cdr_custom.conf", "cel.conf", "cel_custom.conf")
    ]
    assert len([one for one, after in pairwise([*files, ""]) if one != after]) == len(set(files))  # each in one place
    whole = render(Part.ALL, two)
    assert re.findall(r"^; /etc/asterisk/(\S+): only", whole, flags=re.MULTILINE) == list(dict.fromkeys(files))
    for file in ("extensions.conf", "extensions", "/etc/asterisk/extensions.conf"):
        dialplan = render(Part.CALLBACK, two, file=file)
        assert "[voicedesk-callback]" in dialplan
        assert "secret =" not in dialplan
    users = render(Part.CALLBACK, two, file="manager.conf")
    assert "[dialler]" in users
    assert "exten =>" not in users
    with pytest.raises(InputError, match=r"nothing of this goes into 'queues.conf': it goes into extensions.conf, man"):
        render(Part.CALLBACK, two, file="queues.conf")
    assert "manager_custom.conf: only" in render(Part.CALLBACK, two, freepbx=True)


def test_citizens_who_are_rung_back_see_the_line_s_published_number_and_not_its_queue_s():
    settings = Settings.model_validate({"lines": [{"name": "hotline", "extensions": ["400", "88011234"]}]})
    assert "Set(CALLERID(num)=88011234)" in render(Part.CALLBACK, settings)
