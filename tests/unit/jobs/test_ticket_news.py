"""What people are told of tickets: each once, and a flood of new ones once in ten minutes."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.unit.tickets.desk import MINUTE, PLAN, SECOND, at
from voicedesk.jobs.news.news import News, message_of
from voicedesk.jobs.ringing_back.ticket_news import TicketNews, correction
from voicedesk.settings import Settings
from voicedesk.tickets.book import Book, not_missed
from voicedesk.tickets.meaning import Miss
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.work import claimed

START = at("2026-03-02T10:00")
NUMBER = "13812341234"


def missed(call_id: str = "c1", *, start: int = START) -> Ticket:
    miss = Miss(call_id=call_id, number=NUMBER, group="社保", started_at=start, ended_at=start)
    (ticket,) = Book(PLAN).note(miss)
    return ticket


class Told:
    """Keeps what people are told; a flood is three new tickets a minute until a reload says otherwise."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.settings = Settings.model_validate({"tickets": {"flood_a_minute": 3}})
        self.tickets = TicketNews(self.tell, lambda: self.settings)

    async def tell(self, news: News) -> None:
        self.news.append(news)

    async def opened(self, *starts: int) -> None:
        for start in starts:
            await self.tickets.changed(None, missed(f"c{start}", start=start), without_end=7)

    @property
    def floods(self) -> list[News]:
        return [one for one in self.news if one.kind == "missed_flood"]


@pytest.fixture
def told() -> Told:
    return Told()


async def test_a_new_ticket_is_told_of_without_its_number_and_logged_with_its_state(told):
    ticket = missed()
    with capture_logs() as logs:
        await told.tickets.changed(None, ticket, without_end=1)
    (news,) = told.news
    assert (news.kind, news.id, news.title) == ("ticket_opened", f"ticket_opened {ticket.id} {START}", "新工单：回拨")
    assert NUMBER not in str(message_of(news))
    assert [(one["event"], one["state"], one["group"]) for one in logs] == [("ticket", "open", "社保")]


async def test_a_change_of_state_is_logged_and_told_to_nobody_and_another_change_is_not_even_logged(told):
    ticket = missed()
    taken = claimed(ticket, by="wang", at=START)
    with capture_logs() as logs:
        await told.tickets.changed(ticket, taken, without_end=1)
        await told.tickets.changed(taken, replace(taken, lease_until=START + MINUTE), without_end=1)
    assert ([one["state"] for one in logs], told.news) == (["claimed"], [])


async def test_a_flood_is_told_once_and_again_only_after_ten_minutes(told):
    await told.opened(START, START + SECOND, START + 2 * SECOND, START + 3 * SECOND)
    (flood,) = told.floods
    assert (flood.at, flood.title, flood.fields) == (START + 2 * SECOND, "一分钟内新增工单达 3 件", {"未办结": "7"})
    later = START + 10 * MINUTE
    await told.opened(later, later + SECOND, later + 2 * SECOND)
    assert [one.at for one in told.floods] == [START + 2 * SECOND, later + 2 * SECOND]


async def test_as_many_tickets_in_more_than_a_minute_are_no_flood(told):
    await told.opened(START, START + 30 * SECOND, START + 60 * SECOND, START + 90 * SECOND)
    assert told.floods == []


async def test_what_a_flood_is_follows_new_settings(told):
    told.settings = Settings.model_validate({"tickets": {"flood_a_minute": 2}})
    await told.opened(START, START + SECOND)
    assert len(told.floods) == 1


async def test_a_deadline_that_is_near_and_one_that_has_passed_are_told_with_who_has_the_ticket(told):
    ticket = claimed(missed(), by="wang", at=START)
    await told.tickets.due_soon(ticket)
    await told.tickets.overdue(ticket)
    assert [(one.kind, one.at, one.fields["办理人"]) for one in told.news] == [
        ("ticket_due_soon", ticket.due_at, "wang"),
        ("ticket_overdue", ticket.due_at, "wang"),
    ]


def test_a_correction_names_the_news_that_it_corrects_and_says_what_became_of_the_ticket():
    ticket = missed()
    closed = not_missed(ticket, "c1", at=START + SECOND)
    news = correction(closed, "c1", START + SECOND)
    assert (news.corrects, news.fields["工单"]) == (f"ticket_opened {ticket.id} {START}", "已办结")
    two = replace(ticket, missed_calls=("c1", "c2"))
    assert "继续办理" in correction(not_missed(two, "c1", at=START + SECOND), "c1", START + SECOND).fields["工单"]
