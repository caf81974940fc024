"""Asking a switch for a call, once, whatever it answers."""

import pytest
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.clock import now_us
from voicedesk.errors import InputError, OutcomeUnknown
from voicedesk.jobs.ringing_back import dialler
from voicedesk.jobs.ringing_back.dialler import Order, place

ORDER = Order(channel_id="vd-0123", extension="6001", number="13800138000")


def address(switch, secret: str = "s3cret") -> AmiAddress:
    credentials = Credentials(username="voicedesk", secret=secret)
    return AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)


def asked(switch) -> list[dict[str, str]]:
    return [one for one in switch.actions if one["Action"] == "Originate"]


async def test_one_call_is_asked_for_with_nothing_but_contexts_and_digits(switch):
    await place(ORDER, address(switch), now_us)
    (action,) = asked(switch)
    del action["ActionID"]
    assert action == {
        "Action": "Originate",
        "Channel": "Local/6001@voicedesk-staff",
        "Context": "voicedesk-callback",
        "Exten": "13800138000",
        "Priority": "1",
        "CallerID": '"huibo" <13800138000>',
        "Timeout": "45000",
        "Async": "true",
        "ChannelId": "vd-0123",
        "OtherChannelId": "vd-0123-2",
    }
    assert switch.names()[-1] == "Logoff"


async def test_a_refusal_is_known_to_have_placed_nothing(switch):
    switch.refuse = {"Originate"}
    with pytest.raises(InputError, match=r"^the switch refused: Permission denied$"):
        await place(ORDER, address(switch), now_us)
    with pytest.raises(InputError, match="refused the login"):
        await place(ORDER, address(switch, "wrong"), now_us)
    assert len(asked(switch)) == 1


async def test_fault_46_an_answer_that_never_comes_leaves_it_unknown_and_asks_no_second_time(switch, monkeypatch):
    monkeypatch.setattr(dialler, "ANSWER_SECONDS", 0.2)
    switch.silent = {"Originate"}
    with pytest.raises(OutcomeUnknown, match="no answer"):
        await place(ORDER, address(switch), now_us)
    assert len(asked(switch)) == 1


async def test_a_switch_that_is_not_there_placed_nothing(switch):
    there = address(switch)
    await switch.__aexit__()
    with pytest.raises(InputError, match="cannot be reached"):
        await place(ORDER, there, now_us)


async def test_what_is_no_asterisk_placed_nothing(switch):
    switch.banner = b"220 mail.example ESMTP\r\n"
    with pytest.raises(InputError, match="not Asterisk"):
        await place(ORDER, address(switch), now_us)
    assert asked(switch) == []


@pytest.mark.parametrize(
    ("extension", "number"), [("6001@x", "13800138000"), ("6001", "138&PJSIP"), ("", "13800138000"), ("6001", "+86138")]
)
def test_fault_48_what_is_not_digits_is_never_asked_for(extension, number):
    with pytest.raises(InputError, match="only digits"):
        Order(channel_id="vd-1", extension=extension, number=number)
