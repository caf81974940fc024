"""What the desk gives to whoever shows it: pages, counts, labels; numbers masked, and others' calls unseen."""

from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.access.roles import Role
from voicedesk.calls.model import Assignment, Hall, Verdict
from voicedesk.calls.replay import replay
from voicedesk.desk import breaks, calls, greetings, names, news, outages, quarantine, seats, tickets
from voicedesk.desk.labels import Label
from voicedesk.desk.verdicts import seen_history
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.errors import InputError
from voicedesk.greeting.evidence import evidence_from_json
from voicedesk.jobs.news.news import News, message_of
from voicedesk.phones.model import Break, BreakSource
from voicedesk.settings import Settings
from voicedesk.sheets.calls import calls_sheet
from voicedesk.store.calls import CallFilter, HumanDecision
from voicedesk.store.cursor import Cursor
from voicedesk.store.decisions import History, Kind, Move, Step, Subject
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.greetings import GreetingDecision, GreetingFilter, StoredGreeting
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, Change, StoredTicket, TicketFilter
from voicedesk.tickets.model import Kind as TicketKind
from voicedesk.tickets.model import State, Ticket

CAPTURES = Path(__file__).parents[2] / "captures"
NUMBER = "13812341234"
SUPERVISOR = Viewer(roles=frozenset({Role.SUPERVISOR}))
UNMASKED = replace(AT_THE_MACHINE, may_see_numbers=True)
HALL = Hall(
    every_extension_is_a_line=True,
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
    assignments=(Assignment(agent="zhang", endpoint="PJSIP/agent1"), Assignment(agent="li", endpoint="PJSIP/agent2")),
)
SETTINGS = Settings.model_validate({"agents": [{"id": "zhang", "name": "张三"}, {"id": "li", "name": "李四"}]})


def staff(agent: str | None) -> Viewer:
    return Viewer(agent=agent, roles=frozenset({Role.STAFF}))


def call_of(name: str):
    (call,) = replay((CAPTURES / f"{name}.raw").read_bytes(), pbx="main", hall=HALL).calls
    return call


ON_TIME, LATE, MISSED = call_of("a_answer_2rings"), call_of("b_answer_17s"), call_of("c_no_answer_queue_timeout")


def ticket(n: int, **values) -> Ticket:
    known = {"id": f"ticket{n}", "kind": TicketKind.CALLBACK, "group": "社保", "number": f"1381234{n:04}"}
    times = dict.fromkeys(("opened_at", "due_at", "promised_at", "waiting_since"), n)
    return Ticket(**{**known, **times, **values})


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        yield opened


# --- tickets


async def test_tickets_come_page_by_page_with_how_many_there_are_and_none_twice(store):
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket(n)) for n in range(1, 6)]))
    listing = await tickets.tickets(store, SETTINGS, SUPERVISOR, TicketFilter(), now=3)
    first = await listing.page(2)
    second = await listing.page(2, first.next)
    last = await listing.page(2, second.next)
    seen = [row.ticket.id for page in (first, second, last) for row in page.rows]
    assert seen == [f"ticket{n}" for n in range(1, 6)]
    assert ({first.total, second.total, last.total}, last.next) == ({5}, None)
    assert (await listing.page(5)).next is None, "where a page ends with the list there is no empty one behind it"
    assert [row.is_late for row in (*first.rows, *second.rows)] == [True, True, False, False], "the third is due now"


async def test_a_ticket_is_masked_before_anybody_shows_it(store):
    one = ticket(1, number=NUMBER, citizen="王小明", owner="zhang", state=State.WAITING, next_try_at=9)
    await store.tickets.change(
        Change(
            tickets=[StoredTicket(ticket=one), StoredTicket(ticket=ticket(2, number=None))],
            attempts=[
                Attempt(
                    id="a", ticket_id="ticket1", pbx="m", number=NUMBER, extension="6001", placed_by="z", placed_at=1
                )
            ],
        )
    )
    shown = await tickets.ticket(store, SETTINGS, SUPERVISOR, "ticket1", now=5)
    row = shown.row
    assert (row.ticket.number, row.ticket.citizen, shown.attempts[0].number) == ("138****1234", "王**", "138****1234")
    assert (row.owner_name, row.again_at, row.is_withheld) == ("张三", 9, False)
    assert (row.kind, str(row.state)) == (Label("回拨", "callback"), "待再拨 waiting")
    assert NUMBER not in repr(shown)
    plain = (await tickets.ticket(store, SETTINGS, UNMASKED, "ticket1", now=5)).row.ticket
    assert (plain.number, plain.citizen) == (NUMBER, "王小明")
    assert (await tickets.ticket(store, SETTINGS, SUPERVISOR, "ticket2", now=5)).row.is_withheld
    with pytest.raises(InputError, match="no ticket 'x'"):
        await tickets.ticket(store, SETTINGS, SUPERVISOR, "x", now=5)


async def test_facets_count_each_value_under_the_other_filters(store):
    some = [ticket(1), ticket(2, owner="zhang"), ticket(3, owner="zhang", kind=TicketKind.COMPLAINT)]
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in some]))
    which = TicketFilter(kind=TicketKind.HOME_VISIT, owner="zhang")
    assert await store.tickets.count(which) == 0
    found = {
        one.name: {each.value: each.count for each in one.counts}
        for one in await tickets.facets(store, SETTINGS, SUPERVISOR, which)
    }
    assert found["kind"] == {"callback": 1, "complaint": 1}, "which kind to choose in place of the one that has none"
    assert found["owner"] == {}
    (owners,) = [
        one for one in await tickets.facets(store, SETTINGS, SUPERVISOR, TicketFilter()) if one.name == "owner"
    ]
    assert [(one.value, str(one.label), one.count) for one in owners.counts] == [("zhang", "张三", 2), (None, "", 1)]


async def counted(facets):
    """How many rows each facet counts."""
    return {one.name: sum(each.count for each in one.counts) for one in await facets}


async def test_each_facet_of_tickets_leaves_its_own_filter_out_and_no_other(store):
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket(1, owner="li"))]))
    names = {"state": "x", "kind": "x", "group": "x", "owner": "zhang"}
    for name, value in names.items():
        found = await counted(tickets.facets(store, SETTINGS, SUPERVISOR, TicketFilter(**{name: value})))
        assert found == {other: int(other == name) for other in names}


# --- calls


async def test_each_facet_of_calls_and_greetings_leaves_its_own_filter_out_and_no_other(store):
    await store.calls.save([LATE])
    names = ("verdict", "cause", "line", "direction")
    for name in names:
        found = await counted(calls.facets(store, SETTINGS, SUPERVISOR, CallFilter(**{name: "x"})))
        assert found == {other: int(other == name) for other in names}
    await store.greetings.save(greeting())
    for name in ("verdict", "line"):
        found = await counted(greetings.facets(store, SETTINGS, SUPERVISOR, GreetingFilter(**{name: "x"})))
        assert found == {other: int(other == name) for other in ("verdict", "line")}


async def test_a_number_that_was_withheld_stays_withheld_for_whoever_looks(store):
    for number in (None, ""):
        await store.calls.save([replace(LATE, facts=replace(LATE.facts, caller_number=number))])
        row = (await calls.call(store, SETTINGS, SUPERVISOR, LATE.facts.id, now=1)).row
        assert calls.call_json(row)["caller_number"] is None
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket(1, number=None))]))
    assert (await tickets.ticket(store, SETTINGS, SUPERVISOR, "ticket1", now=1)).row.ticket.number is None


def decided(call, **values):
    return HumanDecision(verdict=Verdict.MISSED, by="wang", reason=f"致电{NUMBER}", at=1, **values)


async def test_a_call_is_masked_with_its_legs_and_with_what_people_wrote_of_it(store):
    legs = tuple(replace(leg, endpoint=f"SIP/{NUMBER}", channel=f"SIP/{NUMBER}-1") for leg in LATE.facts.legs)
    open_call = replace(LATE, facts=replace(LATE.facts, id="open", legs=legs, ended_at=None, caller_number=NUMBER))
    await store.calls.save([open_call])
    await store.calls.decide("open", decided(open_call))
    shown = await calls.call(store, SETTINGS, SUPERVISOR, "open", now=LATE.facts.started_at + 60_000_000)
    assert NUMBER not in repr(shown.row)
    assert NUMBER not in repr(calls.call_json(shown.row))
    assert NUMBER not in repr(shown.histories)
    assert shown.row.call.facts.caller_number == "138****1234"
    sheet = calls_sheet([shown.row.stored], SETTINGS.hall.zone, names={}, now=1, unmask=True)
    assert NUMBER not in repr(list(sheet.rows))
    whole = await calls.call(store, SETTINGS, UNMASKED, "open", now=None)
    assert (whole.row.call.facts.caller_number, NUMBER in whole.row.stored.human.reason) == (NUMBER, True)


async def test_who_is_no_supervisor_sees_the_calls_that_they_answered_or_that_rang_them(store):
    await store.calls.save([ON_TIME, LATE, MISSED])
    mine, others, nobody = staff("zhang"), staff("nobody"), staff(None)
    for viewer, count in ((mine, 3), (others, 0), (nobody, 0), (SUPERVISOR, 3)):
        listing = await calls.calls(store, SETTINGS, viewer, CallFilter(), now=1)
        page = await listing.page(10)
        assert (len(page.rows), page.total) == (count, count), viewer
        facets = await calls.facets(store, SETTINGS, viewer, CallFilter())
        assert sum(one.count for one in facets[0].counts) == count
    assert (await calls.call(store, SETTINGS, mine, MISSED.facts.id, now=1)).row.verdict == Label("未接", "missed")
    for viewer in (others, nobody):
        with pytest.raises(InputError, match="no call has an id"):
            await calls.call(store, SETTINGS, viewer, LATE.facts.id, now=1)


async def test_a_row_says_verdict_cause_and_what_people_decided(store):
    await store.calls.save([LATE])
    await store.calls.decide(LATE.facts.id, decided(LATE))
    row = (await calls.call(store, SETTINGS, SUPERVISOR, LATE.facts.id, now=1)).row
    assert (str(row.verdict), str(row.why), row.rings, row.so_far) == ("超时 late", "人员未接 person", 4, None)
    assert (row.answered_by, row.agent_name, row.is_going_on) == ("zhang", "张三", False)
    assert row.by_people == "人工 by hand: 未接 missed"
    with pytest.raises(InputError, match="no phone number"):
        await calls.calls(store, SETTINGS, SUPERVISOR, CallFilter(), now=1, number="abc")


# --- greetings


def greeting(**values) -> StoredGreeting:
    known = {"pbx": "main", "uniqueid": "1.1", "call_id": LATE.facts.id, "endpoint": "PJSIP/agent1", "answered_at": 1,
             "agent": "zhang", "verdict": "cannot_tell", "reason": "not_understood", "needs_review": True,
             "is_final": True, "evidence": evidence_from_json({"judgement": {"transcript": "喂"}})}  # fmt: skip
    return StoredGreeting(**{**known, **values})


async def test_greetings_are_seen_by_whom_they_are_of(store):
    await store.calls.save([LATE])
    await store.greetings.save(greeting())
    await store.greetings.save(greeting(uniqueid="1.2", agent="li", verdict=None, reason=None))
    for viewer, count in ((SUPERVISOR, 2), (staff("li"), 1), (staff("x"), 0)):
        listing = await greetings.greetings(store, SETTINGS, viewer, GreetingFilter())
        assert (await listing.page(5)).total == count
        assert len(await greetings.of_call(store, SETTINGS, viewer, LATE.facts.id)) == count
    own = await greetings.the_one(store, SETTINGS, staff("li"), "main", "1.2")
    assert (own.row.verdict, own.row.why) == (greetings.NOT_HEARD_YET, None)
    for uniqueid in ("1.1", "9"):
        with pytest.raises(InputError, match="nothing was heard"):
            await greetings.the_one(store, SETTINGS, staff("li"), "main", uniqueid)
    (verdicts, _) = await greetings.facets(store, SETTINGS, SUPERVISOR, GreetingFilter())
    assert {one.value: str(one.label) for one in verdicts.counts} == {
        None: "未听 not heard yet",
        "cannot_tell": "无法判定 cannot tell",
    }


def test_a_phone_that_is_named_after_a_number_is_masked_in_greetings():
    named = greeting(endpoint=f"Local/{NUMBER}@mobiles")
    row = greetings.row_of(named, viewer=SUPERVISOR, names={})
    assert NUMBER not in repr((row.greeting.endpoint, greetings.greeting_json(row)))
    assert greetings.row_of(named, viewer=UNMASKED, names={}).greeting.endpoint == named.endpoint


def test_what_people_wrote_of_a_greeting_is_masked():
    human = GreetingDecision(verdict="compliant", by="wang", reason=f"致电{NUMBER}", at=1)
    row = greetings.row_of(greeting(human=human), viewer=SUPERVISOR, names={"zhang": "张三"})
    assert (row.is_doubted, row.by_people, row.agent_name) == (False, "人工 by hand: 合规 compliant", "张三")
    assert NUMBER not in repr(greetings.greeting_json(row))
    step = Step(move=Move.DECIDE, verdict="late", reason=f"致电{NUMBER}", by="wang", at=1)
    history = History(subject=Subject(kind=Kind.CALL, call_id="c", pbx="m"), steps=(step,))
    assert NUMBER not in repr(seen_history(history, SUPERVISOR))
    assert seen_history(history, UNMASKED) == history


# --- the others


async def test_breaks_news_outages_and_what_was_set_aside_are_pages_with_labels(store):
    pause = Break(pbx="main", endpoint="PJSIP/1", from_at=0, source=BreakSource.COMMAND, agent="zhang", by="li")
    await store.phones.save(breaks=[pause])
    page = await breaks.breaks(store, SETTINGS, SUPERVISOR, now=90_000_000).page(9)
    assert (page.total, page.rows[0].minutes, page.rows[0].is_over) == (1, 1.5, False)
    assert (page.rows[0].agent_name, page.rows[0].by_name, str(page.rows[0].source)) == ("张三", "李四", "命令 command")
    message = message_of(News(id="n1", kind="x", at=1, title="t", fields={}))
    await store.deliveries.queue([("hook", message), ("", message)], 1)
    page = await news.news(store, SUPERVISOR, state=DeliveryState.QUEUED).page(1)
    assert (page.total, len(page.rows), str(page.rows[0].state)) == (2, 1, "待发 queued")
    (by_state,) = await news.facets(store, SUPERVISOR)
    assert {one.value: one.count for one in by_state.counts} == {"queued": 2, "sent": 0, "dead": 0}
    await store.outages.start("坏了", line=None, at=1, by="li")
    assert [row.outage.text for row in (await outages.outages(store, SUPERVISOR)).rows] == ["坏了"]
    things = [
        set_aside(Part.CALL, at_us=n, about=f"{NUMBER} {n}", reason=NUMBER, content=NUMBER.encode()) for n in (1, 2, 3)
    ]
    await store.quarantine.add(things)
    first = await quarantine.set_aside(store, AT_THE_MACHINE).page(2)
    rest = await quarantine.set_aside(store, AT_THE_MACHINE).page(1, first.next)
    assert (first.total, len(first.rows), len(rest.rows), rest.next) == (3, 2, 1, None)
    assert NUMBER not in repr([(row.item.about, row.item.reason, row.content) for row in first.rows])
    assert (await quarantine.the_one(store, UNMASKED, things[0].id)).content == NUMBER
    (by_part,) = await quarantine.facets(store, AT_THE_MACHINE)
    assert [(str(one.label), one.count) for one in by_part.counts] == [("通话 call", 3)]
    found = await seats.seats(store, SETTINGS, SUPERVISOR, now=1)
    assert (found.is_running, [row.name for row in found.rows]) == (False, ["李四", "张三"])


# --- cursors and names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "!!",
        "W10",
        "e30",
        "WzEsIlx1ZDgwMCJd",
        "WzEsMl0",
        "WyJhIiwxXQ",
        "WzEuNSwiYSJd",
        "A" * 2000,
        "\ud800",
        "é",
    ],
)
def test_a_cursor_that_is_none_is_refused(text):
    for given in (text, Cursor("calls", (2**63, "a")).to_text()):
        with pytest.raises(InputError, match="no place in this list"):
            Cursor.from_text(given, "calls", int, str)


@pytest.mark.parametrize("key", [(0, ""), (10**16, "通话/+?="), (-5, "a\0b")])
def test_a_cursor_comes_back_as_it_was(key):
    text = Cursor("calls", key).to_text()
    assert text.replace("-", "").replace("_", "").isalnum()
    assert Cursor.from_text(text, "calls", int, str) == Cursor("calls", key)


def test_a_name_nobody_knows_names_the_nearest():
    with pytest.raises(InputError, match=r"did you mean zhang\? known are li, zhang"):
        names.check_known("person", "zhagn", {"zhang", "li"})
    names.check_known("person", "x")
    assert names.person_id(SETTINGS, "李四") == "li"
