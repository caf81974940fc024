"""Missed calls rung back through the real switch: staff phone first, then the citizen; never two calls, none lost."""

import asyncio
import json

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_after, is_busy, rejects_after, rings_on
from tests.testbed.configuration import DIAL_SECRET, DIAL_USER, SHOWN_NUMBER
from tests.testbed.proxy import Proxy
from tests.testbed.service import RunningService
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.tickets.model import Ticket

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def hall(stage, service):
    """The shared switch and a service."""
    return stage, service


def store_of(service: RunningService):
    return Store.open(f"sqlite:///{service.config.parent / 'voicedesk.db'}", upgrade=False)


async def tickets(service) -> list[Ticket]:
    async with store_of(service) as store:
        return await store.tickets.list(TicketFilter())


async def the_ticket(service, done=lambda _ticket: True, seconds: float = 40) -> Ticket:
    """The only ticket, once `done` holds of it."""
    try:
        async with asyncio.timeout(seconds):
            while not ((found := await tickets(service)) and done(found[0])):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{await tickets(service)}\n{service.tail()}") from None
    assert len(found) == 1
    return found[0]


async def missed(stage, service, number: str) -> Ticket:
    """A citizen rings, nobody answers, and the citizen gives up."""
    stage.set(agent1=rings_on, agent2=rings_on)
    call = await stage.call_in("4001", number=number)
    await (await stage.call_at("agent1")).ringing.wait()
    await call.hang_up()
    await stage.quiet()
    await asyncio.sleep(1)
    for phone in stage.phones.values():
        phone.calls.clear()
    return await the_ticket(service)


async def dialled(service, ticket: Ticket, by: str = "wang") -> str:
    answer = await service.command("tickets", "dial", ticket.id, "--by", by, "--phone", "6001", "--json")
    return json.loads(answer)["attempt"]


async def test_a_missed_call_is_rung_back_both_talk_and_the_ticket_names_the_call(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000101")
    stage.set(agent1=answers_after(1))
    stage.trunk.on_invite = answers_after(1, talks=2)
    attempt_id = await dialled(service, ticket)
    staff = await stage.call_at("agent1")
    await staff.answered.wait()
    citizen = await citizen_of(stage)
    await citizen.answered.wait()
    assert await staff.over_within(30)
    closed = await the_ticket(service, lambda one: one.is_closed)
    assert closed.outcome == "reached"
    assert closed.number == "13810000101"
    call = json.loads(await service.command("calls", "show", closed.closed_by_call, "--json", "--unmask"))
    assert (call["direction"], call["caller_number"], call["linkedids"][0]) == ("callback", "13810000101", attempt_id)
    assert [leg["role"] for leg in call["legs"]] == ["staff", "citizen"]
    assert citizen.media.frames_received > 20
    assert staff.media.frames_received > 20
    assert len(stage.trunk.calls) == 2
    figures = json.loads(await service.command("tickets", "figures", "--json"))
    assert figures["reached"] == {"part": 1, "whole": 1, "value": 1.0}


async def test_each_line_s_tickets_show_its_own_number_and_others_that_of_the_dialplan(hall):
    stage, service = hall
    text = service.config.read_text()
    ticket = await missed(stage, service, "13810000107")
    stage.set(agent1=answers_after(0.2))
    stage.trunk.on_invite = is_busy
    await dialled(service, ticket)
    assert (await citizen_of(stage)).other_number == "037112345678"
    await the_ticket(service, lambda one: one.state == "waiting")
    service.config.write_text(text.replace("[[lines]]\n", f'[[lines]]\nshown_number = "{SHOWN_NUMBER}"\n', 1))
    await service.command("reload")
    stage.trunk.on_invite = answers_after(0.2, talks=1)
    await dialled(service, ticket)
    citizen = await citizen_of(stage, 2)
    assert citizen.other_number == SHOWN_NUMBER
    await citizen.answered.wait()
    closed = await the_ticket(service, lambda one: one.is_closed)
    assert (closed.outcome, closed.number) == ("reached", "13810000107")


async def citizen_of(stage, number: int = 1):
    """The citizen's phone as it is rung; call 0 is the one that was missed."""
    async with asyncio.timeout(20):
        while len(stage.trunk.calls) <= number:
            await asyncio.sleep(0.01)
    return list(stage.trunk.calls.values())[number]


@pytest.mark.parametrize(
    ("citizen", "cause"),
    [
        (is_busy, "citizen_busy"),
        (rejects_after(1, "603 Decline"), "citizen_declined"),
        (rejects_after(1, "480 Temporarily Unavailable"), "citizen_no_answer"),
    ],
    ids=["busy", "declines", "does not answer"],
)
async def test_a_citizen_who_is_not_reached_is_planned_again_with_the_cause(hall, citizen, cause):
    stage, service = hall
    ticket = await missed(stage, service, "13810000111")
    stage.set(agent1=answers_after(0.5))
    stage.trunk.on_invite = citizen
    await dialled(service, ticket)
    after = await the_ticket(service, lambda one: one.state == "waiting")
    assert (after.tries, after.history[-1].note) == (1, cause)


async def test_a_citizen_who_lets_it_ring_and_a_staff_member_who_gives_up(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000121")
    stage.set(agent1=answers_after(0.5))
    stage.trunk.on_invite = rings_on
    await dialled(service, ticket)
    await (await citizen_of(stage)).ringing.wait()
    (await stage.call_at("agent1")).bye()
    after = await the_ticket(service, lambda one: one.state == "waiting")
    assert after.history[-1].note == "staff_hung_up"


async def test_where_the_staff_phone_is_not_answered_the_citizen_is_not_rung(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000131")
    stage.set(agent1=rejects_after(1, "603 Decline"))
    await dialled(service, ticket)
    after = await the_ticket(service, lambda one: one.history[-1].move == "not_rung")
    assert (after.state, after.tries, after.history[-1].note) == ("claimed", 0, "staff_declined")
    assert len(stage.trunk.calls) == 1


async def test_fault_47_two_dial_at_the_same_instant_and_one_call_is_placed(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000141")
    stage.set(agent1=answers_after(1))
    stage.trunk.on_invite = answers_after(1, talks=1)
    told = await asyncio.gather(
        *(
            service.command("tickets", "dial", ticket.id, "--by", by, "--phone", "6001", allowed=(0, 1))
            for by in ("wang", "li")
        )
    )
    assert sum("rings now" in one for one in told) == 1
    await the_ticket(service, lambda one: one.is_closed)
    assert len(stage.trunk.calls) == 2


async def test_fault_50_a_citizen_who_rings_while_being_dialled_closes_it(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000151")
    stage.set(agent1=rings_on, agent2=answers_after(0.5))
    await dialled(service, ticket)
    staff = await stage.call_at("agent1")
    await staff.ringing.wait()
    again = await stage.call_in("4001", number="13810000151")
    async with asyncio.timeout(30):
        await again.answered.wait()
    await asyncio.sleep(0.5)
    again.bye()
    closed = await the_ticket(service, lambda one: one.is_closed)
    if not staff.ended.is_set():
        staff.reject("603 Decline")
    call = json.loads(await service.command("calls", "show", closed.closed_by_call, "--json"))
    assert call["direction"] == "inbound"


async def test_fault_67_killed_while_they_talk_it_takes_up_the_call_and_places_no_other(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000161")
    stage.set(agent1=answers_after(0.5))
    stage.trunk.on_invite = answers_after(1)
    attempt_id = await dialled(service, ticket)
    citizen = await citizen_of(stage)
    await citizen.answered.wait()
    await asyncio.sleep(1)
    await service.stop(kill=True)
    await service.restart()
    citizen.bye()
    closed = await the_ticket(service, lambda one: one.is_closed)
    assert closed.outcome == "reached"
    assert await attempts(service, ticket) == [attempt_id]
    assert len(stage.trunk.calls) == 2


async def test_fault_67_killed_while_the_staff_phone_rings_it_is_known_or_unknown_and_no_other_is_placed(hall):
    stage, service = hall
    ticket = await missed(stage, service, "13810000162")
    stage.set(agent1=answers_after(2))
    stage.trunk.on_invite = answers_after(1, talks=1)
    attempt_id = await dialled(service, ticket)
    await (await stage.call_at("agent1")).ringing.wait()
    await service.stop(kill=True)
    await (await citizen_of(stage)).answered.wait()
    await service.restart()
    after = await the_ticket(service, lambda one: one.state in ("closed", "unknown"), seconds=100)
    assert after.state == "unknown" or after.outcome == "reached"
    assert await attempts(service, ticket) == [attempt_id]
    assert len(stage.trunk.calls) == 2


async def attempts(service, ticket: Ticket) -> list[str]:
    async with store_of(service) as store:
        return [one.id for one in await store.tickets.attempts(ticket.id)]


async def test_fault_45_the_link_is_cut_between_originate_and_its_answer_and_one_call_is_placed(stage, tmp_path):
    network = stage.switch.plan.network
    async with (
        Proxy(network.ami_port, lambda data: b"Action: Originate" in data, host=network.switch) as proxy,
        RunningService(stage.switch.plan, tmp_path, ami=("127.0.0.1", proxy.port)) as service,
    ):
        ticket = await missed(stage, service, "13810000171")
        stage.set(agent1=answers_after(0.5))
        stage.trunk.on_invite = answers_after(1, talks=1)
        order = ("tickets", "dial", ticket.id, "--by", "wang", "--phone", "6001", "--json")
        await service.command(*order, allowed=(4,))  # nobody knows, and it is said
        await service.wait_for("originate_unknown")
        closed = await the_ticket(service, lambda one: one.is_closed)
        assert closed.outcome == "reached"
        assert proxy.cuts == 1
        assert len(stage.trunk.calls) == 2


async def test_the_dialling_user_can_ring_nothing_but_what_the_patterns_allow(hall):
    stage, _service = hall
    for context, exten in (
        ("voicedesk-callback", "0085291234567"),
        ("voicedesk-callback", "110"),
        ("voicedesk-callback", "1380013800&PJSIP"),
        ("voicedesk-staff", "13800138000"),
    ):
        sent = f"Channel: Local/{exten}@{context}\r\nContext: voicedesk-callback\r\nExten: {exten}\r\nPriority: 1\r\n"
        assert "Success" not in await asked_as_dialler(stage, f"Action: Originate\r\n{sent}\r\n")
    system = "Channel: Local/6001@voicedesk-staff\r\nApplication: System\r\nData: id\r\n"
    assert "Error" in await asked_as_dialler(stage, f"Action: Originate\r\n{system}\r\n")
    for other in (
        "Command\r\nCommand: core show channels",
        "CoreShowChannels",
        "QueuePause\r\nInterface: PJSIP/agent1",
    ):
        assert "Permission denied" in await asked_as_dialler(stage, f"Action: {other}\r\n\r\n")


async def asked_as_dialler(stage, action: str) -> str:
    """What the switch answers the dialling user, once."""
    network = stage.switch.plan.network
    reader, writer = await asyncio.open_connection(network.switch, network.ami_port)
    try:
        login = f"Action: Login\r\nUsername: {DIAL_USER}\r\nSecret: {DIAL_SECRET}\r\n\r\n"
        writer.write(login.encode())
        async with asyncio.timeout(10):
            await reader.readuntil(b"Authentication accepted\r\n\r\n")
            writer.write(action.encode())
            return (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.close()
