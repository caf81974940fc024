"""A table: each spelling of a number, in each place where a text that people or switches wrote is shown."""

import asyncio
import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
import structlog
from tests.fakes.spellings import (
    LANDLINE_SPELLINGS,
    LOCAL_HIDDEN,
    LOCAL_SPELLINGS,
    MOBILE_HIDDEN,
    MOBILE_SPELLINGS,
    figures,
)
from tests.unit.base.conftest import logging_as_before  # noqa: F401  # a fixture
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from tests.unit.desk import test_masking as stored
from tests.unit.web.conftest import clock, house  # noqa: F401  # fixtures
from tests.unit.web.test_todo_pages import ticket as ticket_of
from voicedesk.access.audit import MOST_SIGNS, Deed, Happened, entry_after
from voicedesk.access.roles import Role, Thing
from voicedesk.calls.steps import Appeal
from voicedesk.desk import breaks, calls, greetings, quarantine, requests, tickets
from voicedesk.desk.verdicts import histories_json, seen_history
from voicedesk.desk.viewer import AT_THE_MACHINE as MASKED
from voicedesk.jobs.deciding.decisions import _news, find_call
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.news.news import News, message_of
from voicedesk.log import configure_logging
from voicedesk.number_masking import beginning
from voicedesk.phones.model import Break
from voicedesk.phones.phone import clean_reason
from voicedesk.sheets.breaks import breaks_sheet
from voicedesk.sheets.calls import calls_sheet
from voicedesk.sheets.comma import csv_rows
from voicedesk.sheets.greetings import greetings_sheet
from voicedesk.sheets.tickets import tickets_sheet
from voicedesk.store.decisions import History, Kind, Move, Step, Subject
from voicedesk.store.quarantine import set_aside
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Entry
from voicedesk.tickets.model import Move as TicketMove

SPELLINGS = (
    *((one, MOBILE_HIDDEN) for one in MOBILE_SPELLINGS),
    *((one, LOCAL_HIDDEN) for one in (*LANDLINE_SPELLINGS, *LOCAL_SPELLINGS)),
)
ZONE = stored.SETTINGS.hall.zone


def row_of_ticket(monkeypatch, text):
    monkeypatch.setattr(stored, "WROTE", text)
    return tickets.row_of(stored.ticket(), viewer=MASKED, names={}, now=5)


def ticket(monkeypatch, text):
    return asdict(row_of_ticket(monkeypatch, text)), tickets.ticket_json(row_of_ticket(monkeypatch, text))


def ticket_file(monkeypatch, text):
    row = row_of_ticket(monkeypatch, text)
    return list(csv_rows(tickets_sheet([row.ticket], ZONE, names={}, now=1, unmask=True)))


def call(monkeypatch, text):
    monkeypatch.setattr(stored, "WROTE", text)
    row = calls.row_of(stored.call(), viewer=MASKED, names={}, now=None)
    return calls.call_json(row), list(csv_rows(calls_sheet([row.stored], ZONE, names={}, now=1, unmask=True)))


def greeting(monkeypatch, text):
    monkeypatch.setattr(stored, "WROTE", text)
    row = greetings.row_of(stored.greeting(), viewer=MASKED, names={})
    return greetings.greeting_json(row), list(csv_rows(greetings_sheet([row.greeting], ZONE, names={})))


def pause(_monkeypatch, text):
    row = breaks.row_of(Break(pbx="m", endpoint="SIP/1", from_at=1, reason=text), viewer=MASKED, names={}, now=2)
    return breaks.break_json(row), list(csv_rows(breaks_sheet([row.pause], ZONE, names={}, now=2)))


def reason_of_a_switch(_monkeypatch, text):
    return clean_reason(text)


def history(_monkeypatch, text):
    step = Step(move=Move.DECIDE, reason=text, by="li", at=1, verdict="late")
    about = Subject(kind=Kind.LEG, call_id="c", pbx="m", uniqueid="1.1", endpoint="SIP/1")
    return histories_json([seen_history(History(subject=about, steps=(step,)), MASKED)])


def outcome(_monkeypatch, text):
    asked = Request(id="r", kind="tickets", payload="{}", asked_by="li", state=RequestState.FAILED, outcome=text)
    return requests.request_json(requests.row_of(asked, MASKED))


def put_aside(_monkeypatch, text):
    content = text.encode("utf-8", "surrogatepass")
    one = set_aside(Part.EVENT, at_us=1, pbx="m", about=text, reason=text, content=content)
    return asdict(quarantine.row_of(one, MASKED))


def why_put_aside(_monkeypatch, text):
    guard = Guard()
    guard.set_aside(Part.EVENT, ValueError(text), about="a row")
    return [one.reason for one in guard._waiting.values()]


def news(_monkeypatch, text):
    return asdict(
        message_of(News(id="n", kind="test", at=1, title=text, fields={"理由": text}, personal={"号码": text}))
    )


def audit(_monkeypatch, text):
    told = Happened(at=1, who="li", deed=Deed.HEARD, thing=Thing.CALL, object=text, note=text)
    return asdict(entry_after(None, told)) | {"hash": ""}


def log(_monkeypatch, text):
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger().exception(text, about=text, number=text, many=[text], inner={"one": text})
    return [json.loads(line) | {"timestamp": ""} for line in stream.getvalue().splitlines()]


SURFACES = (ticket, ticket_file, call, greeting, pause, reason_of_a_switch, history, outcome, put_aside, why_put_aside,
            news, audit, log)  # fmt: skip


def texts_in(value: object) -> Iterator[str]:
    """Every text in a plain value, the names of fields not."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("surface", SURFACES, ids=lambda one: one.__name__)
def test_no_surface_shows_a_number_in_any_spelling(surface, monkeypatch):
    leaks = []
    for spelled, hidden in SPELLINGS:
        shown = list(texts_in(surface(monkeypatch, f"请回电 {spelled} 谢谢")))
        assert any("*" in one or "…" in one for one in shown), spelled
        leaks += [(spelled, one) for one in shown if hidden in figures(one)]
    assert leaks == []


async def test_an_appeal_is_told_without_the_numbers_in_its_reason(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as store:
        one = stored.call()
        await store.calls.save([one.call])
        about = await find_call(store, one.call.facts.id)
    for spelled, hidden in SPELLINGS:
        step = Step(move=Move.APPEAL, reason=f"市民 {spelled} 来电", by="li", at=1, number=1)
        assert hidden not in figures(dict(message_of(_news(about, step)).fields)["理由"]), spelled
    assert Appeal(call="c", by="li", reason="r").about == "call"


@pytest.mark.parametrize("most", range(10, 40))
def test_a_text_that_is_cut_shows_no_half_of_a_number(most):
    for spelled, hidden in (("13907158642", "0715"), ("139 0715 8642", "0715"), ("一三九零七一五八六四二", "0715")):
        text = f"来电号码 {spelled} 请回电, {spelled}"
        shown = beginning(text, most)
        assert len(shown) <= most
        assert text.startswith(shown)
        assert hidden not in figures(shown) or spelled in shown


def test_what_is_kept_short_shows_no_half_of_a_number():
    for before in range(MOST_SIGNS - 12, MOST_SIGNS):
        told = Happened(at=1, who="li", deed=Deed.HEARD, thing=Thing.CALL, note="x" * before + " 13907158642")
        assert MOBILE_HIDDEN not in entry_after(None, told).note
    guard = Guard()
    for before in range(270, 300):
        guard.set_aside(Part.EVENT, ValueError("x" * before + " 13907158642"), about="a row")
    kept = list(guard._waiting.values())
    for before in range(480, 500):
        kept.append(
            set_aside(Part.EVENT, at_us=1, pbx="m", about="x" * before + " 13907158642", reason="", content=b"")
        )
    for one in kept:
        row = quarantine.row_of(one, MASKED).item
        assert MOBILE_HIDDEN not in row.reason + row.about


async def test_no_page_and_no_command_shows_a_number_in_any_spelling(house, typed, tmp_path):  # noqa: F811
    now, texts = house.clock.us, [f"请回电 {spelled} 谢谢" for spelled, _ in SPELLINGS]
    told, notes = "；".join(texts), [Entry(at=now, move=TicketMove.POSTPONE, by="li", note=one) for one in texts]
    made = replace(ticket_of("t1", now, 1), matter=told, unit=told, late_reason=told, history=tuple(notes))
    async with Store.open(house.settings.store.url) as store:
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=made)]))
    browser = await house.inside("0001", Role.SUPERVISOR)
    shown = [(await browser.get(path)).text for path in ("/todo", "/todo/t1")]
    config = tmp_path / "voicedesk.toml"
    config.write_text(f'[store]\nurl = "{house.settings.store.url}"\n')
    for words in (("list", "--json"), ("list", "--csv"), ("show", "t1"), ("show", "t1", "--json")):
        shown.append((await asyncio.to_thread(typed, "tickets", *words, "--config", str(config))).out)
    for one in shown:
        written = re.findall("请回电.*?谢谢", one, re.DOTALL)
        assert len(written) >= len(SPELLINGS)
        assert [text for text in written if MOBILE_HIDDEN in figures(text) or LOCAL_HIDDEN in figures(text)] == []
