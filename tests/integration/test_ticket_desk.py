"""The desk over a real database: calls that end open and close tickets, staff ring back, a crash loses nothing."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.fakes.rows import answered, carry_out
from tests.unit.tickets.desk import DAY, HOUR, MINUTE, SECOND, at, call, placed
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.calls.model import Direction, Gap, GapReason, LegFacts, Outcome, Role
from voicedesk.errors import InputError, OutcomeUnknown, StoreUnavailable
from voicedesk.ivr.model import Consultation, DeskRequest, Entry, Exit, RequestKind
from voicedesk.ivr.model import State as WalkState
from voicedesk.jobs.ringing_back import clerk as ticket_clerk
from voicedesk.jobs.ringing_back.clerk import TicketClerk
from voicedesk.jobs.ringing_back.steps import TicketSteps
from voicedesk.settings import Settings
from voicedesk.store.consultations import StoredConsultation
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, TicketFilter
from voicedesk.tickets.model import Kind, State
from voicedesk.tickets.model import Outcome as End

NUMBER = "13812341234"
MONDAY = at("2026-03-02T10:00")
LINE = {
    "name": "社保",
    "extensions": ["12333"],
    "phones": ["PJSIP/agent1", "PJSIP/agent2"],
    "duty": ["Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"],
}


class Hall:
    """A desk with a clock moved by hand, a switch that notes what it is asked, and news that are kept."""

    def __init__(self, url, **tables):
        self.url, self.us = url, MONDAY
        self.news, self.orders = [], []
        self.fails: Exception | None = None
        self.takes_seconds = 0.0
        self.ringing = {}
        pbx = {"name": "hall", "host": "127.0.0.1", "username": "w", "secret": "s"}
        dials = {"dial_username": "d", "dial_secret": "x"}
        self.settings = Settings.model_validate(
            {
                "hall": {"area_code": "0371"},
                "store": {"url": url},
                "pbx": [{**pbx, **tables.pop("pbx", dials)}],
                "lines": [LINE],
                "phones": [{"endpoint": "PJSIP/agent1", "extension": "6001"}],
                "agents": [{"id": "wang", "name": "王"}, {"id": "li", "name": "李"}],
                "assignments": [{"agent": "wang", "endpoint": "PJSIP/agent1"}],
                **tables,
            }
        )

    def now(self) -> int:
        return self.us

    async def tell(self, news):
        self.news.append(news)

    async def place(self, order, address, _now):
        assert (address.credentials.username, address.credentials.secret) == ("d", "x")
        self.orders.append(order)
        await asyncio.sleep(self.takes_seconds)
        if self.fails is not None:
            raise self.fails

    def begin(self, store):
        """A desk begun anew, as after a restart."""
        self.store = store
        self.desk = TicketClerk(store, self.settings, {"hall": self.ringing.get}, self.now, tell=self.tell)
        address = AmiAddress(pbx="hall", host="127.0.0.1", credentials=Credentials(username="d", secret="x"))
        self.steps = TicketSteps(self.desk, self.settings, lambda _pbx: address, self.now, place=self.place)

    async def ends(self, *calls):
        """Calls are over and stored; the desk looks at them."""
        await self.store_ended(*calls)
        self.us = max(self.us, *(one.facts.ended_at for one in calls))
        while await self.desk.work():
            pass

    async def store_ended(self, *calls):
        """Calls are over, and stored by the writer as the service has it do."""
        position = await self.store.journal.position("hall")
        self.store.writer.begin("hall", position.sequence if position else 0)
        self.store.writer.add("hall", resume_from=1, calls=calls)
        await self.store.writer.flush()

    async def ask(self, do, ticket, by="wang", **more):
        return await carry_out(self.steps, {"do": do, "ticket": ticket.id, "by": by, **more})

    async def tickets(self, **which):
        return await self.store.tickets.list(TicketFilter(**which), limit=1000)

    async def the_ticket(self, **which):
        (ticket,) = await self.tickets(**which)
        return ticket

    async def rung_back(self, ticket, *, answered, outcome=Outcome.NO_ANSWER, by="wang"):
        """Dialled, and the call of it ends."""
        attempt_id = await self.ask("dial", ticket, by, phone="6001")
        judged = placed(attempt_id, NUMBER, start=self.us, answered=answered, line=None)
        if answered is None:
            legs = tuple(replace(leg, outcome=outcome) for leg in judged.facts.legs)
            judged = replace(judged, facts=replace(judged.facts, legs=legs))
        await self.ends(judged)
        return attempt_id


@asynccontextmanager
async def a_hall(tmp_path, **tables):
    hall = Hall(f"sqlite:///{tmp_path}/voicedesk.db", **tables)
    async with Store.open(hall.url, now=hall.now) as store:
        hall.begin(store)
        yield hall


@pytest.fixture
async def hall(tmp_path):
    async with a_hall(tmp_path) as made:
        yield made


async def test_a_missed_call_is_rung_back_and_closed_by_the_call_that_reached_the_citizen(hall):
    await hall.ends(call("c1", start=MONDAY))
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.group, ticket.number, ticket.missed_calls) == (State.OPEN, "社保", NUMBER, ("c1",))
    assert [one.kind for one in hall.news] == ["ticket_opened"]
    assert NUMBER not in str((hall.news[0].title, hall.news[0].fields))
    attempt_id = await hall.rung_back(ticket, answered=hall.us + 5 * SECOND)
    (order,) = hall.orders
    assert (order.channel_id, order.extension, order.number) == (attempt_id, "6001", NUMBER)
    closed = await hall.the_ticket()
    assert (closed.state, closed.outcome, closed.closed_by_call) == (State.CLOSED, End.REACHED, attempt_id)
    assert (await hall.store.tickets.attempt(attempt_id)).result == "reached"


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Outcome.BUSY, "citizen_busy"),
        (Outcome.NO_ANSWER, "citizen_no_answer"),
        (Outcome.DECLINED, "citizen_declined"),
        (Outcome.UNREACHABLE, "citizen_unreachable"),
        (Outcome.CANCELLED, "staff_hung_up"),
    ],
)
async def test_a_try_in_vain_is_counted_with_its_cause_and_planned_again(hall, outcome, cause):
    await hall.ends(call("c1", start=MONDAY))
    await hall.rung_back(await hall.the_ticket(), answered=None, outcome=outcome)
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.tries, ticket.owner) == (State.WAITING, 1, None)
    assert ticket.history[-1].note == cause
    assert ticket.next_try_at == ticket.history[-1].at + 30 * MINUTE


@pytest.mark.parametrize(
    ("outcome", "cause"), [(Outcome.NO_ANSWER, "staff_no_answer"), (Outcome.ANSWERED, "staff_hung_up")]
)
async def test_where_only_the_staff_phone_rang_the_citizen_has_no_try_less(hall, outcome, cause):
    await hall.ends(call("c1", start=MONDAY))
    for _ in range(4):
        attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
        staff = LegFacts(
            uniqueid="2", channel="PJSIP/agent1-1", endpoint="PJSIP/agent1", role=Role.STAFF, outcome=outcome
        )
        await hall.ends(call(attempt_id, None, None, start=hall.us, direction=Direction.CALLBACK, legs=(staff,)))
        ticket = await hall.the_ticket()
        assert (ticket.state, ticket.owner, ticket.tries) == (State.CLAIMED, "wang", 0)
        assert ticket.history[-1].note == cause


async def test_fault_47_two_who_dial_at_the_same_instant_place_one_call(hall):
    await hall.ends(call("c1", start=MONDAY))
    ticket = await hall.the_ticket()
    asked = ({"do": "dial", "ticket": ticket.id, "by": by, "phone": "6001"} for by in ("wang", "li", "wang"))
    told = await asyncio.gather(*(answered(hall.steps, one) for one in asked))
    assert sorted(failed for _, failed in told) == [False, True, True]
    assert len(hall.orders) == 1


async def test_fault_45_a_link_lost_before_the_answer_leaves_it_unknown_and_nothing_is_sent_again(hall):
    await hall.ends(call("c1", start=MONDAY))
    hall.fails = OutcomeUnknown("the connection broke")
    with pytest.raises(OutcomeUnknown, match=r"the connection broke.*tickets show"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    hall.us += 61 * SECOND
    await hall.desk.work()
    ticket = await hall.the_ticket()
    assert ticket.state is State.UNKNOWN
    assert len(hall.orders) == 1
    with pytest.raises(InputError, match="is unknown"):
        await hall.ask("dial", ticket, phone="6001")
    await hall.ask("settle", ticket, note="王说没有响")
    assert (await hall.the_ticket()).state is State.WAITING


async def test_fault_46_a_call_that_nobody_ever_sees_is_unknown_after_a_minute_and_known_if_it_is_seen_later(hall):
    await hall.ends(call("c1", start=MONDAY))
    attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
    begun = hall.us
    hall.us += 59 * SECOND
    await hall.desk.work()
    assert (await hall.the_ticket()).state is State.DIALLING
    hall.us += 2 * SECOND
    await hall.desk.work()
    assert (await hall.the_ticket()).state is State.UNKNOWN
    assert (await hall.store.tickets.attempt(attempt_id)).cause == "no_trace"
    await hall.ends(placed(attempt_id, NUMBER, start=begun, answered=begun + 9 * SECOND, line=None))
    assert (await hall.the_ticket()).closed_by_call == attempt_id


async def test_a_talk_that_lasts_longer_than_a_claim_keeps_the_ticket(hall):
    await hall.ends(call("c1", start=MONDAY))
    attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
    talking = placed(attempt_id, NUMBER, start=hall.us, answered=hall.us + SECOND, line=None)
    hall.ringing[attempt_id] = replace(talking.facts, ended_at=None)
    for _ in range(8):
        hall.us += 5 * MINUTE
        await hall.desk.work()
        assert (await hall.the_ticket()).state is State.DIALLING
    del hall.ringing[attempt_id]
    await hall.ends(talking)
    assert (await hall.the_ticket()).outcome is End.REACHED


async def test_killed_while_dialling_the_desk_takes_up_where_it_was_and_dials_nobody_twice(hall):
    await hall.ends(call("c1", start=MONDAY))
    attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
    hall.begin(hall.store)
    await hall.desk.work()
    assert (await hall.the_ticket()).state is State.DIALLING
    with pytest.raises(InputError, match="is being dialled"):
        await hall.ask("dial", await hall.the_ticket(), "li", phone="6001")
    await hall.ends(placed(attempt_id, NUMBER, start=hall.us, answered=hall.us + SECOND, line=None))
    assert (await hall.the_ticket()).closed_by_call == attempt_id
    assert len(hall.orders) == 1


async def test_a_call_of_ours_with_a_hole_in_its_data_is_unknown(hall):
    await hall.ends(call("c1", start=MONDAY))
    attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
    gap = Gap(from_at=hall.us, to_at=hall.us + SECOND, reason=GapReason.LINK_LOST)
    await hall.ends(call(attempt_id, None, None, start=hall.us, direction=Direction.CALLBACK, gaps=(gap,)))
    assert (await hall.the_ticket()).state is State.UNKNOWN


async def test_what_the_switch_refuses_is_said_and_takes_no_try(hall):
    await hall.ends(call("c1", start=MONDAY))
    hall.fails = InputError("Permission denied")
    with pytest.raises(InputError, match="Permission denied"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.owner, ticket.tries) == (State.CLAIMED, "wang", 0)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("0085291234567", "abroad"),
        ("16899999", "premium"),
        ("110", "emergency"),
        ("12333", "of the hall itself"),
        ("95588", "premium or service"),
        (None, "withheld"),
    ],
)
async def test_fault_48_such_a_number_is_listed_and_never_dialled(hall, number, why):
    await hall.ends(call("c1", number, start=MONDAY))
    with pytest.raises(InputError, match=why):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    assert hall.orders == []


async def test_fault_48_neither_at_night_nor_too_often_nor_when_switched_off(hall, tmp_path):
    await hall.ends(call("c1", start=MONDAY))
    for _ in range(2):
        await hall.rung_back(await hall.the_ticket(), answered=None)
    with pytest.raises(InputError, match="often enough"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    hall.begin(hall.store)
    with pytest.raises(InputError, match="often enough"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    hall.us = at("2026-03-03T20:00")
    with pytest.raises(InputError, match="working hours"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")
    hall.desk.change_settings(
        hall.settings.model_copy(update={"callbacks": hall.settings.callbacks.model_copy(update={"enabled": False})})
    )
    with pytest.raises(InputError, match="switched off"):
        await hall.ask("dial", await hall.the_ticket(), phone="6001")


async def test_fault_49_a_flood_is_kept_whole_and_told_once_and_dialled_no_faster_than_allowed(hall):
    flood = [call(f"c{n}", f"139{n:08d}", start=MONDAY + n * MINUTE // 500) for n in range(500)]
    await hall.ends(*flood)
    tickets = await hall.tickets()
    assert len(tickets) == 500
    assert [one.due_at for one in tickets] == sorted(one.due_at for one in tickets)
    assert [one.kind for one in hall.news].count("missed_flood") == 1
    told = [
        await answered(hall.steps, {"do": "dial", "ticket": one.id, "by": "wang", "phone": "6001"})
        for one in tickets[:35]
    ]
    assert [failed for _, failed in told] == [False] * 30 + [True] * 5
    assert "enough calls in this hour" in told[-1][0]


async def test_fault_50_a_citizen_who_rings_again_and_is_answered_closes_it(hall):
    await hall.ends(call("c1", start=MONDAY))
    again = MONDAY + HOUR
    await hall.ends(call("c2", "+86 138-1234-1234", start=again, answered=again + 5 * SECOND))
    ticket = await hall.the_ticket()
    assert (ticket.outcome, ticket.closed_by_call) == (End.REACHED, "c2")


@pytest.mark.parametrize("told", ["2088888888", "02088888888", "9 020-8888 8888", "+862088888888", "002088888888"])
async def test_a_ticket_of_an_older_form_is_dialled_by_today_s_and_closed_by_every_way_of_telling_it(hall, told):
    await hall.ends(call("c1", "02088888888", start=MONDAY))
    await hall.store.database.close()
    async with Store.open(hall.url, now=hall.now) as store:
        stored = await store.tickets.get((await store.tickets.list(TicketFilter()))[0].id)
        older = replace(stored, ticket=replace(stored.ticket, number="2088888888"))
        await store.tickets.change(Change(tickets=[older]))
        hall.begin(store)
        await hall.ends(call("c2", told, start=MONDAY + MINUTE))
        ticket = await hall.the_ticket()
        assert (ticket.number, ticket.missed_calls) == ("2088888888", ("c1", "c2"))
        await hall.ask("dial", ticket, phone="6001")
        assert [one.number for one in hall.orders] == ["02088888888"]
        again = hall.us + HOUR
        await hall.ends(call("c3", told, start=again, answered=again + 5 * SECOND))
        closed = await hall.the_ticket()
        assert (closed.state, closed.closed_by_call) == (State.CLOSED, "c3")


async def test_fault_50_also_while_being_dialled(hall):
    await hall.ends(call("c1", start=MONDAY))
    attempt_id = await hall.ask("dial", await hall.the_ticket(), phone="6001")
    again = hall.us + 5 * SECOND
    await hall.ends(call("c2", start=again, answered=again + 5 * SECOND))
    assert (await hall.the_ticket()).closed_by_call == "c2"
    await hall.ends(placed(attempt_id, NUMBER, start=hall.us, answered=None, line=None))
    assert (await hall.the_ticket()).closed_by_call == "c2"


async def test_a_staff_phone_that_rings_the_number_by_hand_closes_it(hall):
    await hall.ends(call("c1", start=MONDAY))
    by_hand = placed(
        "o1", NUMBER, start=MONDAY + HOUR, answered=MONDAY + HOUR + SECOND, by=Direction.OUTBOUND, line=None
    )
    await hall.ends(replace(by_hand, facts=replace(by_hand.facts, placed_by="PJSIP/agent2")))
    assert (await hall.the_ticket()).closed_by_call == "o1"


async def test_from_a_phone_of_nobody_knows_which_line_it_is_only_suggested(hall):
    await hall.ends(call("c1", start=MONDAY))
    by_hand = placed(
        "o1", NUMBER, start=MONDAY + HOUR, answered=MONDAY + HOUR + SECOND, by=Direction.OUTBOUND, line=None
    )
    await hall.ends(replace(by_hand, facts=replace(by_hand.facts, placed_by="PJSIP/boss")))
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.suggested_by) == (State.OPEN, ("o1",))
    await hall.ask("close", ticket, note="经理已联系市民", outcome="reached")
    assert (await hall.the_ticket()).is_closed


async def test_a_contact_that_was_told_before_the_missed_call_closes_it(hall):
    await hall.ends(call("c2", start=MONDAY + HOUR, answered=MONDAY + HOUR + SECOND))
    hall.begin(hall.store)
    await hall.ends(call("c1", start=MONDAY))
    assert (await hall.the_ticket()).closed_by_call == "c2"


async def test_the_same_call_told_again_opens_nothing_even_after_a_restart_and_its_end(hall):
    judged = call("c1", start=MONDAY)
    await hall.ends(judged)
    await hall.ask("claim", await hall.the_ticket())
    await hall.ask("close", await hall.the_ticket(), note="已当面答复")
    hall.begin(hall.store)
    await hall.ends(judged)
    assert (await hall.the_ticket()).is_closed


async def test_nothing_disappears_over_a_holiday_and_what_is_late_is_told_once_and_needs_a_reason(hall):
    evening = at("2026-09-30T16:30")
    hall.us = evening
    await hall.ends(call("c1", start=evening))
    ticket = await hall.the_ticket()
    assert ticket.due_at > at("2026-10-08T09:00")
    hall.us = ticket.due_at - 30 * MINUTE
    for _ in range(2):
        await hall.desk.work()
        hall.us += 11 * SECOND
    hall.us = ticket.due_at + MINUTE
    for _ in range(2):
        await hall.desk.work()
        hall.us += 11 * SECOND
    assert [one.kind for one in hall.news] == ["ticket_opened", "ticket_due_soon", "ticket_overdue"]
    with pytest.raises(InputError, match="reason and a new date"):
        await hall.ask("close", ticket, note="已答复")
    await hall.ask("postpone", ticket, due_at=hall.us + DAY, note="等待核实")
    await hall.ask("close", ticket, note="已答复")
    assert (await hall.the_ticket()).late_reason == "等待核实"


async def test_a_claim_ends_by_itself_and_only_its_holder_may_give_it_back(hall):
    await hall.ends(call("c1", start=MONDAY))
    await hall.ask("claim", await hall.the_ticket(), "li")
    for do in ("claim", "release"):
        with pytest.raises(InputError):
            await hall.ask(do, await hall.the_ticket(), "wang")
    hall.us += 11 * MINUTE
    await hall.desk.work()
    assert (await hall.the_ticket()).state is State.OPEN
    await hall.ask("claim", await hall.the_ticket())
    await hall.ask("release", await hall.the_ticket())
    assert (await hall.the_ticket()).owner is None


# --- referrals, complaints, home visits


async def referred(hall, **more):
    asked = {"do": "register", "kind": "referral", "note": "工伤认定材料", "group": "社保", "number": NUMBER}
    await carry_out(hall.steps, {**asked, "citizen": "李明", "unit": "某公司", "by": "wang", "to": "li", **more})
    return (await hall.tickets(kind=Kind.REFERRAL))[-1]


async def test_a_referral_is_confirmed_dialled_by_its_receiver_and_closed_by_the_talk(hall):
    ticket = await referred(hall)
    assert (ticket.owner, ticket.citizen, ticket.unit, ticket.history[0].by) == ("li", "李明", "某公司", "wang")
    await hall.ask("confirm", ticket, "li")
    await hall.rung_back(ticket, answered=hall.us + SECOND, by="li")
    done = await hall.the_ticket()
    assert (done.state, done.outcome) == (State.CLOSED, End.REACHED)
    assert [entry.move for entry in done.history] == ["opened", "confirm", "claim", "dial", "reached"]


async def test_a_referral_goes_to_the_superior_by_report_and_by_itself_when_nobody_confirms(tmp_path):
    async with a_hall(tmp_path, tickets={"supervisor": "主任"}) as hall:
        await hall.ask("report", await referred(hall), "li", note="不属于本科室")
        assert (await hall.the_ticket()).owner == "主任"
        hall.us += MINUTE
        second = await referred(hall, number="13900001111")
        hall.us = second.due_at + SECOND
        await hall.desk.work()
        late = {one.number: one for one in await hall.tickets()}["13900001111"]
        assert (late.state, late.owner) == (State.REPORTED, "主任")
        assert "ticket_overdue" in {one.kind for one in hall.news}


async def test_what_is_registered_needs_a_matter_a_group_and_a_number_that_is_one(hall):
    for wrong, why in (
        ({"note": " "}, "matter"),
        ({"group": "x"}, "no line group"),
        ({"number": "abc"}, "no phone number"),
    ):
        with pytest.raises(InputError, match=why):
            await referred(hall, **wrong)


async def test_a_complaint_stays_after_the_talk_until_somebody_says_what_came_of_it(hall):
    asked = {"do": "register", "kind": "complaint", "note": "态度", "group": "社保", "number": NUMBER, "by": "wang"}
    await carry_out(hall.steps, asked)
    ticket = await hall.the_ticket()
    await hall.rung_back(ticket, answered=hall.us + SECOND)
    after = await hall.the_ticket()
    assert (after.state, after.history[-1].move) == (State.ACCEPTED, "contacted")
    await hall.ask("close", after, note="已道歉并说明，市民满意")
    assert (await hall.the_ticket()).is_closed


# --- what callers asked the IVR for


async def walked(hall, *requests, call_id=None, code="12345678"):
    kept = Consultation(
        code=code,
        entry=Entry.OVERFLOW,
        started_at=hall.us,
        ended_at=hall.us,
        language="zh_CN",
        state=WalkState.DONE,
        exit=Exit.GOODBYE,
        requests=requests,
        notices=(),
        keys=(),
    )
    stored = StoredConsultation(
        pbx="hall", uniqueid="1.1", line="社保", caller_number=NUMBER, consultation=kept, call_id=call_id
    )
    await hall.store.consultations.begin(replace(stored, consultation=replace(kept, requests=())))
    await hall.store.consultations.save(stored)


async def settled(hall):
    hall.us += 11 * SECOND
    await hall.desk.work()


async def test_who_asked_the_ivr_for_a_callback_is_rung_at_the_number_given_and_the_request_is_settled(hall):
    await walked(hall, DeskRequest(kind=RequestKind.CALLBACK, at=MONDAY, number="13900001111"), call_id="c1")
    await hall.ends(call("c1", start=MONDAY))
    await settled(hall)
    ticket = await hall.the_ticket()
    assert ticket.number == "13900001111"
    await hall.ask("claim", ticket)
    await hall.ask("close", ticket, note="已答复")
    await settled(hall)
    assert await hall.store.consultations.open_requests() == []


async def test_a_request_whose_call_is_not_known_opens_a_callback_all_the_same_once(hall):
    await walked(hall, DeskRequest(kind=RequestKind.CALLBACK, at=MONDAY, number=None))
    hall.ringing["1.1"] = replace(call("c9", start=MONDAY).facts, ended_at=None)
    await settled(hall)
    assert await hall.tickets() == []
    del hall.ringing["1.1"]
    for _ in range(3):
        await settled(hall)
    assert (await hall.the_ticket()).number == NUMBER


async def test_a_complaint_goes_to_the_units_head_and_a_home_visit_to_the_supervisor(tmp_path):
    async with a_hall(tmp_path, tickets={"supervisor": "主任", "complaints_to": "科长"}) as hall:
        complaint = DeskRequest(kind=RequestKind.COMPLAINT, at=MONDAY, number=None, file="m.alaw", seconds=9.0)
        visit = DeskRequest(kind=RequestKind.SECOND_VISIT, at=MONDAY, number=None, earlier="87654321")
        await walked(hall, complaint, visit)
        await settled(hall)
        asked = {"do": "register", "kind": "complaint", "note": "态度", "group": "社保", "number": NUMBER, "by": "wang"}
        await carry_out(hall.steps, asked)
        await carry_out(hall.steps, {**asked, "to": "张"})
        owners = [(one.kind.value, one.owner, one.responsible) for one in await hall.tickets()]
        assert sorted(owners) == [
            ("complaint", "张", "张"),
            ("complaint", "科长", "科长"),
            ("complaint", "科长", "科长"),
            ("home_visit", "主任", "主任"),
        ]


async def test_a_complaint_left_in_the_ivr_and_a_failed_second_visit_become_tickets_with_their_evidence(hall):
    complaint = DeskRequest(kind=RequestKind.COMPLAINT, at=MONDAY, number=None, file="2026-03-02/m.alaw", seconds=9.0)
    visit = DeskRequest(kind=RequestKind.SECOND_VISIT, at=MONDAY, number=None, earlier="87654321")
    await walked(hall, complaint, visit)
    await settled(hall)
    by_kind = {one.kind: one for one in await hall.tickets()}
    assert by_kind[Kind.COMPLAINT].recording == "2026-03-02/m.alaw"
    assert by_kind[Kind.HOME_VISIT].codes == ("87654321", "12345678")
    assert by_kind[Kind.COMPLAINT].due_at > by_kind[Kind.HOME_VISIT].due_at


# --- what goes wrong


async def test_where_the_database_refuses_nothing_counts_and_it_is_done_when_it_does_not(hall, monkeypatch):
    change, refused = hall.store.tickets.change, []

    async def refuses(what):
        if not refused:
            refused.append(what)
            raise StoreUnavailable("the disk is full")
        return await change(what)

    monkeypatch.setattr(hall.store.tickets, "change", refuses)
    monkeypatch.setattr(ticket_clerk, "POLL_SECONDS", 0.01)
    await hall.store_ended(call("c1", start=MONDAY))
    running = asyncio.create_task(hall.desk.run())
    try:
        async with asyncio.timeout(30):
            while not await hall.tickets():
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (await hall.the_ticket()).missed_calls == ("c1",)
    assert len(refused) == 1


async def test_steps_that_cannot_be_say_why(hall):
    await hall.ends(call("c1", start=MONDAY), call("c2", "13900001111", start=MONDAY))
    first = (await hall.tickets())[0]
    for asked, why in (
        ({"do": "dance", "ticket": first.id, "by": "wang"}, "does not know 'dance'"),
        ({"by": "wang"}, "does not know that step"),
        ({"do": "claim", "ticket": "zzzz", "by": "wang"}, "there is no ticket"),
        ({"do": "claim", "ticket": "", "by": "wang"}, "ticket: it is empty"),
        ({"do": "claim", "by": "wang"}, "lacks something"),
        ({"do": "report", "ticket": first.id, "by": "wang", "note": "x"}, "say to whom"),
        ({"do": "settle", "ticket": first.id, "by": "wang", "note": "x"}, "only one whose try is unknown"),
        ({"do": "dial", "ticket": first.id, "by": "li"}, "no phone to ring"),
        ({"do": "dial", "ticket": first.id, "by": "wang", "phone": "PJSIP/agent2"}, "no phone to ring"),
    ):
        told, failed = await answered(hall.steps, asked)
        assert failed
        assert why in told
    await hall.ask("close", first, note="已答复")
    assert "is closed already" in (await answered(hall.steps, {"do": "claim", "ticket": first.id, "by": "wang"}))[0]


async def test_without_a_dialling_user_it_says_what_to_set(tmp_path):
    async with a_hall(tmp_path, pbx={}) as hall:
        await hall.ends(call("c1", start=MONDAY))
        with pytest.raises(InputError, match="dial_username"):
            await hall.ask("dial", await hall.the_ticket())


# --- a call told as missed that was none


async def test_a_missed_call_that_the_switch_s_logs_show_answered_is_corrected_to_whoever_was_told_of_it(hall):
    await hall.ends(call("c1", start=MONDAY))
    opened = await hall.the_ticket()
    await hall.ends(call("c1", start=MONDAY, answered=MONDAY + 5 * SECOND))
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.outcome, ticket.closed_by_call) == (State.CLOSED, End.NOT_MISSED, "c1")
    assert ticket.missed_calls == ()
    told, corrected = hall.news
    assert (told.kind, corrected.kind, corrected.corrects) == ("ticket_opened", "ticket_corrected", told.id)
    assert corrected.fields["编号"] == opened.id[:8]
    await hall.ends(call("c1", start=MONDAY, answered=MONDAY + 5 * SECOND))
    assert len(hall.news) == 2


async def test_a_withheld_caller_whose_call_was_answered_after_all_is_no_uncallable_ticket(hall):
    await hall.ends(call("c1", start=MONDAY, number=None))
    await hall.ends(call("c1", start=MONDAY, number=None, answered=MONDAY + 5 * SECOND))
    ticket = await hall.the_ticket()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, End.NOT_MISSED)


async def test_a_ticket_with_another_missed_call_stays_and_the_correction_says_so(hall):
    await hall.ends(call("c1", start=MONDAY))
    await hall.ends(call("c2", start=MONDAY + HOUR))
    await hall.ends(call("c1", start=MONDAY, answered=MONDAY + 5 * SECOND))
    ticket = await hall.the_ticket()
    assert (ticket.is_closed, ticket.missed_calls) == (False, ("c2",))
    assert [one.kind for one in hall.news] == ["ticket_opened", "ticket_corrected"]


async def test_a_ticket_that_is_closed_already_is_left_and_the_correction_told(hall):
    await hall.ends(call("c1", start=MONDAY))
    await hall.ends(call("c2", start=MONDAY + HOUR, answered=MONDAY + HOUR + 5 * SECOND))
    closed = await hall.the_ticket()
    assert closed.outcome is End.REACHED
    await hall.ends(call("c1", start=MONDAY, answered=MONDAY + 5 * SECOND))
    assert await hall.the_ticket() == closed
    assert [one.kind for one in hall.news] == ["ticket_opened", "ticket_corrected"]
