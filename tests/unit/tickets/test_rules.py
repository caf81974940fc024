"""What opens, joins and closes a callback; who may do what with a ticket; when it is due; whom one may ring."""

from dataclasses import replace

import pytest
from tests.unit.tickets.desk import CALENDAR, DAY, HOUR, MINUTE, PLAN, SECOND, WEEK, at, call, line_of, meaning, placed
from voicedesk.calls.model import Direction
from voicedesk.errors import InputError
from voicedesk.tickets.book import Book
from voicedesk.tickets.dial_rules import DialLimits, DialRules, Refusal
from voicedesk.tickets.figures import Share, callback_figures
from voicedesk.tickets.meaning import Contact, Miss, meaning_of
from voicedesk.tickets.model import MOVES, Entry, Kind, Move, Outcome, State, Ticket, moved
from voicedesk.tickets.plan import Notice, Plan
from voicedesk.tickets.work import (
    LEASE_US,
    citizen_told,
    claimed,
    closed,
    confirmed,
    dialling,
    lease_checked,
    not_rung,
    postponed,
    registered,
    released,
    reported,
    result_unknown,
    rung_up,
    try_failed,
)
from voicedesk.work_calendar import WorkCalendar

T = at("2026-03-02T10:00")  # a Monday


def noted(*calls) -> tuple[Book, Ticket]:
    """A book that was told these calls, and the ticket the last one changed."""
    book, changed = Book(PLAN, switchboards=frozenset({"037160000000"})), ()
    for one in calls:
        told = meaning(one)
        changed = (book.note(told) if told else ()) or changed
    return book, changed[0]


def ticket(**values) -> Ticket:
    made = registered(
        ticket_id="t", kind=Kind.REFERRAL, group="社保", number="13812341234", plan=PLAN, by="wang", note="档案", at=T
    )
    return replace(made, **values)


@pytest.mark.parametrize(
    ("values", "is_missed"),
    [
        ({}, True),
        ({"on_duty": False}, True),
        ({"gave_up_at": T + 3 * SECOND}, True),
        ({"doubtful": True}, True),
        ({"direction": Direction.INTERNAL}, False),
        ({"asked_at": None}, False),
        ({"asked_at": None, "switch_answered_at": T}, False),
        ({"asked_at": None, "notice_heard": True}, False),
        ({"is_line": False}, False),
        ({"direction": Direction.OUTBOUND}, False),
        ({"answered": T + SECOND}, False),
    ],
)
def test_only_a_caller_who_wanted_a_person_and_got_none_is_missed(values, is_missed) -> None:
    assert isinstance(meaning(call("c", start=T, **values)), Miss) is is_missed


def test_whoever_asked_the_ivr_for_a_callback_is_missed_though_no_phone_rang() -> None:
    served = call("c", start=T, asked_at=None, notice_heard=True)
    assert isinstance(meaning_of(served, line_of, asked_for_callback=True), Miss)


def test_a_call_that_is_not_over_or_reached_somebody_withheld_means_nothing_yet() -> None:
    going_on = call("c", start=T)
    going_on = replace(going_on, facts=replace(going_on.facts, ended_at=None))
    assert meaning(going_on) is None
    assert meaning(call("c", None, start=T, answered=T + SECOND)) is None


def test_further_misses_in_any_spelling_join_the_one_open_item() -> None:
    book, joined = noted(call("a", "13812341234", start=T), call("b", "+86 138 1234 1234", start=T + HOUR))
    assert book.live == (joined,)
    assert joined.missed_calls == ("a", "b")


def test_a_withheld_number_is_listed_and_cannot_be_claimed() -> None:
    book, hidden = noted(call("a", None, start=T), call("b", "anonymous", start=T))
    assert [one.state for one in book.live] == [State.UNCALLABLE, State.UNCALLABLE]
    with pytest.raises(InputError, match="uncallable"):
        claimed(hidden, by="wang", at=T)


def test_fault_50_a_caller_who_rings_again_while_the_callback_waits_closes_it() -> None:
    book, ended = noted(call("a", start=T), call("b", start=T + HOUR, answered=T + HOUR + 5 * SECOND))
    assert (ended.state, ended.outcome, ended.closed_by_call) == (State.CLOSED, Outcome.REACHED, "b")
    assert book.live == ()
    assert book.note(meaning(call("a", start=T))) == ()  # told again after a restart


@pytest.mark.parametrize("by", [Direction.CALLBACK, Direction.OUTBOUND])
def test_a_call_to_the_citizen_closes_it_only_if_the_citizen_answered(by) -> None:
    missed = call("a", start=T)
    _, unchanged = noted(missed, placed("o", "13812341234", start=T + HOUR, answered=None, by=by))
    _, ended = noted(missed, placed("o", "13812341234", start=T + HOUR, answered=T + HOUR + SECOND, by=by))
    assert (unchanged.state, ended.closed_by_call) == (State.OPEN, "o")


def old_ticket(ticket_id: str, number: str) -> Ticket:
    """A callback as an earlier version stored it, under the number as it came."""
    miss = Miss(call_id=ticket_id, number=None, group="社保", started_at=T, ended_at=T)
    (opened,) = Book(PLAN).note(miss)
    return replace(opened, number=number, state=State.OPEN)


def test_a_ticket_stored_under_an_older_form_of_its_number_is_joined_and_closed_by_the_form_of_today() -> None:
    book = Book(PLAN)
    book.put(old_ticket("old", "2088888888"))
    (joined,) = book.note(Miss(call_id="b", number="02088888888", group="社保", started_at=T + 1, ended_at=T + 2))
    assert joined.missed_calls == ("old", "b")
    (done,) = book.note(Contact(call_id="c", number="02088888888", group="社保", at=T + HOUR))
    assert (done.state, done.closed_by_call) == (State.CLOSED, "c")
    assert book.live == ()


def test_two_tickets_of_one_subscriber_under_two_forms_are_both_closed_by_one_talk() -> None:
    book = Book(PLAN)
    for one in (old_ticket("old", "2088888888"), old_ticket("new", "02088888888")):
        book.put(one)
    assert len(book.live) == 2
    assert len(book.note(Contact(call_id="c", number="02088888888", group="社保", at=T + HOUR))) == 2
    assert book.live == ()


def test_a_company_switchboard_is_known_however_the_settings_write_it() -> None:
    assert Book(PLAN, switchboards=frozenset({"0371-6000 0000"})).is_switchboard("037160000000")


def test_another_line_or_a_company_switchboard_only_suggests_that_it_is_settled() -> None:
    _, other_line = noted(call("a", start=T), call("b", line="就业", start=T + HOUR, answered=T + HOUR + SECOND))
    company = "037160000000"
    _, switchboard = noted(call("a", company, start=T), call("b", company, start=T + HOUR, answered=T + HOUR + SECOND))
    for one in (other_line, switchboard):
        assert (one.state, one.suggested_by) == (State.OPEN, ("b",))


def test_who_is_answered_moments_later_is_owed_nothing_whichever_call_is_told_first() -> None:
    missed, answered = call("a", start=T), call("b", start=T + MINUTE, answered=T + MINUTE + SECOND)
    for order in ((missed, answered), (answered, missed)):
        _, ended = noted(*order)
        assert (ended.outcome, ended.closed_by_call) == (Outcome.ANSWERED_MOMENTS_LATER, "b")


def test_a_contact_before_the_last_miss_does_not_close_it() -> None:
    book, _ = noted(
        call("a", start=T), call("c", start=T + 2 * HOUR), call("b", start=T + HOUR, answered=T + HOUR + SECOND)
    )
    assert len(book.live) == 1


def test_the_deadline_counts_working_hours_over_nights_holidays_and_made_up_days() -> None:
    assert PLAN.due_at("社保", at("2026-03-02T11:00")) == at("2026-03-02T16:30")
    assert PLAN.due_at("社保", at("2026-03-06T16:00")) == at("2026-03-09T12:00")
    assert PLAN.due_at("社保", at("2026-09-30T16:00")) == at("2026-10-08T12:00")  # 国庆
    assert PLAN.due_at("社保", at("2026-02-13T16:30")) == at("2026-02-14T14:00")  # Saturday worked: 调休
    assert Plan(calendar=CALENDAR).due_at("any", T) == T + 4 * HOUR
    assert WorkCalendar().after(("Mon-Fri 09:00-09:01", *WEEK), T, HOUR) == T + HOUR


def test_hours_that_never_come_still_give_a_deadline() -> None:
    from datetime import date, timedelta

    from voicedesk.work_calendar import DayKind, OwnDay

    rest = {date(2026, 3, 1) + timedelta(days=n): OwnDay(kind=DayKind.REST, note="") for n in range(420)}
    assert WorkCalendar(own_days=rest).after(WEEK, T, HOUR) == T + HOUR


def test_a_reminder_comes_before_the_deadline_and_the_supervisor_after() -> None:
    one = ticket()
    assert PLAN.notice(one, T) is Notice.NONE
    assert PLAN.notice(one, one.due_at - HOUR) is Notice.REMIND
    assert PLAN.notice(one, one.due_at) is Notice.REMIND
    assert PLAN.notice(one, one.due_at + 1) is Notice.ESCALATE
    assert PLAN.notice(replace(one, state=State.CLOSED), one.due_at + 1) is Notice.NONE


@pytest.mark.parametrize(("after_us", "is_late"), [(-1, False), (0, False), (1, True)])
def test_what_ends_at_the_promised_instant_is_in_time_for_lists_figures_notices_and_closing(after_us, is_late) -> None:
    one = ticket(kind=Kind.CALLBACK)
    at = one.due_at + after_us
    ended = replace(one, state=State.CLOSED, outcome=Outcome.REACHED, closed_at=at)
    assert (one.is_late(at), ended.is_late(at + DAY)) == (is_late, is_late)
    assert (PLAN.notice(one, at) is Notice.ESCALATE) is is_late
    assert callback_figures([ended], at + DAY).within_deadline == Share(part=int(not is_late), whole=1)
    assert callback_figures([one], at).within_deadline == Share(part=0, whole=int(is_late))
    if not is_late:
        assert closed(one, outcome=Outcome.SETTLED, note="已办", by="li", at=at).is_closed
    else:
        with pytest.raises(InputError, match="late"):
            closed(one, outcome=Outcome.SETTLED, note="已办", by="li", at=at)


def test_of_two_who_claim_one_gets_it_and_a_lease_that_ran_out_frees_it() -> None:
    mine = claimed(ticket(), by="wang", at=T)
    with pytest.raises(InputError, match="is claimed"):
        claimed(mine, by="li", at=T)
    assert claimed(mine, by="wang", at=T + SECOND).lease_until == T + SECOND + LEASE_US
    assert claimed(mine, by="li", at=T + LEASE_US).owner == "li"
    assert released(mine, by="wang", at=T).state is State.OPEN
    with pytest.raises(InputError, match="claim it first"):
        released(mine, by="li", at=T)


def test_what_may_be_ringing_is_never_dialled_again_before_a_person_settled_it() -> None:
    rings = dialling(claimed(ticket(), by="wang", at=T), by="wang", at=T)
    for lost in (result_unknown(rings, at=T + MINUTE), lease_checked(rings, at=T + LEASE_US)):
        assert lost.state is State.UNKNOWN
        with pytest.raises(InputError):
            claimed(lost, by="li", at=T + DAY)
    settled = try_failed(result_unknown(rings, at=T), cause="busy", at=T, plan=PLAN, by="li")
    assert (settled.state, settled.tries, settled.history[-1].note) == (State.WAITING, 1, "busy")
    assert settled.next_try_at == PLAN.retry_at("社保", T, 1)


def test_a_referral_is_confirmed_or_reported_to_the_superior_and_each_step_is_dated() -> None:
    read = confirmed(ticket(), by="li", at=T + MINUTE)
    up = reported(read, to="head", by="li", note="职责不清", at=T + HOUR)
    assert (read.owner, up.owner, up.state) == ("li", "head", State.REPORTED)
    assert [(one.move, one.by, one.at) for one in up.history] == [
        (Move.OPENED, "wang", T),
        (Move.CONFIRM, "li", T + MINUTE),
        (Move.REPORT, "li", T + HOUR),
    ]


@pytest.mark.parametrize("given_back", ["released", "lease over", "not rung", "failed"])
def test_whoever_answers_for_a_ticket_does_so_after_any_claim_of_another(given_back) -> None:
    up = reported(confirmed(ticket(), by="li", at=T), to="head", by="li", note="职责不清", at=T)
    taken = claimed(up, by="wang", at=T)
    assert (taken.owner, taken.responsible) == ("wang", "head")
    rings = dialling(taken, by="wang", at=T)
    match given_back:
        case "released":
            after = released(taken, by="wang", at=T + MINUTE)
        case "lease over":
            after = lease_checked(taken, at=T + LEASE_US)
        case "not rung":
            after = not_rung(result_unknown(rings, at=T), cause="staff_busy", at=T)
        case _:
            after = try_failed(rings, cause="citizen_busy", at=T, plan=PLAN)
    assert (after.owner, after.responsible, after.lease_until) == ("head", "head", None)
    assert after.state is (State.WAITING if given_back == "failed" else State.REPORTED)


@pytest.mark.parametrize("number", ["12345", "96096", "12315", "0371-12345", "110", "4008001234"])
def test_a_short_number_s_ticket_says_from_its_beginning_that_it_cannot_be_dialled(number) -> None:
    _, made = noted(call("a", number, start=T))
    assert made.state is State.UNCALLABLE
    assert made.number is not None
    with pytest.raises(InputError, match="uncallable"):
        claimed(made, by="wang", at=T)
    figures = callback_figures([made], T + DAY)
    assert (figures.uncallable, figures.still_open, figures.within_deadline.whole) == (1, 0, 0)


def test_a_short_number_s_ticket_ends_when_its_caller_is_answered() -> None:
    _, made = noted(call("a", "12345", start=T), call("b", "12345", start=T + HOUR, answered=T + HOUR + SECOND))
    assert made.state is State.CLOSED


def test_a_withheld_complaint_goes_to_the_superior_too() -> None:
    hidden = ticket(number=None, state=State.UNCALLABLE)
    up = reported(hidden, to="head", by="li", note="请负责人处理", at=T)
    assert (up.state, up.owner) == (State.UNCALLABLE, "head")
    assert closed(up, outcome=Outcome.SETTLED, note="已核实并整改", by="head", at=T + HOUR).is_closed


def test_a_citizen_is_told_of_the_new_date_and_a_talk_on_the_line_tells_them_too() -> None:
    with pytest.raises(InputError, match="not postponed"):
        citizen_told(ticket(), note="电话告知", by="li", at=T)
    later = postponed(ticket(), due_at=T + 2 * DAY, reason="等待材料", by="li", at=T)
    assert later.is_to_be_told
    with pytest.raises(InputError, match="how"):
        citizen_told(later, note=" ", by="li", at=T)
    told = citizen_told(later, note="电话告知", by="li", at=T + HOUR)
    assert (told.told_at, told.is_to_be_told, told.state) == (T + HOUR, False, State.OPEN)
    again = postponed(told, due_at=T + 3 * DAY, reason="仍在等待", by="li", at=T + 2 * HOUR)
    assert again.is_to_be_told
    rings = dialling(claimed(replace(again, kind=Kind.COMPLAINT), by="li", at=T), by="li", at=T)
    talked = rung_up(rings, call_id="c", at=T + MINUTE)
    assert (talked.told_at, talked.state) == (T + MINUTE, State.ACCEPTED)


def test_nothing_is_registered_or_dropped_silently_and_late_needs_a_reason_and_a_new_date() -> None:
    one = ticket()
    with pytest.raises(InputError, match="matter"):
        registered(ticket_id="t", kind=Kind.COMPLAINT, group="社保", number=None, plan=PLAN, by="w", note=" ", at=T)
    with pytest.raises(InputError, match="silently"):
        closed(one, outcome=Outcome.SETTLED, note="", by="li", at=T)
    with pytest.raises(InputError, match="late"):
        closed(one, outcome=Outcome.SETTLED, note="已办", by="li", at=T + DAY)
    with pytest.raises(InputError, match="new date"):
        postponed(one, due_at=T, reason="等待材料", by="li", at=T + DAY)
    moved_on = postponed(one, due_at=T + 2 * DAY, reason="等待材料", by="li", at=T + DAY)
    ended = closed(moved_on, outcome=Outcome.SETTLED, note="已办", by="li", at=T + DAY)
    assert (ended.state, ended.due_at, ended.promised_at) == (State.CLOSED, T + 2 * DAY, one.promised_at)


@pytest.mark.parametrize("state", list(State))
def test_every_state_but_closed_has_a_way_to_its_end_and_closed_has_none(state) -> None:
    ways = {move for (before, move) in MOVES if before is state}
    assert (Move.REACHED in ways) is (state is not State.CLOSED)
    refused = next(move for move in Move if move not in ways)
    with pytest.raises(InputError, match="not possible"):
        moved(ticket(state=state), Entry(at=T, move=refused))


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("13812341234", None),
        ("+86 138 1234 1234", None),
        ("00 86 138 1234 1234", None),
        ("67891234", None),
        ("01067891234", None),
        ("0085291234567", Refusal.INTERNATIONAL),
        ("+85291234567", Refusal.INTERNATIONAL),
        ("009999", Refusal.INTERNATIONAL),
        ("110", Refusal.EMERGENCY),
        ("120", Refusal.EMERGENCY),
        ("12110", Refusal.EMERGENCY),
        ("16812345", Refusal.PREMIUM),
        ("96316", Refusal.PREMIUM),
        ("95588", Refusal.PREMIUM),
        ("12333", Refusal.OWN_NUMBER),
        ("0371-6000 0000", Refusal.OWN_NUMBER),
        ("6000 0000", Refusal.OWN_NUMBER),
        ("4001234567", Refusal.NOT_A_CITIZEN_S),
        ("04006551234", Refusal.NOT_A_CITIZEN_S),
        ("08006551234", Refusal.NOT_A_CITIZEN_S),
        ("+864006551234", Refusal.NOT_A_CITIZEN_S),
        ("03716555123", Refusal.NOT_A_CITIZEN_S),
        ("1064812345678", Refusal.NOT_A_CITIZEN_S),
        ("+86110", Refusal.EMERGENCY),
        ("0015012345678", Refusal.AMBIGUOUS),
        ("037195588", Refusal.AMBIGUOUS),
        ("2088888888", None),
        ("0037165551234", None),
        ("101", Refusal.NOT_A_CITIZEN_S),
        (None, Refusal.WITHHELD),
        ("anonymous", Refusal.WITHHELD),
        ("13812341234;DROP", Refusal.WITHHELD),
        ("13812341234&PJSIP/1", Refusal.WITHHELD),
    ],
)
def test_fault_48_only_chinese_mobiles_and_landlines_are_dialled_and_a_refusal_says_why(number, why) -> None:
    limits = DialLimits(own_numbers=frozenset({"12333", "037160000000"}), area_code="0371")
    assert DialRules(limits, PLAN).refusal(number, "社保", T) is why


def test_tries_a_day_working_hours_and_the_switch_hold_for_every_number() -> None:
    rules = DialRules(DialLimits(tries_a_day=2), PLAN)
    for minute in range(2):
        rules.placed("+86 13812341234", T + minute * MINUTE)
    assert rules.refusal("13812341234", "社保", T + HOUR) is Refusal.NUMBER_TRIED_ENOUGH
    assert rules.refusal("13812341234", "社保", T + DAY + MINUTE) is None
    assert rules.refusal("13812341234", "社保", at("2026-03-02T12:30")) is Refusal.OUT_OF_HOURS
    assert DialRules(DialLimits(enabled=False), PLAN).refusal("13812341234", "社保", T) is Refusal.SWITCHED_OFF


def test_the_figures_are_counted_by_their_formulas() -> None:
    contact = Contact(call_id="x", number="13812341234", group="社保", at=T + HOUR)
    owed = {"kind": Kind.CALLBACK, "opened_at": T, "promised_at": T + 4 * HOUR}
    done = {"state": State.CLOSED, "outcome": Outcome.REACHED}
    tickets = [
        ticket(**owed, **done, closed_at=contact.at),
        ticket(**owed, **done, closed_at=T + 5 * HOUR),
        ticket(**owed, state=State.CLOSED, outcome=Outcome.GIVEN_UP, closed_at=T + 6 * HOUR),
        ticket(**owed),
        ticket(**owed, number=None, state=State.UNCALLABLE),
        ticket(**owed, state=State.CLOSED, outcome=Outcome.ANSWERED_MOMENTS_LATER, closed_at=T + MINUTE),
        ticket(),
    ]
    figures = callback_figures(tickets, T + DAY)
    assert figures.time_to_call_back_us == 3 * HOUR
    assert (figures.within_deadline, figures.reached) == (Share(part=1, whole=4), Share(part=2, whole=3))
    assert (figures.still_open, figures.uncallable, figures.answered_moments_later) == (1, 1, 1)
    assert figures.within_deadline.value == 0.25
    nothing = callback_figures([], T)
    assert (nothing.time_to_call_back_us, nothing.reached.value) == (None, None)
