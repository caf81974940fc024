"""The staff's phones at the real switch: breaks, phones that go away, refuse at once, or are held; and who is told."""

import asyncio
import json
import signal
import socket

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_after, is_busy, rings_on
from tests.testbed.callers import SILENT_HALL, Ears, built_prompts, ivr_settings
from tests.testbed.configuration import PAUSE_SECRET, PAUSE_USER
from tests.testbed.plan import Line, Plan
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from voicedesk.cli.asking import ask_service
from voicedesk.clock import now_us
from voicedesk.desk.seats import seat_json, seats
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.texts import load_frames
from voicedesk.settings import load_settings
from voicedesk.step_rows import StepKind
from voicedesk.store.store import Store
from voicedesk.texts_folder import shipped_texts

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]

QUICK = {
    "breaks": {"limit_minutes": 0.05},
    "phone_watch": {"away_seconds": 1.0, "held_minutes": 0.05},
}
BACK_OFFICE = """
[[lines]]
name = "back office"
extensions = ["4999"]
phones = ["PJSIP/absent"]
[[phones]]
endpoint = "PJSIP/absent"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def hall(stage, tmp_path):
    """The shared switch, and a service whose limits are some seconds."""
    async with RunningService(stage.switch.plan, tmp_path, ivr=QUICK, more=BACK_OFFICE) as service:
        await until(service, lambda rows: rows.get("PJSIP/agent1", {}).get("is_current"))
        yield stage, service


async def told(service) -> dict[str, dict]:
    """What `agents` says, by endpoint; without the command, which each time would cost too much."""
    settings = load_settings(service.config, {})
    async with Store.open(settings.store.url, may_write=False) as store:
        found = await seats(store, settings, AT_THE_MACHINE, now=now_us())
    return {row.endpoint: seat_json(row) for row in found.rows}


def store_of(service):
    return Store.open(f"sqlite:///{service.config.parent / 'voicedesk.db'}", upgrade=False)


async def breaks(service):
    """Every break there was, the newest first."""
    async with store_of(service) as store:
        return await store.phones.breaks()


async def asked(service, **what) -> str:
    """What the service answers to a row, as `voicedesk breaks` writes it."""
    return await ask_service(load_settings(service.config, {}), StepKind.BREAK, {"by": "wang", **what}, look="")


async def until(service, done, seconds: float = 40) -> dict[str, dict]:
    """The phones once `done` holds of them."""
    rows = {}
    try:
        async with asyncio.timeout(seconds):
            while not done(rows := await told(service)):
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"{rows}\n{service.tail()}") from None
    return rows


async def news(service, kind: str, about: str = "") -> dict:
    """The first news of a kind about a phone or a line."""
    seen = 0
    async with asyncio.timeout(60):
        while True:
            found = await service.wait_for("news", count=seen + 1, seconds=60)
            for one in found[seen:]:
                if one["kind"] == kind and about in str(one["fields"]):
                    return one
            seen = len(found)


async def kinds_of_news(service, about: str, count: int) -> list[str]:
    """The kinds of all news about a phone, once there are `count`; the log comes after the store."""
    seen = 0
    async with asyncio.timeout(60):
        while True:
            found = await service.wait_for("news", count=seen + 1, seconds=60)
            kinds = [one["kind"] for one in found if about in str(one)]
            if len(kinds) >= count:
                return kinds
            seen = len(found)


async def findings(service, endpoint: str):
    """Every finding there was of a phone."""
    async with store_of(service) as store:
        return [one for one in await store.phones.findings() if one.endpoint == endpoint]


async def paused_at_the_switch(stage, interface: str) -> set[str]:
    """What the switch's own queues say of a member."""
    control = stage.control
    start = len(control.data)
    await control.action("QueueStatus", until=b"QueueStatusComplete")
    blocks = bytes(control.data[start:]).decode(errors="replace").split("\r\n\r\n")
    members = [one for one in blocks if "Event: QueueMember\r\n" in one and f"Location: {interface}\r\n" in one]
    return {line for one in members for line in one.split("\r\n") if line.startswith(("Paused: ", "PausedReason: "))}


async def test_a_break_by_command_is_made_at_the_switch_seen_told_when_too_long_and_ended(hall):
    stage, service = hall
    answer = await service.command("breaks", "start", "6002", "--reason", "午餐", "--by", "wang")
    assert "PJSIP/agent2" in answer
    assert await paused_at_the_switch(stage, "PJSIP/agent2") == {"Paused: 1", "PausedReason: 午餐"}
    await until(service, lambda rows: rows["PJSIP/agent2"]["on_break"])
    shown = json.loads(await service.command("agents", "--json"))
    row = {one["endpoint"]: one for one in shown["agents"]}["PJSIP/agent2"]
    assert shown["service_running"]
    assert (row["state"], row["on_break"]["reason"], row["is_current"]) == ("paused", "午餐", True)
    (listed,) = json.loads(await service.command("breaks", "list", "--json"))
    assert (listed["endpoint"], listed["source"], listed["by"]) == ("PJSIP/agent2", "command", "wang")
    assert "离岗" in (await news(service, "break_too_long"))["title"]
    with pytest.raises(InputError, match="最后一部空闲话机"):
        await asked(service, do="start", phone="6001")
    assert await paused_at_the_switch(stage, "PJSIP/agent1") == {"Paused: 0", "PausedReason: "}
    await asked(service, do="start", phone="6001", anyway=True)
    await news(service, "nobody_free", "hotline")
    await asked(service, do="stop", phone="6001")
    await asked(service, do="stop", phone="6002")
    await news(service, "break_too_long_over")
    rows = await until(service, lambda rows: not rows["PJSIP/agent2"]["on_break"])
    assert rows["PJSIP/agent2"]["state"] == "free"
    over = [one for one in await breaks(service) if one.to_at is not None]
    assert {one.endpoint for one in over} == {"PJSIP/agent1", "PJSIP/agent2"}


async def test_a_break_by_feature_code_works_at_the_switch_and_is_known_as_such(hall):
    stage, service = hall
    phone = stage.phones["agent3"]
    dialled = await phone.dial("*311")
    assert await dialled.over_within(20)
    assert await paused_at_the_switch(stage, "PJSIP/agent3") == {"Paused: 1", "PausedReason: 午餐"}
    await until(service, lambda rows: rows["PJSIP/agent3"]["on_break"])
    (begun,) = await breaks(service)
    assert (begun.endpoint, begun.source, begun.reason) == ("PJSIP/agent3", "feature_code", "午餐")
    back = await phone.dial("*32")
    assert await back.over_within(20)
    assert await paused_at_the_switch(stage, "PJSIP/agent3") == {"Paused: 0", "PausedReason: "}
    await until(service, lambda rows: not rows["PJSIP/agent3"]["on_break"])


async def test_a_feature_code_pauses_also_while_voicedesk_is_dead_and_the_break_is_known_afterwards(hall):
    stage, service = hall
    await service.stop(kill=True)
    dialled = await stage.phones["agent2"].dial("*31")
    assert await dialled.over_within(20)
    assert "Paused: 1" in await paused_at_the_switch(stage, "PJSIP/agent2")
    await service.restart()
    await until(service, lambda rows: rows["PJSIP/agent2"]["on_break"])
    await news(service, "break_too_long")
    since = len(service.log)
    await service.stop()
    await service.restart()
    await until(service, lambda rows: rows["PJSIP/agent2"]["is_current"])
    again = [one for one in service.log[since:] if one.get("event") == "news" and one["kind"] == "break_too_long"]
    assert again == []
    assert len(await breaks(service)) == 1


async def test_a_member_known_by_a_hint_is_paused_by_command_by_its_own_name_and_seen(hall):
    stage, service = hall
    local, control = "Local/6003@phones/n", stage.control
    await control.action("Command", Command="dialplan add extension 6003,hint,PJSIP/agent3 into phones")
    added = {"Interface": local, "StateInterface": "hint:6003@phones", "MemberName": "seat three"}
    await control.action("QueueAdd", Queue="solo", **added)
    try:
        await service.stop()
        await service.restart()
        await until(service, lambda rows: rows.get("PJSIP/agent3", {}).get("is_current"))
        await asked(service, do="start", phone="6003", reason="午餐")
        for interface in (local, "PJSIP/agent3"):
            assert await paused_at_the_switch(stage, interface) == {"Paused: 1", "PausedReason: 午餐"}
        rows = await until(service, lambda rows: rows["PJSIP/agent3"]["on_break"])
        assert (rows["PJSIP/agent3"]["state"], rows["PJSIP/agent3"]["on_break"]["reason"]) == ("paused", "午餐")
        await control.action("QueuePause", Interface=local, Paused="false")
        await until(service, lambda rows: not rows["PJSIP/agent3"]["on_break"])
        await control.action("QueuePause", Interface=local, Paused="true")
        await until(service, lambda rows: rows["PJSIP/agent3"]["on_break"])
        await asked(service, do="stop", phone="6003")
        assert await paused_at_the_switch(stage, local) == {"Paused: 0", "PausedReason: "}
    finally:
        await control.action("QueueRemove", Queue="solo", Interface=local)
        await control.action("Command", Command="dialplan remove extension 6003@phones hint")


class Registered:
    """A phone that signs on at the switch, and off again."""

    def __init__(self, stage, name: str) -> None:
        self._network = stage.switch.plan.network
        self._name = name
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((f"{self._network.prefix}.0.77", 0))
        self._socket.setblocking(False)
        self._cseq = 0

    async def sign(self, seconds: int) -> None:
        host, port = self._socket.getsockname()
        server = f"{self._network.switch}:{self._network.sip_port}"
        self._cseq += 1
        text = (
            f"REGISTER sip:{server} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{self._cseq}x\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self._name}@{server}>;tag=one\r\nTo: <sip:{self._name}@{server}>\r\n"
            f"Call-ID: registered@{host}\r\nCSeq: {self._cseq} REGISTER\r\n"
            f"Contact: <sip:{self._name}@{host}:{port}>;expires={seconds}\r\nContent-Length: 0\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(self._socket, text.encode(), (self._network.switch, self._network.sip_port))
        async with asyncio.timeout(10):
            answer = await loop.sock_recv(self._socket, 4000)
        assert answer.startswith(b"SIP/2.0 200"), answer

    def close(self) -> None:
        self._socket.close()


async def test_a_phone_that_signs_off_in_duty_hours_is_found_within_a_minute_and_over_when_it_is_back(hall):
    stage, service = hall
    phone = Registered(stage, "absent")
    try:
        await phone.sign(60)
        await until(
            service, lambda rows: rows["PJSIP/absent"]["state"] == "free" and not rows["PJSIP/absent"]["findings"]
        )
        await phone.sign(0)
        rows = await until(service, lambda rows: rows["PJSIP/absent"]["findings"])
        assert rows["PJSIP/absent"]["state"] == "unregistered"
        assert [one["kind"] for one in rows["PJSIP/absent"]["findings"]] == ["phone_unregistered"]
        await phone.sign(60)
        await until(service, lambda rows: not rows["PJSIP/absent"]["findings"])
        times = len(await findings(service, "PJSIP/absent"))  # once more if it was found before it first signed on
        pair = ["phone_unregistered", "phone_unregistered_over"]
        assert await kinds_of_news(service, "absent", 2 * times) == pair * times
        await phone.sign(0)
    finally:
        phone.close()


async def is_unavailable(call):
    """480 at once, as many phones answer that are set to do-not-disturb."""
    call.reject("480 Temporarily Unavailable")


@pytest.mark.parametrize("refuses", [is_busy, is_unavailable])
async def test_a_phone_that_refuses_at_once_is_suspected_until_it_rings(hall, refuses):
    stage, service = hall
    stage.set(agent1=refuses)
    for number in range(3):
        call = await stage.call_in("4101", number=f"1381000020{number}")
        assert await call.over_within(20)
        await stage.quiet()
    one = await news(service, "dnd_suspected")
    assert "推测" in str(one["fields"])
    stage.set(agent1=rings_on)
    call = await stage.call_in("4101", number="13810000209")
    await (await stage.call_at("agent1", 3)).ringing.wait()
    await news(service, "dnd_suspected_over")
    await call.hang_up()


async def test_a_long_call_that_is_no_caller_s_is_found_and_a_callback_or_caller_is_not(hall):
    stage, service = hall
    stage.trunk.on_invite = answers_after(0.2)
    stage.set(agent2=answers_after(0.2))
    caller = await stage.call_in("4101", number="13810000301")
    private = await stage.phones["agent3"].dial("13910000302")
    async with asyncio.timeout(20):
        await private.answered.wait()
    one = await news(service, "line_held", "PJSIP/agent3")
    assert "1391" not in json.dumps(one, ensure_ascii=False)
    private.bye()
    await news(service, "line_held_over")
    await caller.hang_up()


async def test_the_pausing_user_may_pause_and_nothing_beyond_its_class(stage):
    network = stage.switch.plan.network
    reader, writer = await asyncio.open_connection(network.switch, network.ami_port)
    try:
        writer.write(f"Action: Login\r\nUsername: {PAUSE_USER}\r\nSecret: {PAUSE_SECRET}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            await reader.readuntil(b"Authentication accepted\r\n\r\n")
            for action in (
                "Command\r\nCommand: core show channels",
                "CoreShowChannels",
                "Originate\r\nChannel: Local/1@x",
            ):
                writer.write(f"Action: {action}\r\n\r\n".encode())
                assert b"Permission denied" in await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


@pytest.mark.timeout(300)
async def test_the_last_free_phone_is_asked_first_and_callers_hear_that_nobody_is_there(tmp_path):
    book = built_prompts()
    texts = load_frames(shipped_texts())[CHINESE]
    line = Line(extension="4001", name="hotline", members=("agent1",), ring_seconds=10)
    plan = Plan(ivr=True, staff=("agent1",), lines=(line,))
    async with Stage(plan) as stage:
        settings = ivr_settings(plan, stage.switch.run, book)
        async with RunningService(plan, tmp_path, hall=SILENT_HALL, ivr=settings) as service:
            await service.wait_for("ivr_listening")
            await until(service, lambda rows: rows["PJSIP/agent1"]["is_current"])
            phone = stage.phones["agent1"]
            warned = await phone.dial("*31")
            assert await warned.over_within(60)  # nothing was pressed
            await service.wait_for("break_not_begun")
            assert Ears().share(warned, texts["last_phone"]) > 0.5
            assert "Paused: 0" in await paused_at_the_switch(stage, "PJSIP/agent1")
            confirmed = await phone.dial("*31")
            async with asyncio.timeout(20):
                await confirmed.answered.wait()
            await asyncio.sleep(1)
            await confirmed.press("1")
            assert await confirmed.over_within(30)
            assert "Paused: 1" in await paused_at_the_switch(stage, "PJSIP/agent1")
            await until(service, lambda rows: rows["PJSIP/agent1"]["on_break"])
            caller = await stage.call_in("4001", number="13810000401")
            async with asyncio.timeout(20):
                await caller.answered.wait()
            back = await phone.dial("*32")
            assert await back.over_within(20)
            stage.set(agent1=answers_after(0.5, talks=1))
            assert await caller.over_within(60)  # whoever waits is answered when somebody is back
            assert Ears().share(caller, texts["all_away"]) > 0.5
            service.signal(signal.SIGSTOP)
            try:
                asked_nothing = await phone.dial("*31")
                assert await asked_nothing.over_within(30)
                assert "Paused: 1" in await paused_at_the_switch(stage, "PJSIP/agent1")
            finally:
                service.signal(signal.SIGCONT)
        stage.check()
