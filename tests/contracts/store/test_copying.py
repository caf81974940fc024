"""A hall's data moves from one database to another: all of it, or nothing."""

import asyncio
import json
import secrets
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_consultations import ASKED, consultation, notice
from tests.contracts.store.test_deliveries import NEWS
from tests.contracts.store.test_phones import BREAK, FOUND, STANDING
from tests.contracts.store.test_store import LATE, event
from tests.contracts.store.test_tickets import attempt, missed
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, added
from voicedesk.access.roles import Role
from voicedesk.access.signing_in import Attempt, with_password
from voicedesk.calls.model import Verdict
from voicedesk.errors import StoreError
from voicedesk.greeting.evidence import Evidence
from voicedesk.speech.transcript import Transcript, Word
from voicedesk.store import copying
from voicedesk.store.calls import CallFilter, HumanDecision
from voicedesk.store.copying import TABLES, copy_database
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.phones import StoredFinding, StoredPhone
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.store import Store
from voicedesk.store.tables import metadata
from voicedesk.store.tickets import Change, StoredTicket, tell_desk

CALLS = 1200


@pytest.fixture
def other_url(request, store_url, tmp_path, postgres):
    """A database of the other kind."""
    if store_url.startswith("postgresql"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    name = f"copy_{secrets.token_hex(4)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
async def filled(store):
    call = call_of(LATE)
    many = [replace(call, facts=replace(call.facts, id=f"{n:020x}")) for n in range(CALLS)]
    await store.calls.save(many)
    await store.calls.decide(many[0].facts.id, HumanDecision(verdict=Verdict.ON_TIME, by="王", reason="听录音", at=1))
    store.writer.add("p", resume_from=1, events=[event(n) for n in range(100)])
    await store.writer.flush()
    await store.requests.ask("reload", {"why": "试"}, "tester")
    words = (Word(text="您好", start_seconds=0.5, end_seconds=0.9, confidence=1.0),)
    evidence = Evidence(transcript=Transcript(words=words, heard_seconds=1.0, model="m"))
    await store.outages.start("故障", line=None, at=1, by="王")
    await store.deliveries.queue([("主管", NEWS)], 1)
    await store.quarantine.add([set_aside(Part.CALL, at_us=1, about="c1", reason="too large", content=b"\x00\xff")])
    found, phone = StoredFinding(finding=FOUND), StoredPhone(standing=STANDING)
    await store.phones.save(breaks=[BREAK], findings=[found], phones=[phone])
    await store.consultations.save(consultation(notices=(notice(),), requests=(ASKED,)))
    ticket = missed("c1")
    await store.tickets.change(
        Change(tickets=[StoredTicket(ticket=ticket)], sources=[("c1", ticket.id)], attempts=[attempt(ticket)])
    )
    async with store.database.write() as connection:
        await tell_desk(connection, many[:1])
    account = Account(login="0101", name="张三", role=Role.STAFF, password_hash="stored")
    await store.accounts.add(added(Keeper(who="cli:root", now=1), account, "ABCD"))
    signed_in = Attempt(now=1, address="::1", new_hash="new")
    await store.accounts.step("0101", lambda one: with_password(one, signed_in, is_right=True))
    await store.greetings.save(
        StoredGreeting(pbx="p", uniqueid="1.1", call_id="c", endpoint="PJSIP/a", answered_at=1, evidence=evidence)
    )
    return store


async def rows_of(store):
    async with store.database.read() as connection:
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
        }


async def test_everything_arrives_and_is_the_same(filled, other_url):
    told = []
    async with Store.open(other_url, upgrade=True) as target:
        copied = await copy_database(filled.database, target.database, lambda *what: told.append(what))
        assert await rows_of(target) == await rows_of(filled)
        assert {one.name: one.rows for one in copied} | {"gaps": 0} == {
            "calls": CALLS, "legs": CALLS, "journal": 1, "pbxs": 1, "requests": 1, "gaps": 0, "greetings": 1,
            "consultations": 1, "notices": 1, "desk_requests": 1, "outages": 1, "deliveries": 1,
            "phone_breaks": 1, "phone_findings": 1, "phone_states": 1,
            "tickets": 1, "ticket_sources": 1, "attempts": 1, "desk_inbox": 1, "decisions": 1,
            "quarantine": 1, "accounts": 1, "sessions": 1, "audit": 2,
        }  # fmt: skip
        assert ("calls", 0, CALLS) in told
        assert ("calls", 500, CALLS) in told
        assert ("calls", CALLS, CALLS) in told
        with pytest.raises(StoreError, match="holds data already"):
            await copy_database(filled.database, target.database, lambda *what: None)


async def test_an_interrupted_copy_leaves_the_target_empty(filled, other_url, monkeypatch):
    def interrupt(table, done, total):
        if table == "legs" and done:
            raise KeyboardInterrupt

    async with Store.open(other_url) as target:
        with pytest.raises(KeyboardInterrupt):
            await copy_database(filled.database, target.database, interrupt)
        assert await target.calls.list(CallFilter()) == []
        await copy_database(filled.database, target.database, lambda *what: None)
        assert len(await target.calls.list(CallFilter(), limit=5000)) == CALLS


async def test_what_differs_is_not_kept(filled, other_url, monkeypatch):
    real = copying._copy

    async def forgetful(here, there, table, progress):
        await real(here, there, table, progress)
        if table.name == "calls":
            await there.execute(table.update().where(table.c.id == f"{7:020x}").values(agent="somebody"))

    monkeypatch.setattr(copying, "_copy", forgetful)
    async with Store.open(other_url) as target:
        with pytest.raises(StoreError, match="calls differs"):
            await copy_database(filled.database, target.database, lambda *what: None)
        assert await target.calls.list(CallFilter()) == []


def test_every_table_but_the_leases_is_copied():
    assert {table.name for table in TABLES} == {table.name for table in metadata.sorted_tables} - {"leases"}


def run(*words):
    done = subprocess.run([sys.executable, "-m", "voicedesk", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


async def test_the_command_refuses_while_the_service_runs_and_then_copies(filled, store_url, other_url, clock):
    clock.us = 4_000_000_000_000_000
    await filled.requests.lead("service", "host:1:x", 10)
    code, _, told = await asyncio.to_thread(run, "db", "copy", store_url, other_url)
    assert (code, "stop it first" in told) == (1, True)
    await filled.requests.resign("service", "host:1:x")
    code, printed, _ = await asyncio.to_thread(run, "db", "copy", store_url, other_url, "--json")
    assert (code, {one["table"]: one["rows"] for one in json.loads(printed)}["calls"]) == (0, CALLS)


def test_what_is_not_there_is_not_copied(tmp_path):
    code, _, told = run("db", "copy", f"sqlite:///{tmp_path}/none.db", f"sqlite:///{tmp_path}/new.db")
    assert (code, "no such database" in told) == (1, True)
    assert not (tmp_path / "none.db").exists()
