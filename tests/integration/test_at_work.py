"""All jobs of the service by one list: what is done to every job reaches every job, whatever comes to the list."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.fakes.ami_server import FakeAmiServer
from tests.integration.test_reload import hall, holders_of
from tests.integration.test_service import Clock, running
from voicedesk.clock import now_us
from voicedesk.errors import InputError
from voicedesk.hall.lines import halls_of
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.upkeep.our_clock import OurClock
from voicedesk.run import service as app
from voicedesk.run.at_work import AtWork
from voicedesk.run.reloading import SettingsInForce
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store

NUMBER = "13812341234"


@asynccontextmanager
async def at_work(settings: Settings, guard: Guard | None = None):
    """Every job as the service makes it; none of them runs."""
    guard = guard or Guard()
    async with Store.open(settings.store.url) as store:
        logs = {name: CallLog(name, one, store.writer, guard) for name, one in halls_of(settings).items()}
        yield (
            store,
            AtWork(store, settings, logs, in_force=lambda: settings, wall=now_us, clock=OurClock(now_us), guard=guard),
        )


def row(kind: str, payload: str) -> Request:
    return Request(id="r1", kind=kind, payload=payload, asked_by="test", state=RequestState.RUNNING)


async def carried_out(jobs: AtWork, asked: Request) -> str:
    steps = jobs.steps_by_kind()[asked.kind]
    return await steps.carry_out(steps.read(asked), asked)


async def test_a_number_that_is_forgotten_is_looked_for_in_every_job(switch, tmp_path):
    guard = Guard()
    async with at_work(hall(switch, tmp_path), guard) as (_, jobs):
        for holder in (*jobs.jobs.values(), guard):
            vars(holder)["noted"] = {NUMBER: [f"called by {NUMBER}"]}
        await carried_out(jobs, row(StepKind.FORGET, f'{{"do":"forget","number":"{NUMBER}","token":"abc"}}'))
        assert [name for name, job in jobs.jobs.items() if NUMBER in repr(job.noted)] == []
        assert NUMBER not in repr(guard.noted)


async def test_every_job_works_by_the_new_settings_also_while_it_is_not_at_work(switch, tmp_path):
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, hall={"name": "another"})
    async with at_work(old) as (_, jobs):
        in_force = SettingsInForce(old, lambda: new, Guard())
        assert in_force.reload(jobs.jobs) == ("lines, phones and people are read again", False)
        del in_force
        assert holders_of(old) == set()


async def test_a_job_that_cannot_take_new_settings_keeps_them_from_no_other(switch, tmp_path):
    class Odd:
        def change_settings(self, _settings):
            raise RuntimeError("nobody foresaw this")

    class Other:
        taken = None

        def change_settings(self, settings):
            self.taken = settings
            return "told"

    old, new, other, guard = hall(switch, tmp_path), hall(switch, tmp_path, hall={"name": "b"}), Other(), Guard()
    told = SettingsInForce(old, lambda: new, guard).reload({"odd": Odd(), "other": other})
    behind = "odd could not take the new settings and may work by the old ones: restart the service"
    assert told == (f"lines, phones and people are read again; told; {behind}", True), "`voicedesk reload` ends with 1"
    assert other.taken is new
    (one,) = guard.waiting
    assert (one.part, one.about) == (Part.SETTINGS, "new settings, for odd")


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Part.RECORDING, "recordings are not heard now"),
        (Part.ROW, "this row belongs to no part that runs now"),
        (Part.DELIVERY, "is not in the list of what could not be told"),
    ],
)
async def test_what_was_set_aside_is_not_tried_again_by_a_job_that_does_not_run(switch, tmp_path, part, why):
    async with at_work(hall(switch, tmp_path)) as (store, jobs):
        item = set_aside(part, at_us=1, pbx="main", about="x", reason="r", content=b"")
        await store.quarantine.add([item])
        with pytest.raises(InputError, match=why):
            await carried_out(jobs, row(StepKind.QUARANTINE, f'{{"id":"{item.id}"}}'))


async def test_every_kind_of_step_is_carried_out_by_some_part(switch, tmp_path):
    async with at_work(hall(switch, tmp_path)) as (_, jobs):
        assert {*jobs.steps_by_kind(), StepKind.RELOAD} == set(StepKind), "the service itself reloads"


async def test_settings_that_are_read_again_while_calls_are_taken_up_reach_every_job(
    switch: FakeAmiServer, tmp_path: Path, monkeypatch
):
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, hall={"name": "another"})
    taken_up, may_go_on = asyncio.Event(), asyncio.Event()
    original = app.resumed_log

    async def resumed_log(*told):
        taken_up.set()
        await may_go_on.wait()
        return await original(*told)

    monkeypatch.setattr(app, "resumed_log", resumed_log)
    service = app.Service(old, lambda: new, now=Clock())
    with capture_logs() as logs:
        task = asyncio.create_task(service.run())
        await taken_up.wait()
        assert service.jobs == {}
        assert service.reload() == ("lines, phones and people are read again", False)
        may_go_on.set()
        async with asyncio.timeout(30):
            while switch.names()[-1:] != ["DeviceStateList"]:
                await asyncio.sleep(0.02)
        assert holders_of(old) == set()
        service.stop()
        await task
    assert "service_stopped" in [one["event"] for one in logs]


async def test_the_jobs_of_a_service_are_gone_when_it_has_stopped(switch, tmp_path):
    async with running(hall(switch, tmp_path), switch, Clock()) as service:
        assert {"follow main", "greetings", "ivr", "tickets", "news", "phones"} <= service.jobs.keys()
    assert service.jobs == {}
