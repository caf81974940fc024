"""The service at work against a scripted switch: received, judged, stored; stopped and taken up again."""

import asyncio
import json
import re
import secrets
import socket
import subprocess
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from tests.fakes.ami_server import FakeAmiServer
from tests.fakes.http_server import HttpServer
from tests.testbed.postgres import Postgres
from voicedesk.calls.model import GapReason
from voicedesk.calls.replay import replay
from voicedesk.errors import InputError, SettingsError, VoicedeskError
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following import settling
from voicedesk.jobs.telling import outages as outage
from voicedesk.jobs.upkeep import retention
from voicedesk.run import lead
from voicedesk.run import service as app
from voicedesk.run.service import Service
from voicedesk.settings import Settings
from voicedesk.store import writer
from voicedesk.store.calls import CallFilter
from voicedesk.store.packing import reduce_event
from voicedesk.store.store import Store
from voicedesk.store.tables import leases

CAPTURE = (Path(__file__).parents[1] / "captures" / "b_answer_17s.raw").read_bytes()
EVENTS = [block + b"\r\n\r\n" for block in CAPTURE.split(b"\r\n\r\n") if b"\r\nTimestamp: " in block]
RINGS = next(n for n, event in enumerate(EVENTS) if b"ChannelStateDesc: Ringing" in event) + 1


class Clock:
    """Our clock: it shows the time of the recorded events as they are sent."""

    def __init__(self):
        self.us = 1_795_421_280_000_000

    def __call__(self) -> int:
        return self.us


async def play(switch: FakeAmiServer, clock: Clock, events: list[bytes]) -> None:
    """Sends recorded events, each at its own time."""
    for event in events:
        stamp = re.search(rb"\r\nTimestamp: (\d+)\.(\d+)", event)
        clock.us = int(stamp[1] + stamp[2]) + 200
        await switch.send(event)
        await asyncio.sleep(0.001)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def settings(switch, tmp_path):
    def make(**more):
        pbx = {"name": "main", "host": "127.0.0.1", "port": switch.port, "username": "voicedesk", "secret": "s3cret"}
        return Settings.model_validate(
            {
                "store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"},
                "pbx": [pbx],
                "lines": [{"name": "hotline", "extensions": ["4001"]}],
                "phones": [{"endpoint": "PJSIP/agent1"}],
                "agents": [{"id": "zhang", "name": "张三"}],
                "assignments": [{"agent": "zhang", "endpoint": "PJSIP/agent1"}],
                **more,
            }
        )

    return make


async def until(condition, seconds: float = 60):
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(settings, switch, clock, reread=None):
    """A service that has linked to the switch; stopped in order at the end. Where it speaks, it does so in a folder of
    the test's: it begins after a while, and a test that is over by then notices nothing."""
    speaks = settings.ivr.listen or any(pbx.recordings for pbx in settings.pbx)
    assert not speaks or settings.prompts.folder.is_absolute()
    sessions = switch.sessions
    service = Service(settings, reread or (lambda: settings), now=clock)
    task = asyncio.create_task(service.run())

    async def linked():
        if task.done():
            task.result()
        return switch.sessions > sessions and switch.names()[-1:] == ["DeviceStateList"]

    try:
        await until(linked)
        yield service
    finally:
        service.stop()
        await asyncio.wait({task}, timeout=60)
        if not task.cancelled():
            task.result()


async def stored(settings):
    async with Store.open(settings.store.url) as store:
        return await store.calls.list(CallFilter())


async def until_over(settings, count: int = 1) -> None:
    """Waits until so many calls are stored and over: what a service has not read when it stops, it never had."""

    async def are_over():
        calls = await stored(settings)
        return len(calls) >= count and all(one.call.facts.ended_at is not None for one in calls)

    await until(are_over)


async def test_a_call_is_received_judged_and_stored(switch, settings, clock):
    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS)

        await until_over(settings())
    (one,) = await stored(settings())
    facts, judged = one.call.facts, one.call.judgement
    assert (facts.line, facts.pbx, judged.verdict.value, judged.cause.value) == ("hotline", "main", "late", "person")
    assert (judged.agent, judged.answered_by) == ("zhang", "PJSIP/agent1")


async def test_a_recording_that_may_not_be_deleted_ends_nothing(switch, settings, clock, monkeypatch):
    async def prune(*_):
        raise InputError("2026-01-01/x.wav: the recording cannot be deleted: Permission denied")

    monkeypatch.setattr(retention, "prune", prune)
    with capture_logs() as logs:
        async with running(settings(), switch, clock):

            async def is_told():
                return "prune_failed" in [one["event"] for one in logs]

            await until(is_told)
            await play(switch, clock, EVENTS)
            await until_over(settings())
    assert len(await stored(settings())) == 1


async def test_a_missed_call_and_an_outage_are_told_to_a_webhook_and_logged(switch, settings, clock):
    missed = (Path(__file__).parents[1] / "captures" / "c_no_answer_queue_timeout.raw").read_bytes()
    events = [block + b"\r\n\r\n" for block in missed.split(b"\r\n\r\n") if b"\r\nTimestamp: " in block]
    async with HttpServer() as gateway:
        url = f"http://127.0.0.1:{gateway.port}/news"
        hook = {"name": "gateway", "form": "json", "url": url, "secret": "s", "allow_loopback": True}
        hall = settings(webhooks=[hook])
        with capture_logs() as logs:
            async with running(hall, switch, clock):
                await play(switch, clock, events)
                async with Store.open(hall.store.url) as store:
                    await outage.start(store, hall, "系统抢修", line=None, by="王", now=clock)

                async def are_told():
                    kinds = {json.loads(one.body)["kind"] for one in gateway.asked}
                    logged = {one["kind"] for one in logs if one["event"] == "news"}
                    return {"ticket_opened", "outage_started"} <= kinds & logged

                await until(are_told)
        assert b"138000" not in b"".join(one.body for one in gateway.asked)


async def test_a_call_that_rang_while_the_service_was_stopped_is_one_call_with_a_gap(switch, settings, clock):
    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS[:RINGS])

        async def rings():
            return bool(await stored(settings()))

        await until(rings)
    (before,) = await stored(settings())
    switch.drop()
    switch.lists["CoreShowChannels"] = [
        [("Event", "CoreShowChannel"), ("Uniqueid", uniqueid), ("Linkedid", "1795421286.6"), ("Channel", channel)]
        for uniqueid, channel in (("1795421286.6", "PJSIP/trunk-00000002"), ("1795421286.7", "PJSIP/agent1-00000003"))
    ]
    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS[RINGS:])
        await until_over(settings())
    (after,) = await stored(settings())
    assert after.call.facts.id == before.call.facts.id
    assert after.call.facts.ended_at is not None
    assert GapReason.LINK_LOST in {gap.reason for gap in after.call.facts.gaps}
    assert after.verdict == "cannot_tell"


async def test_a_call_that_ended_while_the_service_was_stopped_has_no_verdict(switch, settings, clock):
    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS[:RINGS])

        async def rings():
            return bool(await stored(settings()))

        await until(rings)
    switch.drop()
    async with running(settings(), switch, clock):

        async def is_judged():
            (one,) = await stored(settings())
            return one.verdict is not None

        await until(is_judged)
    (one,) = await stored(settings())
    assert (one.verdict, one.call.judgement.reason.value, one.call.facts.disposition) == ("cannot_tell", "gap", None)


async def test_fault_70_a_second_instance_stands_by_and_takes_over(switch, settings, clock):
    second = Service(settings(), settings, now=clock)
    async with running(settings(), switch, clock):
        task = asyncio.create_task(second.run())
        await asyncio.sleep(0.3)
        assert switch.sessions == 1

    async def linked():
        return switch.sessions == 2

    try:
        await until(linked)
    finally:
        second.stop()
        await task


async def test_an_instance_that_stands_by_can_be_stopped(switch, settings, clock):
    second = Service(settings(), settings, now=clock)
    async with running(settings(), switch, clock):
        task = asyncio.create_task(second.run())
        await asyncio.sleep(0.3)
        second.stop()
        await asyncio.wait_for(task, 60)


async def test_a_service_that_was_killed_does_not_keep_the_next_one_waiting(switch, settings, clock, monkeypatch):
    monkeypatch.setattr(lead, "_machine", lambda: "here")
    killed = subprocess.Popen(["true"])
    killed.wait()
    async with Store.open(settings().store.url, now=clock) as store:
        assert await store.requests.lead(app.LEADER, str(replace(lead.this_process(), pid=killed.pid)), 3600)
    monkeypatch.setattr(lead, "LEASE_SECONDS", 600)
    async with running(settings(), switch, clock):
        assert switch.sessions == 1


@pytest.mark.parametrize("years", [-10, 0, 10])
async def test_a_holder_that_cannot_be_looked_at_is_waited_for_by_no_clock_of_the_day(
    switch, settings, clock, monkeypatch, years
):
    """One of the version before, one in another container, one whose machine is off: until its lease stood still."""
    monkeypatch.setattr(lead, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(lead, "STANDBY_SECONDS", 0.05)
    other = Clock()
    other.us += years * 365 * 86400 * 1_000_000
    async with Store.open(settings().store.url, now=other) as store:
        assert await store.requests.lead(app.LEADER, f"{socket.gethostname()}:99999999:dead", 10)
        async with running(settings(), switch, clock):
            assert (await store.requests.lease(app.LEADER)).owner != f"{socket.gethostname()}:99999999:dead"


async def test_while_the_leader_renews_it_a_clock_that_jumps_for_years_takes_the_lead_from_nobody(
    switch, settings, clock, monkeypatch
):
    monkeypatch.setattr(lead, "LEASE_SECONDS", 6.0)  # renewed every two seconds: a busy machine keeps that too
    monkeypatch.setattr(lead, "STANDBY_SECONDS", 0.05)
    jumped = Clock()
    second = Service(settings(), settings, now=jumped)
    with capture_logs() as logs:
        async with running(settings(), switch, clock):
            task = asyncio.create_task(second.run())
            for years in (5, -20, 40):
                jumped.us += years * 365 * 86400 * 1_000_000
                await asyncio.sleep(2.5)
                assert switch.sessions == 1
            second.stop()
            await asyncio.wait_for(task, 60)
    events = [one["event"] for one in logs]
    assert (events.count("service_started"), events.count("standing_by")) == (1, 1)


async def test_who_lost_the_lead_ends(switch, settings, clock, monkeypatch):
    monkeypatch.setattr(lead, "LEASE_SECONDS", 0.3)
    service = Service(settings(), settings, now=clock)
    task = asyncio.create_task(service.run())

    async def linked():
        return switch.sessions == 1

    await until(linked)
    async with Store.open(settings().store.url, now=clock) as store:
        async with store.database.write() as connection:  # at once: what is read first may be renewed meanwhile
            await connection.execute(update(leases).values(owner="other"))
        with pytest.raises(VoicedeskError, match="another instance took the lead"):
            await asyncio.wait_for(task, 60)
        assert (await store.requests.lease(app.LEADER)).owner == "other", "what another holds is not given back"


async def test_an_instance_on_another_machine_keeps_the_lead_while_its_lease_lasts(switch, settings, clock):
    async with Store.open(settings().store.url, now=clock) as store:
        assert await store.requests.lead(app.LEADER, "elsewhere:1:alive", 3600)
    service = Service(settings(), settings, now=clock)
    task = asyncio.create_task(service.run())
    await asyncio.sleep(0.3)
    assert switch.sessions == 0
    service.stop()
    await task


async def test_a_reload_changes_lines_and_people_without_a_restart(switch, settings, clock):
    now = [settings()]
    async with running(settings(), switch, clock, lambda: now[0]), Store.open(now[0].store.url, now=clock) as store:
        now[0] = settings(lines=[{"name": "other", "extensions": ["4001"], "limit_seconds": 20}])
        request = await store.requests.ask("reload", {}, asked_by="test")
        answer = await store.requests.wait_for(request, 60)
        assert (answer.state, "read again" in answer.outcome) == ("done", True)
        await play(switch, clock, EVENTS)

        await until_over(now[0])
    (one,) = await stored(now[0])
    assert (one.call.facts.line, one.verdict) == ("other", "on_time")


async def test_wrong_settings_are_refused_at_a_reload_and_the_service_goes_on(switch, settings, clock):
    def wrong():
        raise SettingsError("voicedesk.toml:3: nonsense")

    async with running(settings(), switch, clock, wrong), Store.open(settings().store.url, now=clock) as store:
        answer = await store.requests.wait_for(await store.requests.ask("reload", {}, asked_by="test"), 60)
        assert (answer.state, answer.outcome) == ("failed", "voicedesk.toml:3: nonsense")
        unknown = await store.requests.wait_for(await store.requests.ask("dance", {}, asked_by="test"), 60)
        assert unknown.state == "failed"


async def test_no_row_of_any_shape_ends_the_service_nor_its_next_start(switch, settings, clock):
    rows = [
        ("ticket", '{"do":"postpone","ticket":"x","due_at":null,"note":"n","by":"wang"}'),
        ("ticket", '{"do":"close","ticket":"x","note":null,"by":null}'),
        ("ticket", ""),
        ("break", "[" * 50_000),
        ("break", '{"do":"start","phone":["x"],"by":"zhang"}'),
        ("reload", "7"),
        ("dance", "{}"),
    ]
    for _ in range(2):
        async with running(settings(), switch, clock), Store.open(settings().store.url, now=clock) as store:
            columns = "(id, kind, payload, asked_by, asked_at, state)"
            asked = [(secrets.token_hex(4), kind, payload, "web", 1, "queued") for kind, payload in rows]
            async with store.database.write() as connection:
                for row in asked:
                    await connection.exec_driver_sql(f"INSERT INTO requests {columns} VALUES (?, ?, ?, ?, ?, ?)", row)
            good = await store.requests.ask("reload", {}, asked_by="web")
            assert (await store.requests.wait_for(good, 60)).state == "done"
            assert {(await store.requests.wait_for(row[0], 60)).state for row in asked} == {"failed"}


async def test_fault_01_a_switch_that_cannot_be_reached_does_not_stop_the_service(settings, tmp_path):
    pbx = [{"name": "main", "host": "127.0.0.1", "port": 1, "username": "v", "secret": "s"}]
    service = Service(settings(pbx=pbx), settings)
    task = asyncio.create_task(service.run())
    await asyncio.sleep(0.5)
    assert not task.done()
    service.stop()
    await asyncio.wait_for(task, 60)


def test_the_hall_knows_what_the_settings_say(settings):
    hall = hall_of(
        settings(
            lines=[{"name": "hotline", "extensions": ["4001"], "phones": ["PJSIP/b"], "duty": ["Mon-Fri 09:00-12:00"]}],
            assignments=[
                {"agent": "zhang", "endpoint": "PJSIP/agent1", "from": "2026-11-23T00:00:00+08:00"},
            ],
        )
    )
    monday_ten = 1_795_399_200_000_000  # 2026-11-23 10:00 in Shanghai
    assert hall.phones == {"PJSIP/agent1", "PJSIP/b"}
    assert hall.on_duty("hotline", monday_ten)
    assert not hall.on_duty("hotline", monday_ten + 5 * 3_600_000_000)
    assert hall.agent_at("PJSIP/agent1", None, monday_ten) == "zhang"
    assert hall.agent_at("PJSIP/agent1", None, monday_ten - 86_400_000_000) is None


async def test_the_journal_of_what_was_seen_live_gives_the_same_call_again(switch, settings, clock):
    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS)
        await until_over(settings())
    (one,) = await stored(settings())
    async with Store.open(settings().store.url) as store:
        exported = b"".join([reduce_event(event) + b"\r\n\r\n" async for _, event in store.journal.events("main")])
    (again,) = replay(exported, pbx="main", hall=hall_of(settings())).calls
    assert again == one.call


async def test_what_was_received_is_on_disk_within_a_fifth_of_a_second(switch, settings, clock):
    """Received means handed over; the wait is the sum of the two intervals, and the commit."""
    assert settling.SETTLE_SECONDS + writer.COMMIT_EVERY_SECONDS < 0.16
    async with running(settings(), switch, clock), Store.open(settings().store.url) as store:
        await play(switch, clock, EVENTS[:RINGS])

        async def journalled():
            return any(event.get("ChannelStateDesc") == "Ringing" for _, event in await entries(store))

        await until(journalled)


async def entries(store: Store):
    return [entry async for entry in store.journal.events("main")]


async def test_two_switches_with_the_same_ids_are_followed_side_by_side(switch, settings, clock):
    async with FakeAmiServer() as other:
        other.lists["CoreShowChannels"] = []
        pbxs = [
            {"name": name, "host": "127.0.0.1", "port": server.port, "username": "voicedesk", "secret": "s3cret"}
            for name, server in (("north", switch), ("south", other))
        ]
        both = settings(pbx=pbxs)
        async with running(both, switch, clock):

            async def linked():
                return other.names()[-1:] == ["DeviceStateList"]

            await until(linked)
            for event in EVENTS:
                await play(switch, clock, [event])
                await other.send(event)
            await until_over(both, 2)
        calls = await stored(both)
    assert {(one.call.facts.pbx, one.verdict) for one in calls} == {("north", "late"), ("south", "late")}
    assert len({one.call.facts.id for one in calls}) == 2


async def test_fault_69_the_service_goes_on_through_a_restart_of_postgresql(
    switch, settings, clock, monkeypatch, tmp_path
):
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05,))
    with Postgres() as server:
        ours = settings(store={"url": server.create("hall"), "spill_folder": tmp_path})
        async with running(ours, switch, clock):
            await play(switch, clock, EVENTS[:RINGS])
            server.stop(at_once=True)
            await play(switch, clock, EVENTS[RINGS:])
            await asyncio.sleep(0.3)
            server.start()

            await until_over(ours)
            async with Store.open(ours.store.url, now=clock) as store:
                asked = await store.requests.ask("reload", {}, asked_by="test")
                assert (await store.requests.wait_for(asked, 60)).state == "done", "it was told to stop"
        (one,) = await stored(ours)
        (told,) = replay(CAPTURE).calls
        assert one.verdict == told.judgement.verdict.value
        assert one.call.facts.gaps == ()


@pytest.mark.parametrize("behind", [90, 8 * 3600, -8 * 3600, 30 * 3600])
async def test_a_call_after_a_start_is_judged_though_the_clock_of_the_switch_is_off(
    switch, settings, clock, behind, monkeypatch
):
    """It was `cannot_tell` for as long as the switch is behind: the gap before the link seemed to go on."""
    clock.us = int(b"".join(re.search(rb"\r\nTimestamp: (\d+)\.(\d+)", EVENTS[0]).groups())) - 3_000_000
    shown = Clock()
    shown.us = clock.us + behind * 1_000_000
    monkeypatch.setattr(settling, "SWEEP_SECONDS", 0.02)
    async with running(settings(), switch, shown):
        for event in EVENTS:
            stamp = re.search(rb"\r\nTimestamp: (\d+)\.(\d+)", event)
            shown.us = int(stamp[1] + stamp[2]) + 200 + behind * 1_000_000
            await switch.send(event)
            await asyncio.sleep(0.02)

        await until_over(settings())
    (one,) = await stored(settings())
    assert (one.verdict, one.call.facts.gaps) == ("late", ())
    assert abs(one.call.facts.started_at - shown.us) < 60_000_000
