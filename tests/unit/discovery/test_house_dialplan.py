"""The dialplan as the switch lists it: where numbers lead, which phone is which number, what is a trunk."""

import pytest
from tests.fakes.house import dialplan
from voicedesk.discovery.dialplan import Ringing, devices_in, matches, trunk_of

FREEPBX = """
[from-pstn]
include => ext-did
[ext-did]
include => ext-did-0001
[ext-did-0001]
exten => 88012345,1,Set(__FROM_DID=${EXTEN})
same => n,Gosub(app-blacklist-check,s,1())
same => n,GotoIf($["${BLACKLIST}"="1"]?blocked,s,1)
same => n(dest-ext),Goto(ext-queues,600,1)
[app-blacklist-check]
exten => s,1,Return()
[ext-queues]
exten => 600,1,Macro(user-callerid)
same => n,QueueLog(NONE,${UNIQUEID},NONE,DID,${FROM_DID})
same => n,ExecIf($["${RING}"="1"]?Queue(600,t,,,300):Queue(600,tr,,,30))
same => n,Goto(ivr-2,s,1)
[ivr-2]
exten => s,1,Background(menu)
exten => 1,1,Goto(ext-queues,600,1)
[ext-local]
exten => 101,1,Macro(exten-vm,novm,101)
exten => 101,hint,PJSIP/101&Custom:DND101,CustomPresence:101
exten => 102,hint,SIP/102
exten => *45101,hint,Custom:QUEUE101*600
[from-queue]
exten => _.,1,Dial(Local/${EXTEN}@from-internal/n)
[outrt-1]
exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@carrier,300)
exten => _0X.,1,Dial(SIP/gateway/${EXTEN})
"""


def test_a_number_is_followed_through_goto_to_the_queue_that_rings() -> None:
    plan = dialplan(FREEPBX)
    assert plan.ringing("from-pstn", "88012345")[0] == Ringing(True, "600", 300, "t")
    assert plan.ringing("ext-did-0001", "88012345")[0].target == "600"
    assert plan.ringing("ivr-2", "1")[0].target == "600"
    assert plan.ringing("ivr-2", "9") == []


def test_what_goes_round_in_circles_ends() -> None:
    plan = dialplan("[a]\nexten => 1,1,Goto(b,1,1)\n[b]\nexten => 1,1,Goto(a,1,1)\nsame => n,Queue(q)")
    assert plan.ringing("a", "1") == [Ringing(True, "q", None)]


def test_the_numbers_of_phones_are_those_of_hints_and_of_single_dials() -> None:
    plan = dialplan(f"{FREEPBX}\n[own]\nexten => 6001,1,Dial(PJSIP/desk,30)\nexten => 6002,1,Dial(PJSIP/a&PJSIP/b)")
    assert plan.devices() == {"PJSIP/101": "101", "SIP/102": "102", "PJSIP/desk": "6001"}


def test_trunks_are_what_numbers_are_passed_on_to() -> None:
    assert dialplan(FREEPBX).trunks() == {"PJSIP/carrier", "SIP/gateway"}


@pytest.mark.parametrize(
    ("dialled", "trunk"),
    [
        ("PJSIP/${EXTEN}@trunk", "PJSIP/trunk"),
        ("PJSIP/13800138000@trunk", "PJSIP/trunk"),
        ("SIP/carrier/${OUTNUM}", "SIP/carrier"),
        ("IAX2/other/013800138000", "IAX2/other"),
        ("PJSIP/101", None),
        ("PJSIP/agent1", None),
        ("Local/101@from-queue/n", None),
        ("PJSIP/${EXTEN}", None),
        ("SIP/${TRUNK}/${EXTEN}", None),
        ("${DIALSTR}", None),
    ],
)
def test_a_trunk_is_dialled_with_a_number_a_phone_by_its_name(dialled: str, trunk: str | None) -> None:
    assert trunk_of(dialled) == trunk


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("_8801XXXX", "88012345", True),
        ("_8801XXXX", "8801234", False),
        ("_[1-3]X.", "2399", True),
        ("_[1-3]X.", "239", True),
        ("_[1-3]X.", "23", False),
        ("_NXX!", "299", True),
        ("_NXX!", "199", False),
        ("_ZXX-XXX", "123456", True),
        ("_.", "1", True),
        ("88012345", "88012345", False),
    ],
)
def test_patterns_fit_as_the_switch_fits_them(pattern: str, number: str, fits: bool) -> None:
    assert matches(pattern, number) is fits


def test_devices_of_a_hint_are_phones_alone() -> None:
    assert devices_in("PJSIP/101&Custom:DND101,CustomPresence:101") == ["PJSIP/101"]
    assert devices_in("Custom:QUEUE101*600") == []


def test_a_list_that_was_cut_or_looks_elsewhere_is_not_whole() -> None:
    assert dialplan(FREEPBX).is_whole
    assert not dialplan(FREEPBX, is_whole=False).is_whole
    assert not dialplan("[a]\nswitch => Realtime/@").is_whole


def test_a_number_is_found_by_pattern_and_not_by_the_way_out() -> None:
    plan = dialplan(f"{FREEPBX}\n[in]\nexten => _880XXXXX,1,Queue(1)")
    assert plan.places_of("88012345") == [("ext-did-0001", "88012345"), ("in", "_880XXXXX")]
    assert plan.places_of("913800138000") == []
