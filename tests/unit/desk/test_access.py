"""Who sees what (S16): each role before each list, and that what is not theirs looks like what is not there."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, added
from voicedesk.access.roles import Act, Reach, Role, Thing, reach
from voicedesk.calls.model import Assignment, Hall, PhoneState
from voicedesk.calls.replay import replay
from voicedesk.desk import (
    accounts,
    breaks,
    calls,
    consultations,
    decisions,
    greetings,
    news,
    outages,
    quarantine,
    requests,
    seats,
    tickets,
)
from voicedesk.desk.lists import MOST_ON_A_PAGE
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.errors import InputError
from voicedesk.greeting.evidence import Evidence, told_from_json
from voicedesk.jobs.news.news import News, message_of
from voicedesk.phones.model import Break, BreakSource, PhoneStanding
from voicedesk.settings import Settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.consultations import ConsultationFilter
from voicedesk.store.decisions import Kind, Move, Step, Subject, key_of
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.phones import StoredPhone
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket, TicketFilter
from voicedesk.tickets.model import Kind as TicketKind
from voicedesk.tickets.model import Ticket

ROOT = Path(__file__).parents[3]
SETTINGS = Settings.model_validate({"agents": [{"id": "zhang", "name": "张三"}, {"id": "li", "name": "李四"}]})
HALL = Hall(
    every_extension_is_a_line=True,
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
    assignments=(Assignment(agent="zhang", endpoint="PJSIP/agent1"), Assignment(agent="li", endpoint="PJSIP/agent2")),
)
CAPTURE = ROOT / "tests" / "captures" / "b_answer_17s.raw"
(CALL,) = replay(CAPTURE.read_bytes(), pbx="main", hall=HALL).calls


def viewer(role: Role | None, agent: str | None = "zhang") -> Viewer:
    return Viewer(agent=agent, roles=frozenset({role} if role else ()))


def call_of(call_id: str, *agents: str):
    """A call whose legs rang these people."""
    first = CALL.facts.legs[0]
    legs = tuple(replace(first, agent=agent, uniqueid=f"{call_id}.{agent}") for agent in agents)
    judged = replace(CALL.judgement, agent=agents[0], legs=(CALL.judgement.legs[0],) * len(agents))
    return replace(CALL, facts=replace(CALL.facts, id=call_id, legs=legs), judgement=judged)


def greeting(call_id: str, agent: str) -> StoredGreeting:
    return StoredGreeting(
        pbx="main", uniqueid=f"{call_id}.{agent}", call_id=call_id, endpoint="PJSIP/1", answered_at=1, agent=agent,
        recording="1.wav", evidence=Evidence(judgement=told_from_json({"transcript": "喂"})),
    )  # fmt: skip


def of_leg(call_id: str, agent: str, kind: Kind = Kind.LEG) -> Subject:
    return Subject(kind=kind, call_id=call_id, pbx="main", uniqueid=f"{call_id}.{agent}", endpoint="PJSIP/1")


STEP = Step(move=Move.DECIDE, reason="离席", by="wang", at=1, verdict="late")


@pytest.fixture
async def store(tmp_path):
    """One of each of zhang's, and one of each of li's."""
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        await opened.calls.save([call_of("aa1", "zhang"), call_of("aa2", "li")])
        for call_id, agent in (("aa1", "zhang"), ("aa2", "li")):
            await opened.greetings.save(greeting(call_id, agent))
            await opened.decisions.add(of_leg(call_id, agent), STEP)
        at = dict.fromkeys(("opened_at", "due_at", "promised_at", "waiting_since"), 1)
        for n, owner in ((1, "zhang"), (2, "li")):
            for kind in (TicketKind.CALLBACK, TicketKind.COMPLAINT):
                one = Ticket(id=f"t{kind.value}{n}", kind=kind, group="g", number=None, owner=owner, **at)
                await opened.tickets.change(Change(tickets=[StoredTicket(ticket=one)]))
        known = {"pbx": "main", "source": BreakSource.COMMAND, "reason": "就医"}
        pauses = [Break(endpoint=f"PJSIP/{who}", agent=who, from_at=1, **known) for who in ("zhang", "li")]
        await opened.phones.save(breaks=pauses)
        message = message_of(News(id="n1", kind="x", at=1, title="t", fields={}))
        await opened.deliveries.queue([("hook", message), ("", message)], 1)
        await opened.outages.start("坏了", line=None, at=1, by="li")
        await opened.quarantine.add(
            [set_aside(Part.CALL, at_us=n, about=f"x{n}", reason="r", content=b"") for n in (1, 2)]
        )
        for login in ("0101", "0102"):
            waiting = added(Keeper(who="cli:root", now=1), Account(login=login, name="", role=Role.STAFF), "ABCD")
            await opened.accounts.add(waiting)
        for _ in range(2):
            await opened.requests.ask("news", {}, asked_by="root")
        yield opened


async def rows_of(store: Store, of: Thing, who: Viewer) -> int:
    """How many rows of a list somebody sees. Raises InputError where it is not shown to them."""
    now = 2
    match of:
        case Thing.CALL:
            listing = await calls.calls(store, SETTINGS, who, CallFilter(), now=now)
        case Thing.GREETING:
            listing = await greetings.greetings(store, SETTINGS, who, GreetingFilter())
        case Thing.RECORDING:
            page = await (await greetings.greetings(store, SETTINGS, who, GreetingFilter())).page(9)
            shown = [(row.told.transcript, row.greeting.recording) for row in page.rows]
            assert set(shown) <= {("喂", "1.wav"), ("", None)}
            return shown.count(("喂", "1.wav"))
        case Thing.VERDICT:
            listing = decisions.decisions(store, who)
        case Thing.TICKET:
            listing = await tickets.tickets(store, SETTINGS, who, TicketFilter(kind=TicketKind.CALLBACK), now=now)
        case Thing.COMPLAINT:
            listing = await tickets.tickets(store, SETTINGS, who, TicketFilter(kind=TicketKind.COMPLAINT), now=now)
        case Thing.LEDGER:
            await consultations.consultations(store, SETTINGS, who, ConsultationFilter())
            return 2  # a walk is long to write down; that the list is given at all is what differs between roles
        case Thing.BREAK:
            now_on_break = await breaks.breaks(store, SETTINGS, who, now=now).page(9)
            listing = breaks.breaks(store, SETTINGS, who, now=now, is_all=True)
            assert now_on_break.total == (await listing.page(9)).total == len(now_on_break.rows)
        case Thing.BREAK_REASON:
            page = await breaks.breaks(store, SETTINGS, who, now=now, is_all=True).page(9)
            return sum(bool(row.pause.reason) for row in page.rows)
        case Thing.SEAT:
            return len((await seats.seats(store, SETTINGS, who, now=now)).rows)
        case Thing.OUTAGE:
            return 2 * (await outages.outages(store, who)).total
        case Thing.NEWS:
            listing = news.news(store, who)
        case Thing.SET_ASIDE:
            listing = quarantine.set_aside(store, who)
        case Thing.REQUEST:
            listing = requests.requests(store, who)
        case Thing.ACCOUNT:
            return len(await accounts.accounts(store, SETTINGS, who, now=now))
        case Thing.AUDIT:
            return len(await accounts.audit(store, who, limit=9))
    page = await listing.page(9)
    assert page.total == len(page.rows)
    return page.total


PARTS = (Thing.BREAK_REASON, Thing.RECORDING)
"""What is left out of rows that are shown all the same."""
LISTS = (
    *(Thing.CALL, Thing.GREETING, Thing.VERDICT, Thing.TICKET, Thing.COMPLAINT, Thing.LEDGER, Thing.BREAK, Thing.SEAT),
    *(Thing.OUTAGE, Thing.NEWS, Thing.SET_ASIDE, Thing.REQUEST, Thing.ACCOUNT, Thing.AUDIT),
)


@pytest.mark.parametrize("of", [*LISTS, *PARTS])
@pytest.mark.parametrize("role", [*Role, None])
async def test_each_role_sees_of_each_list_what_the_table_says(store, role, of):
    how_far = reach(role, Act.SEE, of) if role else Reach.NONE
    whole = {Thing.BREAK_REASON: Thing.BREAK, Thing.RECORDING: Thing.GREETING}.get(of, of)
    if role is None or reach(role, Act.SEE, whole) is Reach.NONE:
        with pytest.raises(InputError, match="not shown to your role"):
            await rows_of(store, of, viewer(role))
        return
    assert await rows_of(store, of, viewer(role)) == how_far.value, "one of two is zhang's own"
    if how_far is Reach.OWN:
        assert await rows_of(store, of, viewer(role, agent=None)) == 0, "nothing is nobody's own"


async def test_facets_and_single_things_follow_the_same_table(store):
    nobody = Viewer()
    with pytest.raises(InputError, match="not shown"):
        await calls.facets(store, SETTINGS, nobody, CallFilter())
    with pytest.raises(InputError, match="not shown"):
        await greetings.facets(store, SETTINGS, nobody, GreetingFilter())
    with pytest.raises(InputError, match="not shown"):
        await tickets.facets(store, SETTINGS, nobody, TicketFilter())
    with pytest.raises(InputError, match="not shown"):
        await tickets.ticket(store, SETTINGS, nobody, "tcallback1", now=1)
    with pytest.raises(InputError, match="not shown"):
        await consultations.consultation(store, nobody, "12345671")
    with pytest.raises(InputError, match="nobody was given the code"):
        await consultations.consultation(store, viewer(Role.STAFF), "12345671")
    for each in (news.facets, quarantine.facets):
        with pytest.raises(InputError, match="not shown"):
            await each(store, nobody)
    with pytest.raises(InputError, match="not shown"):
        await quarantine.the_one(store, nobody, "x")


def test_of_several_roles_the_widest_counts():
    both = Viewer(agent="zhang", roles=frozenset({Role.STAFF, Role.ADMINISTRATOR}))
    assert [both.reach(of) for of in (Thing.BREAK_REASON, Thing.CALL, Thing.SET_ASIDE)] == [
        Reach.OWN,
        Reach.EVERY,
        Reach.EVERY,
    ]
    assert both.sees_of(Thing.BREAK_REASON, {"zhang"})
    assert not both.sees_of(Thing.BREAK_REASON, {"li"})
    assert not viewer(Role.STAFF, agent=None).sees_of(Thing.CALL, ())
    assert {AT_THE_MACHINE.reach(of) for of in (*LISTS, *PARTS)} == {Reach.EVERY}


def test_whole_numbers_are_shown_to_nobody_whose_role_has_no_right_to_them():
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(InputError, match="whole numbers are not shown"):
            replace(viewer(role), may_see_numbers=True)
    assert replace(viewer(Role.SUPERVISOR), may_see_numbers=True).number("13812341234") == "13812341234"
    assert viewer(Role.SUPERVISOR).number("13812341234") == "138****1234", "the right alone unmasks nothing"


# --- not there, and not yours


async def said_of(get, call_id: str) -> str:
    with pytest.raises(InputError) as caught:
        await get(call_id)
    return str(caught.value).replace(call_id, "ID")


async def test_a_call_that_is_not_yours_looks_like_one_that_is_not_there(store):
    async def get(call_id):
        return await calls.call(store, SETTINGS, viewer(Role.STAFF), call_id, now=None)

    assert await said_of(get, "aa2") == await said_of(get, "bb9")
    assert (await get("aa")).row.call.facts.id == "aa1", "that another's begins so too is not told"
    await store.calls.save([call_of("aa3", "zhang")])
    assert "more than one" in await said_of(get, "aa"), "of one's own it is"


async def test_a_greeting_that_is_not_yours_looks_like_one_that_is_not_there(store):
    staff = viewer(Role.STAFF)
    assert await greetings.of_call(store, SETTINGS, staff, "aa2") == []
    assert await greetings.of_call(store, SETTINGS, staff, "bb9") == []
    (own,) = await greetings.of_call(store, SETTINGS, staff, "aa")
    assert own.row.greeting.agent == "zhang"
    with pytest.raises(InputError, match="more than one"):
        await greetings.of_call(store, SETTINGS, viewer(Role.ADMINISTRATOR), "aa")

    async def get(uniqueid):
        return await greetings.the_one(store, SETTINGS, staff, "main", uniqueid)

    assert await said_of(get, "aa2.li") == await said_of(get, "bb9.li")


async def test_a_complaint_in_another_s_hands_looks_like_one_that_is_not_there(store):
    staff = viewer(Role.STAFF)

    async def get(ticket_id):
        return await tickets.ticket(store, SETTINGS, staff, ticket_id, now=1)

    assert await said_of(get, "tcomplaint2") == await said_of(get, "t9")
    assert (await get("tcomplaint")).row.ticket.owner == "zhang"
    assert (await get("tcallback2")).row.ticket.owner == "li"
    kinds, *_ = [one for one in await tickets.facets(store, SETTINGS, staff, TicketFilter()) if one.name == "kind"]
    assert {one.value: one.count for one in kinds.counts} == {"callback": 2, "complaint": 1}


async def test_whom_a_call_rang_sees_all_its_legs_but_not_what_was_decided_of_others(store):
    both = call_of("c1", "li", "zhang")
    await store.calls.save([both])
    for agent in ("li", "zhang"):
        await store.decisions.add(of_leg("c1", agent), STEP)
    await store.decisions.add(Subject(kind=Kind.CALL, call_id="c1", pbx="main"), STEP)
    await store.decisions.add(of_leg("c1", "gone"), STEP)  # a leg that is known by now only from another source
    assert [key_of(leg) for leg in both.facts.legs] == ["c1.li", "c1.zhang"]

    async def seen(who):
        shown = await calls.call(store, SETTINGS, who, "c1", now=None)
        assert [leg.agent for leg in shown.row.call.facts.legs] == ["li", "zhang"]
        return {(one.subject.kind.value, one.subject.uniqueid) for one in shown.histories}

    assert await seen(viewer(Role.STAFF)) == {("call", ""), ("leg", "c1.zhang")}
    assert len(await seen(viewer(Role.SUPERVISOR))) == 4


async def test_staff_see_who_is_on_a_break_but_why_only_of_their_own(store):
    standing = [
        StoredPhone(
            standing=PhoneStanding(
                pbx="main", endpoint=f"PJSIP/{who}", state=PhoneState.FREE, since=1, is_current=True,
                on_break_since=1, reason="就医",
            )
        )
        for who in ("zhang", "li")
    ]  # fmt: skip
    await store.phones.save(phones=standing)
    assigned = [{"agent": who, "endpoint": f"PJSIP/{who}"} for who in ("zhang", "li")]
    settings = Settings.model_validate({**SETTINGS.model_dump(include={"agents"}), "assignments": assigned})

    async def why(role):
        rows = (await seats.seats(store, settings, viewer(role), now=2)).rows
        assert all(row.on_break_since == 1 for row in rows if row.endpoint)
        return {row.agent: row.break_reason for row in rows if row.endpoint}

    assert await why(Role.STAFF) == {"zhang": "就医", "li": None}
    assert await why(Role.SUPERVISOR) == {"zhang": "就医", "li": "就医"}
    assert await why(Role.ADMINISTRATOR) == {"zhang": None, "li": None}


# --- pages


@dataclass
class Lists:
    """Each list that goes on over pages, as a supervisor at the machine sees it."""

    store: Store

    async def each(self):
        for of in LISTS:
            if of not in (Thing.SEAT, Thing.OUTAGE, Thing.COMPLAINT, Thing.ACCOUNT, Thing.AUDIT):
                yield of.value, await self.one(of)
        yield "breaks longest", breaks.breaks(self.store, SETTINGS, AT_THE_MACHINE, now=2)

    async def one(self, of):
        store, who = self.store, AT_THE_MACHINE
        match of:
            case Thing.CALL:
                return await calls.calls(store, SETTINGS, who, CallFilter(), now=2)
            case Thing.GREETING:
                return await greetings.greetings(store, SETTINGS, who, GreetingFilter())
            case Thing.TICKET:
                return await tickets.tickets(store, SETTINGS, who, TicketFilter(kind=TicketKind.CALLBACK), now=2)
            case Thing.LEDGER:
                return await consultations.consultations(store, SETTINGS, who, ConsultationFilter())
            case Thing.VERDICT:
                return decisions.decisions(store, who)
            case Thing.BREAK:
                return breaks.breaks(store, SETTINGS, who, now=2, is_all=True)
            case Thing.NEWS:
                return news.news(store, who)
            case Thing.SET_ASIDE:
                return quarantine.set_aside(store, who)
            case Thing.REQUEST:
                return requests.requests(store, who)


async def test_every_list_goes_on_where_its_page_ended_and_takes_no_cursor_of_another(store):
    ends = {}
    async for name, listing in Lists(store).each():
        first = await listing.page(1)
        if name != "ledger":  # none is stored
            rest = await listing.page(5, first.next)
            assert (len(first.rows), len(rest.rows), first.total, rest.next) == (1, 1, 2, None), name
            assert first.rows != rest.rows, name
            ends[name] = first.next
    async for name, listing in Lists(store).each():
        for other, end in ends.items():
            if other != name:
                with pytest.raises(InputError, match="no place in this list"):
                    await listing.page(1, end)


@pytest.mark.parametrize("limit", [0, -1, -(2**70)])
async def test_a_page_without_a_row_is_refused(store, limit):
    async for _, listing in Lists(store).each():
        with pytest.raises(InputError, match="at least one row"):
            await listing.page(limit)
        with pytest.raises(InputError, match="at least one row"):
            await listing.kept(limit, lambda rows: rows)


async def test_a_huge_page_is_bounded_and_says_where_it_goes_on(store):
    await store.quarantine.add(
        [set_aside(Part.ROW, at_us=n, about=f"y{n}", reason="r") for n in range(3, MOST_ON_A_PAGE + 3)]
    )
    listing = quarantine.set_aside(store, AT_THE_MACHINE)
    page = await listing.page(2**70)
    assert (len(page.rows), page.total) == (MOST_ON_A_PAGE, MOST_ON_A_PAGE + 2)
    assert len((await listing.page(2**70, page.next)).rows) == 2
    kept, there = await listing.kept(MOST_ON_A_PAGE + 1, lambda rows: rows)
    assert (len(kept), there) == (MOST_ON_A_PAGE + 1, MOST_ON_A_PAGE + 2)


async def test_what_was_asked_is_shown_without_its_content_and_with_numbers_masked(store):
    number = "13812341234"
    asked = await store.requests.ask("ticket", {"number": number}, asked_by="root")
    await store.requests.withdraw(asked)
    page = await requests.requests(store, AT_THE_MACHINE).page(9)
    assert number not in repr(page)
    told = {requests.request_json(row)["id"]: requests.request_json(row) for row in page.rows}[asked]
    assert (told["kind"], told["asked_by"], told["state"]) == ("ticket", "root", "failed")
    assert told["asked_at"] > 0
    assert told["outcome"].startswith("not carried out")
    (one,) = [each for each in await store.requests.newest() if each.id == asked]
    shown = requests.row_of(replace(one, outcome=f"rang {number}"), AT_THE_MACHINE)
    assert shown.outcome == "rang 138****1234"


async def test_a_decision_in_the_list_says_what_it_is_about(store):
    page = await decisions.decisions(store, AT_THE_MACHINE).page(1)
    told = decisions.decision_json(page.rows[0])
    assert (told["kind"], told["call"], told["move"], told["by"]) == ("leg", "aa2", "decide", "wang")
    masked = decisions.row_of(of_leg("c", "z"), replace(STEP, reason="致电13812341234"), viewer=AT_THE_MACHINE)
    assert masked.step.reason == "致电138****1234"
