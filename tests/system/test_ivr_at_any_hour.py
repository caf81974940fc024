"""The IVR on real calls at any hour: when it answers, when the phones ring, and what becomes of callers without it."""

import asyncio
import json
import signal
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.system.test_ivr import (
    GAVE_UP,
    HEARD,
    NOTICES,
    STAFF,
    answered,
    bring,
    entries,
    hall,
    ledger,
    number_of,
    pytestmark,  # noqa: F401  # what holds for its calls holds for these
    quiet_after,
    staff_call,
    until,
    until_state,
)
from tests.testbed.behaviours import answers_after, rings_on
from tests.testbed.callers import Ears
from tests.testbed.plan import Line
from voicedesk.audio.g711 import encode_alaw
from voicedesk.ivr.model import State


def hours_elsewhen() -> str:
    """Duty hours in which nobody is on duty for many hours to come."""
    then = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[(then - timedelta(days=3)).weekday()]
    return f"{day} 03:00-03:01"


async def test_out_of_hours_the_ivr_answers_and_notes_a_callback_and_no_phone_rings(tmp_path, book):
    line = Line(extension="4001", name="hotline", members=("agent1",), duty=(hours_elsewhen(),))
    async with hall(line, ("agent1",), tmp_path, book) as (stage, service):
        stage.set(agent1=rings_on)
        call = await answered(await stage.call_in("4001", number=number_of(1)))
        silent = await answered(await stage.call_in("4001", number=number_of(3)))
        await asyncio.gather(
            bring(service, call, number_of(1), State.COMPLAINT, ""),
            bring(service, silent, number_of(3), State.COMPLAINT, ""),
        )
        await quiet_after(call, len(call.media.heard) + 8000 * 5)  # what is said lasts for eight seconds; then a beep
        call.say(bytes(said_tone(3)))
        while call.media.is_saying:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        await call.press("#")
        await until_state(service, number_of(1), "done")
        call.bye()
        lost = await answered(await stage.call_in("4001", number=number_of(2)))
        await bring(service, lost, number_of(2), State.CALLBACK, "")
        for _ in range(3):
            await asyncio.sleep(1)
            await lost.press("5")
        assert await lost.over_within(150)
        assert await silent.over_within(150)
        await stage.quiet()
        kept = await until(service, lambda kept: kept[number_of(2)]["exit"] == "goodbye")
        (complaint,) = kept[number_of(1)]["requests"]
        assert complaint["kind"] == "complaint"
        assert complaint["seconds"] > 2
        assert (tmp_path / "recordings" / complaint["file"]).stat().st_size > 8000
        for number in (number_of(2), number_of(3)):
            (asked,) = kept[number]["requests"]
            assert (asked["kind"], asked["number"]) == ("callback", number)
        assert list((stage.switch.run / "callers").iterdir()) == []
        assert not stage.phones["agent1"].calls


def said_tone(seconds: float) -> bytes:
    times = np.arange(int(8000 * seconds)) / 8000
    return encode_alaw((np.sin(2 * np.pi * 300 * times) * 9000).astype(np.int16))


async def test_in_duty_hours_the_gate_answers_nothing_and_nobody_there_means_the_notices(tmp_path, book):
    line = Line(extension="4001", name="hotline", members=("agent1",), ring_seconds=2, queue_seconds=2)
    async with hall(line, ("agent1",), tmp_path, book) as (stage, service):
        stage.set(agent1=rings_on)
        call = await stage.call_in("4001", number=number_of(1))
        await stage.call_at("agent1")
        assert not call.answered.is_set()
        await answered(call)
        await call.hears_more(0)
        await call.press("0")
        second = await stage.call_at("agent1", 1)
        before = len(call.media.heard)
        await until(service, lambda kept: kept.get(number_of(1), {}).get("exit") == "person")
        assert await second.over_within(60)
        async with asyncio.timeout(60):
            while len(found := await entries(service)) < 2:
                await asyncio.sleep(0.3)
        await call.hears_more(before)
        await call.press("1")
        async with asyncio.timeout(60):
            while not (found := await entries(service))[0]["requests"]:
                await asyncio.sleep(0.3)
        call.bye()
        await stage.quiet()
        assert [one["entry"] for one in found] == ["overflow", "overflow"]
        assert found[0]["requests"][0]["kind"] == "callback"


async def test_an_outage_is_told_first_and_then_the_phones_ring(tmp_path, book):
    line = Line(extension="4001", name="hotline", members=("agent1",))
    told = tmp_path / "told.json"
    notify = ["/bin/sh", "-c", f"cat > {told}"]
    async with hall(line, ("agent1",), tmp_path, book, outage={"notify_command": notify}) as (stage, service):
        stage.set(agent1=answers_after(0.5))
        text = "社会保险系统正在抢修。"
        await service.command("outage", "start", text)
        await service.wait_for("outages")
        assert json.loads(told.read_text(encoding="utf-8"))["text"] == text
        call = await answered(await stage.call_in("4001", number=number_of(1)))
        staff = await stage.call_at("agent1")
        await answered(staff)
        ears = Ears()
        heard = ears.heard(call)
        assert ears.share_of(heard, "现在系统出现故障，部分业务暂时无法办理，我们正在抢修，非常抱歉。") >= HEARD
        assert ears.share_of(heard, text) >= HEARD
        call.bye()
        await stage.quiet()
        assert "抢修" in await service.command("outage", "list")
        await service.command("outage", "stop")
        await service.wait_for("outages", count=2)
        again = await stage.call_in("4001", number=number_of(2))
        await answered(await stage.call_at("agent1", 1))
        assert not again.media.heard.strip(b"\xd5\x55")
        again.bye()
        await stage.quiet()


@pytest.mark.parametrize("way", ["killed before", "killed in the middle", "stopped before", "stopped in the middle"])
async def test_fault_53_whatever_becomes_of_voicedesk_the_caller_reaches_the_queue(tmp_path, book, way):
    line = Line(extension="4001", name="hotline", members=("agent1",))
    async with hall(line, ("agent1",), tmp_path, book) as (stage, service):
        stage.set(agent1=answers_after(0.5))
        number = NOTICES if "middle" in way else "4001"
        if "middle" in way:
            call = await answered(await stage.call_in(number, number=number_of(1)))
            await until_state(service, number_of(1), "menu")
            await call.hears_more(0)
        if "killed" in way:
            await service.stop(kill=True)
        else:
            service.signal(signal.SIGSTOP)
        try:
            if "before" in way:
                call = await stage.call_in(number, number=number_of(1))
            elif "stopped" in way:
                await call.press("4")  # the answer to it never comes
            staff = await stage.call_at("agent1", seconds=90)
            await answered(staff)
            assert not await call.over_within(1)
            is_given_up = GAVE_UP in stage.control.data
            assert is_given_up == ("stopped" in way)
        finally:
            if "stopped" in way:
                service.signal(signal.SIGCONT)
        call.bye()
        await stage.quiet()


async def test_fault_56_who_comes_over_the_limit_goes_on_to_the_queue_at_once_and_nobody_hangs(tmp_path, book):
    line = Line(
        extension="4001", name="hotline", members=STAFF[:8], strategy="rrmemory", ring_seconds=4, queue_seconds=4
    )
    async with hall(line, STAFF[:8], tmp_path, book, ivr={"sessions": 2}) as (stage, service):
        stage.set(**{name: answers_after(0.2) for name in STAFF[:8]})
        served = [await answered(await stage.call_in(NOTICES, number=number_of(n))) for n in range(2)]
        await until(service, lambda kept: len(kept) == 2)
        over = [number_of(100 + n) for n in range(8)]
        began = len(stage.control.data)
        calls = [await stage.call_in(NOTICES if n % 2 else "4001", number=number) for n, number in enumerate(over)]
        await asyncio.gather(*(staff_call(stage, number) for number in over))
        is_given_up = GAVE_UP in stage.control.data[began:]
        assert not is_given_up
        # the two who came first are served on
        await asyncio.gather(*(bring(service, call, number_of(n), State.GROUP, "") for n, call in enumerate(served)))
        for call in calls:
            call.bye()
        # where nobody answers either, the call comes to its end
        stage.set(**dict.fromkeys(STAFF[:8], rings_on))
        unlucky = await stage.call_in(NOTICES, number=number_of(200))
        assert await unlucky.over_within(90)
        assert unlucky.final.startswith("SIP/2.0 480")
        assert set(await ledger(service)) == {number_of(0), number_of(1)}
        left_at = time.time()
        served[0].bye()
        await until(service, lambda kept: kept[number_of(0)]["ended_at"] > left_at)
        # and where there is room again, the next one is served
        again = await answered(await stage.call_in(NOTICES, number=number_of(300)))
        await until(service, lambda kept: number_of(300) in kept)
        for call in (served[1], again):
            call.bye()
        await stage.quiet()
        stage.check()
    refused = [one["count"] for one in service.log if one["event"] == "agi_too_many_calls"]
    assert refused[0] == 1  # the first is told at once; the others are counted, and told by and by
    assert sum(refused) == 4 * 1 + 4 * 2 + 4
