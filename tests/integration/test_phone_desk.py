"""The phones' desk over a real database: what is told is written first, told once, and taken up after a restart."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.fakes.rows import answered, carry_out
from tests.unit.phones.switch import (
    A1,
    A2,
    MINUTE,
    MORNING,
    SECOND,
    call,
    device,
    leg,
    listed,
    lost,
    member,
    snapshot,
)
from tests.unit.tickets.desk import PLAN
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.calls.model import Direction, Outcome, Role
from voicedesk.errors import AmiActionError, AmiLinkLost, InputError, OutcomeUnknown, StoreUnavailable
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.news.news import KINDS
from voicedesk.jobs.phones import clerk as phone_desk
from voicedesk.jobs.phones import steps as break_steps
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.phones.steps import BreakSteps
from voicedesk.phones.model import BreakSource, FindingKind
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.book import Book
from voicedesk.tickets.meaning import Miss


class Hall:
    """A desk with a clock moved by hand, a switch that pauses as it is asked, and news that are kept."""

    def __init__(self, url: str, **tables):
        self.url, self.us = url, MORNING
        self.news, self.orders = [], []
        self.pauses = True
        self.refusal: Exception | None = None
        self.fault: Exception | None = None
        pbx = {"name": "hall", "host": "127.0.0.1", "username": "w", "secret": "s"}
        pauser = {"pause_username": "p", "pause_secret": "x"}
        self.settings = Settings.model_validate(
            {
                "hall": {"area_code": "0371"},
                "store": {"url": url},
                "tickets": {"supervisor": "zhou"},
                "pbx": [{**pbx, **tables.pop("pbx", pauser)}],
                "lines": [{"name": "社保", "queues": ["hotline"], "phones": [A1, A2], "duty": ["Mon-Fri 09:00-17:00"]}],
                "phones": [{"endpoint": A1, "extension": "6001"}, {"endpoint": A2, "extension": "6002"}],
                "agents": [{"id": "wang", "name": "王"}, {"id": "li", "name": "李"}],
                "assignments": [{"agent": "wang", "endpoint": A1}, {"agent": "li", "member": "Agent Two"}],
                **tables,
            }
        )

    def now(self) -> int:
        return self.us

    async def tell(self, news):
        if self.fault is not None:
            raise self.fault
        self.news.append(news)

    async def pause(self, order, address, _now):
        assert (address.credentials.username, address.credentials.secret) == ("p", "x")
        self.orders.append(order)
        if self.refusal is not None:
            raise self.refusal
        if self.pauses:
            endpoint = order.interface
            self.desk.receive("hall", [member(endpoint, self.us, paused=order.is_paused, reason=order.reason)])

    async def begin(self, store):
        """A desk begun anew, as after a restart."""
        self.store = store
        self.desk = PhoneDesk(store, self.settings, hall_of(self.settings), self.now, tell=self.tell)
        await self.desk.take_up()
        address = AmiAddress(pbx="hall", host="127.0.0.1", credentials=Credentials(username="p", secret="x"))
        self.steps = BreakSteps(self.desk, self.settings, lambda _pbx: address, self.now, pause=self.pause)

    async def links(self, **paused):
        self.desk.receive("hall", snapshot(self.us, *listed(self.us, **paused)))
        await self.desk.work()

    async def happens(self, *events, later: int = 0):
        self.desk.receive("hall", events)
        self.us += later
        await self.desk.work()

    def told(self):
        return [one.kind for one in self.news]


@asynccontextmanager
async def a_hall(tmp_path, **tables):
    hall = Hall(f"sqlite:///{tmp_path}/voicedesk.db", **tables)
    async with Store.open(hall.url, now=hall.now) as store:
        await hall.begin(store)
        await hall.links()
        yield hall


@pytest.fixture
async def hall(tmp_path):
    async with a_hall(tmp_path) as made:
        yield made


async def test_a_break_too_long_is_told_to_the_supervisor_once_also_over_a_restart_and_when_it_is_over(hall):
    await hall.happens(member(A1, MORNING, paused=True, reason="午餐"))
    (begun,) = await hall.store.phones.open_breaks()
    assert (begun.reason, begun.agent) == ("午餐", "wang")
    await hall.happens(later=31 * MINUTE)
    (one,) = hall.news
    assert one.kind == "break_too_long"
    assert (one.fields["负责人"], one.fields["坐席"], one.fields["话机"]) == ("zhou", "wang", f"6001（{A1}）")
    assert one.id.endswith(" begun")
    await hall.begin(hall.store)
    await hall.links(agent1=MORNING)
    await hall.happens(later=MINUTE)
    assert hall.told() == ["break_too_long"]
    await hall.happens(member(A1, hall.us, paused=False))
    assert hall.told() == ["break_too_long", "break_too_long_over"]
    assert await hall.store.phones.open_breaks() == []
    assert await hall.store.phones.open_findings() == []
    await hall.begin(hall.store)
    await hall.links()
    assert len(hall.news) == 2


async def test_what_was_written_and_not_told_when_it_died_is_told_after_the_restart(hall):
    hall.fault = StoreUnavailable("killed")
    with pytest.raises(StoreUnavailable):
        await hall.happens(device(A1, "UNAVAILABLE", MORNING), later=MINUTE)
    hall.fault = None
    await hall.begin(hall.store)
    await hall.desk.work()
    assert hall.told() == ["phone_unregistered"]
    hall.desk.receive("hall", [lost(hall.us), *snapshot(hall.us, *listed(hall.us))])
    hall.us += SECOND
    await hall.desk.work()
    assert hall.told() == ["phone_unregistered", "phone_unregistered_over"]
    assert "说明" in hall.news[-1].fields


async def test_what_was_found_while_the_database_was_in_trouble_is_written_and_told_afterwards(hall, monkeypatch):
    save = hall.store.phones.save

    async def refuses(**_what):
        raise StoreUnavailable("locked")

    monkeypatch.setattr(hall.store.phones, "save", refuses)
    with pytest.raises(StoreUnavailable):
        await hall.happens(member(A1, MORNING, paused=True), device(A2, "UNAVAILABLE", MORNING), later=MINUTE)
    with pytest.raises(StoreUnavailable):
        await hall.happens(member(A1, hall.us, paused=False), later=SECOND)
    assert hall.news == []
    monkeypatch.setattr(hall.store.phones, "save", save)
    await hall.desk.work()
    assert [one.to_at is not None for one in await hall.store.phones.breaks()] == [True]
    assert "phone_unregistered" in hall.told()


async def test_the_desk_works_on_by_itself_and_says_once_that_it_waits(hall, monkeypatch):
    monkeypatch.setattr(phone_desk, "LOOK_SECONDS", 0.01)
    hall.desk.receive("hall", [device(A1, "UNAVAILABLE", MORNING)])
    hall.us += MINUTE
    broken = hall.store.phones.open_breaks

    async def refuses():
        raise StoreUnavailable("locked")

    monkeypatch.setattr(hall.store.phones, "open_breaks", refuses)
    task = asyncio.create_task(hall.desk.run())
    await asyncio.sleep(0.05)
    monkeypatch.setattr(hall.store.phones, "open_breaks", broken)
    async with asyncio.timeout(10):
        while "phone_unregistered" not in hall.told():
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})


async def test_a_long_call_with_a_citizen_of_an_open_ticket_is_no_finding(hall):
    async def calls(number: str, endpoint: str):
        facts = call(
            hall.us,
            leg("PJSIP/trunk", hall.us, Outcome.ANSWERED, role=Role.CITIZEN, answered_at=hall.us, ended_at=None),
            id=f"to {number}",
            direction=Direction.OUTBOUND,
            placed_by=endpoint,
            caller_number=number,
            line=None,
            is_line=False,
        )
        hall.desk.receive("hall", [device(endpoint, "INUSE", hall.us)])
        hall.desk.take_calls("hall", [facts])

    (ticket,) = Book(PLAN).note(
        Miss(call_id="c1", number="13812341234", group="社保", started_at=MORNING, ended_at=MORNING)
    )
    await hall.store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)]))
    await calls("013812341234", A1)
    await calls("13999999999", A2)
    await hall.happens(later=11 * MINUTE)
    (one,) = hall.news
    assert one.kind == "line_held"
    assert A2 in one.fields["话机"]
    assert "139" not in str(one)


async def test_how_phones_stand_is_kept_with_what_was_refused_and_goes_with_the_phone(hall):
    facts = [call(MORNING + n, leg(A1, MORNING + n, Outcome.BUSY)) for n in range(2)]
    hall.desk.take_calls("hall", facts)
    await hall.happens(later=3 * SECOND)
    assert [one.standing.endpoint for one in await hall.store.phones.phones()] == [A1, A2]
    await hall.begin(hall.store)
    await hall.links()
    hall.desk.take_calls("hall", [call(MORNING + 3, leg(A1, MORNING + 3, Outcome.BUSY))])
    await hall.happens(later=SECOND)
    assert hall.told() == ["dnd_suspected"]
    smaller = hall.settings.model_copy(
        update={"lines": (hall.settings.lines[0].model_copy(update={"phones": (A1,), "queues": ()}),)}
    )
    smaller = smaller.model_copy(update={"phones": smaller.phones[:1]})
    hall.desk.change_settings(smaller, hall_of(smaller))
    await hall.happens()
    assert [one.standing.endpoint for one in await hall.store.phones.phones()] == [A1]


# --- commands


async def asks(hall, do: str, phone: str | None = A1, by: str = "wang", **more) -> str:
    return await carry_out(hall.steps, {"do": do, "phone": phone, "by": by, **more})


async def test_a_break_is_asked_for_seen_and_ended(hall):
    assert "午餐" in await asks(hall, "start", phone=None, reason="午餐")
    await hall.desk.work()
    (begun,) = await hall.store.phones.open_breaks()
    assert (begun.endpoint, begun.source, begun.by) == (A1, BreakSource.COMMAND, "wang")
    with pytest.raises(InputError, match="on a break already"):
        await asks(hall, "start", phone="6001")
    hall.us += 5 * MINUTE
    assert "5 分钟" in await asks(hall, "stop", phone="6001")
    with pytest.raises(InputError, match="not on a break"):
        await asks(hall, "stop")
    assert [one.is_paused for one in hall.orders] == [True, False]


async def test_the_last_free_phone_is_refused_unless_it_is_meant_and_a_person_is_found_by_member_name(hall):
    assert "Agent" not in await asks(hall, "start", phone=None, by="li")
    with pytest.raises(InputError, match="最后一部空闲话机"):
        await asks(hall, "start")
    assert len(hall.orders) == 1
    assert "社保已无空闲话机" in await asks(hall, "start", anyway=True)
    assert hall.desk.is_deserted("社保")
    assert hall.desk.left_without("hall", A1) == []
    hall.us += MINUTE
    await hall.desk.work()
    assert "nobody_free" in hall.told()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"do": "start", "phone": "", "by": "nobody"}, "sits nowhere now"),
        ({"do": "start", "phone": "6009", "by": "wang"}, "no switch knows"),
        ({"do": "start", "phone": "PJSIP/trunk", "by": "wang"}, "no staff phone"),
        ({"do": "fly", "phone": A1, "by": "wang"}, "restart the service"),
    ],
)
async def test_what_cannot_be_done_says_why(hall, asked, message):
    hall.desk.receive("hall", [device("PJSIP/trunk", "NOT_INUSE", MORNING)])
    outcome, failed = await answered(hall.steps, asked)
    assert failed
    assert message in outcome


async def test_without_a_link_a_queue_or_a_user_nothing_is_asked(hall, tmp_path):
    hall.desk.receive("hall", [lost(hall.us)])
    with pytest.raises(InputError, match="the link to hall is down"):
        await asks(hall, "start")
    assert hall.desk.left_without("hall", A1) == []
    hall.desk.receive("hall", snapshot(hall.us, device(A1, "NOT_INUSE", hall.us)))
    with pytest.raises(InputError, match="in no queue"):
        await asks(hall, "start")
    assert hall.orders == []
    (tmp_path / "other").mkdir()
    async with a_hall(tmp_path / "other", pbx={}) as other:
        with pytest.raises(InputError, match="set pause_username"):
            await asks(other, "start")


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (AmiActionError("the switch refused: Permission denied"), "see voicedesk doctor"),
        (AmiLinkLost("cut"), "nobody knows whether it was carried out"),
    ],
)
async def test_a_switch_that_refuses_or_is_lost_is_told_so(hall, refusal, message):
    hall.refusal = refusal
    outcome, failed = await answered(hall.steps, {"do": "start", "phone": A1, "by": "wang"})
    assert failed
    assert message in outcome


async def test_what_the_switch_accepts_but_nobody_sees_is_said(hall, monkeypatch):
    monkeypatch.setattr(break_steps, "SEEN_SECONDS", 0.05)
    hall.pauses = False
    with pytest.raises(OutcomeUnknown, match="told nothing of it"):
        await asks(hall, "start")
    hall.steps.change_settings(hall.settings)


async def test_two_who_start_a_break_at_the_same_moment_do_not_leave_a_line_to_nobody(hall, monkeypatch):
    """Steps are carried out side by side: a phone that is being paused is not free, also before the switch tells it."""
    monkeypatch.setattr(break_steps, "SEEN_SECONDS", 0.3)
    hall.pauses = False
    told = await asyncio.gather(asks(hall, "start", phone=None, by="li"), asks(hall, "start"), return_exceptions=True)
    assert [type(one) for one in told] == [OutcomeUnknown, InputError]
    assert "最后一部空闲话机" in str(told[1])
    assert len(hall.orders) == 1


@pytest.mark.parametrize("kind", list(FindingKind))
def test_every_kind_of_news_about_phones_is_known_to_webhooks(kind):
    assert {kind.value, f"{kind}_over"} <= KINDS.keys()
