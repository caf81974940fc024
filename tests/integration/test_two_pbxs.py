"""One service follows two PBXs with equal extensions, queues, phones and channel ids: each keeps to its own house."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.ami_server import FakeAmiServer, event
from tests.integration.test_service import Clock, play, until
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from voicedesk.calls.model import Direction
from voicedesk.calls.replay import replay
from voicedesk.desk.seats import rows_of, seen_of
from voicedesk.greeting.rules import shipped_rules
from voicedesk.hall.deadlines import group_of
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following.rejudge import rejudge_calls
from voicedesk.jobs.hearing.open_recordings import task_of
from voicedesk.run.service import Service
from voicedesk.settings import Settings, read_settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter

CAPTURES = Path(__file__).parents[1] / "captures"
AGENT1 = "PJSIP/agent1"
HALL = """
[hall]
area_code = "0371"
{pbxs}
[[lines]]
name = "社保"
pbx = "main"
extensions = ["4001"]
queues = ["hotline"]
phones = ["PJSIP/agent1", "PJSIP/agent2"]
department = "社会保险事业管理中心"

[[lines]]
name = "分厅"
pbx = "branch"
extensions = ["4001"]
queues = ["hotline"]
phones = ["PJSIP/agent1", "PJSIP/agent2"]
department = "劳动仲裁院"
shown_number = "037187654321"
limit_seconds = 30
limit_source = "分厅承诺"

[[agents]]
id = "zhang"
name = "张三"

[[agents]]
id = "li"
name = "李四"
{phones}
[[assignments]]
agent = "zhang"
pbx = "main"
endpoint = "PJSIP/agent1"

[[assignments]]
agent = "li"
pbx = "branch"
endpoint = "PJSIP/agent1"
"""
USERS = ("", "dial_", "pause_")


def events_of(name: str) -> list[bytes]:
    raw = (CAPTURES / f"{name}.raw").read_bytes()
    return [block + b"\r\n\r\n" for block in raw.split(b"\r\n\r\n") if b"\r\nTimestamp: " in block]


def hall(folder: Path, main: int = 5038, branch: int = 5039) -> Settings:
    """The settings of both houses, whose switches listen on two ports of this machine."""
    pbxs, phones = "", ""
    for name, port in (("main", main), ("branch", branch)):
        users = "".join(f'{user}username = "voicedesk"\n{user}secret = "s3cret"\n' for user in USERS)
        pbxs += f'\n[[pbx]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\n{users}'
        for number in (1, 2):
            phones += f'\n[[phones]]\nendpoint = "PJSIP/agent{number}"\npbx = "{name}"\nextension = "600{number}"\n'
    (folder / "voicedesk.toml").write_text(HALL.format(pbxs=pbxs, phones=phones))
    return read_settings(folder / "voicedesk.toml", {}).settings


def lists_of(server: FakeAmiServer) -> None:
    """A queue with both phones, free."""
    server.lists["CoreShowChannels"] = []
    phones = [f"PJSIP/agent{number}" for number in (1, 2)]
    members = [
        [
            *(("Event", "QueueMember"), ("Queue", "hotline"), ("Name", phone), ("Location", phone), ("Status", 1)),
            *(("StateInterface", phone), ("Paused", 0), ("LastPause", 0)),
        ]
        for phone in phones
    ]
    server.lists["QueueStatus"] = [[("Event", "QueueParams"), ("Queue", "hotline"), ("Calls", 0)], *members]
    server.lists["DeviceStateList"] = [
        [("Event", "DeviceStateChange"), ("Device", phone), ("State", "NOT_INUSE")] for phone in phones
    ]


class House:
    """Two scripted switches, their settings, and the service that follows both."""

    def __init__(self, main, branch, settings, store, clock):
        self.main, self.branch, self.settings, self.store, self.clock = main, branch, settings, store, clock

    async def play(self, name: str) -> None:
        """The same recorded conversation at both switches, at the same instants."""
        for one in events_of(name):
            await asyncio.gather(play(self.main, self.clock, [one]), play(self.branch, self.clock, [one]))

    async def calls(self):
        """The two calls that ended last, by PBX."""

        async def are_over():
            found = await self.store.calls.list(CallFilter())
            return len(found) >= 2 and all(one.call.facts.ended_at for one in found)

        await until(are_over)
        return {one.call.facts.pbx: one for one in await self.store.calls.list(CallFilter())}

    async def ask(self, kind: str, **asked):
        """What the service answers to a row, and whether it failed."""
        request = await self.store.requests.ask(kind, asked, asked_by=asked["by"])
        answer = await self.store.requests.wait_for(request, 20)
        return answer.outcome, answer.state == "failed"


@asynccontextmanager
async def two_houses(folder: Path):
    clock = Clock()
    async with FakeAmiServer() as main, FakeAmiServer() as branch:
        for server in (main, branch):
            lists_of(server)
        settings = hall(folder, main.port, branch.port)
        service = Service(settings, lambda: settings, now=clock)
        task = asyncio.create_task(service.run())

        async def linked():
            if task.done():
                task.result()
            return all(server.names()[-1:] == ["DeviceStateList"] for server in (main, branch))

        try:
            await until(linked)
            async with Store.open(settings.store.url, now=clock) as store:
                yield House(main, branch, settings, store, clock)
        finally:
            service.stop()
            await asyncio.wait({task}, timeout=15)


@pytest.fixture
async def houses(tmp_path):
    async with two_houses(tmp_path) as both:
        yield both


async def test_a_call_is_booked_on_the_line_the_limit_and_the_person_of_its_own_house(houses):
    await houses.play("b_answer_17s")
    found = await houses.calls()
    told = {
        pbx: (one.call.facts.line, one.verdict, one.call.judgement.agent, one.call.facts.limit_source)
        for pbx, one in found.items()
    }
    assert told == {
        "main": ("社保", "late", "zhang", "GB/T 33358-2016"),
        "branch": ("分厅", "on_time", "li", "分厅承诺"),
    }
    again = await rejudge_calls(
        houses.store.calls, CallFilter(), hall=lambda pbx: hall_of(houses.settings, pbx), dry_run=True
    )
    assert (again.judged, again.changes) == (2, [])


async def test_a_missed_call_s_ticket_is_rung_back_from_its_own_house_by_its_own_phone_and_shows_its_number(houses):
    await houses.play("c_no_answer_queue_timeout")

    async def are_open():
        return len(await houses.store.tickets.list(TicketFilter())) == 2

    await until(are_open)
    tickets = {one.group: one for one in await houses.store.tickets.list(TicketFilter())}
    assert {one.group: one.pbx for one in tickets.values()} == {"社保": "main", "分厅": "branch"}
    outcome, failed = await houses.ask("ticket", do="dial", ticket=tickets["分厅"].id, by="li")
    assert not failed, outcome
    outcome, failed = await houses.ask("ticket", do="dial", ticket=tickets["社保"].id, by="zhang", phone="6001")
    asked = {
        name: [one for one in server.actions if one["Action"] == "Originate"]
        for name, server in (("main", houses.main), ("branch", houses.branch))
    }
    contexts = {name: [one["Context"] for one in orders] for name, orders in asked.items()}
    assert contexts["branch"] == ["voicedesk-callback-037187654321"]
    assert asked["branch"][0]["Channel"] == "Local/6001@voicedesk-staff"
    assert not failed, outcome
    assert contexts["main"] == ["voicedesk-callback"]


async def test_a_phone_of_both_houses_is_refused_until_the_house_is_said(houses):
    await houses.play("c_no_answer_queue_timeout")

    async def are_open():
        return len(await houses.store.tickets.list(TicketFilter())) == 2

    await until(are_open)
    ticket = (await houses.store.tickets.list(TicketFilter()))[0].id
    outcome, failed = await houses.ask("ticket", do="dial", ticket=ticket, by="chen", phone="6001")
    assert failed
    assert "is a phone on main and branch: say which with --pbx" in outcome
    assert not [
        one for server in (houses.main, houses.branch) for one in server.actions if one["Action"] == "Originate"
    ]
    outcome, failed = await houses.ask("ticket", do="dial", ticket=ticket, by="chen", phone="6001", pbx="main")
    assert not failed, outcome
    assert "Originate" in houses.main.names()
    assert "Originate" not in houses.branch.names()
    assert (await houses.ask("ticket", do="dial", ticket=ticket, by="chen", phone="6001", pbx="west"))[1]


def pause(at_us: int, paused: int) -> bytes:
    headers = (("Queue", "hotline"), ("MemberName", AGENT1), ("Interface", AGENT1), ("StateInterface", AGENT1))
    stamp = f"{at_us // 1_000_000}.{at_us % 1_000_000:06d}"
    more = (("Paused", paused), ("PausedReason", "午餐"), ("LastPause", at_us // 1_000_000), ("Status", 1))
    return event("QueueMemberPause", *headers, *more, timestamp=stamp)


async def test_a_break_pauses_the_phone_of_its_own_house_and_is_booked_on_who_sits_there(houses):
    async def answer() -> None:  # the switch carries it out, and tells the watcher
        while "QueuePause" not in houses.branch.names() or "Logoff" not in houses.branch.names():
            await asyncio.sleep(0.02)
        await houses.branch.send(pause(houses.clock(), 1))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answer())
        outcome, failed = await houses.ask("break", do="start", by="li", reason="午餐", anyway=True)
    assert not failed, outcome
    assert outcome.startswith("6001（PJSIP/agent1）")
    assert "QueuePause" not in houses.main.names()

    async def is_kept():
        return bool(await houses.store.phones.open_breaks())

    await until(is_kept)
    (one,) = await houses.store.phones.open_breaks()
    assert (one.pbx, one.endpoint, one.agent) == ("branch", AGENT1, "li")
    outcome, failed = await houses.ask("break", do="stop", phone="6001", by="nobody")
    assert failed
    assert "say which with --pbx" in outcome
    outcome, failed = await houses.ask("break", do="stop", phone="6001", by="zhang")
    assert failed
    assert "is not on a break" in outcome  # zhang's own 6001


async def test_everybody_stands_once_at_the_phone_of_the_own_house(houses):
    async def are_seen():
        return len(await houses.store.phones.phones()) == 4

    await until(are_seen)
    seen = await seen_of(houses.store, houses.settings)
    rows = [(row.pbx, row.endpoint, row.agent) for row in rows_of(seen, houses.clock())]
    assert sorted(rows, key=str) == [
        ("branch", "PJSIP/agent1", "li"),
        ("branch", "PJSIP/agent2", None),
        ("main", "PJSIP/agent1", "zhang"),
        ("main", "PJSIP/agent2", None),
    ]
    silent = [(row.pbx, row.agent) for row in rows_of(replace(seen, phones=[]), houses.clock())]
    assert sorted(silent, key=str) == [("branch", "li"), ("branch", None), ("main", "zhang"), ("main", None)]


def test_a_greeting_names_the_department_of_the_house_that_answers_and_calls_back(tmp_path):
    settings = hall(tmp_path)
    for pbx, department, line in (("main", "社会保险事业管理中心", "社保"), ("branch", "劳动仲裁院", "分厅")):
        raw = (CAPTURES / "a_answer_2rings.raw").read_bytes()
        (call,) = replay(raw, pbx=pbx, hall=hall_of(settings, pbx)).calls
        leg, rules = next(one for one in call.facts.legs if one.answered_at is not None), shipped_rules()
        assert task_of(call.facts, leg, settings, rules).names.name == department
        back = replace(call.facts, direction=Direction.CALLBACK, line=None)
        assert task_of(back, leg, settings, rules).names.name == department
        placed = replace(call.facts, direction=Direction.OUTBOUND, line=None, placed_by=AGENT1)
        assert group_of(placed, settings) == line


def test_a_capture_is_replayed_for_the_pbx_it_was_recorded_at(tmp_path, typed):  # noqa: F811
    hall(tmp_path)
    capture, config = str(CAPTURES / "b_answer_17s.raw"), str(tmp_path / "voicedesk.toml")
    undecided = typed("replay", capture, "--config", config, "--json")
    assert undecided.code != 0
    assert "which PBX was it recorded at? give --pbx with one of: main, branch" in undecided.err
    for pbx, agent, line in (("main", "zhang", "社保"), ("branch", "li", "分厅")):
        (one,) = json.loads(typed("replay", capture, "--config", config, "--json", "--pbx", pbx).out)
        assert (one["agent"], one["line"], one["pbx"]) == (agent, line, pbx)
    assert typed("replay", capture, "--config", config, "--pbx", "west").code != 0
