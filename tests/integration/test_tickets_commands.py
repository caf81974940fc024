"""`voicedesk tickets …` as it is typed: what is asked of the service by a row, and what is shown."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from tests.fakes.in_thread import InThread
from tests.fakes.rows import serve
from tests.integration.test_ticket_desk import MONDAY, Hall
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from tests.unit.tickets.desk import call, placed
from voicedesk.clock import now_us
from voicedesk.desk import asking
from voicedesk.errors import OutcomeUnknown
from voicedesk.run import service as app
from voicedesk.step_rows import StepKind
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter

NUMBER = "13812341234"


class Serving(InThread):
    """A service's desk in a thread of its own, answering rows as `voicedesk run` does."""

    def __init__(self, url: str) -> None:
        self.hall = Hall(url)
        self.is_busy = False

    async def serve(self) -> None:
        async with Store.open(self.hall.url, now=now_us) as store:
            self.hall.begin(store)
            await store.requests.lead(app.LEADER, "test:1:x", 600)
            await self.hall.ends(call("c1", start=MONDAY), call("c2", None, start=MONDAY))
            self.is_ready()
            while not self.is_over:
                if self.is_busy:
                    await asyncio.sleep(0.02)
                    continue
                for request, outcome, failed in await serve(store.requests, "test:1:x", self.hall.steps):
                    assert request.kind == StepKind.TICKET
                    if '"dial"' in request.payload and not failed:
                        await self._answered(outcome)
                await asyncio.sleep(0.02)

    async def _answered(self, attempt_id: str) -> None:
        ended = placed(attempt_id, NUMBER, start=self.hall.us, answered=self.hall.us + 1, line=None)
        await self.hall.store_ended(ended)
        await self.hall.desk.work()


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "voicedesk.toml"
    path.write_text('[[lines]]\nname = "社保"\nextensions = ["12333"]\n[hall]\narea_code = "0371"\n', encoding="utf-8")
    return path


@pytest.fixture
def run(typed, config):  # noqa: F811  # the fixture imported above
    def runs(*words, code=0):
        done = typed("tickets", *map(str, words), "--config", str(config))
        assert done.code == code, done.err
        return done.err if code else done.out

    return runs


@pytest.fixture
def serving(tmp_path):
    with capture_logs(), Serving(f"sqlite:///{tmp_path}/voicedesk.db") as made:
        yield made


def the_id(run) -> str:
    return next(one["id"] for one in json.loads(run("list", "--json")) if one["number"])


def test_tickets_are_listed_and_shown_with_masked_numbers(run, serving):
    listed = run("list")
    assert "138****1234" in listed
    assert "withheld" in listed
    assert "LATE" in listed
    assert NUMBER in run("list", "--unmask", "--number", "+86 13812341234")
    assert run("list", "--kind", "complaint") == ""
    ticket = the_id(run)
    shown = run("show", ticket[:8])
    assert "opened" in shown
    assert "138****1234" in shown
    assert json.loads(run("show", ticket, "--json", "--unmask"))["number"] == NUMBER
    assert "no ticket" in run("show", "zzz", code=1)
    assert "no phone number" in run("list", "--number", "abc", code=2)


def test_a_ticket_is_claimed_given_back_dialled_and_counted(run, serving):
    ticket = the_id(run)
    assert "claimed" in run("claim", ticket, "--by", "wang")
    assert json.loads(run("release", ticket, "--by", "wang", "--json"))["answer"].endswith(": given back")
    assert "reached" in run("dial", ticket, "--by", "wang", "--wait")
    (attempt,) = json.loads(run("show", ticket, "--json"))["attempts"]
    assert (attempt["result"], attempt["placed_by"], attempt["number"]) == ("reached", "wang", "138****1234")
    assert "拨打 dialled 6001" in run("show", ticket)
    figures = json.loads(run("figures", "--json"))
    assert (figures["reached"]["value"], figures["uncallable"]) == (1.0, 1)
    assert "100.0% (1/1)" in run("figures")
    assert run("list", "--all").count("\n") == 3, "titles and two tickets"
    assert "closed already" in run("claim", ticket, code=1)


def test_dialling_says_that_the_phone_rings_and_why_not(run, serving):
    ticket = the_id(run)
    assert "no phone to ring" in run("dial", ticket, "--by", "li", code=1)
    assert "phone rings now" in run("dial", ticket, "--by", "wang")


def test_where_nobody_knows_whether_it_was_dialled_it_is_said_with_an_exit_code_of_its_own(run, serving):
    serving.hall.fails = OutcomeUnknown("the connection broke")
    ticket = the_id(run)
    told = run("dial", ticket, "--by", "wang", code=4)
    assert "nobody knows whether the phones ring (the connection broke)" in told
    assert f"voicedesk tickets show {ticket[:8]}" in told


def test_what_the_service_does_not_begin_with_in_time_is_taken_back(run, serving, monkeypatch):
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.3)
    ticket = the_id(run)
    serving.is_busy = True
    assert "you may ask again" in run("claim", ticket, "--by", "wang", code=1)
    serving.is_busy = False
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 30)
    assert "claimed" in run("claim", ticket, "--by", "li"), "the first was never carried out"


def test_what_takes_longer_than_anybody_waits_is_not_known(run, serving, monkeypatch):
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 1.0)
    ticket = the_id(run)
    serving.hall.takes_seconds = 8.0
    told = run("dial", ticket, "--by", "wang", code=4)
    assert "what came of it is not known" in told
    assert "before you ask again" in told


@pytest.mark.parametrize("by", ["wnag", "None", "", "\x1b[2J"])
def test_who_is_nobody_takes_no_step(run, serving, by):
    assert run("claim", the_id(run), "--by", by, code=1 if by else 0)


def test_a_ticket_is_referred_to_nobody_who_is_not_there(run, serving, config):
    with config.open("a", encoding="utf-8") as file:
        file.write('[[agents]]\nid = "li"\nname = "李四"\n')
    before = run("list")
    told = run("refer", "咨询工伤认定材料", "--group", "社保", "--to", "没有这个人", "--number", "13900001111", code=1)
    assert "没有这个人" in told
    assert run("list") == before
    ticket = run("refer", "咨询", "--group", "社保", "--to", "李四", "--number", "13900001111").split()[-1]
    assert "办理人 owner 李四" in run("show", ticket)


def test_a_referral_goes_from_hand_to_hand(run, serving):
    told = run(
        "refer",
        "咨询工伤认定材料",
        "--group",
        "社保",
        "--to",
        "li",
        "--number",
        "13900001111",
        "--name",
        "李明",
        "--unit",
        "某公司",
    )
    ticket = told.split()[-1]
    assert "咨询工伤认定材料   李** 某公司" in run("show", ticket)
    assert "receipt confirmed" in run("confirm", ticket, "--by", "li")
    assert "reported" in run("report", ticket, "--note", "不属于本科室", "--to", "主任", "--by", "li")
    run("postpone", ticket, "--due", "2036-01-05T10:00", "--note", "等待核实", "--by", "主任")
    assert "告知市民 citizen told 尚未 not yet" in run("show", ticket)
    assert "待告知延期" in run("list")
    run("told", ticket, "--note", "电话告知", "--by", "主任")
    assert "尚未" not in run("show", ticket)
    assert "待告知延期" not in run("list")
    run("claim", ticket, "--by", "wang")
    assert "负责人 responsible 主任" in run("show", ticket)
    run("release", ticket, "--by", "wang")
    assert "closed" in run("close", ticket, "--note", "已答复", "--by", "主任")


def test_a_home_visit_and_a_complaint_are_registered_with_what_was_heard_before(run, serving):
    told = run(
        "register", "home_visit", "第二次仍未办成", "--group", "社保", "--code", "12345678", "--code", "87654321"
    )
    assert json.loads(run("show", told.split()[-1], "--json"))["codes"] == ["12345678", "87654321"]
    assert "12345678 87654321" in run("show", told.split()[-1])
    assert "complaint or home_visit" in run("register", "callback", "x", "--group", "社保", code=2)
    assert "only one whose try is unknown" in run("settle", told.split()[-1], "--note", "x", code=1)


def test_without_the_service_nothing_is_asked(run, tmp_path):
    async def empty():
        async with Store.open(f"sqlite:///{tmp_path}/voicedesk.db") as store:
            return await store.tickets.list(TicketFilter())

    assert asyncio.run(empty()) == []
    assert "is `voicedesk run` running" in run("claim", "abc", code=1)
    assert run("figures").startswith("回拨用时")
