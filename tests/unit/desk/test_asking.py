"""Steps that a person asks: each comes back from its row, goes to its own part, and is answered or taken back."""

import asyncio
import json
from dataclasses import fields
from typing import get_args

import pytest
from voicedesk.calls import steps as verdict_steps
from voicedesk.desk import asking
from voicedesk.errors import InputError, NotBegun, OutcomeUnknown
from voicedesk.ivr import steps as outage_steps
from voicedesk.phones.steps import StartBreak
from voicedesk.store.requests import LEADER, RequestState
from voicedesk.store.store import Store
from voicedesk.tickets.model import Kind
from voicedesk.tickets.steps import Claim, Register
from voicedesk.webhooks import steps as news_steps

VERDICT = {"call": "1f3a", "by": "wang", "reason": "听录音\n两遍"}
EACH = [
    (outage_steps, outage_steps.StartOutage(by="wang", line="社保", text="坏了。\n稍后恢复。")),
    (outage_steps, outage_steps.StopOutage(by="wang")),
    (news_steps, news_steps.RetryNews(by="wang", news="3f2a")),
    (verdict_steps, verdict_steps.Decide(**VERDICT, verdict="late", cause="person", part="2")),
    (verdict_steps, verdict_steps.Decide(**VERDICT, about="greeting", verdict="compliant", forbidden=False)),
    (verdict_steps, verdict_steps.TakeBack(**VERDICT)),
    (verdict_steps, verdict_steps.Appeal(**VERDICT, about="greeting", part="PJSIP/6001")),
]


@pytest.mark.parametrize(("rows", "step"), EACH)
def test_every_step_comes_back_from_its_row_as_it_was(rows, step):
    assert rows.from_row(json.dumps(rows.to_row(step))) == step


def test_each_step_there_is_stands_here():
    known = {*get_args(outage_steps.OutageStep), *get_args(verdict_steps.VerdictStep), news_steps.RetryNews}
    assert {type(step) for _, step in EACH} == known


@pytest.mark.parametrize(("rows", "step"), EACH)
def test_null_a_number_a_list_and_an_object_are_no_text(rows, step):
    row = rows.to_row(step)
    for field in fields(step):
        for odd in (None, 7, 7.5, ["x"], {"x": "y"}, float("nan"), "\0", "a\x1b[2J", "\ud800"):
            if odd is None and field.default is None:
                continue
            with pytest.raises(InputError):
                rows.from_row({**row, field.name: odd})
    with pytest.raises(InputError):
        rows.from_row({**row, "more": "x"})


@pytest.mark.parametrize(
    ("step", "kind", "look"),
    [
        (Claim(ticket="3f", by="w"), "ticket", "voicedesk tickets show 3f"),
        (Register(by="w", kind=Kind.COMPLAINT, group="g"), "ticket", "the tickets"),
        (StartBreak(by="w"), "break", "voicedesk agents"),
        (EACH[0][1], "outage", "voicedesk outage list"),
        (EACH[2][1], "news", "voicedesk news list --dead"),
        (EACH[3][1], "verdict", "voicedesk calls show 1f3a"),
        (EACH[4][1], "verdict", "voicedesk greeting show 1f3a"),
    ],
)
def test_a_step_goes_to_its_own_part_and_says_where_to_look(step, kind, look):
    found = asking.asked(step)
    assert (found.kind, found.look, found.row["by"]) == (kind, look, "w" if kind in ("ticket", "break") else "wang")


def test_a_step_that_would_not_be_read_again_is_refused_before_it_is_asked():
    with pytest.raises(InputError, match="by: it is empty"):
        asking.asked(Claim(ticket="3f", by=" "))


# --- asking


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        yield opened


@pytest.fixture
async def reader(store, tmp_path):
    """Whoever asks reads only: the row is written all the same."""
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}", may_write=False) as opened:
        yield opened


ASKED = asking.asked(Claim(ticket="3f", by="w"))


async def carry_out(store, state, told):
    """A service that begins with the one row there is and ends it so."""
    while not (waiting := await store.requests.queued(1)):
        await asyncio.sleep(0)
    await store.requests.start([waiting[0].id], "s", 10)
    await store.requests.finish(waiting[0].id, state, told, owner="s")
    return waiting[0]


class Waits:
    """In place of waiting: what the service does meanwhile, each time one waits; then the time is over."""

    def __init__(self, store, *meanwhile):
        self.store, self.meanwhile, self.waited = store, list(meanwhile), []

    async def __call__(self, request_id, seconds):
        self.waited.append(seconds)
        match self.meanwhile.pop(0):
            case "begins":
                await self.store.requests.start([request_id], "s", 10)
            case "ends":
                await self.store.requests.finish(request_id, RequestState.DONE, "announced", owner="s")
                return await self.store.requests.get(request_id)
        return None


async def test_where_no_service_runs_nothing_is_asked(store, reader):
    with pytest.raises(NotBegun, match="is `voicedesk run` running"):
        await asking.ask(reader, ASKED, asked_by="zhou")
    assert await store.requests.queued(5) == []


async def test_what_the_service_does_not_begin_with_is_taken_back_for_good(store, reader):
    await store.requests.lead(LEADER, "s", 60)
    reader.requests.wait_for = Waits(store, "nothing")
    with pytest.raises(NotBegun, match="taken back"):
        await asking.ask(reader, ASKED, asked_by="zhou")
    assert await store.requests.queued(5) == []


async def test_what_is_broken_off_before_the_service_begins_with_it_is_taken_back(store, reader):
    """Whoever presses Ctrl-C does not want the call any more."""
    await store.requests.lead(LEADER, "s", 60)
    asked = asyncio.create_task(asking.ask(reader, ASKED, asked_by="zhou"))
    while not await store.requests.queued(5):
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await store.requests.queued(5) == []


@pytest.mark.parametrize(
    ("state", "error", "told"),
    [
        (RequestState.DONE, None, "claimed"),
        (RequestState.FAILED, InputError, "claimed"),
        (RequestState.UNKNOWN, OutcomeUnknown, "claimed: look at voicedesk tickets show 3f before you ask again"),
    ],
)
async def test_what_the_service_answers_is_told(store, reader, state, error, told):
    await store.requests.lead(LEADER, "s", 60)
    serving = asyncio.create_task(carry_out(store, state, "claimed"))
    if error is None:
        assert await asking.ask(reader, ASKED, asked_by="zhou") == told
    else:
        with pytest.raises(error, match=f"^{told}$"):
            await asking.ask(reader, ASKED, asked_by="zhou")
    assert (await serving).asked_by == "zhou"


async def test_what_is_begun_and_takes_too_long_is_unknown(store, reader):
    await store.requests.lead(LEADER, "s", 60)
    reader.requests.wait_for = Waits(store, "begins")
    with pytest.raises(OutcomeUnknown, match="look at voicedesk tickets show 3f before"):
        await asking.ask(reader, ASKED, asked_by="zhou")


async def test_an_outage_that_is_begun_may_take_as_long_as_it_takes_to_speak_and_to_tell(store, reader):
    await store.requests.lead(LEADER, "s", 60)
    reader.requests.wait_for = waits = Waits(store, "begins", "ends")
    assert await asking.ask(reader, asking.asked(EACH[0][1]), asked_by="zhou") == "announced"
    assert waits.waited == [30.0, 60.0]
    reader.requests.wait_for = Waits(store, "begins", "nothing")
    with pytest.raises(OutcomeUnknown, match=r"longer than 90 s: .* look at voicedesk outage list"):
        await asking.ask(reader, asking.asked(EACH[0][1]), asked_by="zhou")
