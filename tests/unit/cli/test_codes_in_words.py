"""A Chinese hall is told in words what a code means: no list, show or answer prints the code itself."""

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import voicedesk
from voicedesk.calls.replay import replay
from voicedesk.desk.names import check_known
from voicedesk.errors import InputError
from voicedesk.jobs.ringing_back.answers import told_of
from voicedesk.language.translate import translated
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, Change, StoredTicket
from voicedesk.tickets import steps
from voicedesk.tickets.attempt import Result
from voicedesk.tickets.model import Entry, Kind, Move, Outcome, State, Ticket
from voicedesk.words import SPOKEN, Language

CAPTURES = Path(__file__).parents[2] / "captures"
SETTINGS = """
[hall]
language = "zh"
[store]
url = "sqlite:///v.db"
[[lines]]
name = "社保"
extensions = ["4001"]
[[agents]]
id = "zhang"
name = "张三"
number = "0101"
"""
HISTORY = tuple(
    Entry(at=number, move=move, by="张三", call_id="77-1", note="citizen_busy" if move is Move.TRY_FAILED else "")
    for number, move in enumerate(Move, 1)
)
DAY_US = 86_400_000_000
TICKET = Ticket(
    id="70886297abcdef012345",
    kind=Kind.CALLBACK,
    group="社保",
    number="13812341234",
    opened_at=1,
    due_at=DAY_US,
    promised_at=DAY_US,
    waiting_since=1,
    state=State.CLAIMED,
    owner="张三",
    responsible="张三",
    lease_until=600_000_000,
    history=HISTORY,
)
ATTEMPT = Attempt(
    id="a1",
    ticket_id=TICKET.id,
    pbx="hall",
    number="13812341234",
    extension="6001",
    placed_by="张三",
    placed_at=1,
    result=Result.FAILED,
    cause="citizen_no_answer",
)


def codes() -> set[str]:
    """Every code that has a word in some room."""
    found = set[str]()
    for room in pkgutil.iter_modules(voicedesk.__path__):
        if room.ispkg and (Path(voicedesk.__path__[0]) / room.name / "words.py").is_file():
            for table in vars(importlib.import_module(f"voicedesk.{room.name}.words")).values():
                if isinstance(table, Mapping):
                    found |= {str(code) for code in table if code}
    return found


def codes_in(text: str) -> set[str]:
    return codes() & set(re.findall(r"[a-z][a-z_]+", text))


@pytest.fixture
def chinese():
    token = SPOKEN.set(Language.CHINESE)
    yield
    SPOKEN.reset(token)


@pytest.fixture
def hall(tmp_path, monkeypatch):
    (tmp_path / "voicedesk.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")

    async def made() -> str:
        async with Store.open("sqlite:///v.db") as store:
            calls = replay((CAPTURES / "b_answer_17s.raw").read_bytes(), pbx="main").calls
            await store.calls.save(calls)
            await store.tickets.change(Change(tickets=[StoredTicket(ticket=TICKET)], attempts=[ATTEMPT]))
            return calls[0].facts.id

    return asyncio.run(made())


def test_lists_and_shows_of_a_chinese_hall_print_no_code(hall, typed) -> None:
    for words in (
        ("account", "add", "0101", "--role", "auditor"),
        ("account", "change", "0101", "--role", "supervisor"),
        ("account", "list"),
        ("audit", "list"),
        ("calls", "list"),
        ("calls", "show", hall),
        ("tickets", "list", "--all"),
        ("tickets", "show", TICKET.id),
    ):
        told = typed(*words)
        assert told.code == 0, told.err
        assert codes_in(told.out) == set(), f"{words}: {told.out}"


ON_TICKET = {"ticket": "7", "by": "zhang"}


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (steps.Claim(**ON_TICKET), "claimed by 张三 until 1970-01-01 08:10"),
        (steps.Release(**ON_TICKET), "given back"),
        (steps.Confirm(**ON_TICKET), "张三 answers for it now"),
        (steps.Report(**ON_TICKET), "reported to 张三"),
        (steps.Postpone(**ON_TICKET, due_at=DAY_US), "postponed to 1970-01-02 08:00"),
        (steps.Told(**ON_TICKET), "the citizen was told"),
        (steps.Settle(**ON_TICKET), "nobody spoke"),
        (steps.Close(**ON_TICKET, outcome=Outcome.SETTLED), "closed, 已处理"),
    ],
)
def test_the_answer_to_a_step_says_what_was_done(chinese, step, told) -> None:
    after = TICKET if step.do != "close" else _closed()
    answer = told_of(step, after, ZoneInfo("Asia/Shanghai"))
    assert answer.startswith("回拨 70886297: ")
    assert told in answer
    in_chinese = translated(answer, of_parts=True)
    assert re.findall("[A-Za-z]{3,}", in_chinese) == []
    assert "回拨 70886297：" in in_chinese


def _closed() -> Ticket:
    return replace(TICKET, outcome=Outcome.SETTLED)


@pytest.mark.parametrize("near", ["社宝", "X"])
def test_a_name_that_nobody_has_is_told_with_the_names_there_are(chinese, near) -> None:
    with pytest.raises(InputError) as refused:
        check_known("line", near, ["社保", "民政"])
    told = translated(str(refused.value), of_parts=True)
    assert told.startswith(f"没有名为 '{near}' 的线路。")
    assert told.endswith("已有：民政, 社保")
