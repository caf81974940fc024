"""The dialplans and the code agree: paths that AGI asks for, channel variables, contexts and events."""

import re
from pathlib import Path

from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.ivr import dialplan
from voicedesk.ivr.model import Exit
from voicedesk.tickets.dialplan import CITIZEN_CONTEXT, STAFF_CONTEXT, citizen_context

DIALPLANS = Path(__file__).parents[3] / "dialplans"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DIALPLANS.glob("*.conf")}
IVR = TEXTS["voicedesk-ivr.conf"]
ALL = "\n".join(TEXTS.values())


def test_every_path_that_agi_asks_for_is_served_and_every_one_served_is_asked_for():
    assert set(re.findall(r"AGI\(@AGI@/(\w+)\?", ALL)) == {path.value for path in dialplan.Path}


def test_each_agi_is_guarded_against_a_service_that_hangs():
    for path in dialplan.Path:
        text = next(text for text in TEXTS.values() if f"AGI(@AGI@/{path}?" in text)
        lines = text.split("\n")
        agi = next(n for n, line in enumerate(lines) if f"AGI(@AGI@/{path}?" in line)
        assert "TIMEOUT(absolute)=2" in lines[agi - 1]
        assert "AGIEXITONHANGUP=yes" in lines[agi - 2]
        assert "TIMEOUT(absolute)=0" in lines[agi + 1]
        if path is not dialplan.Path.STAFF:
            result = dialplan.BREAK if path is dialplan.Path.BREAK else dialplan.RESULT
            assert f"Set({result}=)" in lines[agi - 3]
        assert "exten => T,1" in text


def test_a_callback_rings_only_chinese_mobiles_and_landlines_and_a_staff_phone_of_the_pattern():
    text = TEXTS["voicedesk-callback.conf"]
    patterns = re.findall(r"^exten => (\S+),1,", text[text.index("\n[voicedesk-staff]") :], flags=re.MULTILINE)
    assert [one for one in patterns if one not in ("s", "T")] == [
        "@STAFF@",
        "_13[0-35-9]XXXXXXXX",
        "_134[0-8]XXXXXXX",
        "_14[579]XXXXXXXX",
        "_1[59][0-35-9]XXXXXXXX",
        "_16[25-7]XXXXXXXX",
        "_17[0-35-8]XXXXXXXX",
        "_18XXXXXXXXX",
        "_010[2-8]XXXXXXX",
        "_02X[2-8]XXXXXXX",
        "_0[35-79]XX[2-8]XXXXXX",
        "_0[48][1-9]X[2-8]XXXXXX",
        "_0[35-79]XX[2-8]XXXXXXX",
        "_0[48][1-9]X[2-8]XXXXXXX",
    ]
    assert f"[{STAFF_CONTEXT}]" in text
    assert f"[{CITIZEN_CONTEXT}]" in text


def test_a_number_of_a_line_is_shown_by_the_dialplan_alone_and_the_same_numbers_are_rung():
    text = TEXTS["voicedesk-callback-shown.conf"]
    body = text[text.index("\n[") :]
    assert f"[{citizen_context('@SHOWN@')}]" in body
    assert re.findall(r"^exten => (\S+),1,", body, flags=re.MULTILINE) == ["_X.", "shown@SHOWN@"]
    assert f"Goto({CITIZEN_CONTEXT},${{EXTEN}},1)" in body
    assert "Set(CALLERID(num)=@SHOWN@)" in body
    assert "shown${FILTER(0-9,${VOICEDESK_SHOWN})},1" in TEXTS["voicedesk-callback.conf"]


def test_the_channel_variables_are_those_of_the_code():
    own = set(re.findall(r"\bVOICEDESK_[A-Z]+\b", ALL))
    assert own == {dialplan.RESULT, dialplan.ROUND, dialplan.BREAK, "VOICEDESK_NOTICE", "VOICEDESK_SHOWN"}
    assert set(re.findall(rf'{dialplan.RESULT}}}" = "(\w+)"', ALL)) <= {way.value for way in Exit}
    assert set(re.findall(rf'{dialplan.BREAK}}}" = "(\w+)"', ALL)) == {dialplan.STAY}


def test_a_feature_code_pauses_the_phone_it_is_dialled_at_and_what_is_dialled_plays_no_part():
    text = TEXTS["voicedesk-breaks.conf"]
    body = text[text.index("\n[voicedesk-breaks]") :]
    assert re.findall(r"^exten => (\S+),1,", body, flags=re.MULTILINE) == ["*31", "*32", "start", "stop", "T"]
    assert re.findall(r"PauseQueueMember\(([^)]*)\)", body) == [",@MEMBER@,,${ARG1}"]
    for caller_s in ("EXTEN", "CALLERID"):
        assert caller_s not in body


def test_every_context_that_is_gone_to_exists():
    contexts = set(re.findall(r"^\[([\w-]+)\]", ALL, flags=re.MULTILINE))
    gone_to = set(re.findall(r"(?:Gosub|Goto|DIALPLAN_EXISTS)\((voicedesk-[\w-]+)", ALL))
    gone_to |= set(re.findall(r"\]\?(voicedesk-[\w-]+),", ALL)) | set(re.findall(r"membergosub = (\S+)", ALL))
    assert gone_to <= contexts


def test_every_event_of_the_dialplans_is_listened_to():
    told = set(re.findall(r"UserEvent\((Voicedesk\w+)", ALL)) | {dialplan.NOTICE_EVENT}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (DIALPLANS.parent / "voicedesk").rglob("*.py"))
    assert not {name for name in told if f'"{name}"' not in code}
    assert "UserEvent" in WANTED_EVENTS


def test_numbers_from_outside_are_cleaned_before_anything_else():
    for name in ("voicedesk-hotline.conf", "voicedesk-notices.conf"):
        body = TEXTS[name][TEXTS[name].index("\n[") :]
        first = next(line for line in body.split("\n") if line.startswith("exten"))
        assert "FILTER(0-9+*#,${CALLERID(num)})" in first
