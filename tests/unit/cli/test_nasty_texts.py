"""Whatever somebody wrote into a name, a reason or a channel: every list is printed, and no terminal obeys it."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Kind, State, Ticket
from voicedesk.webhooks.message import Message

CAPTURE = Path(__file__).parents[2] / "captures" / "a_answer_2rings.raw"
NASTY = (
    "[/x] [bold]x[/bold",
    "\x1b[2J\x1b]0;x\x07 \x9b31m a\u2028b\u2029c \u202egnirts\u2066",
    "a\nb: c a\0b a\rb \ufeffx",
    "＝1+1 \u200b=1 \U000e0041",
)
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
COMMANDS = (
    ("calls", "list"), ("calls", "show", "CALL"), ("calls", "list", "--csv"), ("calls", "list", "--json"),
    ("calls", "show", "CALL", "--json"), ("tickets", "list"), ("tickets", "show", "TICKET"),
    ("tickets", "list", "--csv"),
    ("tickets", "list", "--json"), ("tickets", "show", "TICKET", "--json"), ("greeting", "list"),
    ("greeting", "list", "--csv"), ("greeting", "list", "--json"), ("greeting", "show", "CALL"),
    ("notices", "list"), ("notices", "list", "--csv"), ("notices", "list", "--json"), ("news", "list"),
    ("breaks", "list"),
    ("breaks", "list", "--csv"), ("breaks", "list", "--json"), ("agents",), ("outage", "list"),
)  # fmt: skip


async def fill(url: str, nasty: str) -> None:
    (call,) = replay(CAPTURE.read_bytes(), pbx="main").calls
    legs = tuple(replace(leg, endpoint=f"SIP/{nasty}", member=nasty) for leg in call.facts.legs)
    facts = replace(call.facts, id="call1", line=nasty, legs=legs)
    ticket = Ticket(
        id="ticket1", kind=Kind.COMPLAINT, group=nasty, number="13812341234", state=State.OPEN, opened_at=1,
        due_at=2, promised_at=2, waiting_since=1, citizen=nasty, unit=nasty, matter=nasty, owner=nasty,
    )  # fmt: skip
    async with Store.open(url) as store:
        await store.calls.save([JudgedCall(facts=facts, judgement=judge(facts))])
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)]))
        await store.greetings.save(
            StoredGreeting(pbx="main", uniqueid="1.1", call_id="call1", endpoint=f"SIP/{nasty}", answered_at=1,
                           line=nasty, agent=nasty)
        )  # fmt: skip
        await store.outages.start(nasty, line=nasty, at=1, by=nasty)
        news = Message(id="n1", kind="ticket_opened", group=nasty, at=1, title=nasty, fields=((nasty, nasty),))
        await store.deliveries.queue([("hook", news)], 1)


@pytest.fixture
def run(typed, tmp_path):
    file = tmp_path / "voicedesk.toml"
    file.write_text('[store]\nurl = "sqlite:///calls.db"\n')

    def command(*words: str) -> tuple[object, str, str]:
        done = typed(*words, "--config", str(file))
        return done.code, done.out, done.err

    return command


@pytest.mark.parametrize("nasty", NASTY, ids=[ascii(one) for one in NASTY])
def test_whatever_a_text_holds_every_list_is_printed_and_no_terminal_obeys_it(run, tmp_path, nasty):
    asyncio.run(fill(f"sqlite:///{tmp_path}/calls.db", nasty))
    names = {"CALL": "call1", "TICKET": "ticket1"}
    for words in COMMANDS:
        code, out, err = run(*(names.get(word, word) for word in words))
        assert code == 0, (words, err)
        body = out.removeprefix("\ufeff") if "--csv" in words else out
        assert OBEYED.search(body) is None, (words, body)
        assert OBEYED.search(err) is None, (words, err)
        if "--json" in words:
            json.loads(out)
        elif "--csv" not in words:
            assert "\nb: c" not in out, words


def test_json_gives_the_very_text_back(run, tmp_path):
    nasty = NASTY[1]
    asyncio.run(fill(f"sqlite:///{tmp_path}/calls.db", nasty))
    (call,) = json.loads(run("calls", "list", "--json")[1])
    assert call["line"] == nasty
