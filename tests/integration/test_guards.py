"""Nothing that one thing brings stops the hall: an unforeseen fault, at each hand-over, costs that one thing."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.integration.test_service import EVENTS, Clock, play, running, stored, until
from voicedesk.ami.resync import Resync
from voicedesk.calls import tracker as tracking
from voicedesk.calls.tracker import Tracker
from voicedesk.doctor import watch as house_watch
from voicedesk.doctor.watch import HouseWatch
from voicedesk.errors import StoreError
from voicedesk.jobs.following import handing_on, repairing, settling
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.repairing import Repairing
from voicedesk.jobs.hearing import waiting
from voicedesk.jobs.hearing.rules_in_force import RulesInForce
from voicedesk.jobs.news import job as news_job
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.ringing_back import callbacks
from voicedesk.jobs.ringing_back.clerk import TicketClerk
from voicedesk.jobs.telling.outages import Outages
from voicedesk.jobs.upkeep import pruning, retention
from voicedesk.run import supervision
from voicedesk.settings import Settings
from voicedesk.store.quarantine import Part
from voicedesk.store.store import Store

FAULT = "nobody foresaw this"
BAD_ID = "1795421280.77"
"""A channel of no call: what is told of it is the bad thing, and the recorded call the good one."""


def bad_event(clock, name="Newchannel", uniqueid=BAD_ID) -> bytes:
    stamp = f"{clock.us // 1_000_000}.{clock.us % 1_000_000:06d}"
    lines = [f"Event: {name}", "Privilege: call,all", f"Timestamp: {stamp}", "Channel: PJSIP/odd-00000077"]
    lines += ["ChannelState: 0", "ChannelStateDesc: Down", "CallerIDNum: 13812341234", "Exten: 9"]
    lines += [f"Uniqueid: {uniqueid}", f"Linkedid: {uniqueid}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def settings(switch, tmp_path):
    def make(**more):
        pbx = {"name": "main", "host": "127.0.0.1", "port": switch.port, "username": "voicedesk", "secret": "s3cret"}
        tables = {
            "store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"},
            "prompts": {"folder": str(tmp_path / "sounds")},
            "pbx": [{**pbx, **more.pop("pbx", {})}],
            "lines": [{"name": "hotline", "extensions": ["4001"]}],
            "phones": [{"endpoint": "PJSIP/agent1"}],
        }
        return Settings.model_validate({**tables, **more})

    return make


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """What is begun again is so at once, and what comes now and then comes soon."""
    monkeypatch.setattr(pruning, "PRUNE_SECONDS", 0.2)
    monkeypatch.setattr(repairing, "REPAIR_SECONDS", 0.2)
    monkeypatch.setattr(house_watch, "HOUSE_SECONDS", 0.2)
    monkeypatch.setattr(settling, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "SCAN_SECONDS", 0.1)


@asynccontextmanager
async def hall(settings, switch, clock):
    """A service with the store beside it; at its end a good call is followed, judged and stored."""
    async with running(settings, switch, clock), Store.open(settings.store.url) as store:
        yield store
        await play(switch, clock, EVENTS)

        async def is_stored():
            return any(one.call.facts.line == "hotline" and one.call.facts.ended_at for one in await stored(settings))

        await until(is_stored)
    (good,) = [one.call for one in await stored(settings) if one.call.facts.line == "hotline"]
    assert (good.judgement.verdict.value, good.judgement.cause.value) == ("late", "person")


async def set_aside(store, part, seconds=15):
    """What was set aside of a kind, once there is something."""
    async with asyncio.timeout(seconds):
        while not (found := await store.quarantine.list(part=part)):
            await asyncio.sleep(0.02)
    return found


def raising(original, is_bad=lambda *_: True):
    """A function that raises for what is bad, and else does as before."""

    def work(*args, **keys):
        if is_bad(*args):
            raise RuntimeError(FAULT)
        return original(*args, **keys)

    return work


def raising_later(original, is_bad=lambda *_: True):
    async def work(*args, **keys):
        if is_bad(*args):
            raise RuntimeError(FAULT)
        return await original(*args, **keys)

    return work


async def test_an_event_costs_itself_and_is_kept_with_its_bytes(switch, settings, clock, monkeypatch):
    bad = raising(Tracker.receive, lambda _self, event: event.get("Uniqueid") == BAD_ID)
    monkeypatch.setattr(Tracker, "receive", bad)
    with capture_logs() as logs:
        async with hall(settings(), switch, clock) as store:
            bad_one = bad_event(clock)
            await switch.send(bad_one)
            (one,) = await set_aside(store, Part.EVENT)

            async def is_anew():
                return any(entry["event"] == "calls_made_anew" for entry in logs)

            await until(is_anew)
    assert (one.about, one.pbx, one.seen) == (f"Newchannel {BAD_ID}", "main", 1)
    assert FAULT in one.reason
    assert one.content == bad_one.strip()
    assert sum(entry["event"] == "set_aside" for entry in logs) == 1


@pytest.mark.parametrize("odd", ["DialBegin", "DialEnd"])
async def test_nobody_is_accused_of_a_call_of_which_one_event_could_not_be_taken(
    switch, settings, clock, monkeypatch, odd
):
    monkeypatch.setattr(Tracker, "receive", raising(Tracker.receive, lambda _self, event: event.name == odd))
    async with running(settings(), switch, clock), Store.open(settings().store.url) as store:
        await play(switch, clock, EVENTS)
        await set_aside(store, Part.EVENT)

        async def is_over():
            return bool(found := await stored(settings())) and found[0].call.facts.ended_at is not None

        await until(is_over)
    (one,) = await stored(settings())
    assert one.call.judgement.verdict.value == "cannot_tell"
    assert one.call.facts.doubtful


async def test_a_call_that_cannot_be_frozen_costs_itself(switch, settings, clock, monkeypatch):
    bad = raising(tracking.freeze, lambda record, *_: BAD_ID in record.linkedids)
    monkeypatch.setattr(tracking, "freeze", bad)
    async with hall(settings(), switch, clock) as store:
        await switch.send(bad_event(clock))
        (one,) = await set_aside(store, Part.CALL)
    assert FAULT in one.reason


async def test_a_call_that_cannot_be_judged_costs_itself(switch, settings, clock, monkeypatch):
    bad = raising(handing_on.judge, lambda facts: BAD_ID in facts.linkedids)
    monkeypatch.setattr(handing_on, "judge", bad)
    async with hall(settings(), switch, clock) as store:
        await switch.send(bad_event(clock))
        (one,) = await set_aside(store, Part.CALL)
    assert b"13812341234" in one.content


@pytest.mark.parametrize("work", ["settle", "sweep"])
async def test_a_settling_that_fails_is_done_the_next_time(switch, settings, clock, monkeypatch, work):
    times = iter(range(1000))
    monkeypatch.setattr(CallLog, work, raising(getattr(CallLog, work), lambda *_: next(times) == 1))
    async with hall(settings(), switch, clock) as store:
        (one,) = await set_aside(store, Part.CALL)
    assert one.pbx == "main"


async def test_an_event_that_phones_cannot_take_costs_itself(switch, settings, clock, monkeypatch):
    original = PhoneDesk.receive

    def receive(self, pbx, events):
        for event in events:
            if event.get("Uniqueid") == BAD_ID:
                raise RuntimeError(FAULT)
            original(self, pbx, [event])

    monkeypatch.setattr(PhoneDesk, "receive", receive)
    async with hall(settings(), switch, clock) as store:
        await switch.send(bad_event(clock))
        (one,) = await set_aside(store, Part.EVENT)
    assert one.about == f"Newchannel {BAD_ID}, for phones"


@pytest.mark.parametrize("name", ["20261129155812.1", "99999999999999999999.1", "1795421280.5"])
async def test_a_recording_costs_itself_whatever_it_is_called(switch, settings, clock, monkeypatch, tmp_path, name):
    folder = tmp_path / "rec"
    folder.mkdir()
    (folder / f"{name}.sln48").write_bytes(b"RIFF" + bytes(96000))
    bad = raising_later(waiting.stored_call, lambda _store, _pbx, uniqueid: uniqueid == name)
    monkeypatch.setattr(waiting, "stored_call", bad)
    async with hall(settings(pbx={"recordings": str(folder)}), switch, clock) as store:
        (one,) = await set_aside(store, Part.RECORDING)
        assert one.content == b"RIFF" + bytes(60)
    assert (one.about, one.pbx) == (f"{name}.sln48", "main")
    assert (folder / f"{name}.sln48").exists()


async def test_a_recording_with_a_name_from_another_program_ends_nothing(switch, settings, clock, tmp_path):
    folder = tmp_path / "rec"
    folder.mkdir()
    for name in ("20261129155812", "20261129155812.1", "99999999999999999999.1"):
        (folder / f"{name}.sln48").write_bytes(bytes(96000))
    async with hall(settings(pbx={"recordings": str(folder)}), switch, clock):
        await asyncio.sleep(0.5)


PARTS = {
    "prune": (retention, "prune"),
    "repair": (Repairing, "repair"),
    "house": (HouseWatch, "look"),
    "tickets": (TicketClerk, "work"),
    "phones": (PhoneDesk, "work"),
    "greetings": (RulesInForce, "wait"),
    "ivr": (Outages, "refresh"),
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_that_fails_is_begun_again_alone(switch, settings, clock, monkeypatch, tmp_path, part):
    (tmp_path / "rec").mkdir()
    (tmp_path / "cel.csv").touch()
    where, name = PARTS[part]
    times = []
    monkeypatch.setattr(where, name, raising_later(getattr(where, name), lambda *_: times.append(1) or len(times) <= 2))
    whole = settings(
        pbx={"recordings": str(tmp_path / "rec"), "cel_csv": str(tmp_path / "cel.csv")}, ivr={"listen": "127.0.0.1:0"}
    )
    async with hall(whole, switch, clock) as store:
        found = await set_aside(store, Part.TASK)

        async def is_at_work_again():
            return len(times) > 2

        await until(is_at_work_again)
    assert any(FAULT in one.reason for one in found)


async def test_a_link_that_fails_in_an_unforeseen_way_is_made_anew_and_the_time_between_is_a_gap(
    switch, settings, clock, monkeypatch
):
    times = []
    monkeypatch.setattr(Resync, "run", raising_later(Resync.run, lambda *_: times.append(1) or len(times) == 1))
    async with hall(settings(), switch, clock) as store:
        (one,) = await set_aside(store, Part.TASK)
    assert one.about == "follow main"
    assert b"Traceback" in one.content


async def test_a_part_that_hangs_is_ended_and_begun_again_alone(switch, settings, clock, monkeypatch):
    from voicedesk.jobs.ringing_back import clerk as ticket_clerk

    monkeypatch.setattr(ticket_clerk, "ROUND_SECONDS", 0.2)
    monkeypatch.setattr(supervision, "LOOK_SECONDS", 0.05)
    original, times = TicketClerk.work, []

    async def work(self):
        times.append(1)
        if len(times) == 1:
            await asyncio.Event().wait()
        return await original(self)

    monkeypatch.setattr(TicketClerk, "work", work)
    async with hall(settings(), switch, clock) as store:
        (one,) = await set_aside(store, Part.TASK)
        assert "did not come round in time" in one.reason

        async def is_at_work_again():
            return len(times) > 2

        await until(is_at_work_again)


async def test_what_one_webhook_message_brings_costs_that_message(switch, settings, clock, monkeypatch):
    from voicedesk.jobs.news import receivers

    sent = []

    async def send(_client, _webhook, message, *_):
        sent.append(message)
        raise RuntimeError(FAULT)

    monkeypatch.setattr(news_job, "sender", lambda *_: lambda webhook, message: send(None, webhook, message))
    hooks = [
        {"name": "a", "url": "http://127.0.0.1:9/", "hosts": ["127.0.0.1"], "form": "json", "kinds": ["outage_started"]}
    ]
    async with hall(settings(webhooks=hooks), switch, clock) as store:
        from voicedesk.jobs.news.news import News

        news = News(id="o1", kind="outage_started", at=clock.us, title="公告", fields={})
        await receivers.leave_news(store, settings(webhooks=hooks), news, clock.us)
        (one,) = await set_aside(store, Part.DELIVERY)
        assert [dead.id for dead in await store.deliveries.newest()] != []
    assert FAULT in one.reason


async def test_while_the_database_takes_nothing_what_is_set_aside_waits_in_memory(switch, settings, clock, monkeypatch):
    from voicedesk.errors import StoreUnavailable
    from voicedesk.store.quarantine import Quarantine

    original, is_away = Quarantine.add, [True]

    async def add(self, items):
        if is_away:
            raise StoreUnavailable("locked")
        await original(self, items)

    monkeypatch.setattr(Quarantine, "add", add)
    bad = raising(Tracker.receive, lambda _self, event: event.get("Uniqueid") == BAD_ID)
    monkeypatch.setattr(Tracker, "receive", bad)
    async with hall(settings(), switch, clock) as store:
        await switch.send(bad_event(clock))
        await asyncio.sleep(1.5)
        assert await store.quarantine.list() == []
        is_away.clear()
        (one,) = await set_aside(store, Part.EVENT)
    assert one.about.startswith("Newchannel")


async def test_a_reload_that_fails_in_an_unforeseen_way_is_refused(switch, settings, clock):
    def broken():
        raise RecursionError(FAULT)

    async with running(settings(), switch, clock, broken), Store.open(settings().store.url) as store:
        request = await store.requests.wait_for(await store.requests.ask("reload", {}, asked_by="test"), 10)
        assert request.state == "failed"
        assert FAULT in request.outcome
        (one,) = await set_aside(store, Part.SETTINGS)
    assert "RecursionError" in one.reason


async def test_a_flood_of_bad_events_makes_the_calls_anew_at_most_once_a_second(switch, settings, clock, monkeypatch):
    bad = raising(Tracker.receive, lambda _self, event: (event.get("Uniqueid") or "").startswith("1795421280.9"))
    monkeypatch.setattr(Tracker, "receive", bad)
    with capture_logs() as logs:
        async with hall(settings(), switch, clock) as store:
            begun = asyncio.get_running_loop().time()
            for number in range(300):
                await switch.send(bad_event(clock, uniqueid=f"1795421280.9{number}"))
                await asyncio.sleep(0.003)
            await set_aside(store, Part.EVENT)
            took = asyncio.get_running_loop().time() - begun
    assert sum(entry["event"] == "calls_made_anew" for entry in logs) <= took + 2


async def test_an_ended_call_that_the_desk_cannot_take_comes_once_and_holds_up_no_other(
    switch, settings, clock, monkeypatch
):
    monkeypatch.setattr(callbacks, "meaning_of", raising(callbacks.meaning_of))
    async with running(settings(), switch, clock), Store.open(settings().store.url) as store:
        await play(switch, clock, EVENTS)
        (one,) = await set_aside(store, Part.CALL)

        async def is_looked_at():
            return await store.tickets.inbox(10) == []

        await until(is_looked_at)
    assert one.about.endswith("for tickets")


async def test_a_journal_that_cannot_be_read_is_set_aside_and_calls_are_followed_from_now_on(
    switch, settings, clock, monkeypatch
):
    from voicedesk.store.journal import Journal

    async with running(settings(), switch, clock):
        await play(switch, clock, EVENTS[:4])
        await asyncio.sleep(0.3)

    async def events(_self, _pbx, *, since=0):
        raise ValueError(FAULT)
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "events", events)
        async with running(settings(), switch, clock), Store.open(settings().store.url) as store:
            (one,) = await set_aside(store, Part.ROW)
    assert "the journal" in one.about


class Refusing:
    """A store whose database refuses one consultation for good."""

    def __init__(self) -> None:
        self.saved, self.consultations = [], self

    async def save(self, kept) -> None:
        if kept.uniqueid == "a\0b":
            raise StoreError("bytes that no text may hold")
        self.saved.append(kept.uniqueid)


async def test_one_row_of_the_ivrs_ledger_holds_up_no_other():
    from voicedesk.ivr.ledger import Ledger
    from voicedesk.ivr.model import Entry, State
    from voicedesk.jobs.guard import Guard
    from voicedesk.jobs.telling.proof import Proof
    from voicedesk.store.consultations import StoredConsultation

    store, guard = Refusing(), Guard(lambda: 1)
    proof = Proof(store, {}, guard, below=lambda most: most // 2)
    for uniqueid in ("1.1", "a\0b", "1.3"):
        walk = Ledger(f"code {uniqueid}", Entry.DEDICATED, 1).consultation(State.MENU, "zh")
        kept = StoredConsultation(pbx="main", uniqueid=uniqueid, line=None, caller_number=None, consultation=walk)
        proof.note(kept, walk)
    await proof.save()
    assert (store.saved, proof.unsaved) == (["1.1", "1.3"], 0)
    (one,) = guard.waiting
    assert one.part is Part.ROW
    with pytest.raises(StoreError):
        await proof.save_again(replace(one, about="consultation code a\0b"))
