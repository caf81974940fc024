"""The files of `dialplans/` in a real Asterisk: what the watcher sees and may do, and calls that ring regardless."""

import asyncio
import re

import pytest
from tests.testbed.behaviours import answers_after, rings_on
from tests.testbed.stage import Stage

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]

EVERY_CONTROL_CHARACTER = "".join(f"%{code:02x}" for code in range(1, 32))


async def answered(stage: Stage, extension: str, number: str) -> None:
    """A call that is answered and hung up."""
    caller = await stage.call_in(extension, number=number)
    async with asyncio.timeout(10):
        await caller.answered.wait()
    caller.bye()
    await stage.quiet()


def values(data: bytes, key: str) -> set[str]:
    return set(re.findall(rf"^{key}: (.*)\r$", bytes(data).decode("utf-8", "replace"), re.MULTILINE))


async def test_the_call_is_announced_with_line_and_number_before_any_phone_rings(stage):
    stage.set(agent1=answers_after(0.3))
    async with stage.switch.watcher() as watcher:
        await answered(stage, "4001", "13800138000")
        told = bytes(watcher.data)
    announced = told.index(b"UserEvent: VoicedeskCall\r\n")
    assert told.index(b"ChannelStateDesc: Ringing") > announced
    assert (values(told, "Line"), values(told, "Number")) == ({"hotline"}, {"13800138000"})


async def test_nothing_of_a_hostile_number_or_name_reaches_the_watcher(stage):
    stage.set(agent1=answers_after(0.3))
    hostile = f'"a{EVERY_CONTROL_CHARACTER}b;${{X}}" <sip:138{EVERY_CONTROL_CHARACTER}Event,00$1@127.0.0.1>'
    async with stage.switch.watcher() as watcher:
        await answered(stage, "4001", hostile)
        told = bytes(watcher.data)
    assert values(told, "Number") == {"138001"}
    assert values(told, "CallerIDNum") <= {"138001", "6001"}
    assert not re.findall(rb"[^\x20-\xff\r\n\t]", told)
    assert b"Event: Newchannel" not in told
    assert b"Event: CEL" not in told
    assert all(re.match(rb"Privilege: \w+,all\r$", line) for line in re.findall(rb"^Event: .*\r\n(.*\r)$", told, re.M))


async def test_a_chinese_name_stays_as_it_is(stage):
    stage.set(agent1=answers_after(0.3))
    async with stage.switch.watcher() as watcher:
        await answered(stage, "4001", '"张三 A.1" <sip:13800138000@127.0.0.1>')
        assert values(watcher.data, "CallerIDName") >= {"张三 A.1"}


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("Originate", {"Channel": "Local/6001@phones", "Context": "internal", "Exten": "6002", "Priority": "1"}),
        ("Command", {"Command": "core show version"}),
        ("QueuePause", {"Interface": "PJSIP/agent1", "Paused": "true"}),
        ("Hangup", {"Channel": "PJSIP/agent1-00000001"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("Setvar", {"Variable": "A", "Value": "B"}),
        ("UserEvent", {"UserEvent": "VoicedeskCall"}),
    ],
)
async def test_the_watcher_can_change_nothing(stage, action, headers):
    async with stage.switch.watcher() as watcher:
        with pytest.raises(RuntimeError, match="Permission denied"):
            await watcher.action(action, **headers)


async def test_the_watcher_may_ask_for_everything_it_needs(stage):
    async with stage.switch.watcher() as watcher:
        for action in ("CoreStatus", "CoreSettings", "Ping"):
            await watcher.action(action)
        for action in ("CoreShowChannels", "ExtensionStateList", "QueueStatus", "DeviceStateList"):
            begun = len(watcher.data)
            await watcher.action(action)
            await watcher.wait_for(b"EventList: Complete", begun)


async def test_a_caller_who_waited_in_vain_is_told_apart_from_one_who_gave_up(stage):
    stage.set(agent1=rings_on)
    async with stage.switch.watcher() as watcher:
        caller = await stage.call_in("4003")
        await asyncio.sleep(1)
        await caller.hang_up()
        await stage.quiet()
        assert not values(watcher.data, "Status") & {"TIMEOUT", "CONTINUE"}
        caller = await stage.call_in("4003")
        assert await caller.over_within(20)
        assert "480" in caller.final
        told = await watcher.wait_for(b"UserEvent: VoicedeskQueueEnd\r\n")  # SIP may come sooner
        await watcher.wait_for(b"\r\n\r\n", told)
        assert "TIMEOUT" in values(watcher.data, "Status")


async def test_the_switch_keeps_its_own_records_to_the_microsecond(stage):
    stage.set(agent1=answers_after(0.3))
    await answered(stage, "4001", "13800138077")
    rows = stage.switch.call_records()
    (record,) = [row for row in rows if row[5] == "13800138077"]
    assert all(re.fullmatch(r"\d{10}\.\d{6}", instant) for instant in record[:3])
    assert record[10] == "ANSWERED"
    events = stage.switch.channel_records()
    mine = [row[0] for row in events if row[7] == record[12]]
    assert mine.count("ANSWER") == 2
    assert all(re.search(r"\.\d{6}$", row[1]) for row in events)
