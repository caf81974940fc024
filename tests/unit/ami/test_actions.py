"""What goes out to the switch, and what never does."""

import hashlib

import pytest
from asterisk.ami.action import Action, LoginAction, SimpleAction
from voicedesk.ami import actions
from voicedesk.errors import UnsafeValueError


def test_an_action_goes_out_with_our_action_id_its_headers_and_its_variables():
    action = Action("Originate", {"Channel": "Local/1@x", "ActionID": "theirs"}, {"CALLBACK": "7"})
    expected = b"Action: Originate\r\nActionID: x-1\r\nChannel: Local/1@x\r\nVariable: CALLBACK=7\r\n\r\n"
    assert actions.to_bytes(action, "x-1") == expected


def test_a_list_goes_out_as_one_header_per_item():
    sent = actions.to_bytes(SimpleAction("X", Codecs=["alaw", "ulaw"]), "x-1")
    assert b"\r\nCodecs: alaw\r\nCodecs: ulaw\r\n" in sent


def test_the_secret_is_never_in_an_md5_login():
    action = actions.login_md5("voicedesk", "s3cret", "193749823")
    assert action.keys["Key"] == hashlib.md5(b"193749823s3cret").hexdigest()
    assert b"s3cret" not in actions.to_bytes(action, "x-1")
    assert actions.login_plain("voicedesk", "s3cret").keys == LoginAction("voicedesk", "s3cret").keys


CONTROLS = ["a\rb", "a\nb", "a\r\nb", "a\x00b", "a\x1bb", "a\x85b", "a\u2028b"]
TOO_LONG = ["x" * 1001, "王" * 334]


@pytest.mark.parametrize("bad", [*CONTROLS, *TOO_LONG, "\ud800"], ids=ascii)
@pytest.mark.parametrize("place", ["name", "key", "value", "variable", "variable value", "action id"])
def test_fault_44_what_could_begin_another_header_or_is_too_long_is_refused(bad, place):
    put = {
        "name": "X",
        "key": "K",
        "value": "v",
        "variable": "V",
        "variable value": "w",
        "action id": "x-1",
        place: bad,
    }
    action = Action(put["name"], {put["key"]: put["value"]}, {put["variable"]: put["variable value"]})
    with pytest.raises(UnsafeValueError):
        actions.to_bytes(action, put["action id"])


@pytest.mark.parametrize("key", ["", "a: b", "a b", "键"])
def test_a_key_is_a_plain_word(key):
    with pytest.raises(UnsafeValueError):
        actions.to_bytes(Action("X", {key: "v"}), "x-1")


def test_a_value_of_a_thousand_bytes_and_a_chinese_one_are_fine():
    sent = actions.to_bytes(SimpleAction("X", Long="x" * 1000, Name="王小明"), "x-1")
    assert "Name: 王小明".encode() in sent


def test_only_actions_that_change_nothing_may_be_asked_again():
    asked = [
        actions.ping(),
        actions.challenge(),
        actions.core_status(),
        actions.core_settings(),
        actions.core_show_channels(),
        actions.queue_status(),
        actions.device_state_list(),
        actions.extension_state_list(),
    ]
    assert {action.name for action in asked} == actions.IDEMPOTENT
    assert actions.logoff().name not in actions.IDEMPOTENT


def test_a_pause_names_the_member_and_no_queue_so_that_it_holds_in_all_of_them():
    sent = actions.to_bytes(actions.queue_pause(interface="PJSIP/agent1", is_paused=True, reason="午餐"), "x-1")
    assert sent.decode() == (
        "Action: QueuePause\r\nActionID: x-1\r\nInterface: PJSIP/agent1\r\nPaused: true\r\nReason: 午餐\r\n\r\n"
    )
    back = actions.to_bytes(actions.queue_pause(interface="PJSIP/agent1", is_paused=False, reason=""), "x-1")
    assert b"Paused: false\r\n" in back
    assert "QueuePause" not in actions.IDEMPOTENT


def test_a_call_that_is_placed_goes_to_an_extension_under_an_id_of_ours_and_is_never_asked_again():
    action = actions.originate(
        channel="Local/7@callback",
        context="answered",
        exten="7",
        channel_id="vd-7",
        caller_number="4001",
        caller_name="Hall",
        timeout_ms=30_000,
    )
    assert actions.to_bytes(action, "x-1").decode().split("\r\n") == [
        "Action: Originate",
        "ActionID: x-1",
        "Channel: Local/7@callback",
        "Context: answered",
        "Exten: 7",
        "Priority: 1",
        'CallerID: "Hall" <4001>',
        "Timeout: 30000",
        "Async: true",
        "ChannelId: vd-7",
        "OtherChannelId: vd-7-2",
        "",
        "",
    ]
    assert action.name not in actions.IDEMPOTENT
