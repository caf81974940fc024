"""Commands speak plainly: of nothing that fits, of names that nobody has yet, of people by name, in one language."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.cli.test_absurd_arguments import hall
from tests.unit.cli.test_codes_in_words import TICKET
from tests.unit.cli.test_empty_lists import EMPTY, LISTS
from voicedesk.calls.model import Gap, GapReason
from voicedesk.cli.listing import say_table
from voicedesk.cli.repair import calls_of
from voicedesk.doctor.finding import Finding
from voicedesk.doctor.words import SUBJECTS
from voicedesk.store.journal import StoredGap
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import State
from voicedesk.words import SPOKEN, Language

SOURCES = Path(__file__).parents[3] / "voicedesk"
NO_FILTER = {"config", "json", "csv", "xlsx", "limit", "unmask", "everything", "all_states"}
FILTERS = {
    "agent": "zhang",
    "before": "5",
    "cause": "empty_seat",
    "direction": "inbound",
    "group": "4001",
    "kind": "callback",
    "line": "4001",
    "number": "13800138000",
    "owner": "zhang",
    "part": "event",
    "phone": "8001",
    "since": "2026-11-01",
    "until": "2026-11-01",
    "verdict": {"calls list": "late", "greeting list": "incomplete"},
}
"""What is typed behind an option that chooses; a switch has nothing behind it."""
WITH = [
    (name, option)
    for name in EMPTY
    for option in LISTS[name].params
    if option.name not in NO_FILTER | {"help", "item"} and name not in {"outage list", "account list"}
]

__all__ = ["hall"]


@pytest.mark.parametrize(("name", "option"), WITH, ids=lambda one: getattr(one, "name", one))
def test_a_list_in_which_nothing_fits_what_was_asked_for_says_that(typed, hall, name: str, option) -> None:
    value = FILTERS.get(option.name)
    value = value[name] if isinstance(value, dict) else value
    told = typed(*name.split(), option.opts[0], *([value] if value else []))
    assert (told.code, told.out) == (0, "")
    assert " fits" in told.err


@pytest.mark.parametrize("name", EMPTY)
def test_a_list_that_nobody_narrowed_says_that_there_is_nothing(typed, hall, name: str) -> None:
    assert " fits" not in typed(*name.split()).err


def test_a_wrong_choice_is_told_without_the_library_s_name_for_it(typed, hall) -> None:
    told = typed("calls", "list", "--cause", "nonsense")
    assert told.code == 2
    assert "Value error" not in told.err
    assert "is not one of" in " ".join(told.err.split())


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("db journal main", "there is no journal yet: `voicedesk run`"),
        ("news test nobody", "the settings have no [[webhooks]] yet: write one"),
    ],
)
def test_where_there_is_none_yet_it_is_said_how_the_first_one_comes(typed, hall, line: str, due: str) -> None:
    assert due in typed(*line.split()).err


def test_no_sentence_lists_none_as_a_name() -> None:
    found = [
        f"{file.relative_to(SOURCES)}: {line.strip()}"
        for file in SOURCES.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"join\(.*\) or ['\"](?:none|the settings have none)['\"]", line)
    ]
    assert found == []


async def queued() -> None:
    async with Store.open("sqlite:///calls.db") as store:
        ticket = replace(TICKET, id="3f2a" + "0" * 16, owner="zhang", group="4001", closed_at=None, state=State.CLAIMED)
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)]))


def test_a_list_of_tickets_has_titles_and_names_whose_they_are(typed, hall) -> None:
    asyncio.run(queued())
    titles, row = typed("tickets", "list").out.splitlines()
    assert titles.split() == ["id", "due", "kind", "group", "number", "state", "owner", "remarks"]
    assert row.startswith("3f2a0000  ")
    assert "张老师" in row
    assert "zhang" not in row
    assert row.index("张老师") == titles.index("owner")
    assert "owner 张老师" in typed("tickets", "show", "3f2a").out


def test_a_table_stands_in_columns_whatever_stands_in_its_cells(capsys) -> None:
    say_table([("名", "name"), ("数", "count"), ("备注", "note")], [("张三", "1", "a"), ("x", "20", "b\nc")])
    assert capsys.readouterr().out.splitlines() == [
        "名 name  数 count  备注 note",
        "张三     1         a",
        "x        20        b\\x0ac",
    ]


def test_the_doctor_speaks_chinese_alone_in_a_chinese_hall(typed, hall, monkeypatch) -> None:
    monkeypatch.setenv("VOICEDESK_HALL__LANGUAGE", "zh")

    async def examined(*_args: object, **_kwargs: object) -> list[Finding]:
        return [
            Finding.good("disk", "space", "x"),
            Finding.bad("webhook robot", "address", "y"),
            Finding.note("main", "login", "z"),
        ]

    monkeypatch.setattr("voicedesk.cli.doctor.examine", examined)
    assert typed("doctor").out.splitlines() == ["正常 磁盘：x", "异常 推送地址 (webhook) robot：y", "注意 main：z"]


def test_each_subject_of_the_doctor_has_its_word() -> None:
    found = set()
    for file in (SOURCES / "doctor").glob("*.py"):
        found |= set(re.findall(r'(?:Finding\.\w+\(\s*|subject=)"(\w+)"', file.read_text(encoding="utf-8")))
    assert found == set(SUBJECTS)


@pytest.mark.parametrize(
    ("spoken", "due"),
    [
        (Language.CHINESE, "来电 1 通，由服务补录"),
        (Language.ENGLISH, "1 call, by the service"),
    ],
)
def test_who_filled_a_gap_is_told_in_one_language(spoken: Language, due: str) -> None:
    gap = Gap(from_at=1, to_at=2, reason=GapReason.LINK_LOST)
    before = SPOKEN.set(spoken)
    try:
        assert calls_of(StoredGap(gap=gap, repaired_at=3, repaired_calls=1, repaired_by="service")) == due
    finally:
        SPOKEN.reset(before)
